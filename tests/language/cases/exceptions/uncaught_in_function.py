# The traceback of an exception that nobody catches, through functions, methods, generators and a lambda.
class K:
    def method(self, x):
        return (lambda y: list(g(y)))(x)
def g(n):
    yield 1
    yield f(n)
def f(n):
    if n == 0:
        raise ValueError("deep", n)
    return f(n - 1)
K().method(3)
