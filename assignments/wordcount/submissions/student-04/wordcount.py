import re
import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    # punctuation and capitals should not matter
    for word in re.findall(r"\w+", record[1].lower()):
        mr.emit_intermediate(word, 1)


def reducer(key, list_of_values):
    mr.emit([key, sum(list_of_values)])


if __name__ == "__main__":
    mr.execute(open(sys.argv[1]), mapper, reducer)
