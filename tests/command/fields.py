"""Header fields and file names that arrive as they were meant, whatever is in them."""
import email
import email.policy
import os

from common import ENVELOPE, NOINPUT, OK, UNAVAILABLE, USAGE, Sink, equal, expect, file, folder, parsed, send, sendmail

SUBJECTS = ('', 'plain', 'Grüße', 'x' * 75, 'x' * 76, 'x' * 997, 'ä' * 30, 'ä' * 500, '日本語' * 40, '👩‍👩‍👧‍👦' * 20, 'a ' * 200, ' leading', 'trailing ',
            'two  spaces', 'ä  ä', 'ä b ä c', '=?utf-8?q?literal?=', 'a =?x?= b', 'under_score ä_b', 'question? ä?', '"quoted", (comment) <x@y>',
            'tab\tinside', 'x' * 200 + ' ' + 'y' * 200, 'ß' + 'x' * 300 + 'ß', '%s%n\\', ' ', 'a' + ' ' * 100 + 'b', '.', '.\u2028'[:1])


def lines(stored):
    head = stored.split(b'\r\n\r\n')[0].split(b'\r\n')
    for line in head:
        assert len(line) <= 998 and line.strip(), line
        assert max(line) < 128
    return head


def test_subjects_arrive_as_given():
    with Sink(maildir=True) as sink:
        for subject in SUBJECTS:
            expect(send(sink, '--text', 't', '--subject', subject), OK)
        for subject, (stored, _) in zip(SUBJECTS, sink.mails()):
            for line in lines(stored):
                for word in line.split():
                    assert not word.startswith(b'=?utf-8?') or len(word) <= 75, word
            got = parsed(stored)['subject'] or ''
            equal(*((got.strip(), subject.strip()) if subject.isascii() else (got, subject)))


def test_subjects_that_are_not_utf8_or_too_long_are_refused():
    with Sink() as sink:
        for bad in b'\xff', b'a\xc3', b'\xed\xa0\x80', b'\xc0\xaf', b'\xf8\x88\x80\x80\x80':
            expect(send(sink, '--text', 't', '--subject', bad), USAGE, 'ubject')
        equal(sink.summary().split(',')[0], '0 mails')


def test_headers_of_the_callers_own():
    with Sink(maildir=True) as sink:
        expect(send(sink, '--text', 't', '--header', 'X-One: 1', '--header', 'X-Two:   zwei ü ', '--header', 'X-Empty:', '--header', 'Date: Thu, 01 Jan 1970 00:00:00 +0000',
                    '--header', 'Message-ID: <mine@x.test>', '--header', 'X-One: again', '--header', 'X-Long: ' + 'w ' * 900), OK)
        mail = parsed(sink.mails()[0][0])
        equal(mail.get_all('x-one'), ['1', 'again'])
        equal(mail['x-two'].strip(), 'zwei ü')
        equal(mail.get_all('date'), ['Thu, 01 Jan 1970 00:00:00 +0000'])
        equal(mail.get_all('message-id'), ['<mine@x.test>'])
        equal(mail['x-long'].split(), ['w'] * 900)
        lines(sink.mails()[0][0])


def test_fold_points_that_are_missing():
    with Sink(maildir=True) as sink:
        for length in 900, 985, 990, 998, 999, 2000:
            done = send(sink, '--text', 't', '--header', 'X-Long: ' + 'x' * length)
            assert done.code in (OK, USAGE), done
        for stored, _ in sink.mails():
            lines(stored)
            assert set(parsed(stored)['x-long'].replace(' ', '')) == {'x'}


def test_names_of_attachments():
    names = ['plain.txt', 'x"; filename="y.exe', 'two\r\nX-Injected: y', 'back\\slash.txt', 'C:\\x.txt', '.hidden', 'x' * 250, 'ünïcödé.pdf',
             'turned\u202etxt.exe', 'semi;colon', "apostrophe'%20", 'new\nline', ' space ', 'no-type', '=?utf-8?q?x?=', '日' * 80, 'percent%00', '(c)']
    with Sink(maildir=True) as sink, folder() as here:
        arrived = {}
        for name in names:
            done = send(sink, '--text', 't', '--attach', file(here, name, b'content'))
            assert done.code in (OK, USAGE), done
            if done.code == OK:
                stored = sink.mails()[-1][0]
                lines(stored)
                equal(parsed(stored)['x-injected'], None)
                parts = list(parsed(stored).iter_attachments())
                equal([part.get_payload(decode=True) for part in parts], [b'content'])
                equal(list(parts[0]['content-disposition'].params), ['filename'])
                arrived[name] = parts[0].get_filename()
        for name in 'two\r\nX-Injected: y', 'new\nline':
            assert name not in arrived, arrived
        for name in 'plain.txt', 'x"; filename="y.exe', '.hidden', 'x' * 250, 'ünïcödé.pdf', 'semi;colon', "apostrophe'%20", 'no-type', '日' * 80, '(c)':
            equal(arrived.get(name), name)
        equal(arrived.get('C:\\x.txt'), 'x.txt')
        os.makedirs(here + '/a/b')
        expect(send(sink, '--text', 't', '--attach', file(here + '/a/b', 'deep.txt', b'')), OK)
        equal([p.get_filename() for p in parsed(sink.mails()[-1][0]).iter_attachments()], ['deep.txt'])
        for missing in here + '/nobody', '', here:
            expect(send(sink, '--text', 't', '--attach', missing), NOINPUT, '--attach')


def test_the_fields_that_every_mail_has():
    with Sink(maildir=True) as sink:
        expect(send(sink, '--text', 't', '--subject', 's', '--cc', 'Cäsar <c@x.test>', '--bcc', 'hidden@x.test', '--reply-to', 'r@x.test',
                    envelope=('--from', 'Ada Ä <a@x.test>', '--to', '"B, C" <b@x.test>, d@x.test')), OK)
        stored, envelope = sink.mails()[0]
        mail = parsed(stored)
        equal([str(mail[name]) for name in ('from', 'to', 'cc', 'reply-to', 'subject', 'bcc')],
              ['Ada Ä <a@x.test>', '"B, C" <b@x.test>, d@x.test', 'Cäsar <c@x.test>', 'r@x.test', 's', 'None'])
        assert b'hidden' not in stored
        equal([to['address'] for to in envelope['to']], ['b@x.test', 'd@x.test', 'c@x.test', 'hidden@x.test'])
        equal(len(mail.get_all('date')), 1)
        assert mail['message-id'].endswith('@x.test>'), mail['message-id']
        expect(send(sink, '--text', 't'), OK)
        assert parsed(sink.mails()[1][0])['message-id'] != mail['message-id']


def test_the_same_recipient_twice_is_one():
    with Sink(maildir=True) as sink:
        done = expect(send(sink, '--text', 't', '--cc', 'b@example.test', '--bcc', 'B <b@example.test>'), OK)
        equal(done.out.count('\n'), 1)
        equal(len(sink.mails()[0][1]['to']), 1)


def test_domains_of_any_script_go_as_dns_has_them():
    with Sink(maildir=True) as sink:
        expect(send(sink, '--text', 't', envelope=('--from', 'Ada <ada@bücher.example>', '--to', 'bob@例え.テスト, c@STRASSE.example', '--cc', 'd@faß.example')), OK)
        expect(sendmail(sink, '-f', 'ada@bücher.example', 'bob@例え.テスト', input=b'To: bob@xn--r8jz45g.xn--zckzah\n\nt\n'), OK)
        for octets, envelope in sink.mails():
            equal(envelope['from'], 'ada@xn--bcher-kva.example')
            equal(envelope['to'][0]['address'], 'bob@xn--r8jz45g.xn--zckzah')
            assert 'SMTPUTF8' not in str(envelope) and max(octets) < 128, (octets, envelope)
        message = parsed(sink.mails()[0][0])
        equal((message['From'], message['Cc']), ('Ada <ada@xn--bcher-kva.example>', 'd@xn--fa-hia.example'))
        for address in 'a@-ä.example', 'a@ä..example', 'a@\u2024ä', 'a@' + 'ä' * 63 + '.example':
            expect(send(sink, '--text', 't', envelope=('--from', 'a@example.test', '--to', address)), USAGE, 'not an address')


def test_addresses_of_any_script_need_smtputf8():
    envelope = '--from', 'grüße@bücher.example', '--to', 'b@example.test, 甲@例え.テスト'
    for chunks in False, True:
        with Sink(maildir=True, chunks=chunks) as sink:
            expect(send(sink, '--text', 't', '--notify', 'failure', envelope=envelope), OK)
            (octets, told), = sink.mails()
            equal(told['from'], 'grüße@bücher.example')
            assert 'SMTPUTF8' in str(told), told
            equal([to['address'] for to in told['to']], ['b@example.test', '甲@例え.テスト'])
            message = email.message_from_bytes(octets, policy=email.policy.SMTPUTF8)
            equal((message['From'], message['To']), ('grüße@bücher.example', 'b@example.test, 甲@例え.テスト'))
        with Sink('--hide', 'SMTPUTF8', maildir=True, chunks=chunks) as sink:
            for options in (envelope, ('--from', 'a@example.test', '--to', 'ü@example.test')):
                done = expect(send(sink, '--text', 't', '--trace', envelope=options), UNAVAILABLE, 'does not offer SMTPUTF8')
                assert 'C: MAIL' not in done.err, done
            equal(sink.mails(), [])


def test_addresses_that_are_not_utf8():
    with Sink() as sink:
        for octets in b'\xff@x.test', b'a@\xc3.test', b'\xc3\xa4\r\nDATA@x.test', b'\xed\xa0\x80@x.test', b'\xc2\x9b@x.test':
            expect(send(sink, '--text', 't', envelope=('--from', 'a@example.test', '--to', octets)), USAGE)
