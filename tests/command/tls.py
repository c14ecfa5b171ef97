"""TLS through the command (attacks C)."""
import os
import socket
import ssl
import time

from common import ENVELOPE, OK, PATIENCE, TEMPFAIL, UNCERTAIN, USAGE, Server, equal, expect, folder, run
from harness import ImplicitSink, SecureSink
from pki import OpensslServer, Stream, authority, context_of, converse, files, tls_server

NO_TRUST = 76


def send(url, *options, **more):
    return run('send', '--server', url, *ENVELOPE, '--text', 'hello', *options, **more)


def at(scheme, server, host='localhost'):
    return '%s://%s:%d' % (scheme, host, server.address[1] if isinstance(server, Server) else server.addresses[0][1])


def plain(answer):
    """A server in clear that offers STARTTLS and then does `answer(stream, peer)`. What it read is in `.seen`."""
    seen = []

    def serve(peer):
        stream = Stream(peer)
        stream.write(b'220 mx\r\n')
        for line in iter(stream.readline, b''):
            seen.append(line)
            if line.startswith(b'EHLO'):
                stream.write(b'250-mx\r\n250 STARTTLS\r\n')
            elif line.startswith(b'STARTTLS'):
                return answer(stream, peer)
    server = Server(serve)
    server.seen = seen
    return server


def test_starttls_and_implicit_tls_bring_the_mail():
    with SecureSink(maildir=True) as sink, ImplicitSink(maildir=True) as implicit:
        for url, ca in ((at('smtp', sink), None), (at('smtp+tls', sink), sink), (at('submission', sink), sink), (at('smtps', implicit), implicit)):
            options = ('--ca-file', ca.folder + '/ca.pem') if ca else ()
            expect(send(url, '--trace', *options), OK, '-: TLSv1.3', 'verified' if ca else 'not verified')
        equal([envelope['tls'] for _, envelope in sink.mails()], ['TLSv1.3'] * 3)
        equal([envelope['tls'] for _, envelope in implicit.mails()], ['TLSv1.3'])
        expect(send(at('smtp+notls', sink)), OK)
        assert 'tls' not in sink.mails()[-1][1], sink.mails()[-1][1]


def test_a_large_mail_in_tls_1_2_and_1_3():
    with folder() as here:
        path = os.path.join(here, 'large')
        with open(path, 'wb') as file:
            file.write(os.urandom(3000000))
        for version in '1.2', '1.3':
            with ImplicitSink('--tls-max', version, maildir=True) as sink:
                expect(send(at('smtps', sink), '--ca-file', sink.folder + '/ca.pem', '--attach', path), OK)
                from common import parsed
                attached = [part for part in parsed(sink.mails()[0][0]).iter_attachments()]
                with open(path, 'rb') as file:
                    equal(attached[0].get_content() == file.read(), True)


def test_octets_behind_the_reply_to_starttls():
    """attacks 54: in one segment; nothing is said any more, not even ClientHello."""
    for scheme in 'smtp', 'smtp+tls':
        for extra in b'250-X\r\n250 AUTH PLAIN\r\n', b'2', b'\n':
            after = []

            def answer(stream, peer):
                stream.write(b'220 go\r\n' + extra)
                after.append(peer.recv(100))
            with plain(answer) as server:
                expect(send(at(scheme, server)), NO_TRUST, 'behind the reply to STARTTLS')
                time.sleep(0.05)
            equal(after, [b''])


def test_octets_in_clear_instead_of_a_handshake():
    """attacks 56, 64: whatever comes instead of TLS ends the delivery, and nothing goes on in clear."""
    for scheme in 'smtp', 'smtp+tls':
        for octets in (b'250 x\r\n', b'', bytes(50), b'\x15\x03\x01\x00\x02\x02\x28', b'HTTP/1.1 400 Bad Request\r\n\r\n', os.urandom(200)):
            def answer(stream, peer):
                stream.write(b'220 go\r\n')
                peer.recv(10000)  # ClientHello
                if octets:
                    stream.write(octets)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(10000):
                    pass
            with plain(answer) as server:
                expect(send(at(scheme, server), '--timeout', '10'), NO_TRUST, 'TLS')
            assert not [line for line in server.seen if line.startswith(b'MAIL')], server.seen


def test_starttls_that_is_refused():
    """attacks 58 to 60: required, no MAIL in clear; offered, it goes on in clear."""
    for code in 454, 501, 500:
        with SecureSink('--reply', 'starttls=%d no' % code) as sink:
            expect(send(at('smtp', sink)), OK)
            done = send(at('smtp+tls', sink), '--trace')
            assert done.code in (75, 69, 76) and 'C: MAIL' not in done.err, done
    with SecureSink('--hide', 'STARTTLS') as sink:
        done = expect(send(at('smtp+tls', sink), '--trace'), NO_TRUST, 'TLS is required')
        assert 'C: MAIL' not in done.err, done
    with SecureSink('--reply', 'ehlo=502 what') as sink:
        done = expect(send(at('submission', sink), '--trace'), NO_TRUST)
        assert 'C: HELO' not in done.err and 'C: MAIL' not in done.err, done


def test_silence_behind_tls():
    """attacks 62: EHLO is said once; 67: a handshake that drips has one deadline for all of it."""
    with SecureSink('--mute', 'ehlo#2') as sink:
        done = expect(send(at('smtp+tls', sink), '--ca-file', sink.folder + '/ca.pem', '--timeout', '1', '--trace'), TEMPFAIL)
        equal(done.err.count('C: EHLO'), 2)

    def drip(stream, peer):
        stream.write(b'220 go\r\n')
        for octet in b'\x16\x03\x03\x40\x00' + bytes(60):
            time.sleep(0.1)
            peer.send(bytes([octet]))
    with plain(drip) as server:
        began = time.monotonic()
        done = send(at('smtp+tls', server), '--timeout', '2')
        assert done.code in (TEMPFAIL, NO_TRUST) and time.monotonic() - began < 5, done


def test_the_wrong_kind_of_port():
    """attacks 65"""
    with SecureSink() as sink:
        expect(send(at('smtps', sink), '--timeout', '5'), NO_TRUST, 'smtp+tls://')
    with ImplicitSink() as sink:
        expect(send(at('smtp', sink), '--timeout', '1'), TEMPFAIL, 'smtps://')

    def alert(peer):
        peer.sendall(b'\x15\x03\x01\x00\x02\x02\x0a')
        peer.recv(1000)
    with Server(alert) as server:
        expect(send(at('smtp', server), '--timeout', '5'), TEMPFAIL, 'smtps://')


def end(final):
    """Takes a mail in TLS, answers its dot or not, and ends without close_notify."""
    def serve(peer):
        secured = CONTEXT[0].wrap_socket(peer, server_side=True)
        converse(Stream(secured), final=final)
        raw = socket.socket(fileno=os.dup(secured.fileno()))
        raw.shutdown(socket.SHUT_RDWR)
        raw.close()
    return Server(serve)


CONTEXT = []


def test_ends_without_close_notify():
    """attacks 68: before the reply to the dot uncertain, behind it a success."""
    with files() as here:
        CONTEXT[:] = [context_of(authority().issue(here))]
        ca = authority().root(here)
        with end(None) as server:
            expect(send(at('smtps', server), '--ca-file', ca), UNCERTAIN)
        with end(b'250 ok\r\n') as server:
            expect(send(at('smtps', server), '--ca-file', ca), OK)


def test_records_of_one_octet():
    """attacks 70"""
    with files() as here:
        context, ca = context_of(authority().issue(here)), authority().root(here)

        def serve(peer):
            converse(Stream(context.wrap_socket(peer, server_side=True), piece=1))
        with Server(serve) as server:
            expect(send(at('smtps', server), '--ca-file', ca), OK)


def test_key_updates_and_renegotiation():
    """attacks 70: a flood of KeyUpdate ends with the step's time; one that ends does no harm; renegotiation is refused."""
    with files() as here:
        path, ca = authority().issue(here), authority().root(here)
        url = 'smtps://localhost:%d'
        some = [b'k\n'] * 20 + [b'220 mx\n'] + [b'K\n'] * 20
        with OpensslServer(path, some + [b'250 mx\n', b'554 no\n'], '-tls1_3') as server:
            done = send(url % server.port, '--ca-file', ca, '--timeout', '5', '--trace')
            assert 'S: 220 mx' in done.err and 'C: EHLO' in done.err, done

        def flood():
            while True:
                yield b'k\n'
        with OpensslServer(path, flood(), '-tls1_3', pause=0) as server:
            began = time.monotonic()
            expect(send(url % server.port, '--ca-file', ca, '--timeout', '2'), TEMPFAIL)
            assert time.monotonic() - began < 6

        def renegotiate():
            yield b'220 mx\n'
            time.sleep(0.3)
            yield b'R\n'
            time.sleep(0.3)
            yield b'250 mx\n'
        with OpensslServer(path, renegotiate(), '-tls1_2') as server:
            done = send(url % server.port, '--ca-file', ca, '--timeout', '2', '--trace')
            assert done.code in (TEMPFAIL, 69), done


def test_what_tls_1_3_may_ask_between():
    """attacks 71: HelloRetryRequest, tickets, and a certificate of the client's asked for late."""
    with files() as here:
        path, ca = authority().issue(here), authority().root(here)
        retry = context_of(path)
        retry.set_ecdh_curve('secp384r1')
        with tls_server(retry) as server:
            expect(send(at('smtps', server), '--ca-file', ca), OK)
        late = context_of(path)
        late.post_handshake_auth = True
        late.verify_mode = ssl.CERT_OPTIONAL
        asked = []

        def serve(peer):
            secured = late.wrap_socket(peer, server_side=True)
            stream = Stream(secured)
            stream.write(b'220 mx\r\n')
            stream.readline()
            try:
                secured.verify_client_post_handshake()
                stream.write(b'250 mx\r\n')
            except ssl.SSLError as refusal:  # the client does not offer it
                asked.append(refusal.reason)
                stream.write(b'250 mx\r\n')
            converse(stream, greeting=False)
        with Server(serve) as server:
            expect(send(at('smtps', server), '--ca-file', ca), OK)
        equal(asked, ['EXTENSION_NOT_RECEIVED'])


def test_sessions_are_resumed_and_early_data_is_never_sent():
    """attacks 72, 73: a session is for its host, its authorities, its pins."""
    with files() as here, ImplicitSink('--listen', 'tls:127.0.0.1:0') as sink:
        kept, ca = here + '/session', sink.folder + '/ca.pem'
        resume = ('--tls-session', kept, '--trace')
        url = at('smtps', sink)
        assert ', resumed' not in expect(send(url, '--ca-file', ca, *resume), OK).err
        equal(os.stat(kept).st_mode & 0o777, 0o600)
        expect(send(url, '--ca-file', ca, *resume), OK, ', resumed')
        other = here + '/copy.pem'
        with open(ca) as source, open(other, 'w') as copy:
            copy.write(source.read())
        assert ', resumed' not in expect(send(url, '--ca-file', other, *resume), OK).err
        assert ', resumed' not in expect(send(at('smtps', sink, '127.0.0.1'), '--ca-file', other, *resume), OK).err
        os.chmod(kept, 0o644)
        expect(send(url, '--ca-file', ca, *resume), USAGE, 'session file', 'chmod 600')
        os.unlink(kept)
        os.symlink(ca, kept)
        expect(send(url, '--ca-file', ca, *resume), USAGE, 'session file')
        os.unlink(kept)
        with open(kept, 'w') as file:
            os.fchmod(file.fileno(), 0o600)
            file.write('nonsense')
        expect(send(url, '--ca-file', ca, *resume), OK)
        path = authority().issue(here)
        os.unlink(kept)
        for version, word in (('-tls1_3', b'No early data received'), ('-tls1_2', None)):
            script = [b'220 mx\n'] + [b'250 mx\n'] * 3 + [b'354 go\n', b'250 ok\n', b'221 bye\n']
            for turn in range(2):
                options = (version, '-early_data', '-max_early_data', '16384') if word else (version,)
                with OpensslServer(path, iter(script), *options) as server:
                    send('smtps://localhost:%d' % server.port, '--ca-file', authority().root(here), '--tls-session', kept, '--timeout', '3')
                    time.sleep(0.1)
                    assert b'Early data was' not in server.out and (not word or word in server.out), server.out


def test_names_in_sni():
    """attacks 74: the host's name without a trailing dot; none for an address."""
    with files() as here:
        asked = []
        context = context_of(authority().issue(here, names=('localhost', '127.0.0.1')))
        context.sni_callback = lambda connection, wanted, _: asked.append(wanted)
        with tls_server(context) as server:
            ca = authority().root(here)
            expect(send(at('smtps', server), '--ca-file', ca), OK)
            expect(send(at('smtps', server, 'LocalHost'), '--ca-file', ca), OK)
            expect(send(at('smtps', server, '127.0.0.1'), '--ca-file', ca), OK)
        equal([word.lower() if word else word for word in asked], ['localhost', 'localhost', None])


def test_credentials_never_go_to_whom_is_not_trusted():
    """Whatever the server's certificate is worth is known before anything but ClientHello and an alert was said."""
    with files() as here:
        seen = []
        context = context_of(authority().issue(here, names=('other.test',)))
        context.sni_callback = None

        def serve(peer):
            try:
                secured = context.wrap_socket(peer, server_side=True)
                stream = Stream(secured)
                stream.write(b'220 mx\r\n')
                seen.extend(iter(stream.readline, b''))
            except (ssl.SSLError, OSError):
                pass
        secret = here + '/secret'
        with open(secret, 'w') as file:
            os.fchmod(file.fileno(), 0o600)
            file.write('s3cret\n')
        with Server(serve) as server:
            expect(send('smtps://alice@localhost:%d' % server.address[1], '--ca-file', authority().root(here), '--password-file', secret), NO_TRUST)
            time.sleep(0.1)
        equal(seen, [])
