"""A server that closes behind each octet of the client's stream (attacks 50, 175)."""
import concurrent.futures
import socket
import struct

from common import OK, TEMPFAIL, UNCERTAIN, Server, equal, send

EHLO = b'250-x\r\n250 PIPELINING\r\n'
MESSAGE = b'A: b\r\n\r\nc\r\n'


class Cutter(Server):
    """Takes `octets` octets, replies to every line but the one that the last of them ends, and closes or resets."""

    def __init__(self, octets, pipelining, reset):
        self.octets, self.pipelining, self.reset, self.heard = octets, pipelining, reset, b''
        super().__init__(self.cut)

    def cut(self, peer):
        peer.sendall(b'220 x\r\n')
        line, content = b'', False
        while len(self.heard) < self.octets:
            got = peer.recv(1)
            if not got:
                return
            line += got
            self.heard += got
            if got != b'\n' or len(self.heard) == self.octets:
                continue
            if content and line != b'.\r\n':
                line = b''
                continue
            content = line == b'DATA\r\n'
            peer.sendall(EHLO if self.pipelining and line[:4] == b'EHLO' else b'354 x\r\n' if content else b'250 x\r\n')
            line = b''
        if self.reset:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def cut(octets, pipelining, reset):
    with Cutter(octets, pipelining, reset) as server:
        return send(server, '--message', '-', '--name', 'c.test', '--timeout', '15', input=MESSAGE), server.heard


def cut_everywhere(pipelining, reset):
    done, heard = cut(1 << 20, pipelining, reset)
    equal(done.code, OK)
    assert heard.endswith(b'QUIT\r\n'), heard
    handed_over, final = heard.index(b'DATA\r\n') + 6, heard.index(b'\r\n.\r\n') + 5
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = pool.map(lambda n: (n, cut(n, pipelining, reset)[0]), range(len(heard)))
        for octets, done in results:
            expected = TEMPFAIL if octets <= handed_over else UNCERTAIN if octets <= final else OK
            assert done.code == expected, 'behind %d octets, %r: %r' % (octets, heard[:octets][-30:], done)


def test_closing_behind_every_octet():
    cut_everywhere(False, False)


def test_closing_behind_every_octet_of_flights():
    cut_everywhere(True, False)


def test_resetting_behind_every_octet():
    cut_everywhere(True, True)
