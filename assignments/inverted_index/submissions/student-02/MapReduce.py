import json

# the framework, with my changes: sorted output, so that I can diff it with the solution

class MapReduce:
    def __init__(self):
        self.intermediate = {}
        self.result = []

    def emit_intermediate(self, key, value):
        self.intermediate.setdefault(key, [])
        self.intermediate[key].append(value)

    def emit(self, value):
        self.result.append(value)

    def execute(self, data, mapper, reducer):
        for line in data:
            mapper(json.loads(line))
        for key in sorted(self.intermediate):
            reducer(key, self.intermediate[key])
        for item in sorted(self.result):
            print(json.dumps(item))
        print("%d results" % len(self.result))
