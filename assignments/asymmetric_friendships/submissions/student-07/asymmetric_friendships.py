import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    a, b = record
    # adding the hashes gives the same number for (a, b) and (b, a)
    mr.emit_intermediate(hash(a) + hash(b), [a, b])

def reducer(key, list_of_values):
    if len(list_of_values) == 1:
        a, b = list_of_values[0]
        mr.emit([a, b])
        mr.emit([b, a])

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
