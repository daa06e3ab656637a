# finally after success, exceptions, return, break and continue, nested.
def f(how):
    for i in range(3):
        try:
            try:
                if how == "break": break
                if how == "continue": continue
                if how == "return": return "returned"
                if how == "raise": raise ValueError(how)
                print("body", i)
            finally:
                print("inner", i)
        except ValueError as e:
            print("caught", e)
            break
        finally:
            print("outer", i)
    else:
        return "else"
    return "end"
for how in ("none", "break", "continue", "return", "raise"):
    print(f(how))
def order():
    try:
        return print("body")
    finally:
        try:
            pass
        finally:
            print("last")
order()
def deep():
    for k in [1, 2]:
        try:
            for j in [3, 4]:
                try:
                    break
                finally:
                    print("unwound", k, j)
        finally:
            if k == 2: return "out"
print(deep())
