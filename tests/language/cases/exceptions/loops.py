# Handlers inside loops and loops inside handlers, left in every direction.
def f(values):
    out = []
    for v in values:
        try:
            while True:
                try:
                    if v == 0: break
                    if v == 1: raise KeyError
                    if v == 2: return out
                    v = 0
                except KeyError:
                    out.append("key")
                    break
                else:
                    out.append("else")
                finally:
                    out.append("f%d" % v)
            if v: continue
            out.append("end")
        except ValueError:
            pass
        for k in range(2):
            try:
                if k: break
            finally:
                out.append(k)
    return "all", out
print(f([0, 1, 5]))
print(f([3, 2, 1]))
