"""Word count: how often each word occurs."""

import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    # record: [document, text]
    _document, text = record
    for word in text.split():
        mr.emit_intermediate(word, 1)


def reducer(key, list_of_values):
    # key: word
    # list_of_values: a 1 for each occurrence
    mr.emit([key, sum(list_of_values)])


if __name__ == "__main__":
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
