"""AUTH: every mechanism, by clients that are not ours, and what each refuses."""
import base64
import hashlib
import hmac
import json
import select
import shutil
import smtplib
import socket
import ssl
import subprocess
import threading

from harness import PATIENCE, ImplicitSink, SecureSink, Sink, Skipped, dialogue, equal, refused
from tls import own_certificates, seen

ALICE = ('--user', 'alice:secret', '--user', 'bob:a:b, c=d ü')
BOB = 'a:b, c=d ü'


def b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def challenge(reply):
    assert reply.startswith(b'334 ') and reply.endswith(b'\r\n'), reply
    return base64.b64decode(reply[4:-2], validate=True)


def offered(client, line='EHLO me'):
    lines = [line[4:] for line in client.ask(line).decode().split('\r\n')[1:-1]]
    found = [line.split()[1:] for line in lines if line.split()[0] == 'AUTH']
    return found[0] if found else None


def plain(name, password, authorized=''):
    return 'AUTH PLAIN ' + b64('%s\0%s\0%s' % (authorized, name, password))


class Scram:
    """A client (RFC 5802). `bound` is the flag and the octets of the channel."""

    def __init__(self, digest, name, password, nonce, bound=('n', b''), authorized=''):
        self.digest, self.password, self.nonce = digest, password.encode(), nonce
        self.header = '%s,%s,' % (bound[0], 'a=' + authorized if authorized else '')
        self.binding = b64(self.header.encode() + bound[1])
        self.bare = 'n=%s,r=%s' % (name.replace('=', '=3D').replace(',', '=2C'), nonce)
        self.first = self.header + self.bare

    def hmac(self, key, text):
        return hmac.new(key, text, self.digest).digest()

    def final(self, server_first, other=''):
        fields = dict(field.split('=', 1) for field in server_first.decode().split(','))
        assert fields['r'].startswith(self.nonce) and len(fields['r']) > len(self.nonce), fields
        self.iterations = int(fields['i'])
        self.salt = base64.b64decode(fields['s'], validate=True)
        salted = hashlib.pbkdf2_hmac(self.digest, self.password, self.salt, self.iterations)
        without_proof = 'c=%s,r=%s' % (self.binding, fields['r'] + other)
        messages = ','.join((self.bare, server_first.decode(), without_proof)).encode()
        key = self.hmac(salted, b'Client Key')
        signature = self.hmac(hashlib.new(self.digest, key).digest(), messages)
        proof = bytes(a ^ b for a, b in zip(key, signature))
        self.verifier = 'v=' + b64(self.hmac(self.hmac(salted, b'Server Key'), messages))
        return '%s,p=%s' % (without_proof, b64(proof))

    def converse(self, client, name):
        """Returns the code of the outcome."""
        reply = client.ask('AUTH %s %s' % (name, b64(self.first)))
        if reply[:3] != b'334':
            return int(reply[:3])
        reply = client.ask(b64(self.final(challenge(reply))))
        if reply[:3] != b'334':
            return int(reply[:3])
        equal(challenge(reply).decode(), self.verifier)
        return client.code('')


def scram(client, name, user, password, bound=('n', b''), **more):
    return Scram('sha256' if '256' in name else 'sha1', user, password, 'fyko+d2lbbFgONRv9qkxdawL', bound, **more).converse(client, name)


def end_point(client):
    return 'p=tls-server-end-point', hashlib.sha256(client.socket.getpeercert(True)).digest()


def test_the_scram_client_of_these_tests_is_right():
    for digest, nonce, first, final, verifier in (
            ('sha256', 'rOprNGfwEbeRWgbNEkqO', b'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
             'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
             'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='), # RFC 7677 3
            ('sha1', 'fyko+d2lbbFgONRv9qkxdawL', b'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
             'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=', 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=')): # RFC 5802 5
        client = Scram(digest, 'user', 'pencil', nonce)
        equal((client.final(first), client.verifier), (final, verifier))


def test_what_is_offered():
    passwords = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN']
    plus = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS']
    for options, clear, secure in (((), None, None), (ALICE, None, plus + passwords), (ALICE + ('--auth-in-clear',), passwords, plus + passwords),
                                   (('--token', 'a:b'), None, ['OAUTHBEARER', 'XOAUTH2']), (('--anonymous',), None, ['ANONYMOUS']),
                                   (ALICE + ('--mechanisms', 'login,Plain,EXTERNAL,SCRAM-SHA-1-PLUS'), None, ['LOGIN', 'PLAIN', 'SCRAM-SHA-1-PLUS']),
                                   (ALICE + ('--hide', 'AUTH'), None, None)):
        with SecureSink(*options) as sink:
            client = sink.hello()
            equal((options, offered(client)), (options, clear))
            equal((options, offered(client.starttls(sink.context()))), (options, secure))
    with Sink(*ALICE) as sink:
        equal(offered(sink.hello()), passwords)
    with Sink() as sink:
        client = sink.hello()
        equal(offered(client), None)
        dialogue(client, (plain('alice', 'secret'), 500), ('MAIL FROM:<a@b.test> AUTH=<>', 555))
    with Sink('--hide', 'AUTH', *ALICE) as sink:
        equal(sink.hello().code(plain('alice', 'secret')), 235)


def test_smtplib_authenticates():
    for name in ('CRAM-MD5', 'PLAIN', 'LOGIN'):
        for early in (True, False):
            with Sink(*ALICE, '--mechanisms', name, maildir=True) as sink:
                with smtplib.SMTP(*sink.addresses[0], timeout=PATIENCE) as client:
                    client.login('alice', 'secret', initial_response_ok=early)
                    client.sendmail('a@b.test', ['c@b.test'], b'x\r\n')
                with smtplib.SMTP(*sink.addresses[0], timeout=PATIENCE) as client:
                    for user, password in (('alice', 'Secret'), ('alice', 'secre'), ('alice', 'secrets'), ('nobody', 'secret')):
                        try:
                            client.login(user, password, initial_response_ok=early)
                            raise AssertionError('taken')
                        except smtplib.SMTPAuthenticationError as refusal:
                            equal(refusal.smtp_code, 535)
                    client.sendmail('a@b.test', ['c@b.test'], b'x\r\n')
                equal([envelope.get('user') for _, envelope in sink.mails()], ['alice', None])
    with ImplicitSink(*ALICE, maildir=True) as sink:
        with smtplib.SMTP_SSL('localhost', sink.addresses[0][1], timeout=PATIENCE, context=sink.context()) as client:
            client.login('alice', 'secret')
            client.sendmail('a@b.test', ['c@b.test'], b'x\r\n')
        equal([(envelope['tls'], envelope['user']) for _, envelope in sink.mails()], [('TLSv1.3', 'alice')])


def test_sequence_of_auth():
    with Sink(*ALICE) as sink:
        client = sink.connect()
        dialogue(client, (b'', 220), ('AUTH PLAIN', 503), ('HELO me', 250), ('AUTH PLAIN', 503), ('EHLO me', 250), ('AUTH', 501), ('AUTH PLAIN a b', 501),
                 ('AUTH  PLAIN', 501), ('AUTHX PLAIN', 500), ('AUTH GSSAPI', 504), ('AUTH SCRAM-SHA-256-PLUS', 504), ('AUTH EXTERNAL =', 504), ('AUTH XOAUTH2', 504),
                 ('AUTH ANONYMOUS =', 504), ('MAIL FROM:<a@b.test> AUTH=a+2Bb', 250), (plain('alice', 'secret'), 503), ('RSET', 250), ('auth plain', 334), ('*', 501),
                 ('NOOP', 250), ('AUTH LOGIN', 334), (b64('alice'), 334), ('*', 501), ('AUTH PLAIN', 334), ('NOOP', 501), ('NOOP', 250),
                 (plain('alice', 'secret'), 235), (plain('alice', 'secret'), 503), ('AUTH LOGIN', 503), ('RSET', 250), ('EHLO me', 250), ('AUTH LOGIN', 503))
        equal(client.mail(), 250)
        client = sink.hello()
        client.send(plain('alice', 'secret').encode() + b'\r\nNOOP\r\n')
        equal(client.codes(2), [503, 250])
        equal(client.code('AUTH LOGIN'), 334)
        client.send(b64('alice').encode() + b'\r\nNOOP\r\n')
        equal(client.codes(2), [503, 250])


def test_auth_needs_tls_where_there_is_tls():
    with SecureSink(*ALICE) as sink:
        client = sink.hello()
        equal(client.code(plain('alice', 'secret')), 538)
        client.starttls(sink.context())
        equal(client.code(plain('alice', 'secret')), 235)
    with SecureSink(*ALICE, '--auth-in-clear', '--auth-required') as sink:
        client = sink.hello()
        equal(client.code(plain('alice', 'secret')), 235)
        dialogue(client.starttls(sink.context()), ('MAIL FROM:<a@b.test>', 530), (plain('bob', BOB), 235), ('MAIL FROM:<a@b.test>', 250))


def test_auth_required():
    with Sink(*ALICE, '--auth-required', maildir=True) as sink:
        client = sink.hello()
        dialogue(client, ('MAIL FROM:<a@b.test>', 530), ('NOOP', 250), (plain('alice', 'wrong'), 535), ('MAIL FROM:<a@b.test>', 530))
        equal(client.ask('MAIL FROM:<a@b.test>')[:9], b'530 5.7.0')
        equal(client.ask(plain('alice', 'secret')), b'235 2.7.0 Authenticated\r\n')
        equal((client.mail(), client.mail()), (250, 250))
        equal([envelope['user'] for _, envelope in sink.mails()], ['alice', 'alice'])


def test_base64_is_strict():
    with Sink(*ALICE) as sink:
        client = sink.hello()
        right = b64('\0alice\0secret')
        for wrong in ('!', 'A', 'AA', 'AAA', 'AAAAA', '====', 'A===', 'AA=A', 'AAAA=', right + '=', right[:-1] + '*', right + '\t', ' ' + right, 'AGE=AGE=',
                      'AB==', 'AAB=', right.replace('A', '-', 1)):
            client.send(b'AUTH PLAIN\r\n')
            equal(client.codes(1), [334])
            equal((wrong, client.ask(wrong)), (wrong, b'500 5.5.2 Control or broken UTF-8 in a command\r\n' if '\t' in wrong else b'501 5.5.2 Not base64\r\n'))
            equal(client.code('NOOP'), 250)
        equal(client.ask('AUTH PLAIN A=BC')[:9], b'501 5.5.2')
        for wrong in ('', '\0', '\0\0', 'alice\0secret', '\0alice\0secret\0', '\0\0secret', '\0alicesecret'):
            equal(client.code('AUTH PLAIN'), 334)
            equal((wrong, client.code(b64(wrong))), (wrong, 501))
        dialogue(client, ('AUTH PLAIN =', 501), ('AUTH LOGIN =', 501), (plain('alice', 'secret', 'bob'), 535), (plain('alice', '', ''), 535), ('AUTH LOGIN', 334), (b64('alice'), 334), (b64('secret\0'), 535),
                 (plain('alice', 'secret', 'alice'), 235))
        equal(sink.hello().code(plain('bob', BOB)), 235)


def test_long_lines_of_auth():
    with Sink(*ALICE, '--user', 'long:' + 9000 * 'x') as sink:
        client = sink.hello()
        for length in (4097, 12000, 12288, 12289, 12290, 12291, 200000):
            fits = length <= 12288
            line = 'AUTH PLAIN ' + 'A' * (length - 11)
            for pieces in ([line + '\r\n'], [line[:5000], line[5000:] + '\r\n'], [line, '\r\n']):
                for piece in pieces:
                    client.send(piece.encode())
                reply = client.reply()
                equal((length, reply[:9]), (length, b'501 5.5.2' if fits else b'500 5.5.6'))
            equal(client.code('AUTH PLAIN'), 334)
            client.send(b'A' * length)
            client.send(b'\r\n')
            equal((length, client.reply()[:9]), (length, b'501 5.5.2' if fits else b'500 5.5.6'))
            equal(client.code('NOOP'), 250)
        equal(client.code('NOOP ' + 4090 * 'x'), 500)
        equal(client.code('AUTH PLAIN'), 334)
        equal(client.code(b64('\0long\0' + 9000 * 'x')), 235)
    with Sink(*ALICE) as sink:
        client = sink.hello()
        equal(client.code('AUTH PLAIN'), 334)
        dialogue(client, (b'AAAA\n', 500), ('NOOP', 250), ('AUTH PLAIN', 334), (b'\xff\xff\r\n', 500), ('NOOP', 250), ('AUTH SCRAM-SHA-1', 334),
                 (b64('n,,n=alice,r=' + 9000 * 'x'), 334), ('*', 501))


def test_cram_md5():
    with Sink(*ALICE) as sink:
        client = sink.hello()
        equal(client.ask('AUTH CRAM-MD5 ' + b64('alice'))[:9], b'501 5.7.0')
        texts = set()
        for user, password, code in (('alice', 'wrong', 535), ('nobody', 'secret', 535), ('bob', BOB, 235)):
            text = challenge(client.ask('AUTH CRAM-MD5'))
            assert text.startswith(b'<') and text.endswith(b'@localhost>'), text
            texts.add(text)
            equal(client.code(b64('%s %s' % (user, hmac.new(password.encode(), text, 'md5').hexdigest()))), code)
        equal(len(texts), 3)
        client = sink.hello()
        for wrong in ('', 'alice', 'alice ' + 31 * '0', ' ' + 32 * '0', 'alice ' + 33 * '0', 'al\0ice ' + 32 * '0'):
            equal(client.code('AUTH CRAM-MD5'), 334)
            equal((wrong, client.code(b64(wrong))), (wrong, 501))


def test_scram():
    for options in ((), ('--scram-iterations', '17')):
        with Sink(*ALICE, '--user', 'x=,y:z', *options, maildir=True) as sink:
            for name in ('SCRAM-SHA-1', 'SCRAM-SHA-256'):
                for user, password, code in (('alice', 'secret', 235), ('bob', BOB, 235), ('x=,y', 'z', 235), ('alice', 'wrong', 535), ('nobody', '', 535)):
                    for flag in 'ny':
                        client = sink.hello()
                        equal(scram(client, name, user, password, (flag, b'')), code)
                equal(scram(sink.hello(), name, 'alice', 'secret', authorized='alice'), 235)
                equal(scram(sink.hello(), name, 'alice', 'secret', authorized='bob'), 535)
                client = sink.hello()
                equal(scram(client, name, 'alice', 'secret'), 235)
                equal(client.mail(), 250)
            equal([envelope['user'] for _, envelope in sink.mails()], ['alice', 'alice'])
            client, one = sink.hello(), Scram('sha256', 'alice', 'secret', 'abc')
            one.final(challenge(client.ask('AUTH SCRAM-SHA-256 ' + b64(one.first))))
            equal(one.iterations, 17 if options else 4096)
            equal(client.code('*'), 501)


def test_scram_refuses():
    with Sink(*ALICE) as sink:
        client = sink.hello()
        for wrong in ('', 'n', 'n,', 'n,,', 'x,,n=a,r=b', 'n,b,n=a,r=b', 'n,,a=b', 'n,,r=b,n=a', 'n,,m=x,n=a,r=b', 'n,,n=a=,r=b', 'n,,n=a=2,r=b', 'n,,n=,r=b', 'n,,n=a,r=',
                      'n,,n=a,r=b c', 'n,,n=a,r=b\x7f', 'n,a=b=,n=b,r=b', 'n,a=,n=b,r=b', 'n,,n=a\0,r=b', 'n,,n=ü\x01,r=b'):
            equal((wrong, client.code('AUTH SCRAM-SHA-256 ' + (b64(wrong) or '='))), (wrong, 501))
        for wrong in ('nn,,n=a,r=b', 'p=tls-exporter,,n=a,r=b', 'p=,,n=a,r=b'):
            equal((wrong, client.code('AUTH SCRAM-SHA-256 ' + b64(wrong))), (wrong, 535))

        def after(change, code):
            one = Scram('sha256', 'alice', 'secret', 'abc')
            final = one.final(challenge(client.ask('AUTH SCRAM-SHA-256 ' + b64(one.first))))
            got = client.code(b64(change(final)))
            equal((final, change(final), got), (final, change(final), code))
        for change in (lambda f: f[:-1], lambda f: f[:f.index(',p=')], lambda f: f.replace(',p=', ',q='), lambda f: f.replace('c=', 'd='), lambda f: '', lambda f: f + ',x=y',
                       lambda f: f.replace('r=', 's='), lambda f: f[:f.index(',p=') + 3] + '!'):
            after(change, 501)
        for change in (lambda f: f.replace('biws', 'eSws'), lambda f: f.replace('biws', 'bi'), lambda f: f.replace('r=abc', 'r=abd'), lambda f: f.replace(',p=', 'x,p='),
                       lambda f: f.replace(',p=', ',x=y,p='), lambda f: f[:f.index(',p=') + 3] + b64(32 * b'\0'), lambda f: f[:f.index(',p=') + 3] + b64(31 * b'\0')):
            after(change, 535)
        one = Scram('sha256', 'alice', 'secret', 'abc')
        equal(client.code(b64(one.final(challenge(client.ask('AUTH SCRAM-SHA-256 ' + b64(one.first))), 'x'))), 535)
        final = one.final(challenge(client.ask('AUTH SCRAM-SHA-256 ' + b64(one.first))))
        dialogue(client, (b64(final), 334), (b64('x'), 501), ('NOOP', 250), ('MAIL FROM:<a@b.test>', 250))


def test_scram_with_channel_binding():
    for most in ('1.2', '1.3'):
        with SecureSink(*ALICE, '--auth-in-clear', '--tls-max', most) as sink:
            for name in ('SCRAM-SHA-1', 'SCRAM-SHA-256'):
                for how, code in ((lambda c: end_point(c), 235), (lambda c: (end_point(c)[0], 32 * b'x'), 535), (lambda c: (end_point(c)[0], b''), 535),
                                  (lambda c: (end_point(c)[0], end_point(c)[1] + b'x'), 535),
                                  (lambda c: ('p=tls-unique', b'x'), 535), (lambda c: ('n', b''), 535), (lambda c: ('y', b''), 535),
                                  (lambda c: ('p=tls-exporter', 32 * b'x'), 535)):
                    client = sink.hello().starttls(sink.context())
                    equal(scram(client, name + '-PLUS', 'alice', 'secret', how(client)), code)
                client = sink.hello().starttls(sink.context())
                equal(scram(client, name, 'alice', 'secret', ('y', b'')), 535)
                equal(scram(client, name, 'alice', 'secret', end_point(client)), 535)
                equal(scram(client, name, 'alice', 'secret', ('n', b'')), 235)
                equal(scram(sink.hello(), name, 'alice', 'secret', ('y', b'')), 235)
    with SecureSink(*ALICE, '--mechanisms', 'SCRAM-SHA-256', '--hide', 'AUTH') as sink:
        client = sink.hello().starttls(sink.context())
        equal(client.code('AUTH SCRAM-SHA-256-PLUS'), 504)
        equal(scram(client, 'SCRAM-SHA-256', 'alice', 'secret', ('y', b'')), 235)


def test_end_point_of_a_certificate_by_another_digest():
    folder = own_certificates(['server'], '-sha384')
    with Sink(*ALICE, '--tls', '--cert', folder + '/server.pem', '--key', folder + '/server.key') as sink:
        client = sink.hello().starttls(ssl.create_default_context(cafile=folder + '/ca.pem'))
        flag, _ = end_point(client)
        bound = hashlib.sha384(client.socket.getpeercert(True)).digest()
        equal(scram(client, 'SCRAM-SHA-256-PLUS', 'alice', 'secret', (flag, bound)), 235)
    shutil.rmtree(folder)


def test_tokens():
    with Sink('--token', 'alice:ya29.x', '--token', 'b,b:y', maildir=True) as sink:
        def bearer(header, token, host='host=x\1port=25\1'):
            return 'AUTH OAUTHBEARER ' + b64('%s\1%sauth=Bearer %s\1\1' % (header, host, token))

        def xoauth2(name, token):
            return 'AUTH XOAUTH2 ' + b64('user=%s\1auth=Bearer %s\1\1' % (name, token))
        for line in (bearer('n,a=alice,', 'ya29.x'), bearer('n,,', 'y', ''), bearer('y,a=b=2Cb,', 'y'), xoauth2('alice', 'ya29.x'), xoauth2('b,b', 'y')):
            client = sink.hello()
            equal((line, client.code(line)), (line, 235))
            equal(client.mail(), 250)
        equal([envelope['user'] for _, envelope in sink.mails()], ['alice', 'b,b', 'b,b', 'alice', 'b,b'])
        client = sink.hello()
        for line, end, status in ((bearer('n,a=alice,', 'y'), 'AQ==', 'invalid_token'), (bearer('n,,', 'z'), 'AQ==', 'invalid_token'), (xoauth2('alice', 'y'), '', '401'),
                                  (xoauth2('bob', 'y'), '', '401')):
            equal(json.loads(challenge(client.ask(line)))['status'], status)
            equal(client.code(end), 535)
            client.ask(line)
            equal(client.code('*'), 501)
            client.ask(line)
            equal(client.code(b64('x')), 501)
        for wrong in (bearer('p=tls-exporter,,', 'y'), bearer('n,a=b=b,', 'y'), bearer('n,b,', 'y'), bearer('n', 'y'), bearer('n,,', 'y', 'host\1'),
                      'AUTH OAUTHBEARER ' + b64('n,,\1auth=Bearer y\1'), 'AUTH OAUTHBEARER ' + b64('n,,\1host=x\1\1'), 'AUTH OAUTHBEARER ' + b64('n,,\1auth=Bearer y\1\1\1'),
                      'AUTH OAUTHBEARER ' + b64('n,,\1auth=Basic y\1\1'), xoauth2('', 'y'), 'AUTH XOAUTH2 ' + b64('user=alice\1auth=Bearer ya29.x\1'),
                      'AUTH XOAUTH2 ' + b64('user=alice\1auth=Bearer ya29.x\1\1x'), 'AUTH XOAUTH2 ' + b64('auth=Bearer ya29.x\1user=alice\1\1'),
                      xoauth2('alice\0', 'ya29.x'), 'AUTH XOAUTH2 ='):
            equal((wrong, client.code(wrong)), (wrong, 501))
        equal(client.code('AUTH XOAUTH2'), 334)
        equal(client.code(xoauth2('alice', 'ya29.x')[13:]), 235)


def test_external_and_anonymous():
    folder = own_certificates(['alice'])
    with SecureSink('--client-ca', folder + '/ca.pem', '--anonymous', maildir=True) as sink:
        context = sink.context()
        client = sink.hello().starttls(context)
        equal(offered(client), ['EXTERNAL', 'ANONYMOUS'])
        dialogue(client, ('AUTH EXTERNAL =', 535), ('AUTH EXTERNAL ' + b64('alice'), 535), ('AUTH ANONYMOUS ' + b64('me@b.test'), 235))
        equal(client.mail(), 250)
        context.load_cert_chain(folder + '/alice.pem', folder + '/alice.key')
        for lines in ([('AUTH EXTERNAL =', 235)], [('AUTH EXTERNAL', 334), ('', 235)], [('AUTH EXTERNAL ' + b64('bob'), 535), ('AUTH EXTERNAL ' + b64('alice'), 235)]):
            client = sink.hello().starttls(context)
            dialogue(client, *lines)
            equal(client.mail(), 250)
        equal([envelope['user'] for _, envelope in sink.mails()], ['anonymous'] + 3 * ['alice'])
    shutil.rmtree(folder)
    with Sink('--anonymous') as sink:
        dialogue(sink.hello(), ('AUTH ANONYMOUS ' + b64(b'\xff'), 501), ('AUTH ANONYMOUS', 334), ('', 235))


def test_faults_at_auth():
    with Sink(*ALICE, '--reply', 'auth#1=535 5.7.8 no', '--reply', 'auth#3=454 4.7.0 later', '--reply', 'auth:LOGIN=334 b25l', maildir=True) as sink:
        client = sink.hello()
        dialogue(client, (plain('alice', 'secret'), 535), ('AUTH CRAM-MD5', 334), ('x', 454), ('NOOP', 250), ('AUTH LOGIN', 334), (b64('alice'), 334), (b64('secret'), 334))
        equal(client.code('*'), 501)
        equal(client.mail(), 250)
        equal([envelope.get('user') for _, envelope in sink.mails()], [None])
    with Sink(*ALICE, '--reply', 'auth=334 b25l') as sink:
        client = sink.hello()
        dialogue(client, (plain('alice', 'secret'), 334), ('', 334), (b64('x'), 334), ('!', 334), ('NOOP', 334), ('*', 334))
    with Sink(*ALICE, '--reply', 'auth#1=235 2.7.0 liar', '--auth-required') as sink:
        dialogue(sink.hello(), (plain('alice', 'wrong'), 235), ('MAIL FROM:<a@b.test>', 530))
    with Sink(*ALICE, '--drop', 'auth#2') as sink:
        client = sink.hello()
        equal(client.code('AUTH LOGIN'), 334)
        client.send(b64('alice').encode() + b'\r\n')
        equal(client.rest(), (b'', 'closed'))
    with Sink(*ALICE, '--delay', 'auth=50') as sink:
        equal(scram(sink.hello(), 'SCRAM-SHA-256', 'alice', 'secret'), 235)
    with Sink(*ALICE, '--mute', 'auth') as sink:
        client = sink.hello()
        client.send(plain('alice', 'secret').encode() + b'\r\n')
        assert client.silent()
    with Sink('--reply', 'auth=235 never', '--reply', 'unknown=235 2.7.0 as before') as sink:
        equal(sink.hello().code(plain('alice', 'secret')), 235)


def test_trace_shows_what_is_said():
    with Sink(*ALICE, '--trace') as sink:
        client = sink.hello()
        equal(client.code(plain('alice', 'secret')), 235)
        seen(sink, '[1] C: AUTH PLAIN AGFsaWNlAHNlY3JldA==\n')


def greeted(sink):
    """A port where somebody has said EHLO: gsasl says STARTTLS at once, which the sink does not take."""
    listener = socket.create_server(('127.0.0.1', 0))

    def relay():
        with listener, listener.accept()[0] as one:
            client = sink.connect()
            greeting = client.reply()
            client.ask('EHLO relay')
            one.sendall(greeting)
            other = {one: client.socket, client.socket: one}
            try:
                while True:
                    for ready in select.select(list(other), [], [], PATIENCE)[0]:
                        octets = ready.recv(65536)
                        if not octets:
                            return
                        other[ready].sendall(octets)
            except (OSError, ValueError): # the test is over, and has closed it
                return
    threading.Thread(target=relay, daemon=True).start()
    return listener.getsockname()[1]


def test_gsasl():
    program = shutil.which('gsasl')
    if not program:
        raise Skipped('no gsasl here (scripts/setup test installs it)')

    def run(sink, name, password, *options):
        port = sink.addresses[0][1] if '--no-starttls' in options else greeted(sink)
        command = [program, '--client', '--smtp', '--connect', 'localhost:%d' % port, '--quiet', '--mechanism', name, '--authentication-id', 'alice',
                   '--password', password, '--hostname', 'localhost', '--service', 'smtp', *options]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE)
        return done.returncode, done.stdout.decode('utf-8', 'replace')
    for most in ('1.2', '1.3'):
        with SecureSink(*ALICE, '--trace', '--tls-max', most, '--auth-in-clear') as sink:
            for name in 'PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256'.split():
                for password, good in (('secret', True), ('wrong', False)):
                    code, text = run(sink, name, password, '--no-starttls')
                    assert (code == 0) == good, (name, password, code, text)
                    code, text = run(sink, name, password, '--starttls', '--x509-ca-file', sink.folder + '/ca.pem', '--no-cb')
                    assert (code == 0) == good, (name, password, code, text)
            for name in 'SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS'.split():
                code, text = run(sink, name, 'secret', '--starttls', '--x509-ca-file', sink.folder + '/ca.pem')
                assert code == 0 or most == '1.2', (name, code, text, sink.errors()[-2000:])


def test_wrong_options_of_auth():
    for options, word in ((('--user', 'alice'), 'NAME:PASSWORD'), (('--user', ':x'), 'NAME:PASSWORD'), (('--user', 'x:'), 'NAME:PASSWORD'), (('--token', 'x'), 'NAME:TOKEN'),
                          (('--mechanisms', 'PLAIN,NTLM'), 'NTLM'), (('--mechanisms', ''), 'mechanism'), (('--mechanisms', 'PLAIN,PLAIN'), 'once'),
                          (('--scram-iterations', '0'), 'range'), (('--auth-required',), '--user')):
        code, message = refused(*options)
        equal((options, code), (options, 64))
        assert word in message, message
