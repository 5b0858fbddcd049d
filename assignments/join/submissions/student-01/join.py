import MapReduce
import sys

mr = MapReduce.MapReduce()

def mapper(record):
	# the order id is the key, the whole row the value
	mr.emit_intermediate(record[1], record)

def reducer(key, list_of_values):
	order = None
	items = []
	for v in list_of_values:
		if v[0] == 'order':
			order = v
		else:
			items.append(v)
	if order is None:
		return
	for i in items:
		mr.emit(order + i)

if __name__ == '__main__':
	inputdata = open(sys.argv[1])
	mr.execute(inputdata, mapper, reducer)
