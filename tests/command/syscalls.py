#!/usr/bin/python3
"""Each system call of the connection fails once (attacks 172, 173, 178): syscalls.py PROGRAM. Needs strace."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

from common import OK, PATIENCE, TEMPFAIL, UNCERTAIN, ENVELOPE, ENVIRONMENT, Server, Skip, Sink, converse, equal, file, folder, url
from command import report

# What changes nothing: the same call is made again.
HARMLESS = {'recvfrom': ('EINTR', 'EAGAIN'), 'sendto': ('EINTR', 'EAGAIN'), 'poll': ('EINTR', 'EAGAIN'), 'read': ('EINTR',), 'connect': ('EINTR',)}
HARMFUL = {'recvfrom': ('ECONNRESET', 'ETIMEDOUT', 'EIO', 'ENOTCONN', 'ENOMEM'), 'sendto': ('EPIPE', 'ECONNRESET', 'ENOBUFS', 'EHOSTUNREACH'), 'poll': ('ENOMEM', 'EINVAL'),
           'socket': ('EMFILE', 'ENFILE', 'ENOBUFS', 'EACCES', 'EAFNOSUPPORT'), 'connect': ('ECONNREFUSED', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EACCES', 'EAGAIN', 'ETIMEDOUT'),
           'getsockopt': ('ENOBUFS',), 'setsockopt': ('ENOPROTOOPT',), 'getsockname': ('ENOBUFS',), 'fcntl': ('EINVAL',), 'read': ('EIO', 'EISDIR'),
           'lseek': ('ESPIPE',), 'fstat': ('EIO',), 'newfstatat': ('EIO',), 'getrandom': ('ENOSYS',), 'openat': ('EMFILE', 'EACCES', 'EIO'),
           'pipe': ('EMFILE',), 'pipe2': ('EMFILE',), 'write': ('EIO', 'ENOSPC', 'EPIPE')}


def traced(program, here, server, injection, seconds='4'):
    words = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=' + injection, program, 'send', '--server', url(server), *ENVELOPE,
             '--message', here + '/message', '--timeout', seconds]
    return subprocess.run(words, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)


def count(program, here, server):
    """How often each call is made when all goes well."""
    words = ['strace', '-f', '-qq', '-c', '-o', here + '/counts', program, 'send', '--server', url(server), *ENVELOPE, '--message', here + '/message']
    done = subprocess.run(words, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    if done.returncode != OK:
        raise Skip('strace cannot be used here: %s' % done.stderr.decode()[-200:].strip().replace('\n', ' '))
    with open(here + '/counts') as counts:
        return {line.split()[-1]: int(line.split()[3]) for line in counts if re.match(r' *[\d.]+ ', line) and 'total' not in line}


def calls_of_the_loader(program, here, server):
    """How often each call is made before the program itself begins; those are not ours to survive."""
    words = ['strace', '-f', '-qq', '-o', here + '/order', program, 'send', '--server', url(server), *ENVELOPE, '--message', here + '/message']
    subprocess.run(words, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    seen = {}
    with open(here + '/order') as order:
        for line in order:
            call = re.sub(r'^\d+ +', '', line)
            if 'SIGPIPE' in call:
                return seen
            name = call.split('(')[0]
            seen[name] = seen.get(name, 0) + 1
    raise AssertionError('SIGPIPE was never ignored')


def each(program, table, judge):
    with folder() as here, Sink('--hide', 'PIPELINING', maildir=True) as sink:
        message = b'A: b\r\n\r\nline\r\n' * 2
        file(here, 'message', message)
        counts = count(program, here, sink)
        before = calls_of_the_loader(program, here, sink)
        cases = [(name, error, k) for name, errors in table.items() for error in errors if name in counts
                 for k in range(before.get(name, 0) + 1, counts[name] + 1)]
        assert len(cases) > 10, counts
        already = len(sink.mails())

        def one(case):
            return case, traced(program, here, sink, '%s:error=%s:when=%d' % case)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            results = list(pool.map(one, cases))
        stored = sink.mails()[already:]
        for mail in stored:
            equal(mail[0], message)
        for case, done in results:
            assert done.returncode >= 0 and b'Sanitizer' not in done.stderr, (case, done)
            judge(case, done)
        told = [done.returncode for _, done in results]
        assert told.count(OK) <= len(stored) <= told.count(OK) + told.count(UNCERTAIN), (told.count(OK), told.count(UNCERTAIN), len(stored))


def test_interrupted_calls_change_nothing(program):
    def judge(case, done):
        equal((case, done.returncode, done.stdout), (case, OK, b'b@example.test: accepted (250 2.0.0 Accepted)\n'))
    each(program, HARMLESS, judge)


def test_failing_calls_end_with_an_outcome(program):
    def judge(case, done):
        assert done.returncode in (OK, 66, 71, TEMPFAIL, UNCERTAIN), (case, done)
        assert done.returncode == OK or done.stderr or case[0] == 'write', (case, done)
    each(program, HARMFUL, judge)


def test_calls_that_never_succeed_do_not_turn_round(program):
    """A server that says nothing, while each poll is interrupted or finds nothing."""
    with folder() as here, Server(lambda peer: converse(peer, b'EHLO')) as server:
        file(here, 'message', b'A: b\r\n')
        for injection in 'recvfrom:error=EAGAIN:when=2+', 'sendto:error=EAGAIN', 'recvfrom:error=EAGAIN':
            done = traced(program, here, server, injection + ':delay_enter=20000', '1')
            equal((injection, done.returncode), (injection, TEMPFAIL))


def main():
    program = os.path.abspath(sys.argv[1])
    tests = [(name, test) for name, test in globals().items() if name.startswith('test_')]
    if not shutil.which('strace'):
        print('skip syscalls: no strace here (scripts/setup test installs it)')
        return 77
    return report(('syscalls_' + name[5:], lambda test=test: test(program)) for name, test in tests)


if __name__ == '__main__':
    sys.exit(main())
