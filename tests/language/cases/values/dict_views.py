# Views of dicts, iteration while reading, order of what was inserted into an OrderedDict, nested updates.
from collections import OrderedDict
d = {"a": 1, "b": 2}
k, v, i = d.keys(), d.values(), d.items()
d["c"] = 3
print(sorted(k), sorted(v), sorted(i), len(k), len(v), len(i), "c" in k, 3 in v, ("c", 3) in i)
print(sorted(k for k in d), sorted(d.keys()), dict(d.items()) == d, list(zip(sorted(d), sorted(d.values()))))
total = 0
for key, value in d.items(): total += value * len(key)
print(total, max(d, key=d.get), min(d.values()), sum(d.values()), sorted(d, key=lambda x: -d[x]))
o = OrderedDict()
for c in "hello world": o[c] = o.get(c, 0) + 1
print(list(o.items()), "".join(o))
def merge(a, b):
    out = a.copy()
    for k, v in b.items():
        out[k] = merge(out[k], v) if isinstance(v, dict) and isinstance(out.get(k), dict) else v
    return out
x = merge({"a": {"x": 1, "y": 2}, "b": 1}, {"a": {"y": 3, "z": {}}, "c": [1]})
print(x["a"] == {"x": 1, "y": 3, "z": {}}, x["b"], x["c"])
inverse = {}
for w in ("one", "two", "three", "four"): inverse.setdefault(len(w), []).append(w)
print(sorted(inverse.items()))
try:
    for key in {1: 1}: raise KeyError(key)
except KeyError as e:
    print(e.args)
