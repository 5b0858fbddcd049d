import MapReduce
import sys

mr = MapReduce.MapReduce()
orders = {}

def mapper(record):
    if record[0] == "order":
        # remember the orders, we need them below
        orders[record[1]] = record
    else:
        mr.emit_intermediate(record[1], record)

def reducer(key, list_of_values):
    if key in orders:
        for item in list_of_values:
            mr.emit(orders[key] + item)

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
