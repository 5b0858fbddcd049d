from MapReduce import *
import sys

mr = MapReduce()

def mapper(dict):
    list = dict
    mr.emit_intermediate(list[0], {"friend": list[1], "count": 1})

def reducer(key, list):
    sum = 0
    while list:
        sum = sum + list.pop()["count"]
    mr.emit([key, sum])

if __name__ == '__main__':
    file = open(sys.argv[1])
    mr.execute(file, mapper, reducer)
