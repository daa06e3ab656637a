# Differs from CPython: it is about MicroPython itself.
# const() gives names a value at compile time; private ones leave no trace.
from micropython import const
_PRIVATE = const(5)
PUBLIC = const(_PRIVATE * 2)
_TEXT = const("a text of some length")
_PAIR = const((1, 2))
_FLOAT = const(1.5)
_BIG: int = const(1 << 40)
def f():
    return _PRIVATE + PUBLIC, _TEXT, _PAIR, _FLOAT * 2, _BIG
print(f(), PUBLIC)
print("_PRIVATE" in globals(), "PUBLIC" in globals())
if _PRIVATE == 5:
    print("folded only as a value")
class C:
    _LOCAL = const(7)
    value = _LOCAL
print(C.value, hasattr(C, "_LOCAL"))
