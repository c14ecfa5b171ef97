#!/usr/bin/python3
"""The command in TLS and with AUTH at servers that no one here wrote: secure.py PROGRAM [SERVER...|further]

At each port that a server has, in the clear, after STARTTLS and in TLS from the start: the server is asked what it offers, by
Python's own means, and a mail goes by each mechanism, and by none where that is permitted; what is stored is held against what
was sent. Prints ok, not ok and skip lines; `# not ours:` names what is offered and not spoken by us. What only GNU SASL speaks is
tried with PROGRAM-with-gsasl, where that is.
"""
import base64
import concurrent.futures
import email
import email.policy
import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = dict(os.environ, POSTINO_RIG_NAME='secure.py', ASAN_OPTIONS='detect_leaks=0')
USERS = {'alice@example.test': 's3cret-Pa55', 'ulla@example.test': 'Grüße-7'}
BY_PASSWORD = ['LOGIN', 'PLAIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256-PLUS']  # from the weakest on
BY_TOKEN = ['OAUTHBEARER', 'XOAUTH2']
BY_GSASL = ['NTLM', 'DIGEST-MD5', 'GSSAPI']
OURS = BY_GSASL + BY_PASSWORD + BY_TOKEN + ['EXTERNAL', 'ANONYMOUS']
PLAIN = '- PLAIN LOGIN '
CYRUS = PLAIN + 'CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 ANONYMOUS DIGEST-MD5'
EXIM = PLAIN + 'CRAM-MD5 NTLM'
POSTFIX = CYRUS + ' NTLM'
DOVECOT = 'PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 OAUTHBEARER XOAUTH2 EXTERNAL DIGEST-MD5 GSSAPI'
PLUS = ' SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS'

# What each server offers, of what is ours, in which way; - is mail without AUTH. It is asked all the same: what it offers
# besides, or does not, is a failure.
SERVERS = {
    'postfix': {'smtp in_clear': '-', 'submission in_clear': POSTFIX, 'submission starttls': POSTFIX, 'smtps implicit': POSTFIX},
    'exim': {'smtp in_clear': EXIM, 'smtp starttls': EXIM + ' EXTERNAL', 'smtps implicit': EXIM + ' EXTERNAL'},
    'dovecot': {'submission in_clear': DOVECOT, 'submission starttls': DOVECOT + PLUS, 'submissions implicit': DOVECOT + PLUS,
                'lmtp lmtp_starttls': '-', 'socket lmtp_in_clear': '-'},
    'opensmtpd': {'smtp in_clear': '-', 'smtp starttls': PLAIN, 'smtps implicit': PLAIN},
    'smtp-server': dict.fromkeys(('smtp in_clear', 'smtp starttls', 'smtps implicit'), PLAIN + 'CRAM-MD5 XOAUTH2'),
    'aiosmtpd': {'smtp in_clear': '-', 'submission in_clear': PLAIN, 'submission starttls': PLAIN, 'smtps implicit': PLAIN},
    'haraka': dict.fromkeys(('smtp in_clear', 'smtp starttls', 'smtps implicit'), PLAIN + 'CRAM-MD5'),
    'sendmail': {'smtp in_clear': CYRUS, 'smtp starttls': CYRUS + ' EXTERNAL', 'smtps implicit': CYRUS + ' EXTERNAL'},
    'courier': dict.fromkeys(('smtp in_clear', 'smtp starttls', 'smtps implicit'), PLAIN + 'CRAM-MD5'),
}
FURTHER = ('haraka', 'sendmail', 'courier')
EXACT = ('aiosmtpd', 'smtp-server')  # they keep mails octet for octet
CHUNKING = ('postfix', 'exim', 'dovecot')
RESUMING = ('postfix', 'exim', 'aiosmtpd', 'smtp-server', 'haraka', 'sendmail')  # the others give no tickets, or forget their key
OFFERED = {'postfix': 'DSN SMTPUTF8', 'exim': 'DSN SMTPUTF8', 'dovecot': '', 'opensmtpd': 'DSN', 'smtp-server': 'DSN REQUIRETLS SMTPUTF8', 'aiosmtpd': 'SMTPUTF8',
           'haraka': 'SMTPUTF8', 'sendmail': 'DSN DELIVERBY', 'courier': 'DSN SMTPUTF8'}
# The options, what they have us say, and why they cannot be had.
PARAMETERS = {
    'DSN': (('--notify', 'failure,delay', '--return', 'headers', '--envelope-id', 'a+b=c'),
            (' RET=HDRS', ' ENVID=a+2Bb+3Dc', ' NOTIFY=FAILURE,DELAY ORCPT=rfc822;bob@example.test'), 'not offer DSN'),
    'DELIVERBY': (('--deliver-by', '3600,return'), (' BY=3600;R',), 'not offer DELIVERBY'),
    'MT-PRIORITY': (('--mt-priority', '-3'), (' MT-PRIORITY=-3',), 'not offer MT-PRIORITY'),
    'FUTURERELEASE': (('--hold', '60'), (' HOLDFOR=60',), 'not offer FUTURERELEASE'),
    'REQUIRETLS': (('--require-tls',), (' REQUIRETLS',), 'not offer REQUIRETLS'),
    'SMTPUTF8': (('--from', 'grüße@bücher.example'), ('MAIL FROM:<grüße@bücher.example>', ' SMTPUTF8'), 'not offer SMTPUTF8'),
}
SCHEMES = {'in_clear': 'smtp+notls', 'starttls': 'smtp+tls', 'implicit': 'smtps', 'lmtp_starttls': 'lmtp', 'lmtp_in_clear': 'lmtp'}


class Skip(Exception):
    """This cannot be tried here; the text says why."""


def equal(actual, expected):
    assert actual == expected, '%.600r is not %.600r' % (actual, expected)


def a_mail():
    """With 8-bit text, dots where they hurt, and an attachment; and what marks it."""
    mark = uuid.uuid4().hex
    text = 'Grüße 漢字 👍\r\n.\r\n..\r\n.x\r\n\r\nkein Ende %s\r\n.\r\n' % mark
    attachment = os.urandom(50000)
    return mark, text, attachment, '\r\n'.join([
        'From: Alice <alice@example.test>', 'To: bob@example.test', 'Subject: =?utf-8?B?%s?=' % base64.b64encode('für dich'.encode()).decode(),
        'Date: Thu, 1 Jan 2026 12:00:00 +0000', 'Message-ID: <%s@example.test>' % mark, 'MIME-Version: 1.0',
        'Content-Type: multipart/mixed; boundary="=_b"', '', '--=_b', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit', '',
        text, '--=_b', 'Content-Type: application/octet-stream', 'Content-Disposition: attachment; filename=a.bin', 'Content-Transfer-Encoding: base64', '',
        base64.encodebytes(attachment).decode().replace('\n', '\r\n') + '--=_b--', '']).encode()


class Rig:
    def __init__(self, name, program, folder):
        self.name, self.program, self.folder = name, program, folder
        done = self.call('up')
        self.missing = done.stdout.strip().replace('skip: ', '') if done.returncode == 77 else None
        assert done.returncode in (0, 77), done
        if self.missing is None:
            self.ports = dict(line.split() for line in self.call('ports').stdout.splitlines())
            self.pki = self.call('pki').stdout.strip()
            self.mails = self.call('mails', '0').stdout.strip()
            self.token = self.call('token').stdout.strip()
            self.environment = dict(ENVIRONMENT, **dict(word.split('=', 1) for word in self.call('kerberos').stdout.split()))
            self.seen = set(self.files())
            self.expected = len(self.seen)

    def call(self, *words):
        return subprocess.run([os.path.join(HERE, self.name), *words], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def offers(self, port, way):
        """What AUTH offers there; asked with no word of ours in between."""
        context = ssl.create_default_context(cafile=self.pki + '/ca.pem')
        context.load_cert_chain(self.pki + '/alice.pem', self.pki + '/alice.key')
        connection = socket.socket(socket.AF_UNIX) if '/' in port else socket.create_connection(('127.0.0.1', int(port)))
        if '/' in port:
            connection.connect(self.short(port))
        connection.settimeout(20)
        if way == 'implicit':
            connection = context.wrap_socket(connection, server_hostname='localhost')
        hello = ('LHLO' if 'lmtp' in way else 'EHLO') + ' client.example.test'
        speak(connection, None)
        lines = speak(connection, hello)
        if way.endswith('starttls'):
            speak(connection, 'STARTTLS')
            connection = context.wrap_socket(connection, server_hostname='localhost')
            lines = speak(connection, hello)
        speak(connection, 'QUIT')
        connection.close()
        return {word.upper() for line in lines if re.match('AUTH[ =]', line, re.I) for word in line[5:].split()}

    def short(self, path):
        """A Unix socket by a path that is short enough."""
        link = '%s/%s' % (self.folder, self.name)
        if not os.path.islink(link):
            os.symlink(os.path.dirname(path), link)
        return os.path.join(link, os.path.basename(path))

    def url(self, port, way, host='localhost'):
        return 'lmtp://' + self.short(port) if '/' in port else '%s://%s:%s' % (SCHEMES[way], host, port)

    def send(self, url, *arguments, code=0, environment=None, program=None):
        """Sends a mail and finds it again; returns what the program told, and its trace."""
        mark, text, attachment, message = a_mail()
        done = subprocess.run([program or self.program, 'send', '--server', url, *(() if '--from' in arguments else ('--from', 'alice@example.test')), '--to', 'bob@example.test', '--message', '-',
                               '--ca-file', self.pki + '/ca.pem', '--json', '--trace', '--timeout', '60', *arguments],
                              input=message, env=environment or self.environment, capture_output=True, timeout=90)
        trace = done.stderr.decode('utf-8', 'replace')
        assert done.returncode == code, '%d instead of %d: %s' % (done.returncode, code, trace[-1500:])
        told = json.loads(done.stdout)
        if code == 0:
            self.expected += 1
            self.compare(self.arrived(mark), text, attachment, message)
        return told, trace

    def files(self):
        for folder, _, names in os.walk(self.mails):
            for name in names:
                if folder.endswith('/new') or name.endswith('.eml'):
                    yield os.path.join(folder, name)

    def arrived(self, mark):
        for _ in range(400):
            for path in set(self.files()) - self.seen:
                with open(path, 'rb') as file:
                    octets = file.read()
                self.seen.add(path)
                if mark.encode() in octets:
                    return octets
            time.sleep(0.05)
        raise AssertionError('the mail has not come')

    def compare(self, octets, text, attachment, message):
        if self.name in EXACT:
            equal(octets, message)
        mail = email.message_from_bytes(octets, policy=email.policy.default)
        equal(str(mail['subject']), 'für dich')
        equal(mail.get_body().get_content().replace('\r\n', '\n'), text.replace('\r\n', '\n'))
        equal([hashlib.sha256(part.get_payload(decode=True)).hexdigest() for part in mail.iter_attachments()], [hashlib.sha256(attachment).hexdigest()])

    def secret(self, content):
        path = '%s/%s' % (self.folder, hashlib.sha256(content.encode()).hexdigest())
        if not os.path.exists(path):
            with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), 'w') as file:
                file.write(content + '\n')
        return path

    def by(self, mechanism, user='alice@example.test', wrong=False):
        """The arguments that make it that mechanism."""
        words = ['--auth', mechanism, '--user', user]
        if mechanism in BY_PASSWORD or mechanism in ('NTLM', 'DIGEST-MD5'):
            words += ['--password-file', self.secret('wrong' if wrong else USERS[user])]
        elif mechanism in BY_TOKEN:
            words += ['--token-command', 'cat ' + self.secret('wrong' if wrong else self.token)]
        elif mechanism == 'EXTERNAL':
            words += ['--certificate', self.pki + '/alice.pem', '--key', self.pki + '/alice.key']
        return words


def speak(connection, line):
    """Says a line and returns those of the reply, octet by octet, so that nothing of what follows is taken."""
    if line is not None:
        connection.sendall(line.encode() + b'\r\n')
    lines, octets = [], b''
    while not re.match(r'\d\d\d ', lines[-1] if lines else ''):
        octet = connection.recv(1)
        assert octet, 'the connection ended behind %r' % line
        octets += octet
        if octets.endswith(b'\n'):
            lines.append(octets.decode().strip())
            octets = b''
    assert lines[-1][0] == '2' or line == 'QUIT', (line, lines)
    return [line[4:] for line in lines]


class Suite:
    """The tests of one server, as pairs of a name and what to do; `rig` comes when they are run."""

    def __init__(self, name):
        self.name, self.ways = name, [(*way.split(), offered.split()) for way, offered in SERVERS[name].items()]
        self.tests, self.comments = [], []
        for port, way, offered in self.ways:
            self.of_way(port, way, offered)
        self.of_server()

    def add(self, name, test, *arguments):
        self.tests.append(('secure_%s_%s' % (self.name, name), lambda rig: test(rig, *arguments)))

    def of_way(self, port, way, offered):
        at = '%s_%s' % (port, way)
        self.add(at + '_offers', self.offers, port, way, offered)
        self.add(at + '_by_chunks_and_by_data', self.by_chunks_and_by_data, port, way, next(m for m in offered if m == '-' or m in BY_PASSWORD))
        for mechanism in offered:
            if mechanism == '-':
                self.add(at + '_without_auth', self.without_auth, port, way)
                continue
            if mechanism == 'EXTERNAL' and way == 'in_clear':
                self.add(at + '_EXTERNAL_not_spoken', self.not_spoken, port, way)
                continue
            if mechanism in BY_GSASL:
                self.add('%s_%s' % (at, mechanism), self.by_gsasl, port, way, mechanism)
                continue
            self.add('%s_%s' % (at, mechanism), self.by_mechanism, port, way, mechanism)
            if mechanism in BY_PASSWORD:
                self.add('%s_%s_beyond_ascii' % (at, mechanism), self.by_mechanism, port, way, mechanism, 'ulla@example.test')
            if mechanism in BY_PASSWORD + BY_TOKEN:
                self.add('%s_%s_refused' % (at, mechanism), self.refused, port, way, mechanism)

    def of_server(self):
        """Once for each server, at the most secure of its ways."""
        port, way, offered = next(each for each in self.ways if each[1] == 'implicit')
        by = next((mechanism for mechanism in offered if mechanism in BY_PASSWORD), None)
        self.add('another_name', self.not_trusted, port, way, by, '[::ffff:127.0.0.1]', [])
        self.add('another_key', self.not_trusted, port, way, by, 'localhost', ['--pin', 'sha256:' + base64.b64encode(bytes(32)).decode()])
        self.add('another_authority', self.not_trusted, port, way, by, 'localhost', ['--ca-file', None])
        self.add('the_strongest_by_itself', self.strongest, port, way, [each for each in offered if each in BY_PASSWORD])
        self.add('session_resumed' if self.name in RESUMING else 'session_not_resumed', self.session, port, way, by)
        for extension in PARAMETERS:
            self.add('parameters_of_' + extension, self.parameters, port, way, by, extension)
        self.add('tls_1_2', self.tls_1_2, port, way, by)
        if self.name != 'courier':  # it lets who was refused wait, 8 s and each time twice as long
            self.add('many_refused', self.many_refused, port, way, by)
        self.add('nothing_twice', self.nothing_twice)

    def offers(self, rig, port, way, offered):
        found = rig.offers(rig.ports[port], way)
        others = sorted(found - set(OURS))
        if others:
            self.comments.append('# not ours: %s %s %s' % (self.name, way, ' '.join(others)))
        equal(sorted(found & set(OURS)), sorted(set(offered) - {'-'}))

    def by_chunks_and_by_data(self, rig, port, way, mechanism):
        by = rig.by(mechanism) if mechanism != '-' else []
        _, trace = rig.send(rig.url(rig.ports[port], way), *by)
        chunks = self.name in CHUNKING
        equal([bool(re.search(line, trace, re.M)) for line in ('^S: 250[ -]CHUNKING', '^C: BDAT [0-9]+ LAST', '^C: DATA')], [chunks, chunks, not chunks])
        _, trace = rig.send(rig.url(rig.ports[port], way), *by, '--without', 'chunking,pipelining')
        assert 'C: BDAT' not in trace and 'C: DATA' in trace, trace

    def parameters(self, rig, port, way, mechanism, extension):
        """Spoken where the server offers them, and taken; else refused by ourselves, with the reason."""
        options, words, reason = PARAMETERS[extension]
        _, trace = rig.send(rig.url(rig.ports[port], way), *rig.by(mechanism))
        offered = re.search('^S: 250[ -]%s( |$)' % extension, trace, re.M)
        equal(bool(offered), extension in OFFERED.get(self.name, ''))
        told, trace = rig.send(rig.url(rig.ports[port], way), *rig.by(mechanism), *options, code=0 if offered else 69)
        commands = '\n'.join(line for line in trace.splitlines() if line.startswith('C: '))
        for word in words:
            assert (word in commands) == bool(offered), trace
        if not offered:
            assert reason in told['recipients'][0]['reason'] and 'C: MAIL' not in trace, (told, trace)
        elif self.name == 'smtp-server':
            kept = max((path for path in rig.files() if path.endswith('.eml')), key=os.path.getmtime)
            with open(kept[:-3] + 'json') as file:
                envelope = json.load(file)
            if extension == 'DSN':
                equal((envelope['dsn']['ret'], envelope['dsn']['envid']), ('HDRS', 'a+b=c'))
                equal(envelope['rcptTo'][0]['dsn'], {'notify': ['FAILURE', 'DELAY'], 'orcpt': 'rfc822;bob@example.test'})
            elif extension == 'REQUIRETLS':
                equal(envelope['requireTLS'], True)
            else:
                equal(envelope['mailFrom']['address'], 'grüße@bücher.example')

    def without_auth(self, rig, port, way):
        _, trace = rig.send(rig.url(rig.ports[port], way))
        assert ('\n-: TLSv1' in '\n' + trace) != way.endswith('in_clear') and 'C: AUTH' not in trace, trace

    def by_gsasl(self, rig, port, way, mechanism):
        """It brings the mail, the wrong password does not, nor the lack of a ticket, and the program without it says so."""
        program = rig.program + '-with-gsasl'
        if not os.path.exists(program):
            raise Skip('no %s: there was no libgsasl when it was built (scripts/setup test installs it)' % program)
        self.by_mechanism(rig, port, way, mechanism, program=program)
        if mechanism == 'GSSAPI':
            _, trace = rig.send(rig.url(rig.ports[port], way), *rig.by(mechanism), code=77, program=program,
                                environment=dict(rig.environment, KRB5CCNAME='FILE:/nonexistent'))
            assert 'C: AUTH' not in trace and 'GNU SASL: GSSAPI error' in trace, trace
        else:
            told, _ = rig.send(rig.url(rig.ports[port], way), *rig.by(mechanism, wrong=True), code=77, program=program)
            equal([(to['outcome'], to['step'], to['code']) for to in told['recipients']], [('refused for good', 'AUTH', 535)])
        done = subprocess.run([rig.program, 'send', '--server', rig.url(rig.ports[port], way), '--from', 'a@example.test', '--to', 'b@example.test',
                               '--text', 'x', *rig.by(mechanism)], capture_output=True, text=True)
        assert done.returncode == 64 and 'built without' in done.stderr, done

    def by_mechanism(self, rig, port, way, mechanism, user='alice@example.test', program=None):
        _, trace = rig.send(rig.url(rig.ports[port], way), *rig.by(mechanism, user), program=program)
        assert ('certificate verified for localhost' in trace) != way.endswith('in_clear'), trace
        assert re.search('^C: AUTH %s( |$)' % mechanism, trace, re.M) and re.search('^S: 235', trace, re.M), trace
        assert USERS[user] not in trace and (not rig.token or rig.token not in trace), trace

    def not_spoken(self, rig, port, way):
        """Where there is no TLS that says who we are."""
        _, trace = rig.send(rig.url(rig.ports[port], way), *rig.by('EXTERNAL'), code=77)
        assert 'C: AUTH' not in trace, trace

    def refused(self, rig, port, way, mechanism):
        told, _ = rig.send(rig.url(rig.ports[port], way), *rig.by(mechanism, wrong=True), code=77)
        equal([(to['outcome'], to['step'], to['code']) for to in told['recipients']], [('refused for good', 'AUTH', 535)])

    def not_trusted(self, rig, port, way, mechanism, host, more):
        more = [rig.pki + '/alice.pem' if word is None else word for word in more]
        told, trace = rig.send(rig.url(rig.ports[port], way, host), *rig.by(mechanism), *more, code=76)
        assert 'certificate is not to be trusted' in told['recipients'][0]['reason'] and 'C: AUTH' not in trace, (told, trace)

    def strongest(self, rig, port, way, offered):
        _, trace = rig.send(rig.url(rig.ports[port], way), *rig.by(offered[0])[2:])
        assert re.search('^C: AUTH %s( |$)' % max(offered, key=BY_PASSWORD.index), trace, re.M), trace

    def session(self, rig, port, way, mechanism):
        session = '%s/session-%s' % (rig.folder, rig.name)
        resumed = []
        for _ in range(2):
            _, trace = rig.send(rig.url(rig.ports[port], way), *rig.by(mechanism), '--tls-session', session)
            resumed.append(', resumed, ' in trace)
        equal(resumed, [False, self.name in RESUMING])

    def tls_1_2(self, rig, port, way, mechanism):
        path = rig.folder + '/tls-1.2'
        with open(path, 'w') as file:
            file.write('openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMaxProtocol = TLSv1.2\n')
        _, trace = rig.send(rig.url(rig.ports[port], way), *rig.by(mechanism), environment=dict(ENVIRONMENT, OPENSSL_CONF=path))
        assert '-: TLSv1.2 ' in trace, trace

    def many_refused(self, rig, port, way, mechanism):
        """Row 218 of docs/attacks.md: servers count refusals, and end what has too many. Each mail has its own outcome all the same."""
        path = rig.folder + '/many-refused-' + rig.name
        people = ['bob' if number % 6 == 5 else 'reject' for number in range(24)]
        with open(path, 'w') as file:
            for number, who in enumerate(people):
                file.write(json.dumps({'to': [who + '@example.test'], 'subject': str(number), 'text': 'x'}) + '\n')
        done = subprocess.run([rig.program, 'send', '--server', rig.url(rig.ports[port], way), '--from', 'alice@example.test', '--batch', path,
                               '--ca-file', rig.pki + '/ca.pem', '--trace', *rig.by(mechanism)], capture_output=True, text=True, timeout=90)
        told = {line['line']: line for line in map(json.loads, done.stdout.splitlines())}
        outcomes = [told[number + 1]['recipients'][0]['outcome'] for number in range(len(people))]
        assert outcomes == ['accepted' if who == 'bob' else 'refused for good' for who in people], (outcomes, done.stderr[-2000:])
        self.comments.append('# %s: %d mails, %d of them refused, took %d connections' % (self.name, len(people), people.count('reject'), len(re.findall('^C: [EL]HLO', done.stderr, re.M))))
        rig.expected += people.count('bob')
        rig.call('mails', str(rig.expected))

    def nothing_twice(self, rig):
        equal(len(list(rig.files())), rig.expected)


def trouble():
    return ['# ' + line[:1500] for line in traceback.format_exc().splitlines()]


def run(program, folder, server):
    """Returns the lines of a server's results: nothing is printed in between those of another."""
    suite, lines = Suite(server), []
    try:
        rig = Rig(server, program, folder)
    except Exception:
        return trouble() + ['not ok secure_%s_up' % server]
    if rig.missing is not None:
        return ['skip %s: %s' % (name, rig.missing) for name, _ in suite.tests]
    try:
        for name, test in suite.tests:
            try:
                test(rig)
                lines.append('ok ' + name)
            except Skip as why:
                lines.append('skip %s: %s' % (name, why))
            except Exception:
                lines += trouble() + ['not ok ' + name]
    finally:
        rig.call('down')
    return suite.comments + lines


def main():
    servers = list(FURTHER) if sys.argv[2:] == ['further'] else sys.argv[2:] or [server for server in SERVERS if server not in FURTHER]
    failed = False
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(len(servers)) as threads:
        runs = [threads.submit(run, os.path.abspath(sys.argv[1]), folder, server) for server in servers]
        for done in concurrent.futures.as_completed(runs):
            lines = done.result()
            failed = failed or any(line.startswith('not ok') for line in lines)
            print('\n'.join(lines), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
