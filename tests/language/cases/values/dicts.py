# Every method of dict, order of insertion aside.
d = {"a": 1, 2: "b", (1, 2): [3], None: None, 1.5: True}
print(len(d), d["a"], d[2], d[(1, 2)], d[None], d[1.5], d.get("a"), d.get("zz"), d.get("zz", 9), "a" in d, "zz" in d)
d["new"] = 1; d["a"] = 5
del d[2]
print(len(d), d["new"], d["a"], 2 in d)
print(d.pop("new"), d.pop("new", "none"), d.setdefault("a", 9), d.setdefault("s", 7), d["s"])
d.update({"u": 1}); d.update([("v", 2)]); d.update(w=3)
print(sorted(k for k in d if isinstance(k, str)), d["u"], d["v"], d["w"])
e = d.copy(); e.clear(); print(e, len(d), bool(e), bool(d))
print(sorted({1: 2, 3: 4}.items()), sorted({1: 2, 3: 4}.keys()), sorted({1: 2, 3: 4}.values()))
print({1: 2} == {1: 2}, {1: 2} == {1: 3}, {1: 2} != {2: 1}, {} == {}, {1: 1, 2: 2} == {2: 2, 1: 1})
print({True: "t"}[1], {1: "i"}[True], {1.0: "f"}[1], dict([(1, 2)]), dict(a=1), dict({"x": 1}, y=2) == {"x": 1, "y": 2})
for op in (lambda: {}["k"], lambda: {}.pop("k"), lambda: {}.popitem(), lambda: {[]: 1}, lambda: dict([1]), lambda: {}.update(5)):
    try:
        op()
    except (KeyError, TypeError, ValueError) as e:
        print(type(e).__name__)
print({"one": 1}.popitem(), dict.fromkeys("ab") == {"a": None, "b": None}, dict.fromkeys([1], 5))
print({k: v for k, v in [(1, 2)]})
big = {}
for i in range(300):
    big[i] = i * i
for i in range(0, 300, 3):
    del big[i]
print(len(big), sum(big), sum(big.values()), big.get(3), big.get(4))
