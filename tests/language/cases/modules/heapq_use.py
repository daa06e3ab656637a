# heapq: a queue of tuples, merging by hand, the smallest and the largest.
import heapq
h = []
for i, w in enumerate("the quick brown fox jumps over".split()):
    heapq.heappush(h, (len(w), i, w))
print([heapq.heappop(h) for _ in range(len(h))])
l = [9, 4, 7, 1, 8, 2]
heapq.heapify(l)
print(l[0], [heapq.heappop(l) for _ in range(6)])
def dijkstra(g, s):
    dist, q = {}, [(0, s)]
    while q:
        d, n = heapq.heappop(q)
        if n in dist: continue
        dist[n] = d
        for m, w in g[n]: heapq.heappush(q, (d + w, m))
    return sorted(dist.items())
print(dijkstra({"a": [("b", 4), ("c", 1)], "b": [("d", 1)], "c": [("b", 2), ("d", 5)], "d": []}, "a"))
try:
    heapq.heappop([])
except IndexError:
    print("IndexError")
