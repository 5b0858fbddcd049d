"""Matrix multiplication: the entries of A x B that are not zero."""

import sys

import MapReduce

mr = MapReduce.MapReduce()


SIZE = 32  # no matrix has more rows or columns


def mapper(record):
    # record: [matrix, i, j, value]
    matrix, i, j, value = record
    for other in range(SIZE):
        if matrix == "a":
            mr.emit_intermediate((i, other), (matrix, j, value))
        else:
            mr.emit_intermediate((other, j), (matrix, i, value))


def reducer(key, list_of_values):
    # key: (row, column) of the product
    # list_of_values: the row of A and the column of B that meet there, as (matrix, k, value)
    row = {k: value for matrix, k, value in list_of_values if matrix == "a"}
    column = {k: value for matrix, k, value in list_of_values if matrix == "b"}
    total = sum(value * column.get(k, 0) for k, value in row.items())
    if total != 0:
        mr.emit([*key, total])


if __name__ == "__main__":
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
