"""Relational join: each line item behind its order."""

import sys

import MapReduce

mr = MapReduce.MapReduce()


def mapper(record):
    # record: [table, order_id, ...]
    mr.emit_intermediate(record[1], record)


def reducer(key, list_of_values):
    # key: order_id
    # list_of_values: the rows of both tables with this id, in any order
    orders = [row for row in list_of_values if row[0] == "order"]
    line_items = [row for row in list_of_values if row[0] == "line_item"]
    for order in orders:
        for line_item in line_items:
            mr.emit(order + line_item)


if __name__ == "__main__":
    inputdata = open(sys.argv[1])
    mr.execute(inputdata, mapper, reducer)
