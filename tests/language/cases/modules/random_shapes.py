# random: results stay within what is asked, and a seed repeats.
import random
random.seed(5)
a = [random.getrandbits(16) for _ in range(5)]
random.seed(5)
print(a == [random.getrandbits(16) for _ in range(5)])
print(all(0 <= random.randrange(10) < 10 for _ in range(200)), all(5 <= random.randrange(5, 8) < 8 for _ in range(50)), all(random.randrange(0, 10, 5) in (0, 5) for _ in range(50)), all(1 <= random.randint(1, 3) <= 3 for _ in range(50)))
print(all(0 <= random.random() < 1 for _ in range(100)), all(2 <= random.uniform(2, 3) <= 3 for _ in range(100)), all(random.choice("abc") in "abc" for _ in range(50)), len({random.getrandbits(30) for _ in range(50)}) > 40, all(random.getrandbits(1) in (0, 1) for _ in range(20)))
for op in (lambda: random.randrange(0), lambda: random.randint(2, 1), lambda: random.choice([]), lambda: random.randrange(1, 1)):
    try:
        op()
    except (ValueError, IndexError) as e:
        print(type(e).__name__, end=" ")
print()
