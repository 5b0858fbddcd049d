"""Nearly all time in the mapper: how fast can two cores be at most?"""

import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    name, numbers = record
    steps = 0
    for number in numbers:
        while number > 1 and steps < 5000:
            number = number // 2 if number % 2 == 0 else 3 * number + 1
            steps += 1
    mr.emit_intermediate(steps % 97, name)


def reducer(key, list_of_values):
    mr.emit([key, len(list_of_values)])


if __name__ == "__main__":
    mr.execute(open(sys.argv[1]), mapper, reducer)
