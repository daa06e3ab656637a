# ntptime: the time from a time server.

import socket, struct
from time import gmtime

# Whoever runs a fleet names a server of their own.
host = "pool.ntp.org"
timeout = 1

# Seconds from 1900, where NTP begins, to 1970.
_OFFSET = 2208988800


def time():
    query = bytearray(48)
    query[0] = 0x1B
    address = socket.getaddrinfo(host, 123)[0][-1]
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.settimeout(timeout)
        s.sendto(query, address)
        answer = s.recv(48)
    finally:
        s.close()
    seconds = struct.unpack("!I", answer[40:44])[0]
    # The count begins anew in 2036.
    if seconds < _OFFSET:
        seconds += 1 << 32
    return seconds - _OFFSET


def settime():
    from machine import RTC

    now = gmtime(time())
    RTC().datetime((now[0], now[1], now[2], now[6], now[3], now[4], now[5], 0))
