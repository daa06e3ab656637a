# SystemExit with a number ends the program with it, after finally.
import sys
try:
    try:
        sys.exit(7)
    except Exception:
        print("not here")
    finally:
        print("finally")
finally:
    print("outer")
