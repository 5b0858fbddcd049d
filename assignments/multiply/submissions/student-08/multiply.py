import MapReduce
import sys

mr = MapReduce.MapReduce()

# how large can a matrix be? better too large than too small
N = 30000
zeros = [[0] * N for row in range(N)]

def mapper(record):
    matrix, i, j, value = record
    for k in range(32):
        key = (i, k) if matrix == "a" else (k, j)
        mr.emit_intermediate(key, record)

def reducer(key, list_of_values):
    row, column = zeros[0][:], zeros[1][:]
    for matrix, i, j, value in list_of_values:
        if matrix == "a":
            row[j] = value
        else:
            column[i] = value
    total = sum(x * y for x, y in zip(row, column))
    if total != 0:
        mr.emit([key[0], key[1], total])

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
