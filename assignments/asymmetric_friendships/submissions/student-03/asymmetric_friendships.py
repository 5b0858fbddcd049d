import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    person, friend = record
    # each of the two hears about it: who is the friend, and from which side
    mr.emit_intermediate(person, (friend, "out"))
    mr.emit_intermediate(friend, (person, "in"))


def reducer(person, links):
    links = set(links)
    for friend, direction in sorted(links):
        other = "in" if direction == "out" else "out"
        if (friend, other) not in links:
            mr.emit((person, friend))


if __name__ == "__main__":
    mr.execute(open(sys.argv[1]), mapper, reducer)
