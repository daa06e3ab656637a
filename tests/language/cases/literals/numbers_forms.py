# Number literals in every base and form, with underscores, exponents and signs.
print(0, 00, 10, 0x1F, 0XaB, 0o17, 0O7, 0b101, 0B1, 1_000_000, 0x_ff, 0b_1_0, 0o1_7)
print(1.0, .5, 5., 1e3, 1E-3, 1.5e+2, 1_0.0_1, 0.1e1, 1e0, 00.5, 1j, 2.5j, 1e2j, 0j)
print(-1, - -1, +1, ~1, --1, -0.0, -1 ** 2, (-1) ** 2, 2 ** -1, -2 ** -2)
print(99999999999999999999, 0xffffffffffffffffffff, -170141183460469231731687303715884105728, 1e400 > 1e308, 1 if 1 else 0)
print(0xdeadbeef, 0b1111_0000, 1e22, 123456789.123, 1 < 2, (1.5).__class__ is float, [1,2,3,], (1,), {1,}, {1:2,})
