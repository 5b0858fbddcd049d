from collections import Counter


def mapper(record):
    """Count within the document first: far fewer pairs to send."""
    document, text = record
    yield from Counter(text.split()).items()


def combiner(word, counts):
    yield word, sum(counts)


def reducer(word, counts):
    yield [word, sum(counts)]
