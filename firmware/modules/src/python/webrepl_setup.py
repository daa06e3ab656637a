# webrepl_setup: asks for a password, writes webrepl_cfg.py, and switches WebREPL on or off in boot.py.

import sys

CONFIG = "/webrepl_cfg.py"
BOOT = "/boot.py"
LINES = ("import webrepl", "webrepl.start()")


def _lines(path):
    try:
        with open(path) as file:
            return [line.rstrip("\r\n") for line in file]
    except OSError:
        return []


def _write(path, lines):
    # The old file stays until the new one is whole.
    import os

    with open(path + ".new", "w") as file:
        for line in lines:
            file.write(line + "\n")
    os.rename(path + ".new", path)


def is_enabled():
    return LINES[0] in _lines(BOOT)


def enable(on):
    lines = [line for line in _lines(BOOT) if line not in LINES]
    _write(BOOT, lines + list(LINES) if on else lines)


def _ask_password():
    while True:
        password = input("New password (4-9 chars): ")
        if not 4 <= len(password) <= 9:
            print("Invalid password length")
        elif password != input("Confirm password: "):
            print("Passwords do not match")
        else:
            return password


def main():
    on = is_enabled()
    print("WebREPL daemon auto-start status:", "enabled" if on else "disabled")
    print("\nWould you like to (E)nable or (D)isable it running on boot?")
    print("(Empty line to quit)")
    choice = input("> ").upper()
    if choice not in ("E", "D"):
        return
    if choice == "E":
        if _lines(CONFIG) and input("Would you like to change WebREPL password? (y/n) ") != "y":
            pass
        else:
            _write(CONFIG, ["PASS = %r" % _ask_password()])
    if (choice == "E") == on:
        print("No further action required")
        return
    enable(choice == "E")
    print("Changes will be activated after reboot")


main()
