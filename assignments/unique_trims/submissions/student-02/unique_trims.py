import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    seq = record[1]
    mr.emit_intermediate(seq[:-10], None)

def reducer(key, list_of_values):
    mr.emit(key)

def main():
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)

if __name__ == '__main__':
    main()
