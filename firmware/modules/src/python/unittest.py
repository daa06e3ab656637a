# unittest: test cases as CPython's programs know them.

import sys


class SkipTest(Exception):
    pass


def skip(reason):
    def decorate(tested):
        if isinstance(tested, type):
            tested.__unittest_skip__ = True
            tested.__unittest_skip_why__ = reason
            return tested

        def skipped(*args, **kwargs):
            raise SkipTest(reason)

        return skipped

    return decorate


def skipIf(condition, reason):
    return skip(reason) if condition else lambda tested: tested


def skipUnless(condition, reason):
    return skipIf(not condition, reason)


def expectedFailure(tested):
    def failing(*args, **kwargs):
        try:
            tested(*args, **kwargs)
        except Exception:
            return
        raise AssertionError("unexpected success")

    return failing


class _Raises:
    def __init__(self, kind, message):
        self.kind = kind
        self.message = message
        self.exception = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.exception = value
        if kind is None:
            raise AssertionError(self.message or "%r not raised" % (self.kind,))
        return issubclass(kind, self.kind)


class _SubTest:
    def __init__(self, parameters):
        self.parameters = parameters

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is not None and issubclass(kind, AssertionError):
            print("in sub-test", self.parameters)
        return False


class TestCase:
    def __init__(self):
        self._cleanups = []

    def setUp(self):
        pass

    def tearDown(self):
        pass

    @classmethod
    def setUpClass(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        pass

    def addCleanup(self, function, *args, **kwargs):
        self._cleanups.append((function, args, kwargs))

    def doCleanups(self):
        while self._cleanups:
            function, args, kwargs = self._cleanups.pop()
            function(*args, **kwargs)

    def skipTest(self, reason):
        raise SkipTest(reason)

    def subTest(self, msg=None, **parameters):
        return _SubTest(parameters if msg is None else (msg, parameters))

    def fail(self, msg=None):
        raise AssertionError(msg or "failed")

    def _check(self, holds, msg, text, *values):
        if not holds:
            raise AssertionError(msg or text % values)

    def assertEqual(self, x, y, msg=None):
        self._check(x == y, msg, "%r vs (expected) %r", x, y)

    def assertNotEqual(self, x, y, msg=None):
        self._check(x != y, msg, "%r is %r", x, y)

    def assertLess(self, x, y, msg=None):
        self._check(x < y, msg, "%r is not less than %r", x, y)

    def assertLessEqual(self, x, y, msg=None):
        self._check(x <= y, msg, "%r is greater than %r", x, y)

    def assertGreater(self, x, y, msg=None):
        self._check(x > y, msg, "%r is not greater than %r", x, y)

    def assertGreaterEqual(self, x, y, msg=None):
        self._check(x >= y, msg, "%r is less than %r", x, y)

    def assertIs(self, x, y, msg=None):
        self._check(x is y, msg, "%r is not %r", x, y)

    def assertIsNot(self, x, y, msg=None):
        self._check(x is not y, msg, "%r is %r", x, y)

    def assertIsNone(self, x, msg=None):
        self._check(x is None, msg, "%r is not None", x)

    def assertIsNotNone(self, x, msg=None):
        self._check(x is not None, msg, "%r is None", x)

    def assertTrue(self, x, msg=None):
        self._check(x, msg, "expected %r to be true", x)

    def assertFalse(self, x, msg=None):
        self._check(not x, msg, "expected %r to be false", x)

    def assertIn(self, x, y, msg=None):
        self._check(x in y, msg, "expected %r to be in %r", x, y)

    def assertNotIn(self, x, y, msg=None):
        self._check(x not in y, msg, "expected %r not to be in %r", x, y)

    def assertIsInstance(self, x, y, msg=None):
        self._check(isinstance(x, y), msg, "%r is no instance of %r", x, y)

    def assertNotIsInstance(self, x, y, msg=None):
        self._check(not isinstance(x, y), msg, "%r is an instance of %r", x, y)

    def _close(self, x, y, places, delta):
        if x == y:
            return True
        if delta is not None:
            return abs(x - y) <= delta
        return round(abs(y - x), 7 if places is None else places) == 0

    def assertAlmostEqual(self, x, y, places=None, msg="", delta=None):
        self._check(self._close(x, y, places, delta), msg, "%r is not close to %r", x, y)

    def assertNotAlmostEqual(self, x, y, places=None, msg="", delta=None):
        self._check(not self._close(x, y, places, delta), msg, "%r is close to %r", x, y)

    def assertRaises(self, kind, function=None, *args, **kwargs):
        if function is None:
            return _Raises(kind, None)
        with _Raises(kind, None):
            function(*args, **kwargs)


class TestResult:
    def __init__(self):
        self.testsRun = 0
        self.failures = []
        self.errors = []
        self.skipped = []

    def wasSuccessful(self):
        return not self.failures and not self.errors


def _run_case(case, result):
    if getattr(case, "__unittest_skip__", False):
        result.skipped.append((case.__name__, case.__unittest_skip_why__))
        return
    case.setUpClass()
    for name in sorted(dir(case)):
        method = getattr(case, name)
        if not name.startswith("test") or not callable(method):
            continue
        print("%s (%s) ..." % (name, case.__name__), end="")
        result.testsRun += 1
        test = case()
        try:
            test.setUp()
            try:
                getattr(test, name)()
            finally:
                test.tearDown()
                test.doCleanups()
            print(" ok")
        except SkipTest as error:
            print(" skipped:", error.args[0])
            result.skipped.append((name, error.args[0]))
        except Exception as error:
            kind = result.failures if isinstance(error, AssertionError) else result.errors
            print(" FAIL" if kind is result.failures else " ERROR")
            sys.print_exception(error)
            kind.append((name, error))
    case.tearDownClass()


def main(module="__main__", exit=True):
    if isinstance(module, str):
        module = sys.modules[module] if module in sys.modules else __import__(module)
    result = TestResult()
    for name in sorted(dir(module)):
        case = getattr(module, name)
        if isinstance(case, type) and case is not TestCase and issubclass(case, TestCase):
            _run_case(case, result)
    print("-" * 70)
    print("Ran %d tests\n" % result.testsRun)
    if result.wasSuccessful():
        print("OK" if not result.skipped else "OK (skipped=%d)" % len(result.skipped))
    else:
        print("FAILED (failures=%d, errors=%d)" % (len(result.failures), len(result.errors)))
        if exit:
            sys.exit(1)
    return result
