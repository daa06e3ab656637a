# Displays of every kind, empty and nested, with trailing commas.
print((), (1,), (1, 2), (1, 2,), ((),), ((1, 2), (3,)))
print([], [1], [1, 2, ], [[], [1]], [(), {}])
print({}, {1: 2}, {"a": {"b": []}})
print(sorted({3, 1, 2}), {1}, len({1, 1.0, True}), len({1: 2, 3: 4, }))
x = 5
print((x, 1), [x, (x,)], {x: x}, (x,), {x,})
