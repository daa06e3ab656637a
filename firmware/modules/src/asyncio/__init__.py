# asyncio: the names of the package, each loaded from its part when it is first used.

from .core import *

__version__ = (3, 0, 0)

_parts = {
    "wait_for": "funcs",
    "wait_for_ms": "funcs",
    "gather": "funcs",
    "Event": "event",
    "ThreadSafeFlag": "event",
    "Lock": "lock",
    "open_connection": "stream",
    "start_server": "stream",
    "Stream": "stream",
    "StreamReader": "stream",
    "StreamWriter": "stream",
}


def __getattr__(name):
    part = _parts.get(name)
    if part is None:
        raise AttributeError(name)
    found = getattr(__import__(part, None, None, True, 1), name)
    globals()[name] = found
    return found
