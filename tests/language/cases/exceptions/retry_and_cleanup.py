# Exceptions in whole small programs: retries, validation, cleanup in order, errors collected, chains of handlers.
class Temporary(Exception): pass
class Permanent(Exception):
    def __init__(self, code): super().__init__("code", code); self.code = code
calls = []
def flaky(n):
    calls.append(n)
    if n < 3: raise Temporary(n)
    if n > 5: raise Permanent(n)
    return n * 10
def retry(f, start, tries):
    for i in range(tries):
        try:
            return f(start + i)
        except Temporary as e:
            last = e.args[0]
            continue
        finally:
            calls.append("done")
    return "gave up", last
print(retry(flaky, 1, 5), retry(flaky, 0, 2), calls)
try:
    retry(flaky, 9, 1)
except Permanent as e:
    print(e.code, e.args)
opened = []
class R:
    def __init__(self, n): self.n = n
    def __enter__(self):
        if self.n == 3: raise OSError("no more")
        opened.append(self.n); return self
    def __exit__(self, *a): opened.append(-self.n)
def use(k):
    if k == 0: return "deep"
    with R(k): return use(k - 1)
print(use(2), opened)
opened = []
try:
    use(4)
except OSError as e:
    print(e, opened)
def check(d):
    errors = []
    for key, kind in (("name", str), ("age", int)):
        try:
            if not isinstance(d[key], kind): raise TypeError(key)
            if kind is int and d[key] < 0: raise ValueError(key, d[key])
        except KeyError as e: errors.append("missing %s" % e.args[0])
        except (TypeError, ValueError) as e: errors.append((type(e).__name__, e.args))
    return errors
print(check({"name": "x", "age": 5}), check({}), check({"name": 5, "age": -1}))
def handlers(x):
    try:
        try:
            try: raise x
            except ValueError: return "value"
            finally: opened.append("f1")
        except (KeyError, IndexError): return "lookup"
        finally: opened.append("f2")
    except Exception: return "other"
opened = []
print([handlers(e) for e in (ValueError(), KeyError(), IndexError(), OSError())], opened)
