# Differs from CPython: zeros of complex numbers have no sign.
# Complex numbers: literals, arithmetic, parts and text.
values = [0j, 1j, 1 + 2j, -1.5 - 2.5j, complex(3), complex(1, -1), 2j * 2j]
for a in values:
    print(a, a.real, a.imag, bool(a), a == a, a + 1, a - 1j, a * 2, a * a)
print((1 + 2j) / (3 - 1j), (1 + 2j) / 2, 1 / (1 + 1j), abs(3 + 4j), 1j ** 2 == -1, complex("1+2j") if False else (1 + 2j), 1 + 0j == 1)
for op in (lambda: 1j < 2j, lambda: int(1j), lambda: 1j // 1, lambda: 1j % 1, lambda: 1 / 0j, lambda: float(1j)):
    try:
        op()
    except (TypeError, ZeroDivisionError, ValueError) as e:
        print(type(e).__name__)
