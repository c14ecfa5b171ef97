"""Whose certificate is taken (attacks D): RFC 9525, 5280. Servers are Python's ssl, certificates those of python3-cryptography."""
import base64
import os
import shutil
import ssl
import struct
import subprocess

from common import ENVELOPE, OK, PROGRAM, USAGE, Server, Trap, Skip, expect, run
from pki import Authority, authority, context_of, files, pin_of, tls_server

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from pki import ExtendedKeyUsageOID
except ImportError:
    x509 = None

NO_TRUST = 76


def send(host, port, *options, **more):
    return run('send', '--server', 'smtps://%s:%d' % (host, port), *ENVELOPE, '--text', 't', *options, **more)


def meet(path, ca, host='localhost', *options, context=None):
    """What comes of a server with that certificate that we call `host`."""
    with tls_server(context or context_of(path)) as server:
        return send(host, server.address[1], '--ca-file', ca, *options)


def judge(words, host='localhost', by=None, **certificate):
    with files() as folder:
        issuer = by or authority()
        done = meet(issuer.issue(folder, **certificate), issuer.root(folder), host)
        if words is None:
            expect(done, OK)
        else:
            expect(done, NO_TRUST, 'not to be trusted', *words.split('|'))


def test_good_certificates():
    judge(None)
    judge(None, names=('LOCALHOST',))
    judge(None, names=('other.test', 'localhost'), common=None)
    judge(None, by=Authority('between', above=authority()))


def test_each_distrust_has_its_reason():
    judge('hostname mismatch|it names mail.example.test', names=('mail.example.test',))
    judge('expired', days=(-9, -2))
    judge('not yet valid', days=(2, 9))
    with files() as folder:
        alone = Authority('alone')
        lone = alone.issue(folder)
        expect(meet(lone, authority().root(folder)), NO_TRUST, 'issuer certificate', 'issued by CN = alone')
        key = ec.generate_private_key(ec.SECP256R1())
        self_signed = Authority('localhost')
        self_signed.key = key
        path = self_signed.issue(folder, common='localhost', key=key)
        expect(meet(path, authority().root(folder)), NO_TRUST, 'self-signed certificate')


def test_the_common_name_is_no_name():
    judge('hostname mismatch', names=('other.test',), common='localhost')
    judge('hostname mismatch|it names no host', names=(), common='localhost')


def test_wildcards():
    """Names are looked up in a file of hosts of a name space of its own, since no wildcard names localhost."""
    cases = [('*.example.test', 'mail.example.test', None), ('*.example.test', 'MAIL.example.test', None),
             ('*.example.test', 'a.b.example.test', 'mismatch'), ('*.example.test', 'example.test', 'mismatch'),
             ('*', 'example.test', 'mismatch'), ('*.test', 'example.test', 'mismatch'), ('m*.example.test', 'mail.example.test', 'mismatch'),
             ('mail.*.test', 'mail.example.test', 'mismatch'), ('*il.example.test', 'mail.example.test', 'mismatch'),
             ('mail.example.test.', 'mail.example.test', 'mismatch'), ('xn--mnchen-3ya.test', 'm\u00fcnchen.test', None),
             ('mail.example.test', 'mail.example.test.', None)]
    if os.geteuid() != 0 or not shutil.which('unshare'):
        raise Skip('needs root, for a file of hosts of its own')
    with files() as folder:
        ca = authority().root(folder)
        hosts = os.path.join(folder, 'hosts')
        names = sorted({host.rstrip('.').lower().encode('idna').decode() for _, host, _ in cases})
        with open(hosts, 'w') as file:
            file.write(''.join('127.0.0.1 %s %s.\n' % (host, host) for host in names))
        for pattern, host, problem in cases:
            with tls_server(context_of(authority().issue(folder, names=(pattern,)))) as server:
                done = run('-m', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', hosts, PROGRAM,
                           'send', '--server', 'smtps://%s:%d' % (host, server.address[1]), *ENVELOPE, '--text', 't', '--ca-file', ca,
                           program='unshare')
            try:
                expect(done, NO_TRUST if problem else OK, problem or '')
            except AssertionError as failure:
                raise AssertionError('%s for %s: %s' % (pattern, host, failure))


def test_addresses():
    judge(None, host='127.0.0.1', names=('127.0.0.1',))
    judge('IP address mismatch', host='127.0.0.1', names=('localhost',))
    judge('IP address mismatch', host='127.0.0.1', names=('127.0.0.2', '::1'))
    judge('IP address mismatch', host='127.0.0.1', names=('other.test',), common='127.0.0.1')


def test_chains_that_are_not_sound():
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier('1.2.3.4.5'), b'\x05\x00') if x509 else None
    judge('unhandled critical extension', extra=((odd, True),))
    judge('invalid CA certificate', by=Authority('leaf', above=authority(), signs=False))
    judge('path length constraint exceeded', by=Authority('third', above=Authority('second', above=Authority('first', path=0))))
    judge('permitted subtree violation', by=Authority('narrow', above=authority(), constraint='example.test'))
    judge(None, by=Authority('narrow', above=authority(), constraint='localhost'))
    judge('certificate purpose',
          extra=((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),))
    with files() as folder:  # a leaf that issues
        leaf = Authority('leaf')
        leaf.above = authority()
        leaf.certificate = authority().build(leaf.name, leaf.key.public_key(), ca=False)
        expect(meet(leaf.issue(folder), authority().root(folder)), NO_TRUST, 'not to be trusted')


def test_large_and_many():
    judge(None, names=tuple('n%d.example.test' % i for i in range(1000)) + ('localhost',))
    judge('mismatch|...', names=tuple('n%d.example.test' % i for i in range(1000)))
    chain = authority()
    for i in range(20):
        chain = Authority('level %d' % i, above=chain)
    judge(None, by=chain)
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier('1.2.3.4.6'), b'\x04\x82\xff\xf0' + bytes(65520))
    judge(None, extra=((odd, False),))


def test_more_than_is_bearable_ends_the_handshake():
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier('1.2.3.4.6'), b'\x04\x83\x02\x00\x00' + bytes(131072))
    with files() as folder:
        expect(meet(authority().issue(folder, extra=((odd, False),)), authority().root(folder)), NO_TRUST)


def test_weak_keys_and_old_protocols():
    with files() as folder:
        ca = authority().root(folder)
        weak = authority().issue(folder, key=rsa.generate_private_key(65537, 1024))
        expect(meet(weak, ca), NO_TRUST, 'key too weak')
        good = authority().issue(folder, key=rsa.generate_private_key(65537, 2048))
        expect(meet(good, ca), OK)
        old = context_of(good, minimum=ssl.TLSVersion.TLSv1, maximum=ssl.TLSVersion.TLSv1_1)
        expect(meet(good, ca, context=old), NO_TRUST, 'TLS 1.2')
        for ciphers in 'eNULL:@SECLEVEL=0', 'aNULL:@SECLEVEL=0':
            none = context_of(good, ciphers, maximum=ssl.TLSVersion.TLSv1_2)
            expect(meet(good, ca, context=none), NO_TRUST, 'TLS could not be established')


GROUP_2 = ('ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6d'
           'f25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381'
           'ffffffffffffffff')


def test_short_groups_of_diffie_and_hellman():
    with files() as folder:
        ca = authority().root(folder)
        good = authority().issue(folder, key=rsa.generate_private_key(65537, 2048))
        short = context_of(good, 'DHE-RSA-AES128-SHA256:@SECLEVEL=0', maximum=ssl.TLSVersion.TLSv1_2)
        parameters = os.path.join(folder, 'dh.pem')
        # OpenSSL makes no server with less than 1,024 bits. This is the group of RFC 2409 6.2.
        der = b'\x30\x81\x87\x02\x81\x81\x00' + bytes.fromhex(GROUP_2) + b'\x02\x01\x02'
        with open(parameters, 'w') as file:
            file.write('-----BEGIN DH PARAMETERS-----\n%s-----END DH PARAMETERS-----\n' % base64.encodebytes(der).decode())
        short.load_dh_params(parameters)
        expect(meet(good, ca, context=short), NO_TRUST, 'TLS could not be established')


def test_without_authorities_nobody_is_trusted():
    with files() as folder, Trap() as trap:
        empty = os.path.join(folder, 'empty.pem')
        open(empty, 'w').close()
        for path in empty, os.path.join(folder, 'missing.pem'), folder:
            expect(send('127.0.0.1', trap.address[1], '--ca-file', path), USAGE, 'trusted certificates', path)
        assert not trap.called()
        path = authority().issue(folder)
        with tls_server(context_of(path)) as server:
            nowhere = {'SSL_CERT_FILE': empty, 'SSL_CERT_DIR': folder + '/none'}
            expect(send('localhost', server.address[1], env=nowhere), NO_TRUST, 'issuer')
        with tls_server(context_of(path)) as server:  # the system's are those that OpenSSL is told
            system = {'SSL_CERT_FILE': authority().root(folder)}
            expect(send('localhost', server.address[1], env=system), OK)


def test_the_folder_of_the_system_is_asked_before_its_file():
    """The file, of more than a hundred certificates as a rule, costs more than the rest of a mail."""
    with files() as folder:
        path = authority().issue(folder)
        hashed, pipe = os.path.join(folder, 'hashed'), os.path.join(folder, 'pipe')
        os.mkdir(hashed)
        shutil.copy(authority().root(folder), os.path.join(hashed, 'root.pem'))
        subprocess.run(['openssl', 'rehash', hashed], check=True)
        os.mkfifo(pipe)  # whoever opens it waits forever
        with tls_server(context_of(path)) as server:
            expect(send('localhost', server.address[1], '--timeout', '20', env={'SSL_CERT_FILE': pipe, 'SSL_CERT_DIR': hashed}), OK)
        with tls_server(context_of(path)) as server:
            other = Authority('another').root(folder)
            expect(send('localhost', server.address[1], env={'SSL_CERT_FILE': other, 'SSL_CERT_DIR': folder}), NO_TRUST, 'issuer')


def test_broken_certificates():
    """Every 97th octet flipped, and cut: refused, each time within the time for all."""
    with files() as folder:
        path = authority().issue(folder)
        ca = authority().root(folder)
        with open(path) as file:
            key, rest = file.read().split('-----BEGIN CERTIFICATE-----')
        der = base64.b64decode(rest.split('-----END')[0])
        def broken(at):
            octets = bytearray(der)
            octets[at] ^= 0x41
            return bytes(octets)

        def serve_with(octets):
            def serve(peer):
                """As much of TLS 1.2 as brings a certificate to the client: ServerHello, Certificate, ServerHelloDone."""
                peer.recv(65536)
                hello = b'\x03\x03' + bytes(32) + b'\x00' + b'\xc0\x2b' + b'\x00' + b'\x00\x05\xff\x01\x00\x01\x00'
                entry = len(octets).to_bytes(3, 'big') + octets
                messages = b''
                for kind, body in ((2, hello), (11, len(entry).to_bytes(3, 'big') + entry), (14, b'')):
                    messages += bytes([kind]) + len(body).to_bytes(3, 'big') + body
                peer.sendall(b'\x16\x03\x03' + struct.pack('>H', len(messages)) + messages)
                peer.recv(65536)
            return Server(serve)
        for at in range(0, len(der), 41):
            with serve_with(broken(at)) as server:
                expect(send('localhost', server.address[1], '--ca-file', ca, '--timeout', '10'), NO_TRUST)
        for length in (0, 1, 2, 100, len(der) - 1):
            with serve_with(der[:length]) as server:
                expect(send('localhost', server.address[1], '--ca-file', ca, '--timeout', '10'), NO_TRUST)


def test_pins():
    """A pinned key decides alone, as RFC 7671 3.1.1 has it: issuer, name and dates are another's business."""
    with files() as folder:
        path = Authority('stranger').issue(folder, names=('elsewhere.test',), days=(-9, -2))
        pin = pin_of(path)
        good = ['sha256:' + pin.hex(), 'sha256:' + pin.hex().upper(), 'sha256:' + base64.b64encode(pin).decode()]
        wrong = 'sha256:' + '00' * 32
        with tls_server(context_of(path)) as server:
            for each in good:
                expect(send('localhost', server.address[1], '--pin', each), OK)
            expect(send('localhost', server.address[1], '--pin', wrong, '--pin', good[0]), OK)
            expect(send('localhost', server.address[1], '--pin', wrong), NO_TRUST, 'pinned')
        path = authority().issue(folder)
        with tls_server(context_of(path)) as server:  # a good certificate does not stand in for a pinned key
            expect(send('localhost', server.address[1], '--pin', wrong, '--ca-file', authority().root(folder)), NO_TRUST, 'pinned')
    with Trap() as trap:
        for bad in ('', 'sha256:', 'md5:' + '0' * 32, 'sha256:' + '0' * 63, 'sha256:' + 'g' * 64, 'sha256:' + 'A' * 43, 'sha256:' + 'A' * 42 + '==',
                    '0' * 64):
            expect(send('127.0.0.1', trap.address[1], '--pin', bad), USAGE, 'pin')
        assert not trap.called()


def test_certificates_of_our_own():
    with files() as folder:
        ca, path = authority().root(folder), authority().issue(folder)
        ours = authority().issue(folder, common='alice')
        context = context_of(path)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ca)
        with tls_server(context) as server:
            expect(send('localhost', server.address[1], '--ca-file', ca, '--certificate', ours), OK)
            done = send('localhost', server.address[1], '--ca-file', ca, '--timeout', '10')
            assert done.code in (75, 76), done
    with Trap() as trap:
        expect(send('127.0.0.1', trap.address[1], '--certificate', '/nonexistent'), USAGE, '/nonexistent')
        assert not trap.called()
