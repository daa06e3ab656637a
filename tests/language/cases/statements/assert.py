# Assertions with and without message.
def check(value):
    assert value, "no value"
    assert value != 2
    return value
print(check(1))
for bad in (0, 2):
    try:
        check(bad)
    except AssertionError as error:
        print(error.args)
assert True
assert 1 < 2 or 1 / 0, "short circuit"
