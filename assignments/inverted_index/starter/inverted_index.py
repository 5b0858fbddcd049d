"""Inverted index: see README.md."""

import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    # record: [document, text]
    # Call mr.emit_intermediate(key, value) as often as you need.
    pass


def reducer(key, list_of_values):
    # key: one of the keys that the mapper emitted
    # list_of_values: all values emitted with it, in no particular order
    # Call mr.emit(result) for each output record: [word, [document, ...]]
    pass


if __name__ == "__main__":
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
