# SPDX-License-Identifier: GPL-2.0-or-later
"""reach.py: who reaches whom, by TCP and UDP of both families.

Standard input has a line "NAME IPV4 IPV6 PORT" for each target; those that are
named after a namespace below /run/netns are listened on there. Behind an empty line
comes a table: SOURCE, a namespace or "node", and a letter for each target: y (is to
be reached), . (is not), - (is not tried). Each that is not so is printed."""
import ctypes
import os
import select
import socket
import sys
import time

PATIENCE = 60
# What does not come within this, when all that is to come has, does not come.
LATE = 0.3
libc = ctypes.CDLL(None, use_errno=True)
home = os.open("/proc/self/ns/net", os.O_RDONLY)


def enter(fd):
    if libc.setns(fd, 0):
        raise OSError(ctypes.get_errno(), "setns")


def socket_in(name, family, kind):
    path = "/proc/self/ns/net" if name == "node" else "/run/netns/" + name
    fd = os.open(path, os.O_RDONLY)
    enter(fd)
    made = socket.socket(family, kind)
    enter(home)
    os.close(fd)
    made.setblocking(False)
    return made


KINDS = [
    (family, kind)
    for family in (socket.AF_INET, socket.AF_INET6)
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
]


class Target:
    def __init__(self, line):
        self.name, ipv4, ipv6, port = line.split()
        self.address = {socket.AF_INET: ipv4, socket.AF_INET6: ipv6}
        self.port = int(port)

    def listen(self):
        for family, kind in KINDS:
            server = socket_in(self.name, family, kind)
            server.bind((self.address[family], self.port))
            if kind == socket.SOCK_STREAM:
                server.listen(1000)
            else:
                echoing[server.fileno()] = server
                poll.register(server, select.POLLIN)
            servers.append(server)


class Try:
    """One source that asks one target."""

    def __init__(self, source, target, expected, family, kind):
        self.text = "%s to %s, %s, IPv%d" % (
            source, target.name, "TCP" if kind == socket.SOCK_STREAM else "UDP",
            4 if family == socket.AF_INET else 6)
        self.expected, self.reached = expected, False
        self.udp = kind == socket.SOCK_DGRAM
        self.socket = socket_in(source, family, kind)
        try:
            self.socket.connect((target.address[family], target.port))
        except BlockingIOError:
            pass
        self.ask()
        poll.register(self.socket, select.POLLIN if self.udp else select.POLLOUT)

    def ask(self):
        if self.udp:
            try:
                self.socket.send(b"?")
            except OSError:
                pass

    def hear(self):
        try:
            if self.udp:
                self.socket.recv(1)
            else:
                self.socket.getpeername()
            self.reached = True
        except OSError:
            # It is refused, or unreachable; of UDP another one may come.
            if self.udp:
                return
        poll.unregister(self.socket)


def echo(server):
    try:
        while True:
            server.sendto(*server.recvfrom(1))
    except OSError:
        pass


def listen_until(deadline, enough):
    while not enough() and time.monotonic() < deadline:
        for fd, _ in poll.poll(50):
            if fd in echoing:
                echo(echoing[fd])
            else:
                tries[fd].hear()
        for one in tries.values():
            if not one.reached:
                one.ask()


poll, servers, echoing, tries = select.poll(), [], {}, {}
head, table = sys.stdin.read().split("\n\n")
targets = [Target(line) for line in head.splitlines()]
for target in targets:
    if os.path.exists("/run/netns/" + target.name):
        target.listen()
for line in table.splitlines():
    source, letters = line.split()
    assert len(letters) == len(targets) and not letters.strip("y.-"), line
    for target, letter in zip(targets, letters):
        for family, kind in KINDS if letter != "-" else ():
            one = Try(source, target, letter == "y", family, kind)
            tries[one.socket.fileno()] = one
listen_until(time.monotonic() + PATIENCE,
             lambda: all(t.reached for t in tries.values() if t.expected))
listen_until(time.monotonic() + LATE, lambda: False)
wrong = [t for t in tries.values() if t.reached != t.expected]
for one in wrong:
    print(one.text + (": is reached" if one.reached else ": is not reached"))
print("%d tried, %d wrong" % (len(tries), len(wrong)))
sys.exit(bool(wrong))
