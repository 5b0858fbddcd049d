import MapReduce
import sys

mr = MapReduce.MapReduce()
seen = set()

def mapper(record):
    mr.emit_intermediate(record[0], record[1])

def reducer(key, list_of_values):
    for sequence in list_of_values:
        trimmed = sequence[:-10]
        if trimmed not in seen:
            seen.add(trimmed)
            mr.emit(trimmed)

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
