import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
    mr.emit_intermediate(record[1], record)

def reducer(key, list_of_values):
    # the order comes first, then its line items
    order = list_of_values[0]
    if order[0] != "order":
        return
    for line_item in list_of_values[1:]:
        mr.emit(order + line_item)

if __name__ == '__main__':
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
