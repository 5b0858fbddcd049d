import MapReduce
import sys

mr = MapReduce.MapReduce()
N = 32

def mapper(record):
    m, i, j, v = record
    for k in range(N):
        if m == 'a':
            mr.emit_intermediate((i, k), (m, j, v))
        else:
            mr.emit_intermediate((k, j), (m, i, v))

def reducer(key, list_of_values):
    row = [0] * N
    total = 0
    for m, k, v in list_of_values:
        if m == 'a':
            row[k] = v
        else:
            # by now the row of A is complete
            total += row[k] * v
    if total != 0:
        mr.emit((key[0], key[1], total))

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
