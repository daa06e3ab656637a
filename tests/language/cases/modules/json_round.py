# Differs from CPython: text beyond ASCII is written as it is.
# Values to text and back, and what is no JSON.
import json
from io import StringIO, BytesIO

values = (
    None, True, False, 0, -1, 12345678901234567890, 1.5, -0.25, 1e100, "", "text", 'quo"te\\', "line\nfeed\ttab\r",
    "\x00\x1f", "grüße ☃", [], [1], [1, [2, [3]]], {}, {"a": 1}, {"a": {"b": [1, 2]}}, (1, 2), {1: 2}, {None: 1},
)
for value in values:
    text = json.dumps(value)
    print(text)
    print(json.loads(text))
    stream = StringIO()
    json.dump(value, stream)
    print(stream.getvalue() == text)
print(json.dumps([1, {"a": 2}], separators=(",", ":")))
print(json.loads('"\\u00e9\\u2603\\"\\/\\b\\f"'))
print(json.loads(" \n\t[ 1 , 2 ]\r\n "))
print(json.loads(b'{"a": [true, null]}'))
print(json.load(StringIO('{"k": [1.25, -7, "x"]}')))
print(json.load(BytesIO(b"[false]")))
print(json.loads("[1e3, -1.5E-2, 0.0]"))
for wrong in ("", "[", "{", "]", "[1", '{"a"', '{"a":', '{"a":1', "nul", "tru", '"open', "{1:2}", "x", "[1] 2"):
    try:
        print("taken", repr(wrong), json.loads(wrong))
    except ValueError as error:
        print("ValueError", repr(wrong))
