# Differs from CPython: texts of errors.
# A list as a priority queue.
import heapq

state = 1
numbers = []
for i in range(200):
    state = state * 1103515245 + 12345 & 0x7FFFFFFF
    numbers.append(state % 50)
heap = []
for number in numbers:
    heapq.heappush(heap, number)
print([heapq.heappop(heap) for _ in range(len(heap))] == sorted(numbers))
heap = list(numbers)
heapq.heapify(heap)
print(all(heap[i] >= heap[(i - 1) // 2] for i in range(1, len(heap))))
print([heapq.heappop(heap) for _ in range(len(heap))] == sorted(numbers))
pairs = [(3, "c"), (1, "z"), (1, "a"), (2, "b")]
heapq.heapify(pairs)
print([heapq.heappop(pairs) for _ in range(4)])
for wrong in (lambda: heapq.heappop([]), lambda: heapq.heappush((), 1), lambda: heapq.heapify(1)):
    try:
        wrong()
    except Exception as error:
        print(type(error).__name__, error)
