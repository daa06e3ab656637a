# Much is allocated and dropped; what is reachable survives.
import gc
keep = {}
for round in range(60):
    chunk = [[i, str(i), (i, i + 0.5), {i: bytes(10)}] for i in range(200)]
    keep[round] = chunk[round]
    text = ""
    for i in range(100): text += "%d," % i
    big = bytearray(round * 100)
    f = (lambda x: lambda y: x + y + round)(round)
    keep[round].append(f)
gc.collect()
print(all(keep[r][0] == r and keep[r][1] == str(r) and keep[r][2] == (r, r + 0.5) and keep[r][3] == {r: bytes(10)} for r in keep))
print([keep[r][4](1) - r for r in (0, 30, 59)])
class Node:
    def __init__(self, next): self.next = next
head = None
for _ in range(5000): head = Node(head)
gc.collect()
n = 0
while head: n += 1; head = head.next
print(n)
try: bytearray(1 << 40)
except MemoryError: print("MemoryError")
