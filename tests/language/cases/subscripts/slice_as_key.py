# Differs from CPython: its ordered dict needs a hash.
# A slice is no key of a dict, but of an ordered one.
from collections import OrderedDict


class Slicer:
    def __getitem__(self, index):
        return index


part = Slicer()[1:2]
for attempt in (
    lambda: {}[1:2],
    lambda: {1: 2}[1:2],
    lambda: hash(part),
):
    try:
        print(attempt())
    except (KeyError, TypeError) as error:
        print(type(error).__name__, error)
ordered = OrderedDict()
ordered[1:2] = "a"
ordered["b"] = 2
print(list(ordered.keys()), list(ordered.values()))
