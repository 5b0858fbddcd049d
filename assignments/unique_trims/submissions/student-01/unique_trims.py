import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    print("mapper:", record[0], len(record[1]))
    mr.emit_intermediate(record[1][:-10], record[0])

def reducer(key, list_of_values):
    if len(list_of_values) > 1:
        print("duplicates:", list_of_values[:5])
    mr.emit(key)

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
