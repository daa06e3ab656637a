# Differs from CPython: another generator of numbers.
# The same seed gives the same numbers.
import random

for seed in (0, 1, 42, 123456789, -5):
    random.seed(seed)
    print([random.getrandbits(n) for n in (1, 8, 16, 31, 32)])
    print([random.randrange(10) for _ in range(12)], [random.randrange(5, 50, 5) for _ in range(8)])
    print([random.randint(-3, 3) for _ in range(12)], [random.choice("abcdef") for _ in range(8)])
    print(all(0 <= random.random() < 1 for _ in range(50)), 2 <= random.uniform(2, 3) <= 3)
print(random.getrandbits(0))
for wrong in (
    lambda: random.randrange(0), lambda: random.randrange(5, 5), lambda: random.randint(2, 1),
    lambda: random.choice([]), lambda: random.getrandbits(33), lambda: random.randrange(1, 2, 0),
):
    try:
        print(wrong())
    except Exception as error:
        print(type(error).__name__)
