"""Inverted index: the documents that each word occurs in."""

import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    # record: [document, text]
    document, text = record
    for word in text.split():
        mr.emit_intermediate(word, document)


def reducer(key, list_of_values):
    # key: word
    # list_of_values: a document for each occurrence
    # A dict instead of a set: it drops duplicates too, but keeps the order the same in every run.
    mr.emit([key, list(dict.fromkeys(list_of_values))])


if __name__ == "__main__":
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
