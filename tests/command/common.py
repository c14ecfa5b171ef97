"""What the tests of the command share: the program as a process, servers for it, and an independent idea of content."""
import contextlib
import email
import email.policy
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), 'sink'))

import harness  # noqa: E402
from harness import PATIENCE, PROGRAM, equal  # noqa: E402

OK, USAGE, DATAERR, NOINPUT, UNAVAILABLE, TEMPFAIL, NOPERM, UNCERTAIN = 0, 64, 65, 66, 69, 75, 77, 79
ENVELOPE = ('--from', 'a@example.test', '--to', 'b@example.test')
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS='detect_leaks=0')  # the program leaves its memory to the system
ENVIRONMENT.pop('POSTINO_SERVER', None)


class Skip(Exception):
    pass


class Sink(harness.Sink):
    """The content comes by DATA, unless chunks are to be tried."""

    def __init__(self, *options, chunks=False, **more):
        super().__init__(*options, *(() if chunks else ('--hide', 'CHUNKING')), **more)


class Done:
    def __init__(self, code, out, err):
        self.code, self.octets_out, self.octets_err = code, out, err
        self.out, self.err = out.decode('utf-8', 'surrogateescape'), err.decode('utf-8', 'surrogateescape')

    def __repr__(self):
        return 'exit %d, out %r, err %r' % (self.code, self.out[-600:], self.err[-600:])


def run(*arguments, input=b'', env=None, program=PROGRAM, timeout=PATIENCE, **more):
    if isinstance(input, bytes) and 'stdin' not in more:
        more['input'] = input
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                          env=dict(ENVIRONMENT, **(env or {})), **more)
    assert done.returncode >= 0 and b'Sanitizer' not in done.stderr, Done(done.returncode, done.stdout, done.stderr)
    return Done(done.returncode, done.stdout, done.stderr)


def url(server):
    where = server.addresses[0] if isinstance(server, Sink) else server.address
    if isinstance(where, str):
        return 'lmtp://' + where
    return 'smtp://%s:%d' % ('[%s]' % where[0] if ':' in where[0] else where[0], where[1])


def send(server, *arguments, envelope=ENVELOPE, **more):
    return run('send', '--server', url(server), *envelope, *arguments, **more)


def sendmail(server, *arguments, input=b'Subject: s\n\nt\n', **more):
    return run('sendmail', *arguments, input=input, env={'POSTINO_SERVER': url(server)}, **more)


def expect(done, code, *words):
    assert done.code == code, 'not exit %d: %r' % (code, done)
    for word in words:
        assert word in done.out + done.err, '%r is not in %r' % (word, done)
    return done


def parsed(octets):
    return email.message_from_bytes(octets, policy=email.policy.default)


def normal(octets):
    """Independent of ours: every CR LF, lone CR and lone LF ends a line; the last line has its end; as CR LF."""
    octets = re.sub(rb'\r\n|\r|\n', b'\r\n', octets)
    return octets if octets.endswith(b'\r\n') or not octets else octets + b'\r\n'


def file(folder, name, octets):
    path = os.path.join(os.fsencode(folder), os.fsencode(name))
    with open(path, 'wb') as out:
        out.write(octets)
    return path


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix='command-') as made:
        os.chmod(made, 0o755)
        yield made


class Trap:
    """A listener at which nobody may call."""

    def __init__(self):
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.socket.setblocking(False)
        self.address = self.socket.getsockname()

    def called(self):
        try:
            self.socket.accept()[0].close()
            return True
        except BlockingIOError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.socket.close()


class Server:
    """Each connection is given to `serve(socket)` in a thread of its own."""

    def __init__(self, serve):
        self.serve, self.failures = serve, []
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.address = self.socket.getsockname()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.one, args=(peer,), daemon=True).start()

    def one(self, peer):
        peer.settimeout(PATIENCE)
        with peer:
            try:
                self.serve(peer)
            except (ConnectionError, socket.timeout, ssl.SSLError):
                pass
            except Exception as failure:
                self.failures.append(failure)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.socket.close()
        assert not self.failures, self.failures


def converse(peer, until, pipelining=False):
    """Takes mail from one client, and falls silent once it has heard a line that begins with `until`."""
    line, content = b'', False
    stream = peer.makefile('rb')
    peer.sendall(b'220 x\r\n')
    for line in stream:
        if content and line != b'.\r\n':
            continue
        if line.startswith(until):
            stream.read()
            return
        content = line == b'DATA\r\n'
        peer.sendall(b'250-x\r\n250 PIPELINING\r\n' if pipelining and line[:4] == b'EHLO' else b'354 x\r\n' if content else b'250 x\r\n')


class Running:
    """The program while it runs; `end` gives what it did, and what it cost."""

    def __init__(self, *arguments, stdin=subprocess.DEVNULL, env=None):
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.began = time.monotonic()
        self.process = subprocess.Popen([PROGRAM, *arguments], stdin=stdin, stdout=self.out, stderr=self.err,
                                        env=dict(ENVIRONMENT, **(env or {})))

    def said(self):
        return os.pread(self.err.fileno(), 1 << 20, 0).decode('utf-8', 'replace')

    def wait_for(self, word):
        until = time.monotonic() + PATIENCE
        while word not in self.said():
            assert time.monotonic() < until, '%r never came: %r' % (word, self.said())
            time.sleep(0.005)

    def signal(self, number):
        os.kill(self.process.pid, number)  # not by Popen, which would take its end away from us

    def end(self):
        watch = threading.Timer(PATIENCE, self.signal, (signal.SIGABRT,))
        watch.start()
        try:
            _, status, usage = os.wait4(self.process.pid, 0)
        finally:
            watch.cancel()
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.took, self.cpu = time.monotonic() - self.began, usage.ru_utime + usage.ru_stime
        done = Done(self.process.returncode, os.pread(self.out.fileno(), 1 << 20, 0), os.pread(self.err.fileno(), 1 << 20, 0))
        self.out.close(), self.err.close()
        assert done.code >= 0 and 'Sanitizer' not in done.err, done
        return done


def begin(server, *arguments, **more):
    return Running('send', '--server', url(server), *ENVELOPE, *arguments, **more)


def bounded(server, code, *arguments, seconds, words=()):
    """Ends with `code` within so many seconds, and waits instead of turning round and round."""
    running = begin(server, *arguments)
    done = expect(running.end(), code, *words)
    assert running.took < seconds and running.cpu < 0.5, '%.2f s, %.2f s of CPU: %r' % (running.took, running.cpu, done)
    return done
