# I did not understand what execute does so I run the two phases myself
import MapReduce
import sys, json

mr = MapReduce.MapReduce()

def mapper(record):
    for word in record[1].split():
        mr.emit_intermediate(word, 1)

def reducer(word, ones):
    mr.emit([word, len(ones)])

def run(filename):
    for line in open(filename):
        mapper(json.loads(line))
    for word in mr.intermediate:
        reducer(word, mr.intermediate[word])
    for result in mr.result:
        print(json.dumps(result))

if __name__ == '__main__':
    run(sys.argv[1])
