# The traceback of a class of our own, raised in a handler at the top level.
class Failure(Exception):
    pass
try:
    {}["missing"]
except KeyError:
    raise Failure("while handling", 42)
