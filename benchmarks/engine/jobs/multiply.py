"""The product of two square matrices whose side is known from the file's length, as a student would write it."""

import sys

import MapReduce

mr = MapReduce.MapReduce()
side = round((sum(1 for _ in open(sys.argv[1])) / 2) ** 0.5)


def mapper(record):
    matrix, row, column, value = record
    for other in range(side):
        if matrix == "a":
            mr.emit_intermediate((row, other), (matrix, column, value))
        else:
            mr.emit_intermediate((other, column), (matrix, row, value))


def reducer(key, list_of_values):
    left, right = {}, {}
    for matrix, place, value in list_of_values:
        (left if matrix == "a" else right)[place] = value
    mr.emit([key[0], key[1], sum(value * right.get(place, 0) for place, value in left.items())])


if __name__ == "__main__":
    mr.execute(open(sys.argv[1]), mapper, reducer)
