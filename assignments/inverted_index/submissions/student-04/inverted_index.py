import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    doc = record[0]
    words = record[1].split()
    # go through the words, leave out repeats that follow each other
    last = words[0]
    mr.emit_intermediate(last, doc)
    for w in words[1:]:
        if w != last:
            mr.emit_intermediate(w, doc)
        last = w

def reducer(key, list_of_values):
    mr.emit([key, list(set(list_of_values))])

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
