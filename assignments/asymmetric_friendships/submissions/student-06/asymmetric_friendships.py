import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    mr.emit_intermediate(record[0], record[1])

def reducer(person, friends):
    for friend in friends:
        # does the friend list the person, too?
        others = mr.intermediate.get(friend, [])
        if person not in others:
            mr.emit([person, friend])
            mr.emit([friend, person])

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
