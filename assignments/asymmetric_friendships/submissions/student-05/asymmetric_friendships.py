import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    # a set, because (a, b) and (b, a) are the same couple
    couple = frozenset(record)
    mr.emit_intermediate(couple, 1)

def reducer(couple, list_of_values):
    if len(list_of_values) == 1:
        mr.emit(list(couple))

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
