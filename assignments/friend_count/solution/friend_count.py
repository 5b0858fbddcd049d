"""Friend count: how many friends each person names."""

import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    # record: [person, friend]
    person, _friend = record
    mr.emit_intermediate(person, 1)


def reducer(key, list_of_values):
    # key: person
    # list_of_values: a 1 for each friend
    mr.emit([key, sum(list_of_values)])


if __name__ == "__main__":
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
