import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    name, row, col, value = record
    if name == "a":
        for c in range(32):
            mr.emit_intermediate((row, c), record)
    else:
        for r in range(32):
            mr.emit_intermediate((r, col), record)

def reducer(key, list_of_values):
    total = 0
    for name, i, k, x in list_of_values:
        for other, k2, j, y in list_of_values:
            if name == "a" and other == "b" and k == k2:
                total += x * y
    if total != 0:
        mr.emit([key[0], key[1], total])

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
