# SPDX-License-Identifier: GPL-2.0-or-later
"""frame.py INTERFACE DESTINATION SOURCE [router]: sends one Ethernet frame by
these MAC addresses, or a router's advertisement in it, of fe80::bad."""
import socket
import struct
import sys


def router():
    source = socket.inet_pton(socket.AF_INET6, "fe80::bad")
    all_nodes = socket.inet_pton(socket.AF_INET6, "ff02::1")
    # Lives for half an hour.
    said = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    pseudo = source + all_nodes + struct.pack("!II", len(said), 58) + said
    total = sum(struct.unpack("!%dH" % (len(pseudo) // 2), pseudo))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    said = said[:2] + struct.pack("!H", 0xFFFF - total) + said[4:]
    head = struct.pack("!IHBB", 6 << 28, len(said), 58, 255)
    return head + source + all_nodes + said


interface, destination, source = sys.argv[1:4]
kind, payload = 0x88B5, bytes(46)
if sys.argv[4:]:
    kind, payload = 0x86DD, router()
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((interface, 0))
macs = destination + ":" + source
out.send(
    bytes(int(byte, 16) for byte in macs.split(":"))
    + struct.pack("!H", kind)
    + payload
)
