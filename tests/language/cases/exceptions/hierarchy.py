# Which except clause catches which exception, built in and our own.
class A(Exception): pass
class B(A): pass
class C(B): pass
class D(OSError):
    def __init__(self, *a):
        super().__init__(*a)
        self.extra = "extra"
table = [A, B, C, D, Exception, KeyError, IndexError, LookupError, ValueError, ZeroDivisionError, ArithmeticError, OverflowError, TypeError, NameError, AttributeError, OSError, ImportError, RuntimeError, NotImplementedError, StopIteration, MemoryError, AssertionError, EOFError, SyntaxError, IndentationError, UnicodeError]
for e in table:
    caught = []
    for base in (A, B, KeyError, LookupError, ArithmeticError, ValueError, OSError, RuntimeError, SyntaxError, Exception, BaseException):
        try:
            raise e("x")
        except base:
            caught.append(base.__name__)
        except BaseException:
            pass
    print(e.__name__, caught, issubclass(e, Exception))
for e in (SystemExit, KeyboardInterrupt, GeneratorExit):
    try:
        raise e
    except Exception:
        print("Exception")
    except BaseException as x:
        print(type(x).__name__, issubclass(e, Exception))
try:
    raise D(2, "text")
except OSError as e:
    print(e.args, e.errno, e.extra, isinstance(e, D))
for kinds in ((KeyError, ValueError), (), (A,), Exception):
    try:
        try:
            raise B("b")
        except kinds as e:
            print("caught by", kinds == (A,) or kinds is Exception)
    except B:
        print("missed")
