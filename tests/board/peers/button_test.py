"""A test of a program on the simulated board, as a user writes it: its button, its lamp and its sensor, by JSON.

Usage: button_test.py HOST:PORT of the board's control port.
"""

import json
import socket
import sys

host, port = sys.argv[1].rsplit(":", 1)


class Board:
    def __init__(self):
        self.stream = socket.create_connection((host, int(port)), timeout=60).makefile("rw")

    def order(self, **what):
        print(json.dumps(what), file=self.stream, flush=True)
        answer = json.loads(self.stream.readline())
        assert "error" not in answer, answer
        return answer

    def event(self):
        return json.loads(self.stream.readline())


board, watched = Board(), Board()
watched.order(op="watch")

# Pressing the button switches the lamp; nothing is missed, in this order.
for level in (1, 0, 1):
    board.order(op="drive", pin=15, level=1)
    board.order(op="drive", pin=15, level=0)
    while True:
        event = watched.event()
        if event["pin"] == 25:
            break
    assert (event["event"], event["level"]) == ("pin", level), event
    assert event["time_us"] > 0, event
assert board.order(op="pins")["pins"][25]["level"] == 1

# The program has asked the sensor, which was put there before it began, and told it something.
sensor = board.order(op="i2c-read", bus=0, address=72)
assert sensor["registers"].startswith("19a5"), sensor
assert "01a5" in sensor["writes"], sensor

# A wrong order says what is wrong with it.
for wrong in ({"op": "drive", "pin": 99, "level": 1}, {"op": "fly"}, {}):
    print(json.dumps(wrong), file=board.stream, flush=True)
    assert "error" in json.loads(board.stream.readline()), wrong
print("not json", file=board.stream, flush=True)
assert "JSON" in json.loads(board.stream.readline())["error"]
print("passed")
