import sys

import MapReduce
from text_tools import distinct, words_of

mr = MapReduce.MapReduce()


def mapper(record):
    document, text = record
    for word in distinct(words_of(text)):
        mr.emit_intermediate(word, document)


def reducer(word, documents):
    mr.emit([word, distinct(documents)])


if __name__ == "__main__":
    mr.execute(open(sys.argv[1]), mapper, reducer)
