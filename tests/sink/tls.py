"""TLS: STARTTLS and from the start, certificates, versions, and how connections end."""
import os
import random
import select
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

from harness import PATIENCE, ImplicitSink, SecureSink, Sink, Skipped, dialogue, equal, refused, stuff

V10, V12, V13 = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def offers(client):
    return [line[4:] for line in client.ask('EHLO me').decode().split('\r\n')[1:-1]]


def fails(what, *arguments, **more):
    try:
        what(*arguments, **more)
    except (OSError, EOFError) as failure:
        return failure
    raise AssertionError('it does not fail')


def seen(sink, text):
    """Whether the trace comes to tell it."""
    end = time.monotonic() + PATIENCE
    while text not in sink.errors() and time.monotonic() < end:
        time.sleep(0.01)
    assert text in sink.errors(), sink.errors()


class Records:
    """A TLS client over memory: it decides itself when which octets travel."""

    def __init__(self, client, context):
        self.socket, self.incoming, self.outgoing = client.socket, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname='localhost')

    def shake(self, send):
        while True:
            try:
                self.tls.do_handshake()
                return
            except ssl.SSLWantReadError:
                send(self.outgoing.read())
                self.incoming.write(self.socket.recv(65536))

    def plain(self):
        octets = b''
        while True:
            try:
                got = self.tls.read(65536)
            except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                return octets
            if not got:
                return octets
            octets += got

    def until(self, end):
        octets = self.plain()
        while not octets.endswith(end):
            got = self.socket.recv(65536)
            if not got:
                raise EOFError(octets[-100:])
            self.incoming.write(got)
            octets += self.plain()
        return octets


def test_starttls():
    with SecureSink('--trace', maildir=True) as sink:
        client = sink.connect()
        client.reply()
        dialogue(client, ('STARTTLS', 503), ('HELO me', 250), ('STARTTLS', 503))
        assert 'STARTTLS' in offers(client)
        dialogue(client, ('STARTTLS now', 501), ('STARTTLSX', 500), ('STARTTLX', 500), ('MAIL FROM:<a@b.test>', 250), ('STARTTLS', 503), ('RSET', 250),
                 ('starttls', 220))
        client.secure(sink.context())
        equal(client.socket.version(), 'TLSv1.3')
        dialogue(client, ('MAIL FROM:<a@b.test>', 503), ('STARTTLS', 503))
        assert 'STARTTLS' not in offers(client)
        equal(client.code('STARTTLS'), 503)
        equal(client.mail(), 250)
        equal(sink.hello().mail(), 250)
        equal([envelope.get('tls') for _, envelope in sink.mails()], ['TLSv1.3', None])
        seen(sink, '[1] -: TLSv1.3 TLS_AES_256_GCM_SHA384\n')


def test_starttls_is_offered_on_demand_only():
    with Sink() as sink:
        client = sink.hello()
        assert 'STARTTLS' not in offers(client)
        equal(client.code('STARTTLS'), 500)
    with SecureSink('--hide', 'STARTTLS') as sink:
        client = sink.hello()
        assert 'STARTTLS' not in offers(client)
        equal(client.starttls(sink.context()).mail(), 250)
    with SecureSink('--lmtp') as sink:
        equal(sink.hello('LHLO me').starttls(sink.context(), 'LHLO me').mail(), 250)


def test_tls_from_the_start_beside_others():
    with Sink('--listen', 'tls:127.0.0.1:0', '--listen', '127.0.0.1:0', '--listen', 'unix:FOLDER/socket', '--tls', '--ca-out', 'FOLDER/ca.pem') as sink:
        assert sink.lines[0].startswith('listening on tls:127.0.0.1:'), sink.lines
        first = sink.connect(0).secure(sink.context(), '127.0.0.1').hello()
        assert 'STARTTLS' not in offers(first)
        equal(first.code('STARTTLS'), 503)
        equal(first.mail(), 250)
        equal(sink.connect(1).hello().starttls(sink.context()).mail(), 250)
        equal(sink.connect(2).hello().starttls(sink.context()).mail(), 250)
    with ImplicitSink() as sink:
        client = sink.connect().secure(sink.context()).hello()
        equal(client.code('STARTTLS'), 500)


def test_what_comes_in_clear_behind_starttls_does_not_count():
    with SecureSink('--delay', 'starttls#2=200', '--trace', maildir=True) as sink:
        client = sink.hello()
        client.send(b'STARTTLS\r\nMAIL FROM:<evil@b.test>\r\nRCPT TO:<evil@b.test>\r\n')
        equal(client.codes(3), [503, 250, 250])
        equal(client.code('RSET'), 250)
        client.send(b'STARTTLS\r\n')
        time.sleep(0.1)
        client.send(b'MAIL FROM:<evil@b.test>\r\nRCPT TO:<evil@b.test>\r\nDATA\r\n')
        octets, how = client.rest()
        assert octets.startswith(b'220 ') and octets.count(b'\r\n') == 1, octets
        seen(sink, '[1] -: TLS failed: ')
        client = sink.hello()
        client.send(b'STARTTLS\r\n')
        time.sleep(0.05)
        client.send(b'NOOP\r\n')
        octets, how = client.rest()
        assert octets.startswith(b'220 ') and octets.count(b'\r\n') == 1, octets
        equal(sink.mails(), [])


def test_certificate():
    with SecureSink() as sink:
        for name in ('localhost', '127.0.0.1', '::1'):
            client = sink.hello()
            equal(client.code('STARTTLS'), 220)
            client.secure(sink.context(), name)
            shown = client.socket.getpeercert()
            begins, ends = (ssl.cert_time_to_seconds(shown[word]) for word in ('notBefore', 'notAfter'))
            assert begins < time.time() - 3000 and time.time() + 29 * 86400 < ends < time.time() + 31 * 86400, shown
        for name, context in (('other.example.test', sink.context()), ('localhost', ssl.create_default_context())):
            client = sink.hello()
            equal(client.code('STARTTLS'), 220)
            assert isinstance(fails(client.secure, context, name), ssl.SSLCertVerificationError)


def openssl(folder, *arguments):
    program = shutil.which('openssl')
    if not program:
        raise Skipped('no openssl here (scripts/setup test installs it)')
    subprocess.run([program, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)



def own_certificates(names, digest='-sha256'):
    """A folder with an authority of its own and certificates by it."""
    folder = tempfile.mkdtemp(prefix='sink-')
    openssl(folder, 'version')
    openssl(folder, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=authority', '-keyout', 'ca.key', '-out', 'ca.pem')
    for name in names:
        openssl(folder, 'req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=' + name, '-keyout', name + '.key', '-out', name + '.csr')
        with open(folder + '/extensions', 'w') as file:
            file.write('subjectAltName=DNS:localhost\n')
        openssl(folder, 'x509', '-req', '-in', name + '.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', digest, '-days', '2', '-extfile', 'extensions',
                '-out', name + '.pem')
    return folder


def test_a_certificate_of_ones_own():
    folder = own_certificates(['server'])
    with Sink('--tls', '--cert', folder + '/server.pem', '--key', folder + '/server.key') as sink:
        client = sink.hello().starttls(ssl.create_default_context(cafile=folder + '/ca.pem'))
        equal(client.socket.getpeercert()['subject'], ((('commonName', 'server'),),))
        equal(client.mail(), 250)
    code, message = refused('--tls', '--cert', folder + '/server.pem', '--key', folder + '/ca.key')
    assert code == 66 and folder + '/ca.key' in message, (code, message)
    shutil.rmtree(folder)


def test_client_certificates():
    folder = own_certificates(['alice'])
    with SecureSink('--client-ca', folder + '/ca.pem', '--trace') as sink:
        context = sink.context()
        equal(sink.hello().starttls(context).mail(), 250)
        context.load_cert_chain(folder + '/alice.pem', folder + '/alice.key')
        equal(sink.hello().starttls(context).mail(), 250)
    with SecureSink('--client-ca', 'FOLDER/ca.pem', '--tls-max', '1.2', '--trace') as sink:
        context = sink.context()
        context.load_cert_chain(folder + '/alice.pem', folder + '/alice.key')
        client = sink.hello()
        equal(client.code('STARTTLS'), 220)
        fails(client.secure, context)
        seen(sink, '-: TLS failed: certificate verify failed')
    shutil.rmtree(folder)


def test_versions_and_ciphers():
    with SecureSink('--tls-max', '1.2', '--tls-ciphers', 'ECDHE-ECDSA-CHACHA20-POLY1305', '--trace') as sink:
        equal(sink.hello().starttls(sink.context()).mail(), 250)
        seen(sink, '-: TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305\n')
        client = sink.hello()
        equal(client.code('STARTTLS'), 220)
        fails(client.secure, sink.context(minimum_version=V13))
        seen(sink, '[2] -: TLS failed: unsupported protocol\n')
    with SecureSink('--tls-min', '1.3', '--trace') as sink:
        client = sink.hello()
        equal(client.code('STARTTLS'), 220)
        failure = fails(client.secure, sink.context(maximum_version=V12))
        assert 'alert' in str(failure), failure
    for old in (('--tls-min', '1.0'), ('--tls-min', '1.0', '--tls-max', '1.1', '--tls-ciphers', 'ALL:@SECLEVEL=0')):
        with SecureSink(*old) as sink:
            context = sink.context(minimum_version=V10, maximum_version=V10)
            context.set_ciphers('ALL:@SECLEVEL=0')
            client = sink.hello().starttls(context)
            equal((client.socket.version(), client.mail()), ('TLSv1', 250))


def test_big_mails_octet_for_octet():
    dice = random.Random(5)
    content = b''.join(dice.choice([b'\r\n', b'.', b'x', b'\r\n.']) if dice.random() < 0.01 else dice.randbytes(100).replace(b'\r', b'-').replace(b'\n', b'-')
                       for _ in range(53000)) + b'\r\n'
    assert len(content) > 5 << 20
    for options in (('--tls-max', '1.2'), ('--tls-min', '1.3')):
        with SecureSink(*options, maildir=True) as sink:
            client = sink.hello().starttls(sink.context())
            equal(client.mail(stuff(content)), 250)
            client.envelope()
            equal(client.code(b'BDAT %d LAST\r\n' % len(content) + content), 250)
            equal(client.code('QUIT'), 221)
            equal(client.rest(), (b'', 'closed'))
            assert [mail for mail, _ in sink.mails()] == [content, content]


def test_100_connections_over_tls_at_once():
    with ImplicitSink(maildir=True) as sink:
        context, silent = sink.context(), [sink.connect() for _ in range(20)]
        clients = [sink.connect().secure(context) for _ in range(100)]
        for client in clients:
            client.hello()
        for number, client in enumerate(clients):
            client.send(b'MAIL FROM:<a@b.test>\r\nRCPT TO:<n%d@b.test>\r\nDATA\r\n%d' % (number, number))
        for client in reversed(clients):
            client.send(b'\r\n.\r\nQUIT\r\n')
        for client in clients:
            equal(client.codes(5), [250, 250, 354, 250, 221])
            equal(client.rest(), (b'', 'closed'))
        for mail, envelope in sink.mails():
            equal(envelope['to'][0]['address'].encode(), b'n' + mail.strip() + b'@b.test')
        assert len(silent) == 20
        equal(sink.summary()[:10], '100 mails,')


def test_a_handshake_in_single_octets():
    for most in (V12, V13):
        with SecureSink() as sink:
            client = sink.hello()
            equal(client.code('STARTTLS'), 220)
            records = Records(client, sink.context(maximum_version=most))

            def send(octets):
                for octet in octets:
                    client.send(bytes([octet]))
                    time.sleep(0.0002)
            records.shake(send)
            records.tls.write(b'EHLO me\r\nNOOP\r\n')
            send(records.outgoing.read())
            assert records.until(b'250 2.0.0 Nothing done\r\n').startswith(b'250-localhost')


def test_a_flight_in_the_segment_that_ends_the_handshake():
    for listener in (SecureSink, ImplicitSink):
        with listener() as sink:
            client = sink.connect()
            if listener is SecureSink:
                client.hello()
                equal(client.code('STARTTLS'), 220)
            records = Records(client, sink.context(minimum_version=V13))
            records.shake(client.send)
            records.tls.write(b'EHLO me\r\n')
            records.tls.write(b'NOOP\r\n' * 3000)
            records.tls.write(b'QUIT\r\n')
            client.send(records.outgoing.read())
            got = records.until(b'221 2.0.0 Bye\r\n')
            equal(got.count(b'250 2.0.0 Nothing done\r\n'), 3000)


def test_octets_inside_of_tls_do_not_wait_for_more():
    with SecureSink('--delay', 'noop#2=100', '--delay', 'noop#1500=100', '--split', '20000') as sink:
        client = sink.hello().starttls(sink.context())
        client.send(b'NOOP\r\n' * 100)
        equal(client.codes(100), 100 * [250])
        client.send(b'NOOP\r\n' * 10000 + b'QUIT\r\n')
        equal(client.codes(10001), 10000 * [250] + [221])
    for delay in 'noop#2=100', 'vrfy=100':
        with SecureSink('--delay', delay) as sink:
            client = sink.hello()
            equal(client.code('STARTTLS'), 220)
            records = Records(client, sink.context())
            records.shake(client.send)
            records.tls.write(b'EHLO me\r\n' + b'NOOP\r\n' * 9)
            try:
                records.tls.unwrap()
            except ssl.SSLWantReadError:
                pass
            client.send(records.outgoing.read())
            records.incoming.write(client.rest()[0])
            equal(records.plain().count(b'250 2.0.0 Nothing done\r\n'), 9)


def test_a_client_over_tls_that_reads_late_loses_nothing():
    count = 1600000
    with SecureSink() as sink:
        client = sink.hello()
        equal(client.code('STARTTLS'), 220)
        records = Records(client, sink.context())
        records.shake(client.send)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        client.socket.setblocking(False)
        records.tls.write(b'EHLO me\r\n' + b'HELP\r\n' * count + b'QUIT\r\n')
        wire, got = memoryview(records.outgoing.read()), []
        while wire and select.select([], [client.socket], [], 0.5)[1]:
            wire = wire[client.socket.send(wire):]
        assert wire, 'it reads on'
        assert sink.memory() < 32 << 20, sink.memory()
        while not got or not got[-1].endswith(b'221 2.0.0 Bye\r\n'):
            readable, writable, _ = select.select([client.socket], [client.socket] if wire else [], [], PATIENCE)
            assert readable or writable, 'it stalls'
            if writable:
                wire = wire[client.socket.send(wire):]
            if readable:
                records.incoming.write(client.socket.recv(1 << 20))
                got.append(records.plain())
        equal(b''.join(got).count(b'214 2.0.0 See RFC 5321\r\n'), count)


def test_replies_in_pieces_over_tls():
    with SecureSink('--split', '3') as sink:
        client = sink.hello().starttls(sink.context())
        client.send(b'NOOP\r\n')
        pieces = [client.socket.recv(65536)]
        while not pieces[-1].endswith(b'\n'):
            pieces.append(client.socket.recv(65536))
        equal({len(piece) for piece in pieces[:-1]}, {3})
        equal(client.mail(), 250)


def test_how_connections_over_tls_end():
    for options, line, rest in (((), 'QUIT', (b'221 2.0.0 Bye\r\n', 'closed')), (('--drop', 'quit:after'), 'QUIT', (b'221 2.0.0 Bye\r\n', 'torn')),
                                (('--drop', 'quit'), 'QUIT', (b'', 'torn')), (('--drop', 'quit:rst'), 'QUIT', (b'', 'torn')),
                                (('--reply', 'noop=421 4.3.2 down'), 'NOOP', (b'421 4.3.2 down\r\n', 'closed'))):
        with SecureSink(*options) as sink:
            client = sink.hello().starttls(sink.context())
            client.send(line.encode() + b'\r\n')
            equal((options, client.rest()), (options, rest))
    with SecureSink('--trace') as sink:
        one, two, three = (sink.hello().starttls(sink.context()) for _ in range(3))
        equal(one.socket.unwrap().recv(1), b'')
        three.socket.shutdown(socket.SHUT_WR)
        seen(sink, '[3] -: TLS failed: unexpected eof while reading\n')
        equal(sink.stop(), 0)
        equal(two.rest(), (b'', 'closed'))


def test_faults_at_starttls():
    with SecureSink('--reply', 'starttls#1=454 4.7.0 no', '--delay', 'starttls#2=200') as sink:
        client = sink.hello()
        equal(client.code('STARTTLS'), 454)
        equal(client.code('NOOP'), 250)
        begin = time.monotonic()
        equal(client.starttls(sink.context()).mail(), 250)
        assert time.monotonic() - begin > 0.2
    with SecureSink('--reply', 'starttls=220 go\\r\\n250 injected') as sink:
        client = sink.hello()
        client.send(b'STARTTLS\r\n')
        equal((client.reply(), client.line()), (b'220 go\r\n', b'250 injected\r\n'))
        equal(client.secure(sink.context()).code('EHLO me'), 250)
    for how, rest in (('starttls', (b'', 'closed')), ('starttls:after', (b'220 2.0.0 Ready for TLS\r\n', 'closed')), ('starttls:rst', (b'', 'reset'))):
        with SecureSink('--drop', how) as sink:
            client = sink.hello()
            client.send(b'STARTTLS\r\n')
            equal((how, client.rest()), (how, rest))
    with SecureSink('--mute', 'starttls') as sink:
        client = sink.hello()
        client.send(b'STARTTLS\r\n')
        assert client.silent()
        client.send(b'NOOP\r\n')
        assert client.silent()
    with SecureSink('--stop-reading', 'starttls') as sink:
        client = sink.hello()
        equal(client.code('STARTTLS'), 220)
        client.socket.settimeout(0.5)
        assert isinstance(fails(client.secure, sink.context()), socket.timeout)


def test_who_speaks_no_tls_disturbs_nobody():
    with ImplicitSink('--trace') as sink:
        silent, clear, gone = sink.connect(), sink.connect(), sink.connect()
        clear.send(b'EHLO me\r\n')
        assert clear.rest()[1] == 'closed'
        seen(sink, '[2] -: TLS failed: ')
        gone.close()
        seen(sink, '[3] -: TLS failed: ')
        before = sink.ticks()
        time.sleep(0.5)
        assert sink.ticks() - before < os.sysconf('SC_CLK_TCK') / 10, 'it spins'
        equal(sink.connect().secure(sink.context()).hello().mail(), 250)
        assert silent.silent(0.05)


def test_wrong_options_of_tls():
    for options, code, word in ((('--ca-out', 'x'), 64, '--ca-out'), (('--tls-max', '1.2'), 64, '--tls'), (('--tls', '--cert', 'x'), 64, '--key'),
                                (('--tls', '--tls-max', '2'), 64, '1.3'), (('--tls', '--tls-min', '1.3', '--tls-max', '1.2'), 64, '--tls-max'),
                                (('--tls', '--tls-ciphers', 'NONE-SUCH'), 64, 'NONE-SUCH'), (('--tls', '--cert', '/none', '--key', '/none'), 66, '/none'),
                                (('--tls', '--client-ca', '/none'), 66, '/none'), (('--tls', '--ca-out', '/none/x'), 73, '/none/x'),
                                (('--listen', 'tls:unix:/x'), 64, 'tls:unix:/x'), (('--listen', 'tls:'), 64, 'tls:'),
                                (('--tls', '--cert', 'x', '--key', 'x', '--ca-out', 'x'), 64, '--ca-out')):
        got, message = refused(*options)
        equal((options, got), (options, code))
        assert word in message, message
