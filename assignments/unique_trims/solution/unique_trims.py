"""Unique trims: DNA strings without their last ten nucleotides, each once."""

import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    # record: [id, nucleotides]
    _id, nucleotides = record
    # Equal strings become one key: that drops the duplicates.
    mr.emit_intermediate(nucleotides[:-10], 1)


def reducer(key, list_of_values):
    # key: a trimmed string
    # list_of_values: a 1 for each strand that it came from
    mr.emit(key)


if __name__ == "__main__":
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
