import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    mr.emit_intermediate(record[1], record)

def reducer(key, list_of_values):
    order = []
    for row in list_of_values:
        if row[0] == "order":
            order = row
        elif order:
            mr.emit(order + row)

def main():
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)

if __name__ == '__main__':
    main()
