# Linked list, stack, queue, binary tree, trie, graph search and an LRU cache as classes.
class Link:
    class Node:
        def __init__(self, v, n): self.v, self.n = v, n
    def __init__(self): self.head, self.size = None, 0
    def push(self, v): self.head = Link.Node(v, self.head); self.size += 1; return self
    def pop(self):
        if not self.head: raise IndexError("empty")
        v, self.head = self.head.v, self.head.n
        self.size -= 1
        return v
    def __iter__(self):
        n = self.head
        while n:
            yield n.v
            n = n.n
    def reverse(self):
        prev, n = None, self.head
        while n: n.n, prev, n = prev, n, n.n
        self.head = prev
        return self
l = Link().push(1).push(2).push(3)
print(list(l), l.size, l.pop(), list(l.reverse()))
class Tree:
    def __init__(self): self.root = None
    def add(self, k):
        def go(n):
            if n is None: return [k, None, None]
            if k < n[0]: n[1] = go(n[1])
            elif k > n[0]: n[2] = go(n[2])
            return n
        self.root = go(self.root)
    def __iter__(self):
        def go(n):
            if n:
                yield from go(n[1])
                yield n[0]
                yield from go(n[2])
        return go(self.root)
    def height(self):
        h = lambda n: 0 if n is None else 1 + max(h(n[1]), h(n[2]))
        return h(self.root)
t = Tree()
for k in (50, 30, 70, 20, 40, 60, 80, 30): t.add(k)
print(list(t), t.height())
class Trie:
    def __init__(self): self.kids, self.end = {}, False
    def add(self, w):
        n = self
        for c in w: n = n.kids.setdefault(c, Trie())
        n.end = True
    def words(self, p=""):
        if self.end: yield p
        for c in sorted(self.kids): yield from self.kids[c].words(p + c)
tr = Trie()
for w in ("to", "tea", "ted", "ten", "inn", "in"): tr.add(w)
print(list(tr.words()))
class LRU:
    def __init__(self, n): self.n, self.d, self.order = n, {}, []
    def get(self, k):
        if k not in self.d: return None
        self.order.remove(k); self.order.append(k)
        return self.d[k]
    def put(self, k, v):
        if k in self.d: self.order.remove(k)
        elif len(self.d) == self.n: del self.d[self.order.pop(0)]
        self.d[k] = v; self.order.append(k)
c = LRU(2)
c.put("a", 1); c.put("b", 2); c.get("a"); c.put("c", 3)
print(c.get("a"), c.get("b"), c.get("c"), c.order)
graph = {"a": "bc", "b": "d", "c": "d", "d": "e", "e": ""}
def bfs(s, goal):
    queue, seen = [[s]], {s}
    while queue:
        p = queue.pop(0)
        if p[-1] == goal: return p
        for n in graph[p[-1]]:
            if n not in seen: seen.add(n); queue.append(p + [n])
print(bfs("a", "e"), bfs("e", "a"))
