"""What the tests of the sink share: the sink as a process, and a client of raw sockets."""
import glob
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile

PROGRAM = sys.argv[1]
PATIENCE = 20


class Skipped(Exception):
    """Raised by a test that cannot be run here; says why."""


class Client:
    def __init__(self, address):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
        else:
            self.socket = socket.socket(socket.AF_INET6 if ':' in address[0] else socket.AF_INET)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(address)
        if not isinstance(address, str):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b''

    def send(self, octets):
        self.socket.sendall(octets)

    def line(self):
        while b'\n' not in self.buffer:
            got = self.socket.recv(65536)
            if not got:
                raise EOFError(self.buffer)
            self.buffer += got
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line + b'\n'

    def reply(self):
        reply = self.line()
        while reply.rsplit(b'\n', 2)[-2][3:4] == b'-':
            reply += self.line()
        return reply

    def codes(self, count):
        return [int(self.reply()[:3]) for _ in range(count)]

    def ask(self, line):
        self.send(line.encode() + b'\r\n' if isinstance(line, str) else line)
        return self.reply()

    def code(self, line):
        return int(self.ask(line)[:3])

    def rest(self):
        """What comes until the connection ends, and how it ended: torn is over TLS without close_notify."""
        octets, self.buffer = self.buffer, b''
        try:
            while True:
                got = self.socket.recv(65536)
                if not got:
                    return octets, 'closed'
                octets += got
        except ConnectionResetError:
            return octets, 'reset'
        except ssl.SSLError as failure:
            if not isinstance(failure, ssl.SSLEOFError) and failure.reason != 'UNEXPECTED_EOF_WHILE_READING':
                raise
            return octets, 'torn'

    def silent(self, seconds=0.3):
        if self.buffer:
            return False
        self.socket.settimeout(seconds)
        try:
            self.buffer += self.socket.recv(65536)
            return False
        except socket.timeout:
            return True
        finally:
            self.socket.settimeout(PATIENCE)

    def hello(self, line='EHLO client.example.test'):
        assert self.reply()[:3] == b'220'
        assert self.code(line) == 250
        return self

    def secure(self, context, name='localhost'):
        assert not self.buffer, self.buffer
        self.socket = context.wrap_socket(self.socket, server_hostname=name, suppress_ragged_eofs=False)
        return self

    def starttls(self, context, line='EHLO client.example.test'):
        equal(self.code('STARTTLS'), 220)
        self.secure(context)
        assert self.code(line) == 250
        return self

    def envelope(self, *to):
        assert self.code('MAIL FROM:<a@example.test>') == 250
        for address in to or ('b@example.test',):
            assert self.code('RCPT TO:<%s>' % address) == 250
        return self

    def mail(self, wire=b'hello\r\n.\r\n'):
        self.envelope()
        assert self.code('DATA') == 354
        return self.code(wire)

    def close(self):
        self.socket.close()


class Sink:
    def __init__(self, *options, maildir=False, **more):
        self.folder = tempfile.mkdtemp(prefix='sink-')
        if maildir:
            options += ('--maildir', self.folder + '/mail')
        options = [option.replace('FOLDER', self.folder) for option in options]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([PROGRAM, 'sink', *options], stdout=subprocess.PIPE, stderr=self.log, **more)
        listeners = max(1, sum(o == '--listen' for o in options))
        self.lines = [self.process.stdout.readline().decode() for _ in range(listeners)]
        assert all(line.startswith('listening on ') for line in self.lines), self.lines
        self.addresses = [self.address(line) for line in self.lines]
        self.clients = []

    @staticmethod
    def address(line):
        where = line[len('listening on '):].rstrip('\n')
        if where.startswith('unix:'):
            return where[5:]
        if where.startswith('tls:'):
            where = where[4:]
        host, port = where.rsplit(':', 1)
        return host.strip('[]'), int(port)

    def connect(self, which=0):
        self.clients.append(Client(self.addresses[which]))
        return self.clients[-1]

    def hello(self, line='EHLO client.example.test'):
        return self.connect().hello(line)

    def context(self, **versions):
        context = ssl.create_default_context(cafile=self.folder + '/ca.pem')
        context.options &= ~getattr(ssl, 'OP_IGNORE_UNEXPECTED_EOF', 0)
        for name, version in versions.items():
            setattr(context, name, version)
        return context

    def errors(self):
        self.log.seek(0)
        return self.log.read().decode()

    def wait(self):
        return self.process.wait(PATIENCE)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.wait()

    def summary(self):
        if self.process.poll() is None:
            assert self.stop() == 0
        return self.errors().splitlines()[-1]

    def mails(self):
        found = []
        for name in sorted(glob.glob(self.folder + '/mail/new/*')):
            number = os.path.basename(name)[:-4]
            with open(name, 'rb') as mail, open('%s/mail/envelopes/%s.json' % (self.folder, number)) as envelope:
                found.append((mail.read(), json.load(envelope)))
        return found

    def memory(self):
        with open('/proc/%d/status' % self.process.pid) as status:
            return [int(line.split()[1]) for line in status if line.startswith('VmRSS')][0] * 1024

    def ticks(self):
        with open('/proc/%d/stat' % self.process.pid) as stat:
            return sum(map(int, stat.read().split()[13:15]))

    def __enter__(self):
        return self

    def __exit__(self, *what):
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            code = self.stop()
            assert code == 0 or what[0], 'exit %d: %s' % (code, self.errors())
        assert 'ERROR: ' not in self.errors(), self.errors()
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.folder)


def SecureSink(*options, **more):
    return Sink('--tls', '--ca-out', 'FOLDER/ca.pem', *options, **more)


def ImplicitSink(*options, **more):
    return Sink('--listen', 'tls:127.0.0.1:0', '--ca-out', 'FOLDER/ca.pem', *options, **more)


def equal(actual, expected):
    assert actual == expected, '%r is not %r' % (actual, expected)


def refused(*options):
    done = subprocess.run([PROGRAM, 'sink', *options], capture_output=True, timeout=PATIENCE)
    equal(done.stdout, b'')
    return done.returncode, done.stderr.decode()


def dialogue(client, *steps):
    for line, code in steps:
        got = client.code(line)
        assert got == code, '%r got %d, not %d' % (line, got, code)


NASTY = (b'.\r\n..\r\nx\r\n.\r\n.x\r\n\r\n...\r\n..x.\r\n.. \r\n\r\n.\r\n')


def stuff(content):
    return (b'\r\n' + content).replace(b'\r\n.', b'\r\n..')[2:] + b'.\r\n'
