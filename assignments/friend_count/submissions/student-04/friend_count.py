import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    person, friend = record
    mr.emit_intermediate(person, friend)


def reducer(person, friends):
    # no friend twice
    mr.emit([person, len(set(friends))])


if __name__ == "__main__":
    mr.execute(open(sys.argv[1]), mapper, reducer)
