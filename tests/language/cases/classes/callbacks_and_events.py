# Classes that call each other back: observers, commands with undo, plugins found by subclass, state machines.
class Event:
    def __init__(self): self.handlers = []
    def __iadd__(self, h): self.handlers.append(h); return self
    def __isub__(self, h): self.handlers.remove(h); return self
    def __call__(self, *a, **k): return [h(*a, **k) for h in self.handlers]
class Button:
    def __init__(self, name): self.name, self.clicked = name, Event()
    def click(self): return self.clicked(self.name)
log = []
def on_click(name): log.append(name); return len(log)
b = Button("ok")
b.clicked += on_click
b.clicked += lambda n: n.upper()
print(b.click(), b.click())
b.clicked -= on_click
print(b.click(), log)
class Command:
    registry = {}
    def do(self, s): raise NotImplementedError
class Add(Command):
    def __init__(self, n): self.n = n
    def do(self, s): return s + self.n
    def undo(self, s): return s - self.n
class Mul(Command):
    def __init__(self, n): self.n = n
    def do(self, s): return s * self.n
    def undo(self, s): return s // self.n
state, history = 1, []
for c in (Add(2), Mul(5), Add(-3)):
    state = c.do(state); history.append(c)
print(state)
while history: state = history.pop().undo(state)
print(state)
try:
    Command().do(1)
except NotImplementedError:
    print("NotImplementedError")
for cls in (Add, Mul): Command.registry[cls.__name__.lower()] = cls
print(sorted(Command.registry), Command.registry["mul"](3).do(7))
class Light:
    def __init__(self): self.go(self.red)
    def go(self, s): self.state = s
    def red(self): self.go(self.green); return "red"
    def green(self): self.go(self.yellow); return "green"
    def yellow(self): self.go(self.red); return "yellow"
    def step(self): return self.state()
l = Light()
print([l.step() for _ in range(7)])
