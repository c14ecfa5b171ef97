"""Certificates of every kind, made on the fly; and servers in TLS that are not ours: Python's ssl, openssl s_server."""
import contextlib
import datetime
import functools
import ipaddress
import os
import ssl
import subprocess
import tempfile
import threading
import time

from common import PATIENCE, Server, Skip

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:
    x509 = None

MAKING = threading.Lock()
DAY = datetime.timedelta(days=1)


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)] if common else [])


def alternative(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


class Authority:
    """Issues certificates. `above` issues its own; without, it signs itself."""

    def __init__(self, common='authority', above=None, **more):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name(common)
        self.above = above
        self.certificate = (above or self).build(self.name, self.key.public_key(), ca=True, **more)

    def build(self, subject, public, names=(), ca=False, days=(-1, 30), path=None, signs=True, extra=(), constraint=None):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public)
                   .serial_number(x509.random_serial_number()).not_valid_before(now + days[0] * DAY)
                   .not_valid_after(now + days[1] * DAY))
        if ca is not None:
            builder = builder.add_extension(x509.BasicConstraints(ca, path if ca else None), critical=True)
        if ca:
            usage = dict.fromkeys(('digital_signature', 'content_commitment', 'key_encipherment', 'data_encipherment',
                                   'key_agreement', 'encipher_only', 'decipher_only'), False)
            builder = builder.add_extension(x509.KeyUsage(key_cert_sign=signs, crl_sign=True, **usage), critical=True)
        if constraint:
            builder = builder.add_extension(x509.NameConstraints([x509.DNSName(constraint)], None), critical=True)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([alternative(each) for each in names]), critical=False)
        for extension, critical in extra:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.key, hashes.SHA256())

    def chain(self):
        return b'' if not self.above else pem(self.certificate) + self.above.chain()

    def issue(self, folder, names=('localhost',), common='mail', key=None, **more):
        """Returns the path of a file with a key, its certificate and the chain."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        certificate = self.build(name(common), key.public_key(), names, **more)
        handle, path = tempfile.mkstemp(dir=folder, suffix='.pem')
        with os.fdopen(handle, 'wb') as file:
            file.write(key_pem(key) + pem(certificate) + self.chain())
        return path

    def root(self, folder):
        top = self
        while top.above:
            top = top.above
        handle, path = tempfile.mkstemp(dir=folder, suffix='.ca.pem')
        with os.fdopen(handle, 'wb') as file:
            file.write(pem(top.certificate))
        return path


@functools.lru_cache(None)
def one_authority():
    return Authority()


def authority():
    """The same for everyone, for tests that begin at once, too."""
    if not x509:
        raise Skip('python3-cryptography is not here')
    with MAKING:
        return one_authority()


@contextlib.contextmanager
def files():
    authority()
    with tempfile.TemporaryDirectory(prefix='pki-') as folder:
        yield folder


def pin_of(path):
    with open(path, 'rb') as file:
        certificate = x509.load_pem_x509_certificate(file.read().split(b'-----END PRIVATE KEY-----\n')[1])
    digest = hashes.Hash(hashes.SHA256())
    digest.update(certificate.public_key().public_bytes(serialization.Encoding.DER,
                                                        serialization.PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize()


def context_of(path, ciphers=None, minimum=ssl.TLSVersion.TLSv1_2, maximum=ssl.TLSVersion.TLSv1_3):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(ciphers or 'DEFAULT:@SECLEVEL=0')
    context.minimum_version, context.maximum_version = minimum, maximum
    context.load_cert_chain(path)
    return context


def lines(stream):
    return iter(stream.readline, b'')


def converse(stream, greeting=True, ehlo=b'250-mx\r\n250 SIZE\r\n', final=b'250 ok\r\n', seen=None):
    """A server that takes one mail. `stream` reads and writes octets. Returns what it read as content."""
    content = b''
    if greeting:
        stream.write(b'220 mx\r\n')
    for line in lines(stream):
        if seen is not None:
            seen.append(line)
        word = line[:4].upper().strip()
        if word == b'EHLO':
            stream.write(ehlo)
        elif word == b'DATA':
            stream.write(b'354 go\r\n')
            for line in lines(stream):
                if line == b'.\r\n':
                    break
                content += line
            if final is None:
                return content
            stream.write(final)
        elif word == b'QUIT':
            stream.write(b'221 bye\r\n')
            return content
        else:
            stream.write(b'250 ok\r\n')
    return content


class Stream:
    """A socket, in TLS or not, as a file without buffers for what is written."""

    def __init__(self, socket, piece=None):
        self.socket, self.piece, self.reader = socket, piece, socket.makefile('rb')
        self.readline = self.reader.readline

    def write(self, octets):
        for at in range(0, len(octets), self.piece or len(octets)):
            self.socket.sendall(octets[at:at + (self.piece or len(octets))])


def tls_server(context, **more):
    """Implicit TLS, and a mail taken."""
    def serve(peer):
        try:
            secured = context.wrap_socket(peer, server_side=True)
        except (ssl.SSLError, OSError):
            return
        converse(Stream(secured), **more)
    return Server(serve)


class OpensslServer:
    """openssl s_server, fed with lines; `K` alone is a KeyUpdate, `R` a renegotiation."""

    def __init__(self, path, script, *options, pause=0.01):
        self.pause = pause
        self.process = subprocess.Popen(['openssl', 's_server', '-accept', '127.0.0.1:0', '-cert', path, '-key', path, '-crlf',
                                         *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.out = b''
        for line in self.process.stdout:
            self.out += line
            if line.startswith(b'ACCEPT'):
                self.port = int(line.rsplit(b':', 1)[1])
                break
        self.met = threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()
        self.script = script

    def listen(self):
        for line in self.process.stdout:
            self.out += line
            if b'CIPHER is' in line and not self.met.is_set():
                self.met.set()
                threading.Thread(target=self.feed, daemon=True).start()

    def feed(self):
        try:
            for piece in self.script:
                self.process.stdin.write(piece)
                self.process.stdin.flush()
                time.sleep(self.pause)  # it looks at the first letter of what it reads at once
        except (BrokenPipeError, ValueError):
            pass

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.process.kill()
        self.process.wait(PATIENCE)
