# Differs from CPython: text beyond ASCII is written as it is.
# json: every type both ways, nesting, escapes, spaces, numbers, errors, streams.
import json, io
for v in (None, True, False, 0, -5, 1.5, "", "a\"b\\c\n\t", [], [1, [2, [3]]], {}, {"k": {"l": [None]}}, (1, 2), "ä→", [1.0, 1e20, 1e-7]):
    print(json.dumps(v), json.loads(json.dumps(v)) == (list(v) if isinstance(v, tuple) else v))
print(json.dumps({"a": 1}, separators=(",", ":")), json.dumps([1, 2], separators=(", ", ": ")))
for text in ("1", " 2 ", "-1.5e2", "\"a\\u00e4\\n\"", "[]", "[1,2 , 3]", "{\"a\":1,\"b\":[true,false,null]}", "{ }", "\n[\t1\n]", "\"\\/\\b\\f\"", "123456789012345678901234567890", "1E5"):
    print(json.loads(text))
for bad in ("", "[", "{", "nul", "{a:1}", "]", "\"abc", "{1:2,", "tru"):
    try:
        json.loads(bad)
        print("accepted", bad)
    except ValueError:
        print("ValueError", end=" ")
print()
s = io.StringIO()
json.dump({"x": [1]}, s)
print(s.getvalue(), json.load(io.StringIO("[5, 6]")))
print(json.loads(b"[1]") if True else 0, sorted(json.loads('{"z": 1, "a": {"q": []}}').items()))
