# SPDX-License-Identifier: GPL-2.0-or-later
"""announced.py INTERFACE ADDRESS: says "ready", then how the first ARP frame
by ADDRESS came in: "announced" its MAC address to all, or "asked" for another's."""
import socket
import sys

interface, address = sys.argv[1], socket.inet_aton(sys.argv[2])
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
frames.bind((interface, 0x0806))
print("ready", flush=True)
while True:
    frame = frames.recv(100)
    if frame[28:32] == address:
        print("announced" if frame[38:42] == address else "asked", flush=True)
        break
