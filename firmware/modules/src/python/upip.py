# upip: the package manager of old programs, on top of mip.
#
# Names mean what they mean to `ucli install`: those of PyPI's placeholders and old copies stand for packages of
# micropython-lib.

import mip

# Drivers of one name and two authors, with different interfaces.
_AMBIGUOUS = ("bmi270", "bmm150", "hs3003", "hts221", "lsm6dsox", "ssd1306")


def _built_in(name):
    # Whether a module of this name is part of the firmware.
    import sys

    path = sys.path
    sys.path = [".frozen"]
    try:
        __import__(name)
        return True
    except ImportError:
        return False
    finally:
        sys.path = path


def _meant(package):
    # The package of micropython-lib that is meant.
    name = package
    for prefix in ("micropython-", "pycopy-"):
        if name.startswith(prefix):
            name = name[len(prefix) :]
    if name in ("uasyncio", "uasyncio.core", "uasyncio-core"):
        return "asyncio"
    if name == package:
        return name
    if name in _AMBIGUOUS:
        raise ValueError("%s: two drivers have this name; mip.install('%s') takes that of micropython-lib" % (package, name))
    # Both names are imported by programs; this package has both modules.
    return "urequests" if name == "requests" else name


def install(packages, install_path=None):
    if isinstance(packages, str):
        packages = [packages]
    for package in packages:
        name, _, version = package.partition("==")
        name = _meant(name.strip())
        if not version and _built_in(name):
            print("%s: %s is built into this firmware" % (package, name))
        else:
            mip.install(name, target=install_path, version=version.strip() or None)


def help():
    print("import upip; upip.install('micropython-requests')")
