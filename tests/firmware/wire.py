"""A wire of our own between a board in QEMU and a network of its own: frames go through here, late, lost, or cut."""
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time


class Wire:
    """`rule(number, from_board)` says for each frame how many seconds late it is, or None: it is lost. The other end is a TAP
    device of this process's network namespace, which is 10.0.2.2 there."""

    def __init__(self, folder, rule):
        self.board, self.ours = os.path.join(folder, "board"), os.path.join(folder, "ours")
        self.rule, self.frames, self.going = rule, 0, True
        self.tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.tap, 0x400454ca, struct.pack("16sH", b"board", 0x0002 | 0x1000))  # IFF_TAP, IFF_NO_PI
        subprocess.run("ip link set lo up; ip address add 10.0.2.2/24 dev board; ip address add fd00::2/64 dev board nodad; ip link set board up",
                       shell=True, check=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.ours)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def netdev(self):
        return "dgram,id=net,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s" % (self.board, self.ours)

    def take(self, frame, from_board, waiting):
        if frame[12:14] != b"\x08\x00":  # only IPv4 counts; ARP passes
            late = 0
        else:
            self.frames += 1
            late = self.rule(self.frames, from_board)
        if late is not None:
            heapq.heappush(waiting, (time.monotonic() + late, self.frames, from_board, frame))

    def give(self, from_board, frame):
        try:
            if from_board:
                os.write(self.tap, frame)
            else:
                self.socket.sendto(frame, self.board)
        except OSError:
            pass  # as a wire that leads nowhere

    def run(self):
        waiting = []
        while self.going:
            timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else 0.1
            ready = select.select([self.tap, self.socket], [], [], min(timeout, 0.1))[0]
            if self.socket in ready:
                self.take(self.socket.recv(2000), True, waiting)
            if self.tap in ready:
                self.take(os.read(self.tap, 2000), False, waiting)
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, from_board, frame = heapq.heappop(waiting)
                self.give(from_board, frame)

    def close(self):
        self.going = False
        self.thread.join()
        self.socket.close()
        os.close(self.tap)


class Names:
    """A server of names, at 10.0.2.2: it knows addresses of IPv4, and that there is nothing else."""

    def __init__(self, known):
        self.known, self.going = known, True
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("10.0.2.2", 53))
        self.socket.settimeout(0.1)
        self.thread = threading.Thread(target=self.run, daemon=True)

    def answer(self, asked):
        labels, at = [], 12
        while asked[at]:
            labels.append(asked[at + 1:at + 1 + asked[at]].decode())
            at += 1 + asked[at]
        question, kind = asked[12:at + 5], struct.unpack("!H", asked[at + 1:at + 3])[0]
        address = self.known.get(".".join(labels)) if kind == 1 else None
        head = asked[:2] + struct.pack("!HHHHH", 0x8180 if address else 0x8183, 1, 1 if address else 0, 0, 0)
        return head + question + (b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(address) if address else b"")

    def run(self):
        while self.going:
            try:
                asked, who = self.socket.recvfrom(512)
            except TimeoutError:
                continue
            self.socket.sendto(self.answer(asked), who)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.going = False
        self.thread.join()
        self.socket.close()


def lossy(seed, loss, delay):
    chance = random.Random(seed)
    return lambda number, from_board: None if chance.random() < loss else delay


def cut(first, seconds):
    """From frame `first` on nothing passes for so long."""
    until = []

    def rule(number, from_board):
        if number >= first and not until:
            until.append(time.monotonic() + seconds)
        return None if until and time.monotonic() < until[0] else 0
    return rule
