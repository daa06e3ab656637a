# More than sixteen locals need longer instructions; so do more than sixteen arguments.
def f(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9):
    b0 = a0; b1 = a1; b2 = a2; b3 = a3; b4 = a4; b5 = a5; b6 = a6; b7 = a7; b8 = a8; b9 = a9
    def g(): return b8 + a9
    del b0
    for c in range(2):
        b9 += c
    return b1 + b2 + b3 + b4 + b5 + b6 + b7 + b9 + g()
print(f(*range(10)))
print(max(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20))
print((lambda *a: len(a))(*[0] * 100, 1))
