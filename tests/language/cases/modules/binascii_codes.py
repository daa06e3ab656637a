# Differs from CPython: modules of MicroPython.
# Hexadecimal digits, base64 and check sums.
import binascii

for data in (b"", b"a", b"ab", b"abc", b"abcd", bytes(range(256)), bytearray(b"xyz"), memoryview(b"12345")[1:4]):
    digits = binascii.hexlify(data)
    print(digits, binascii.unhexlify(digits) == bytes(data))
    code = binascii.b2a_base64(data)
    print(code, binascii.a2b_base64(code) == bytes(data))
    print(binascii.crc32(data), binascii.crc32(data, 12345))
print(binascii.hexlify(b"abc", ":"), binascii.hexlify("text"))
print(binascii.b2a_base64(b"abc", newline=False))
print(binascii.a2b_base64("Zm 9v\nYmE="), binascii.a2b_base64("Zm9v!YmFy"))
for wrong in (b"1", b"xy", b"0g"):
    try:
        binascii.unhexlify(wrong)
    except ValueError as error:
        print("ValueError", error)
for wrong in (b"Zg", b"Z", b"Zg=", b"Zm9vYg"):
    try:
        print(binascii.a2b_base64(wrong))
    except ValueError as error:
        print("ValueError", error)
