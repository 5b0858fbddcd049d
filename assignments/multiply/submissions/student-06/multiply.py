import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    matrix, i, j, value = record
    # 5 x 5 as in the lecture
    if matrix == "a":
        for k in range(5):
            mr.emit_intermediate((i, k), ["a", j, value])
    else:
        for k in range(5):
            mr.emit_intermediate((k, j), ["b", i, value])

def reducer(key, list_of_values):
    a = {}
    b = {}
    for m, k, value in list_of_values:
        if m == "a":
            a[k] = value
        else:
            b[k] = value
    total = sum(a.get(k, 0) * b.get(k, 0) for k in range(5))
    if total != 0:
        mr.emit([key[0], key[1], total])

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
