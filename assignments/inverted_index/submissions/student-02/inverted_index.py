from MapReduce import MapReduce
import sys

mr = MapReduce()

def mapper(record):
    docid, text = record[0], record[1]
    for w in text.split():
        mr.emit_intermediate(w, docid)

def reducer(key, list_of_values):
    docs = []
    for d in list_of_values:
        if d not in docs:
            docs.append(d)
    mr.emit((key, docs))

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
