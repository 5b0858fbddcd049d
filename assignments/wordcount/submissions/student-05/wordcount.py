import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    text = record[1]
    for word in text.split():
        mr.emit_intermediate(word, 1)

def reducer(key, list_of_values):
    total = sum(list_of_values)
    print key, total
    mr.emit((key, total))

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
