#!/usr/bin/python3
"""What arrives at Postfix and aiosmtpd, octet for octet, beside smtp.py: octets.py PROGRAM. Prints ok, not ok and skip lines."""
import email
import email.policy
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.abspath(sys.argv[1])
ENVIRONMENT = dict(os.environ, POSTINO_RIG_NAME='octets.py', ASAN_OPTIONS='detect_leaks=0')
# Endings that made other servers see two mails in one, and what a second mail would begin with (attacks 131).
ENDS = (b'\n.\n', b'\n.\r', b'\r.\n', b'\r.\r', b'\n.\r\n', b'\r.\r\n', b'\r\n.\n', b'\r\n.\r', b'\r\n.\r\r\n', b'\r\r\n.\r\r\n', b'\r\r\n.\r\n',
        b'\n\r.\r\n', b'\r\n.\r\n', b'.\r\n', b'..\r\n', b'.', b'\r\n.', b'\r\n..\r\n')
SMUGGLED = b'MAIL FROM:<evil@example.test>\r\nRCPT TO:<second@example.test>\r\nDATA\r\nX: y\r\n\r\nz\r\n.\r\n'


def equal(actual, expected):
    assert actual == expected, '%.600r is not %.600r' % (actual, expected)


def normal(octets):
    octets = re.sub(rb'\r\n|\r|\n', b'\r\n', octets)
    return octets if octets.endswith(b'\r\n') else octets + b'\r\n'


class Rig:
    """A server that really runs; `exact` ones keep mails octet for octet."""

    def __init__(self, name):
        self.name, self.exact, self.options = name, name == 'aiosmtpd', []
        done = self.call('up')
        self.missing = done.stdout.strip() if done.returncode == 77 else None
        assert done.returncode in (0, 77), done
        if not self.missing:
            host, port = done.stdout.split()
            self.url = 'smtp://%s:%s' % (host, port)

    def call(self, *words):
        return subprocess.run([os.path.join(HERE, self.name), *words], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, timeout=300)

    def files(self, count):
        where = self.call('mails', str(count)).stdout.strip()
        return set(glob.glob(where + ('/*.eml' if self.exact else '/new/*')))

    def send(self, *arguments, to=('b@example.test',), input=b'', code=0, sender='a@example.test', arrive=1):
        """Returns the mails that arrived, and what the program said of them as JSON."""
        before = self.files(0)
        done = subprocess.run([PROGRAM, 'send', '--server', self.url, '--from', sender, *(w for a in to for w in ('--to', a)), '--json', *self.options, *arguments],
                              input=input, env=ENVIRONMENT, capture_output=True, timeout=60)
        assert done.returncode == code, done
        if not arrive:
            time.sleep(0.2)
        new = sorted(self.files(len(before) + arrive) - before)
        equal(len(new), arrive)
        return [open(path, 'rb').read() for path in new], json.loads(done.stdout), new


def parsed(octets):
    return email.message_from_bytes(octets, policy=email.policy.default)


def content(rig, octets):
    """Without what a server puts in front; Postfix keeps LF."""
    if rig.exact:
        return octets
    return octets.replace(b'\n', b'\r\n')


def test_a_mail_with_an_attachment(rig):
    attachment = os.urandom(300000) + b'\r\n.\r\n' * 3
    with tempfile.NamedTemporaryFile(suffix=' änderung.bin') as file:
        file.write(attachment)
        file.flush()
        (mail,), told, _ = rig.send('--subject', 'Grüße aus dem Prüfstand – 日本 👍 ' + 'lang ' * 30, '--text', 'Schöne Grüße\n.\n..\nEnde', '--attach', file.name,
                                    sender='Ädä <a@example.test>')
        got = parsed(mail)
        equal(str(got['subject']).strip(), ('Grüße aus dem Prüfstand – 日本 👍 ' + 'lang ' * 30).strip())
        equal(str(got['from']), 'Ädä <a@example.test>')
        equal(got.get_body().get_content().replace('\r\n', '\n').rstrip('\n'), 'Schöne Grüße\n.\n..\nEnde')
        parts = list(got.iter_attachments())
        equal([(part.get_filename(), hashlib.sha256(part.get_payload(decode=True)).digest()) for part in parts],
              [(os.path.basename(file.name), hashlib.sha256(attachment).digest())])
        equal(told['outcome'], 'accepted')


def test_endings_that_smuggle_bring_one_mail(rig):
    before = len(rig.files(0))
    for number, end in enumerate(ENDS):
        message = b'From: a@example.test\r\nSubject: %d\r\n\r\nfirst' % number + end + SMUGGLED
        (mail,), _, paths = rig.send('--message', '-', input=message)
        expected = normal(message)
        if rig.exact:
            equal(mail, expected)
            with open(paths[0].replace('.eml', '.json')) as envelope:
                equal(json.load(envelope)['to'], ['b@example.test'])
        else:
            equal(content(rig, mail).split(b'\r\n\r\n', 1)[1], expected.split(b'\r\n\r\n', 1)[1])
    time.sleep(0.3)
    equal(len(rig.files(0)), before + len(ENDS))  # and nothing came behind


def test_texts_with_such_endings(rig):
    text = b'first' + b'x'.join(ENDS) + SMUGGLED + b'\0\x80'
    (mail,), _, _ = rig.send('--text-file', '-', input=text)
    equal(normal(parsed(mail).get_payload(decode=True)), normal(text))


def test_refused_and_deferred_among_accepted(rig):
    mails, told, paths = rig.send('--text', 't', to=('b@example.test', 'reject@example.test', 'c@example.test', 'defer@example.test'), code=69,
                                  arrive=1 if rig.exact else 2)
    equal([(to['address'].split('@')[0], to['outcome'], to.get('code')) for to in told['recipients']],
          [('b', 'accepted', 250), ('reject', 'refused for good', 550), ('c', 'accepted', 250), ('defer', 'refused for now', 451)])
    equal(told['recipients'][1]['enhanced'], '5.1.1')
    equal(told['recipients'][3]['enhanced'], '4.3.0')
    rig.send('--text', 't', to=('defer@example.test',), code=75, arrive=0)
    rig.send('--text', 't', to=('reject@example.test',), code=69, arrive=0)
    rig.send('--text', 't', '--all', to=('b@example.test', 'reject@example.test'), code=69, arrive=0)


def test_two_hundred_recipients(rig):
    everyone = ['b%d@example.test' % i for i in range(200)]
    mails, told, paths = rig.send('--text', 't', to=everyone, arrive=1 if rig.exact else 200)
    equal([to['outcome'] for to in told['recipients']], ['accepted'] * 200)
    if rig.exact:
        with open(paths[0].replace('.eml', '.json')) as envelope:
            equal(json.load(envelope)['to'], everyone)


def test_eight_bits_as_they_are(rig):
    message = 'From: a@example.test\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n.\r\n日本\r\n'.encode()
    (mail,), _, _ = rig.send('--message', '-', input=message)
    if rig.exact:
        equal(mail, message)
    equal(content(rig, mail).split(b'\r\n\r\n', 1)[1], message.split(b'\r\n\r\n', 1)[1])


def test_lines_of_998_octets_and_five_mebibytes(rig):
    message = b'From: a@example.test\n\n' + (b'.' * 998 + b'\n' + b'x' * 997 + b'\n') * 2700
    (mail,), _, _ = rig.send('--message', '-', input=message)
    equal(content(rig, mail).split(b'\r\n\r\n', 1)[1], normal(message).split(b'\r\n\r\n', 1)[1])


def test_standing_in_for_sendmail(rig):
    message = b'To: One <one@example.test>\nBcc: two@example.test\nSubject: s\n\n.\nt\n'
    before = rig.files(0)
    done = subprocess.run([PROGRAM, 'sendmail', '-ti', '-f', 'a@example.test', '-F', 'Ädä'], input=message, capture_output=True,
                          env=dict(ENVIRONMENT, POSTINO_SERVER=rig.url), timeout=60)
    equal((done.returncode, done.stdout, done.stderr), (0, b'', b''))
    new = rig.files(len(before) + (1 if rig.exact else 2)) - before
    for path in new:
        with open(path, 'rb') as file:
            mail = file.read()
        assert b'two@example.test' not in parsed(mail).as_bytes().split(b'Subject:')[1] and parsed(mail)['bcc'] is None, mail
        equal(content(rig, mail).split(b'\r\n\r\n', 1)[1], b'.\r\nt\r\n')


def passes(rig, name, test):
    try:
        test(rig)
    except Exception:
        print(''.join('# %s\n' % line[:1500] for line in traceback.format_exc().splitlines()), end='')
        print('not ok octets_%s_%s' % (rig.name, name), flush=True)
        return False
    print('ok octets_%s_%s' % (rig.name, name), flush=True)
    return True


def main():
    tests = [(name[5:], test) for name, test in globals().items() if name.startswith('test_')]
    failed = False
    for server in 'postfix', 'aiosmtpd':
        rig = Rig(server)
        if rig.missing:
            print('skip octets_%s: %s' % (server, rig.missing.replace('skip: ', '')), flush=True)
            continue
        try:
            for name, test in tests:
                failed = not passes(rig, name, test) or failed
            if server == 'postfix':  # what came by BDAT comes by DATA, too
                rig.options = ['--without', 'CHUNKING']
                for name, test in tests:
                    failed = not passes(rig, name + '_by_data', test) or failed
        finally:
            rig.call('down')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
