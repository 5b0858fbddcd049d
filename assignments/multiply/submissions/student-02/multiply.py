import json
import sys

import MapReduce

mr = MapReduce.MapReduce()

# Look at the data first: every mapper needs to know how many rows A has and how many columns B has.
rows = columns = 0
for line in open(sys.argv[1]):
    matrix, i, j, value = json.loads(line)
    if matrix == "a":
        rows = max(rows, i + 1)
    else:
        columns = max(columns, j + 1)


def mapper(record):
    matrix, i, j, value = record
    if matrix == "a":
        for column in range(columns):
            mr.emit_intermediate((i, column), ("a", j, value))
    else:
        for row in range(rows):
            mr.emit_intermediate((row, j), ("b", i, value))


def reducer(cell, entries):
    left = {k: value for matrix, k, value in entries if matrix == "a"}
    right = {k: value for matrix, k, value in entries if matrix == "b"}
    total = 0
    for k in left:
        if k in right:
            total += left[k] * right[k]
    if total:
        mr.emit([cell[0], cell[1], total])


if __name__ == "__main__":
    mr.execute(open(sys.argv[1]), mapper, reducer)
