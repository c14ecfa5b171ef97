"""Who we are (attacks E) and what nobody is to learn of it (attacks M), through the command."""
import base64
import hashlib
import hmac
import os
import pty
import re
import subprocess
import time

from common import ENVELOPE, ENVIRONMENT, NOINPUT, OK, PATIENCE, PROGRAM, TEMPFAIL, Skip, Trap, equal, expect, folder, run
from harness import ImplicitSink, SecureSink, Sink
from pki import authority, files

NO_TRUST, NO_PERMISSION = 76, 77
PASSWORD = 's3cret-Pa55'
EVERY = 'SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN'


def secret_file(here, text=PASSWORD, mode=0o600):
    path = os.path.join(here, 'secret')
    with open(path, 'wb') as file:
        os.fchmod(file.fileno(), mode)
        file.write(text if isinstance(text, bytes) else text.encode() + b'\n')
    return path


def where(sink, scheme='smtps', user='alice@'):
    return '%s://%slocalhost:%d' % (scheme, user, sink.addresses[0][1])


def send(sink, *options, scheme='smtps', user='alice@', **more):
    ca = ('--ca-file', sink.folder + '/ca.pem') if os.path.exists(sink.folder + '/ca.pem') else ()
    return run('send', '--server', where(sink, scheme, user), *ENVELOPE, '--text', 'hello', *ca, *options, **more)


def users(sink):
    return [envelope.get('user') for _, envelope in sink.mails()]


def test_every_mechanism():
    with folder() as here:
        path = secret_file(here)
        for make, scheme in (ImplicitSink, 'smtps'), (SecureSink, 'smtp'):
            with make('--user', 'alice:' + PASSWORD, '--auth-required', maildir=True) as sink:
                for mechanism in EVERY:
                    done = expect(send(sink, '--password-file', path, '--auth', mechanism, '--trace', scheme=scheme), OK)
                    assert 'C: AUTH ' + mechanism in done.err, done
                expect(send(sink, '--password-file', path, '--trace', scheme=scheme), OK, 'C: AUTH SCRAM-SHA-256-PLUS ***')
                expect(send(sink, '--password-file', path, '--user', 'alice', scheme=scheme, user=''), OK)
                equal(users(sink), ['alice'] * (len(EVERY) + 2))
        with ImplicitSink('--tls-max', '1.2', '--user', 'alice:' + PASSWORD) as sink:  # there are servers that do not know the other binding
            expect(send(sink, '--password-file', path, '--trace'), OK, 'C: AUTH SCRAM-SHA-256 ***')
        for version, binding in ('1.2', 'tls-server-end-point'), ('1.3', 'tls-exporter'):
            with ImplicitSink('--tls-max', version, '--user', 'alice:' + PASSWORD, '--trace') as sink:
                expect(send(sink, '--password-file', path, '--auth', 'SCRAM-SHA-256-PLUS'), OK)
                first = re.search(r'C: AUTH SCRAM-SHA-256-PLUS (\S+)', sink.errors()).group(1)
                assert base64.b64decode(first).startswith(b'p=' + binding.encode()), first


def test_tokens():
    with folder() as here, ImplicitSink('--token', 'alice:a-token', '--auth-required', maildir=True) as sink:
        script = os.path.join(here, 'token')
        with open(script, 'w') as file:
            file.write('a-token\n')
        for mechanism in 'OAUTHBEARER', 'XOAUTH2':
            expect(send(sink, '--token-command', 'cat ' + script, '--auth', mechanism), OK)
            done = expect(send(sink, '--token-command', 'echo another', '--auth', mechanism, '--trace'), NO_PERMISSION, '535')
            assert 'another' not in done.err and base64.b64encode(b'another').decode()[:8] not in done.err, done
        expect(send(sink, '--token-command', 'cat ' + script), OK)
        equal(users(sink), ['alice'] * 3)
        long = 'x' * 8000
        expect(send(sink, '--token-command', "head -c 8000 /dev/zero | tr '\\0' x"), NO_PERMISSION, '535')
        expect(send(sink, '--token-command', "head -c 9000 /dev/zero | tr '\\0' x"), 64, '8,192')
    with ImplicitSink('--token', 'alice:' + long, maildir=True) as sink:
        expect(send(sink, '--token-command', "head -c 8000 /dev/zero | tr '\\0' x"), OK)
        equal(users(sink), ['alice'])


def test_external_and_anonymous():
    with files() as here:
        path, ca = authority().issue(here), authority().root(here)
        with Sink('--listen', 'tls:127.0.0.1:0', '--cert', path, '--key', path, '--client-ca', ca, '--auth-required', maildir=True) as sink:
            options = ('--ca-file', ca, '--certificate', authority().issue(here, common='alice'), '--auth', 'EXTERNAL', '--trace')
            expect(send(sink, *options), OK, 'C: AUTH EXTERNAL =')
            equal(users(sink), ['alice'])
    with ImplicitSink('--anonymous', '--auth-required') as sink:
        expect(send(sink, '--auth', 'ANONYMOUS', '--trace'), OK, 'C: AUTH ANONYMOUS ***')


def test_no_credentials_in_clear():
    """attacks 92, 93, 94, 59: each ends before a credential is said, with a code that tells."""
    with folder() as here:
        path = secret_file(here)
        with Sink('--user', 'alice:' + PASSWORD) as sink:  # AUTH is offered, TLS is not
            done = expect(send(sink, '--password-file', path, '--trace', scheme='smtp'), NO_TRUST, 'TLS is required')
            assert 'C: AUTH' not in done.err and 'C: MAIL' not in done.err, done
            expect(send(sink, '--password-file', path, scheme='smtp+notls'), OK)
        with ImplicitSink('--user', 'alice:' + PASSWORD, '--hide', 'AUTH') as sink:
            done = expect(send(sink, '--password-file', path, '--trace'), NO_PERMISSION, 'offers no way')
            assert 'C: MAIL' not in done.err, done
        with ImplicitSink('--user', 'alice:' + PASSWORD, '--mechanisms', 'LOGIN,PLAIN') as sink:
            done = expect(send(sink, '--password-file', path, '--auth', 'SCRAM-SHA-256,SCRAM-SHA-1', '--trace'), NO_PERMISSION, 'offers no way')
            assert 'C: AUTH' not in done.err, done


def test_refusals_are_told_apart():
    """attacks 113, 115: one try, its code told, and an exit code for each kind."""
    with folder() as here:
        path = secret_file(here)
        for code, exit_code in (535, NO_PERMISSION), (534, NO_PERMISSION), (538, NO_PERMISSION), (454, TEMPFAIL), (432, TEMPFAIL), (421, TEMPFAIL):
            with ImplicitSink('--user', 'alice:' + PASSWORD, '--reply', 'auth=%d 5.7.8 no' % code) as sink:
                done = expect(send(sink, '--password-file', path, '--trace'), exit_code, str(code))
                equal(done.err.count('C: AUTH'), 1)
        with ImplicitSink('--user', 'alice:' + PASSWORD) as sink:
            done = expect(send(sink, '--password-command', 'echo wrong', '--trace'), NO_PERMISSION, '535')
            equal(done.err.count('C: AUTH'), 1)


def test_secrets_are_read_with_care():
    """attacks 95, 202."""
    with folder() as here, ImplicitSink('--user', 'alice:' + PASSWORD) as sink, Trap() as trap:
        for mode in 0o640, 0o604, 0o644, 0o666:
            expect(send(sink, '--password-file', secret_file(here, mode=mode)), NOINPUT, 'others can read it')
        expect(send(sink, '--password-file', secret_file(here, PASSWORD + '\r')), OK)
        expect(send(sink, '--password-file', secret_file(here, (PASSWORD + '\nsecond line\n').encode())), OK)
        expect(send(sink, '--password-file', secret_file(here, PASSWORD.encode())), OK)
        url = ('--server', 'smtps://alice@127.0.0.1:%d' % trap.address[1])
        for text, word in (b'a\0b\n', 'NUL'), (b'\n', 'empty'), (b'', 'empty'):
            expect(run('send', *url, *ENVELOPE, '--text', 't', '--password-file', secret_file(here, text)), NOINPUT, word)
        for text in b'a\tb\n', b'\xff\xfe\n', b'a\x7f\n', 'x\u2028y\n'.encode():
            expect(run('send', *url, *ENVELOPE, '--text', 't', '--password-file', secret_file(here, text)), 64, 'password')
        expect(run('send', *url, *ENVELOPE, '--text', 't', '--password-file', secret_file(here, b'x' * 70000)), NOINPUT, 'too long')
        expect(run('send', *url, *ENVELOPE, '--text', 't', '--password-file', secret_file(here, b'x' * 9000)), 64, '8,192')
        expect(run('send', *url, *ENVELOPE, '--text', 't', '--password-file', here + '/none'), NOINPUT, 'none')
        expect(run('send', *url, *ENVELOPE, '--text', 't', '--password-command', 'exit 3'), NOINPUT)
        expect(run('send', *url, *ENVELOPE, '--text', 't', '--password-command', 'echo x; exit 3'), NOINPUT, 'failed')
        expect(run('send', *url, *ENVELOPE, '--text', 't', '--password-env', 'NO_SUCH_VARIABLE'), NOINPUT, 'not set')
        expect(run('send', *url, *ENVELOPE, '--text', 't', stdin=subprocess.DEVNULL, start_new_session=True), NOINPUT, '--password-file')
        expect(run('send', *url, *ENVELOPE, '--text', 't', '--password', 'x'), 64)
        expect(run('send', '--server', 'smtps://alice:x@127.0.0.1:%d' % trap.address[1], *ENVELOPE, '--text', 't'), 64, 'password has no place')
        for bad in 'NONSENSE', 'PLAIN,', '', 'OAUTHBEARER', 'PLAIN,NONSENSE':
            expect(run('send', *url, *ENVELOPE, '--text', 't', '--password-command', 'echo x', '--auth', bad), 64, 'mechanism')
        assert not trap.called()
        expect(send(sink, '--password-env', 'SECRET', env={'SECRET': PASSWORD}), OK)
        expect(send(sink, env={'POSTINO_PASSWORD_FILE': secret_file(here)}), OK)
        expect(run('sendmail', 'b@x.test', input=b'\nt\n', env={'POSTINO_SERVER': where(sink), 'POSTINO_CA_FILE': sink.folder + '/ca.pem',
                                                            'POSTINO_PASSWORD_COMMAND': 'echo ' + PASSWORD}), OK)


def test_a_terminal_is_asked_and_shows_nothing():
    with ImplicitSink('--user', 'alice:' + PASSWORD) as sink:
        child, terminal = pty.fork()
        if child == 0:
            os.environ.pop('POSTINO_SERVER', None)
            os.execv(PROGRAM, [PROGRAM, 'send', '--server', where(sink), *ENVELOPE, '--text', 't', '--ca-file', sink.folder + '/ca.pem'])
        shown = b''
        while b'Password of alice: ' not in shown:
            shown += os.read(terminal, 1000)
        os.write(terminal, PASSWORD.encode() + b'\n')
        try:
            while True:
                shown += os.read(terminal, 1000)
        except OSError:
            pass
        equal(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), OK)
        os.close(terminal)
        assert PASSWORD.encode() not in shown and b'accepted' in shown, shown


def test_what_is_not_ascii_is_prepared():
    """attacks 116: RFC 4013 3 has these examples."""
    for given, said in ('I\u00adX', 'IX'), ('\u00aa', 'a'), ('\u2168', 'IX'), ('us\u00e9r', 'us\u00e9r'), ('a\u00a0b', 'a b'):
        with ImplicitSink('--user', '%s:%s' % (said, said), maildir=True) as sink:
            for mechanism in 'PLAIN', 'SCRAM-SHA-256':
                expect(send(sink, '--user', given, '--password-command', "printf '%s'" % given, '--auth', mechanism, user=''), OK)
            equal(users(sink), [said] * 2)
    with Trap() as trap:
        for bad in '\u0007', 'a\u0627b':  # prohibited; left and right mixed
            expect(run('send', '--server', 'smtps://127.0.0.1:%d' % trap.address[1], *ENVELOPE, '--text', 't', '--user', bad,
                       '--password-command', 'echo x'), 64, 'user name')
        assert not trap.called()


def test_traces_and_errors_tell_no_secret():
    """attacks 199"""
    with folder() as here:
        path = secret_file(here)
        for mechanism in EVERY:
            for more in (), ('--reply', 'auth=535 5.7.8 no'):
                with ImplicitSink('--user', 'alice:' + PASSWORD, *more) as sink:
                    done = send(sink, '--password-file', path, '--auth', mechanism, '--trace', '--json')
                    said = [line[3:] for line in done.err.splitlines() if line.startswith('C: ')]
                    at = said.index([line for line in said if line.startswith('AUTH ')][0])
                    for line in said[at:]:
                        assert re.fullmatch(r'AUTH [A-Z0-9-]+( \*\*\*)?|\*\*\*|\*|MAIL .*|RCPT .*|DATA|BDAT .*|\.|QUIT|', line), line
                    for form in forms('alice', PASSWORD):
                        assert form.decode('latin-1') not in done.out + done.err, form


def forms(user, password):
    """What would give it away: the password, and base64 that holds it at each of the three places it can have."""
    yield password.encode()
    for before in range(3):
        encoded = base64.b64encode(b'?' * before + password.encode())
        yield encoded[4 if before else 0:len(encoded) // 4 * 4 - 4]
    salted = {hashlib.pbkdf2_hmac(h, password.encode(), s, 4096) for h in ('sha1', 'sha256') for s in SALTS}
    yield from salted
    for key in salted:
        yield hmac.new(key, b'Client Key', 'sha1' if len(key) == 20 else 'sha256').digest()


SALTS = set()


def memory_of(process):
    """All that a process could write into a core file, and what it would leave out."""
    with open('/proc/%d/maps' % process) as maps, open('/proc/%d/mem' % process, 'rb') as memory:
        for line in maps:
            area, access = line.split()[:2]
            if 'r' not in access or '[v' in line:
                continue
            begin, end = (int(part, 16) for part in area.split('-'))
            try:
                memory.seek(begin)
                yield line, memory.read(end - begin)
            except (OSError, ValueError):
                continue


def test_the_memory_behind_auth_holds_no_secret():
    """attacks 201: it hangs at MAIL, and is searched."""
    if os.geteuid() != 0:
        raise Skip('needs root, to read the memory of another process')
    for mechanism in EVERY + ('none',):
        password = PASSWORD * 9  # longer than what is said behind it into the same room
        with folder() as here, ImplicitSink('--user', 'alice:' + password, '--mute', 'mail', '--trace') as sink:
            path = secret_file(here, password)
            more = ('--auth', mechanism) if mechanism != 'none' else ()
            child = subprocess.Popen([PROGRAM, 'send', '--server', where(sink), *ENVELOPE, '--text', 't', '--ca-file', sink.folder + '/ca.pem',
                                      '--password-file', path, *more], env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
            try:
                began = time.monotonic()
                while 'C: MAIL' not in sink.errors() and time.monotonic() - began < PATIENCE:
                    time.sleep(0.02)
                time.sleep(0.05)
                said = sink.errors()
                SALTS.clear()
                for challenge in re.findall(r'S: 334 (\S+)', said):
                    salt = re.search(rb',s=([^,]+)', base64.b64decode(challenge + '=='))
                    if salt:
                        SALTS.add(base64.b64decode(salt.group(1)))
                wanted = [form for form in forms('alice', password) if len(form) > 5]
                wanted += list(forms('alice', PASSWORD * 3))[:4]  # what was written over in part
                spoken = re.findall(r'C: (?:AUTH \S+ )?([A-Za-z0-9+/=]{16,})$', said, re.M)
                wanted += [line.encode() for line in spoken] if mechanism in ('PLAIN', 'LOGIN') else []
                areas = list(memory_of(child.pid))
                assert any(b'a@example.test' in area for _, area in areas), 'nothing of it can be read'
                for line, area in areas:
                    for form in wanted:
                        assert form not in area, '%s: %r in %s' % (mechanism, form, line)
            finally:
                child.kill()
                child.communicate()
