#!/usr/bin/python3
"""Names, addresses and the race between them (8305; attacks 171): names.py PROGRAM. Runs in a network namespace of its
own, with a name server of its own on loopback."""
import contextlib
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from common import ENVELOPE, OK, TEMPFAIL, USAGE, Running, Sink, Trap, equal, expect, folder
from command import report

INSIDE = 'POSTINO_TESTS_NAMES'
A, CNAME, AAAA = 1, 5, 28


class Names:
    """Answers by UDP and TCP from {name: (IPv4 addresses, IPv6 addresses)}; None: says nothing; unknown: NXDOMAIN."""

    def __init__(self):
        self.table, self.asked = {}, []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(('127.0.0.1', 53))
        self.tcp = socket.create_server(('127.0.0.1', 53))
        threading.Thread(target=self.serve_udp, daemon=True).start()
        threading.Thread(target=self.serve_tcp, daemon=True).start()

    def serve_udp(self):
        while True:
            question, peer = self.udp.recvfrom(4096)
            answer = self.answer(question)
            if answer:
                cut = answer if len(answer) <= 512 else answer[:2] + struct.pack('>H', 0x8780) + answer[4:6] + bytes(6) + question[12:self.end(question)]
                self.udp.sendto(cut, peer)

    def serve_tcp(self):
        while True:
            peer, _ = self.tcp.accept()
            with peer, contextlib.suppress(OSError, struct.error):
                peer.settimeout(5)
                stream = peer.makefile('rb')
                while True:
                    answer = self.answer(stream.read(struct.unpack('>H', stream.read(2))[0]))
                    if answer:
                        peer.sendall(struct.pack('>H', len(answer)) + answer)

    @staticmethod
    def end(question):
        return question.index(b'\0', 12) + 5

    def answer(self, question):
        at, labels = 12, []
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode().lower())
            at += 1 + question[at]
        kind = struct.unpack('>H', question[at + 1:at + 3])[0]
        name = '.'.join(labels)
        self.asked.append((name, kind))
        found = self.table.get(name, ((), ()) if name in self.table else 'unknown')
        if found is None or (isinstance(found, tuple) and found[kind == AAAA] is None):
            return None
        head = question[:2], question[12:at + 5]
        if found == 'unknown':
            return head[0] + struct.pack('>HHHHH', 0x8583, 1, 0, 0, 0) + head[1]
        if isinstance(found, str):
            target = b''.join(bytes([len(label)]) + label.encode() for label in found.split('.')) + b'\0'
            records = [struct.pack('>HHHIH', 0xC00C, CNAME, 1, 60, len(target)) + target]
        else:
            family = socket.AF_INET6 if kind == AAAA else socket.AF_INET
            octets = [socket.inet_pton(family, address) for address in (found[1] if kind == AAAA else found[0])]
            records = [struct.pack('>HHHIH', 0xC00C, kind, 1, 60, len(address)) + address for address in octets]
        return head[0] + struct.pack('>HHHHH', 0x8580, 1, len(records), 0, 0) + head[1] + b''.join(records)


def timed(host, port, *more, code=OK):
    running = Running('send', '--server', 'smtp://%s:%d' % (host, port), *ENVELOPE, '--text', 't', *more)
    done = expect(running.end(), code)
    assert running.cpu < 0.5, (running.cpu, done)
    return running.took, done


def between(low, took, high):
    assert low <= took < high, 'took %.3f s, not %.2f to %.2f' % (took, low, high)


# 192.0.2.0/24 and 2001:db8::/64 lead into a link whose other end is silent; 198.51.100.0/24 is refused at once.
DEAD4, DEAD6, REFUSED = ['192.0.2.%d' % n for n in range(1, 255)], ['2001:db8::%x' % n for n in range(1, 255)], '127.0.0.77'


class Tests:
    def __init__(self):
        self.names = Names()
        self.sink = Sink('--listen', '127.0.0.1:0')
        self.port = self.sink.addresses[0][1]
        self.six = Sink('--listen', '[::1]:%d' % self.port)

    def test_a_dead_address_costs_a_quarter_of_a_second(self):
        self.names.table['x.test'] = (['127.0.0.1'], [DEAD6[0]])
        took, done = timed('x.test', self.port, '--trace')
        between(0.2, took, 0.48)
        assert 'EHLO [127.0.0.1]' in done.err, done

    def test_attempts_are_a_quarter_of_a_second_apart(self):
        self.names.table['x.test'] = (DEAD4[:5], DEAD6[:5])
        running = Running('send', '--server', 'smtp://x.test:%d' % self.port, *ENVELOPE, '--text', 't', '--timeout', '2')
        counts = []
        for instant in 0.15, 0.4, 0.65, 0.9:
            time.sleep(max(0, running.began + instant - time.monotonic()))
            counts.append(sum(line.split()[3] == '02' for path in ('tcp', 'tcp6') for line in open('/proc/net/' + path)))  # SYN sent
        expect(running.end(), TEMPFAIL)
        equal(counts, [1, 2, 3, 4])

    def test_a_refused_address_costs_nothing(self):
        self.names.table['x.test'] = ([REFUSED] * 3 + ['127.0.0.1'], [])
        between(0, timed('x.test', self.port)[0], 0.2)

    def test_an_unreachable_address_costs_nothing(self):
        self.names.table['x.test'] = (['127.0.0.1'], ['2001:db8:ffff::1'])  # no route leads there
        between(0, timed('x.test', self.port)[0], 0.2)

    def test_ipv6_comes_first(self):
        self.names.table['x.test'] = (['127.0.0.1'], ['::1'])
        took, done = timed('x.test', self.port, '--trace')
        between(0, took, 0.2)
        assert 'EHLO [IPv6:::1]' in done.err, done

    def test_ipv4_behind_many_dead_ipv6_addresses(self):
        """8305 4: the families take turns, so that the second attempt is IPv4 already."""
        self.names.table['x.test'] = (['127.0.0.1'], DEAD6[:10])
        between(0.2, timed('x.test', self.port)[0], 0.48)

    def test_a_thousand_addresses_are_bounded(self):
        self.names.table['x.test'] = ([REFUSED] * 1000, [])
        took, done = timed('x.test', self.port, code=TEMPFAIL)
        between(0, took, 3)
        assert 'efused' in done.err, done
        self.names.table['x.test'] = (DEAD4 * 4, DEAD6 * 4)
        between(0.9, timed('x.test', self.port, '--timeout', '1', code=TEMPFAIL)[0], 1.5)

    def test_a_name_that_is_none(self):
        took, done = timed('nowhere.test', self.port, code=TEMPFAIL)
        between(0, took, 1)
        assert 'no such host' in done.err and 'nowhere.test' in done.err, done
        self.names.table['empty.test'] = ([], [])
        took, done = timed('empty.test', self.port, code=TEMPFAIL)
        assert 'no such host' in done.err, done

    def test_names_without_end_and_loops(self):
        self.names.table.update({'loop.test': 'loop.test', 'one.test': 'two.test', 'two.test': 'one.test'})
        for name in 'loop.test', 'one.test':
            between(0, timed(name, self.port, '--timeout', '2', code=TEMPFAIL)[0], 2.5)
        for name in 'x' * 64 + '.test', '.'.join(['y' * 60] * 4), 'a..test', '-', '1.2.3.4.5', '256.256.256.256', '0x7f.1':
            timed(name, self.port, '--timeout', '2', code=TEMPFAIL)
        timed('.', self.port, code=USAGE)

    def test_a_silent_name_server(self):
        self.names.table['silent.test'] = None
        took, done = timed('silent.test', self.port, '--timeout', '1', code=TEMPFAIL)
        between(0.9, took, 1.5)
        assert 'silent.test' in done.err and 'name servers' in done.err, done

    def test_a_signal_while_names_are_asked_for(self):
        self.names.table['silent.test'] = None
        for host in 'silent.test', DEAD4[0]:
            running = Running('send', '--server', 'smtp://%s:%d' % (host, self.port), *ENVELOPE, '--text', 't')
            time.sleep(0.3)
            running.signal(15)
            expect(running.end(), TEMPFAIL, 'refused for now at connecting', 'cancelled')
            assert running.took < 1, running.took

    def test_dead_addresses_only(self):
        self.names.table['x.test'] = (DEAD4[:2], DEAD6[:2])
        took, done = timed('x.test', self.port, '--timeout', '2', code=TEMPFAIL)
        between(1.9, took, 2.5)
        assert 'x.test' in done.err, done

    def test_the_hosts_file_comes_first(self):
        before = len(self.names.asked)
        timed('hosts.test', self.port)
        timed('LocalHost', self.port)
        equal(len(self.names.asked), before)

    def test_a_local_address_decides_the_family(self):
        self.names.table['x.test'] = (['127.0.0.1'], ['::1'])
        took, done = timed('x.test', self.port, '--trace', '--local-address', '127.0.0.5')
        assert 'EHLO [127.0.0.5]' in done.err, done

    def test_half_of_the_answers(self):
        """8305 3: a question for IPv6 that is never answered costs 50 ms, one for IPv4 nothing."""
        self.names.table['x.test'] = (['127.0.0.1'], None)
        between(0.04, timed('x.test', self.port)[0], 0.3)
        self.names.table['x.test'] = (None, ['::1'])
        between(0, timed('x.test', self.port)[0], 0.2)
        self.names.table['x.test'] = ([REFUSED], None)  # that is no end while an answer is out
        between(0.9, timed('x.test', self.port, '--timeout', '1', code=TEMPFAIL)[0], 1.5)

    def test_an_answer_that_comes_late_is_used(self):
        def tell():
            time.sleep(0.5)
            self.names.table['late.test'] = ([REFUSED], ['::1'])
        self.names.table['late.test'] = ([REFUSED], None)
        threading.Thread(target=tell).start()
        between(1, timed('late.test', self.port)[0], 6)  # with the second try of the question


def prepare():
    """Inside: addresses, routes, and a resolver of our own."""
    for line in ('link set lo up', 'link add dead0 type veth peer name dead1', 'link set dead0 up', 'link set dead1 up', 'addr add 192.0.2.254/24 dev dead0',
                 '-6 addr add 2001:db8::ffff/64 dev dead0 nodad'):
        subprocess.run(['ip', *line.split()], check=True)
    for version in '4', '6':
        with open('/proc/sys/net/ipv%s/neigh/dead0/mcast_solicit' % version, 'w') as tries:
            tries.write('1000')  # a neighbour that never answers is waited for
    for path, text in (('/etc/resolv.conf', 'nameserver 127.0.0.1\n'), ('/etc/hosts', '127.0.0.1 localhost hosts.test\n'), ('/etc/nsswitch.conf', 'hosts: files dns\n')):
        own = tempfile.NamedTemporaryFile('w', delete=False)
        own.write(text)
        own.close()
        os.chmod(own.name, 0o644)
        subprocess.run(['mount', '--bind', own.name, path], check=True)


def main():
    if os.environ.get(INSIDE):
        prepare()
        tests = Tests()
        code = report((('names_' + name[5:], getattr(tests, name)) for name in sorted(dir(tests)) if name.startswith('test_')))
        tests.sink.stop(), tests.six.stop()
        return code
    sys.argv[1] = os.path.abspath(sys.argv[1])
    unshare = ['unshare', '--net', '--mount', '--propagation', 'private']
    trial = ' && '.join(['ip link add dead0 type veth peer name dead1', 'mount --bind /etc/hosts /etc/hosts', 'test -e /etc/resolv.conf'])
    possible = subprocess.run([*unshare, 'sh', '-c', trial], capture_output=True)
    if possible.returncode != 0:
        print('skip names: no network namespace of our own here (needs root): ' + possible.stderr.decode().strip().replace('\n', ' '))
        return 77
    return subprocess.run([*unshare, sys.executable, *sys.argv], env=dict(os.environ, **{INSIDE: '1'})).returncode


if __name__ == '__main__':
    sys.exit(main())
