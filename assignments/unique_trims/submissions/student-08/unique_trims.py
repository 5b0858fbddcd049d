import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    sequence = record[1]
    wanted = len(sequence) - 10
    # take off one nucleotide after the other until it is ten shorter
    while len(sequence) != wanted:
        sequence = sequence[:-1]
    mr.emit_intermediate(sequence, 1)

def reducer(key, list_of_values):
    mr.emit(key)

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
