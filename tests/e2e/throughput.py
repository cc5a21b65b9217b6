# SPDX-License-Identifier: GPL-2.0-or-later
"""throughput.py listen ADDRESS PORT RATE BURST: receives by TCP until it has seen
a second of which nine tenths of RATE bytes came, for two seconds at least, then
prints "N bytes in T ms, S in the best second". It fails if more came than a token
bucket of RATE and BURST lets pass. throughput.py send ADDRESS PORT: sends until the
other end has enough."""
import socket
import sys
import time

role, address, port = sys.argv[1:4]
where = (address, int(port))
family = socket.AF_INET6 if ":" in address else socket.AF_INET


def send():
    deadline = time.monotonic() + 60
    while True:
        try:
            out = socket.create_connection(where, timeout=60)
            break
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
    try:
        while True:
            out.sendall(bytes(16384))
    except (BrokenPipeError, ConnectionResetError):
        pass


def listen():
    rate, burst = int(sys.argv[4]), int(sys.argv[5])
    server = socket.create_server(where, family=family)
    server.settimeout(60)
    # Before the first packet can have passed.
    begin = second = time.monotonic()
    connection = server.accept()[0]
    connection.settimeout(60)
    total = within = best = 0
    while best < 0.9 * rate or second - begin < 2:
        data = connection.recv(65536)
        now = time.monotonic()
        total += len(data)
        within += len(data)
        if now - second >= 1:
            best = max(best, within / (now - second))
            second, within = now, 0
        if total > rate * (now - begin) + burst:
            sys.exit("%d bytes after %.3f seconds" % (total, now - begin))
        if not data or now - begin > 120:
            sys.exit("too slow: %d in the best second" % best)
    print("%d bytes in %d ms, %d in the best second"
          % (total, 1000 * (now - begin), best))


send() if role == "send" else listen()
