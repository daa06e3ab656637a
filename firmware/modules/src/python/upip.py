# upip: the package manager of old programs, on top of mip.

import mip

# Names on PyPI that stand for packages of micropython-lib.
_PREFIXES = ("micropython-", "pycopy-")


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


def install(packages, install_path=None):
    if isinstance(packages, str):
        packages = [packages]
    for package in packages:
        name = package
        for prefix in _PREFIXES:
            if name.startswith(prefix):
                name = name[len(prefix) :]
        name = name.replace("-", ".") if name.startswith("u") else name
        if _built_in(name):
            print("%s: %s is built into this firmware" % (package, name))
        else:
            mip.install(name, target=install_path)


def help():
    print("import upip; upip.install('micropython-requests')")
