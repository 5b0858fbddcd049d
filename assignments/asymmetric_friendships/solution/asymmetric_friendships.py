"""Asymmetric friendships: the pairs that are friends in one direction only, both ways round."""

import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    # record: [person, friend]
    # Sorted, both directions of a friendship meet under one key.
    person, friend = sorted(record)
    mr.emit_intermediate((person, friend), 1)


def reducer(key, list_of_values):
    # key: two names
    # list_of_values: a 1 for each direction, so one or two of them
    person, friend = key
    if len(list_of_values) == 1:
        mr.emit([person, friend])
        mr.emit([friend, person])


if __name__ == "__main__":
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
