"""Contents: what arrives is what an independent normaliser makes of what was given, and one mail only."""
import functools
import hashlib
import itertools
import os
import random
import threading

from common import DATAERR, OK, TEMPFAIL, NOINPUT, Sink, begin, equal, expect, file, folder, normal, parsed, send, sendmail

ENDS = (b'\n.\n', b'\n.\r', b'\r.\n', b'\r.\r', b'\n.\r\n', b'\r.\r\n', b'\r\n.\n', b'\r\n.\r', b'\r\n.\r\r\n', b'\r\r\n.\r\r\n',
        b'\r\r\n.\r\n', b'\n\r.\r\n', b'\n\r.\n\r', b'.\r\n', b'..\r\n', b'.', b'\r\n.', b'\r\n.\r\n')
SMUGGLED = b'MAIL FROM:<evil@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\nX: y\r\n\r\nz\r\n.\r\nQUIT\r\n'
HEAD = b'From: a@x.test\r\nSubject: s\r\n\r\n'


def by_data_and_by_bdat(test):
    @functools.wraps(test)
    def both():
        test(chunks=False)
        test(chunks=True)
    return both


def one(mails, expected):
    equal(len(mails), 1)
    assert mails[0][0] == expected, 'stored %r is not %r' % (mails[0][0][-300:], expected[-300:])


@by_data_and_by_bdat
def test_endings_that_smuggle_stay_inside_one_mail(chunks):
    bodies = [end + SMUGGLED for end in ENDS] + [b'x' + end for end in ENDS] + [b'x' + end + end + b'y' for end in ENDS]
    with Sink(maildir=True, chunks=chunks) as sink:
        for body in bodies:
            expect(send(sink, '--message', '-', input=HEAD + body), OK)
        kept = [mail[0] for mail in sink.mails()]
        equal(len(kept), len(bodies))
        for given, stored in zip(bodies, kept):
            assert stored == normal(HEAD + given), '%r is not %r' % (stored, normal(HEAD + given))


@by_data_and_by_bdat
def test_endings_that_smuggle_in_headers(chunks):
    with Sink(maildir=True, chunks=chunks) as sink:
        given = [b'X: y' + end + b'Z: q\r\n\r\nt\r\n' for end in ENDS] + [end + HEAD + b't' for end in ENDS]
        for message in given:
            expect(send(sink, '--message', '-', input=message), OK)
        equal([mail[0] for mail in sink.mails()], [normal(message) for message in given])


@by_data_and_by_bdat
def test_endings_that_smuggle_at_the_borders_of_buffers(chunks):
    with Sink(maildir=True, chunks=chunks) as sink:
        given = []
        for border in 4096, 16384, 32768, 65536:
            for shift in range(-6, 5):
                start = HEAD + (b'y' * 62 + b'\r\n') * ((border - len(HEAD) - 200) // 64)
                start += b'z' * (border + shift - len(start))
                given.append(start + b'\r\n.\r\n' + b'\r.\n' + b'\n.\r\r\n.\r\n' + SMUGGLED)
        for message in given:
            expect(send(sink, '--message', '-', input=message), OK)
        for mail, message in zip(sink.mails(), given):
            assert mail[0] == normal(message)
        equal(len(sink.mails()), len(given))


@by_data_and_by_bdat
def test_such_texts_are_composed_into_one_mail(chunks):
    with Sink(maildir=True, chunks=chunks) as sink, folder() as here:
        for end in ENDS:
            body = b'first' + end + SMUGGLED
            expect(send(sink, '--text-file', file(here, 'text', body)), OK)
        mails = [mail[0] for mail in sink.mails()]
        equal(len(mails), len(ENDS))
        for mail, end in zip(mails, ENDS):
            got = parsed(mail).get_payload(decode=True)
            equal(normal(got), normal(b'first' + end + SMUGGLED))


@by_data_and_by_bdat
def test_nul_octets(chunks):
    with Sink(maildir=True, chunks=chunks) as sink, folder() as here:
        for body in b'\0', b'a\r\n\0.\r\nb', b'a\r\n.\0\r\nb', b'a\r\n\0\r\n.\r\n':
            expect(send(sink, '--message', '-', input=HEAD + body), DATAERR, 'NUL')
            expect(sendmail(sink, '-i', 'b@x.test', input=HEAD + body), DATAERR, 'NUL')
            expect(send(sink, '--text-file', file(here, 'text', body)), OK)
            equal(normal(parsed(sink.mails()[-1][0]).get_payload(decode=True)), normal(body))
        equal(len(sink.mails()), 4)


@by_data_and_by_bdat
def test_lengths_of_lines(chunks):
    with Sink(maildir=True, chunks=chunks) as sink:
        for length in 1, 78, 79, 997, 998:
            for end in b'', b'\n', b'\r\n':
                expect(send(sink, '--message', '-', input=HEAD + b'x' * length + end), OK)
                one(sink.mails()[-1:], HEAD + b'x' * length + b'\r\n')
        expect(send(sink, '--message', '-', input=HEAD + (b'.' * 998 + b'\n') * 200), OK)  # each is stuffed to 999
        one(sink.mails()[-1:], HEAD + (b'.' * 998 + b'\r\n') * 200)
        for length in 999, 1000, 1000000:
            expect(send(sink, '--message', '-', input=HEAD + b'x' * length), DATAERR, 'line 4')
            expect(send(sink, '--text-file', '-', input=b'x' * length), OK)
            equal(parsed(sink.mails()[-1][0]).get_content().rstrip('\r\n'), 'x' * length)
            assert max(map(len, sink.mails()[-1][0].split(b'\r\n'))) <= 998


@by_data_and_by_bdat
def test_empty_contents(chunks):
    with Sink(maildir=True, chunks=chunks) as sink, folder() as here:
        empty = file(here, 'empty', b'')
        for given in b'', b'\n', b'\r\n', b'\r', b'Subject: only\n', b'Subject: only', b'Subject: s\n\n', b'.', b'.\n', b'\n.\n', b'B', b'Bcc: x@x.test\n':
            for options in ('--message', '-'), ('--message', file(here, 'given', given)):
                expect(send(sink, *options, input=given), OK)
                one(sink.mails()[-1:], normal(given) if given[:3] != b'Bcc' else b'')
        for options in ('--text', ''), ('--text-file', empty), ('--text-file', '-'), ():
            expect(send(sink, *options), OK)
            equal(parsed(sink.mails()[-1][0]).get_payload(decode=True).strip(), b'')
        count = len(sink.mails())
        expect(send(sink, '--text', 't', '--attach', empty), OK)
        equal([part.get_payload(decode=True) for part in parsed(sink.mails()[-1][0]).iter_attachments()], [b''])
        equal(len(sink.mails()), count + 1)


def test_eight_bits():
    body = 'Grüße\r\n' * 3
    message = HEAD + body.encode()
    with Sink(maildir=True) as sink:
        expect(send(sink, '--message', '-', input=message), OK)
        one(sink.mails(), message)
        assert 'BODY=8BITMIME' in sink.mails()[0][1]['from_parameters']
        expect(send(sink, '--message', '-', input=HEAD + b'ascii\r\n'), OK)
        assert 'BODY=8BITMIME' not in sink.mails()[1][1]['from_parameters']
        expect(send(sink, '--text', body), OK)
        equal(parsed(sink.mails()[2][0]).get_content().split(), body.split())
    with Sink('--hide', '8BITMIME', maildir=True) as sink:
        expect(send(sink, '--message', '-', input=message), DATAERR, '8BITMIME')
        expect(sendmail(sink, '-i', 'b@x.test', input=message), DATAERR, '8BITMIME')
        equal(sink.mails(), [])
        declared = HEAD[:-2] + b'MIME-Version: 1.0\r\nContent-Type: multipart/%s; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n' + body.encode() + b'\r\n--b--\r\n'
        expect(send(sink, '--message', '-', input=declared % b'signed'), DATAERR, '8BITMIME')
        equal(sink.mails(), [])
        expect(send(sink, '--message', '-', input=declared % b'mixed'), OK)
        expect(sendmail(sink, '-i', 'b@x.test', input=(declared % b'mixed').replace(b'\r\n', b'\n')), OK)
        for stored, _ in sink.mails():
            equal([part.get_content().split() for part in parsed(stored).iter_parts()], [body.split()])
            assert max(stored) < 128
        expect(send(sink, '--text', body), OK)
        stored = sink.mails()[-1][0]
        equal(parsed(stored).get_content().split(), body.split())
        assert max(stored) < 128


@by_data_and_by_bdat
def test_random_octets_of_line_ends_and_dots(chunks):
    numbers = random.Random(5321)
    with Sink(maildir=True, chunks=chunks) as sink, folder() as here:
        given = [HEAD + bytes(numbers.choice(b'\r\n\r\n..ab') for _ in range(numbers.choice((10, 3000, 70000)))) for _ in range(30)]
        for message in given:
            expect(send(sink, '--message', file(here, 'message', message)), OK)
        for mail, message in zip(sink.mails(), given):
            assert mail[0] == normal(message)


@by_data_and_by_bdat
def test_five_mebibytes_with_either_line_end(chunks):
    line = b'.' + bytes(range(0x20, 0x7F)) * 7
    with Sink(maildir=True, chunks=chunks) as sink, folder() as here:
        for end in b'\n', b'\r\n':
            path = file(here, 'large', HEAD.replace(b'\r\n', end) + (line + end) * 7900)
            assert os.path.getsize(path) > 5 << 20
            expect(send(sink, '--message', path), OK)
            one(sink.mails()[-1:], HEAD + (line + b'\r\n') * 7900)
            with open(path, 'rb') as message:
                expect(sendmail(sink, '-i', 'b@x.test', stdin=message), OK)
            assert sink.mails()[-1][0].endswith(HEAD + (line + b'\r\n') * 7900)
            expect(send(sink, '--text-file', path), OK)
            equal(normal(parsed(sink.mails()[-1][0]).get_payload(decode=True)), HEAD + (line + b'\r\n') * 7900)
        for length, parameters in ((mail[0], mail[1]['from_parameters']) for mail in sink.mails()):
            declared = [int(p[5:]) for p in parameters if p.startswith('SIZE=')]
            equal(declared, [len(length)])


@by_data_and_by_bdat
def test_attachments_of_any_octets(chunks):
    everything = bytes(range(256)) * 9
    given = [b'', b'\0', b'\r', b'\n', b'\r\n.\r\n', b'.', everything, b'x' * 57, b'x' * 58, b'x' * 114, everything * 500]
    given += [os.urandom(n) for n in (56, 57, 58, 59, 57 * 3, 4096, 32768, 65536, 1 << 20)]
    with Sink(maildir=True, chunks=chunks) as sink, folder() as here:
        options = [word for i, octets in enumerate(given) for word in ('--attach', file(here, 'part%d.bin' % i, octets))]
        expect(send(sink, '--text', 't', *options), OK)
        stored = sink.mails()[0][0]
        parts = list(parsed(stored).iter_attachments())
        equal([part.get_filename() for part in parts], ['part%d.bin' % i for i in range(len(given))])
        equal([hashlib.sha256(part.get_payload(decode=True)).digest() for part in parts], [hashlib.sha256(o).digest() for o in given])
        assert chunks or max(map(len, stored.split(b'\r\n'))) <= 998  # binary ones know no lines
        expect(send(sink, '--text', 't', '--attach', '-', input=everything), OK)
        equal([part.get_payload(decode=True) for part in parsed(sink.mails()[1][0]).iter_attachments()], [everything])


def test_attachments_are_binary_where_that_is_offered():
    random.seed(3)
    octets = bytes(range(256)) + b'\r\n.\r\n\r\n.\n.\r\r\n--=_' + random.randbytes(200000) + b'\r'
    with folder() as here, Sink(maildir=True, chunks=True) as sink:
        path = file(here, 'attached', octets)
        expect(send(sink, '--text', 'Grüße', '--attach', path), OK)
        expect(send(sink, '--text', 'Grüße', '--attach', path, '--without', 'binarymime'), OK)
        (binary, envelope), (plain, other) = sink.mails()
        assert 'BODY=BINARYMIME' in str(envelope) and 'BODY=BINARYMIME' not in str(other), (envelope, other)
        assert octets in binary and b'base64' not in binary and len(plain) > 1.3 * len(octets), (len(binary), len(plain))
        for stored in binary, plain:
            message = parsed(stored)
            equal([part.get_content_type() for part in message.walk()], ['multipart/mixed', 'text/plain', 'application/octet-stream'])
        equal(next(parsed(plain).iter_attachments()).get_payload(decode=True), octets)


def test_files_that_are_not_regular():
    with Sink(maildir=True) as sink, folder() as here:
        fifo = here + '/fifo'
        os.mkfifo(fifo)
        for option in '--message', '--text-file', '--attach':
            def write():
                with open(fifo, 'wb') as out:
                    out.write(HEAD + b'by a pipe\r\n' * 20000)
            writer = threading.Thread(target=write, daemon=True)
            writer.start()
            expect(send(sink, option, fifo, *(('--text', 't') if option == '--attach' else ())), OK)
            writer.join(5)
            assert sink.mails()[-1][0].count(b'by a pipe') == 20000 or option == '--attach'
        equal([p.get_payload(decode=True) for p in parsed(sink.mails()[-1][0]).iter_attachments()], [HEAD + b'by a pipe\r\n' * 20000])
        with open('/proc/version', 'rb') as version:
            expected = version.read()
        for option in '--text-file', '--message':
            expect(send(sink, option, '/proc/version'), OK)
            assert normal(expected) in sink.mails()[-1][0]
        count = len(sink.mails())
        for option in '--message', '--text-file', '--attach':
            for path in here, here + '/missing', '/proc/self/mem', '':
                expect(send(sink, option, path, *(('--text', 't') if option == '--attach' else ())), NOINPUT, option, path)
        equal(len(sink.mails()), count)


def test_a_file_that_shrinks_while_it_is_sent():
    """Attacks 138: cut behind the first octets on the wire; the connection ends without a terminator, or a last chunk."""
    for size, step in itertools.product((3 << 20, 200000), ('data', 'rcpt')):
        with Sink('--delay', step + '=1000', chunks=step == 'rcpt', maildir=True) as sink, folder() as here:
            path = file(here, 'message', HEAD + b'line of the message\r\n' * (size // 21))
            running = begin(sink, '--message', path, '--trace')
            running.wait_for('C: RCPT')  # the file is open, and not read to its end
            os.truncate(path, 70000)
            done = running.end()
            expect(done, TEMPFAIL, 'read')
            equal(sink.mails(), [])
