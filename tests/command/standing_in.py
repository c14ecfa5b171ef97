"""`postino sendmail`: what people's scripts give to sendmail(8)."""
import os
import re

from common import DATAERR, OK, TEMPFAIL, UNAVAILABLE, USAGE, PROGRAM, Sink, Skip, Trap, equal, expect, file, folder, normal, parsed, run, sendmail, url


def recipients(mail):
    return [to['address'] for to in mail[1]['to']]


def test_recipients_from_headers_and_arguments():
    message = (b'From: a@x.test\nTo: One <one@x.test>,\n two@x.test (comment)\nCC: three@x.test\nBcc: four@x.test\nbcc: five@x.test,\r\n'
               b'\tsix@x.test\nSubject: s\n\nTo: body@x.test\nBcc: body@x.test\n')
    with Sink(maildir=True) as sink:
        expect(sendmail(sink, '-t', input=message), OK)
        stored, envelope = sink.mails()[0]
        equal(recipients(sink.mails()[0]), ['%s@x.test' % n for n in ('one', 'two', 'three', 'four', 'five', 'six')])
        for hidden in b'four', b'five', b'six', b'bcc', b'Bcc: f':
            assert hidden not in stored.split(b'\r\n\r\n')[0], stored
        assert stored.endswith(b'Subject: s\r\n\r\nTo: body@x.test\r\nBcc: body@x.test\r\n'), stored
        expect(sendmail(sink, '-t', 'extra@x.test', input=b'To: one@x.test\n\nt\n'), OK)
        equal(sorted(recipients(sink.mails()[1])), ['extra@x.test', 'one@x.test'])
        expect(sendmail(sink, 'only@x.test', input=message), OK)  # without -t the headers name nobody
        equal(recipients(sink.mails()[2]), ['only@x.test'])
        assert b'four' not in sink.mails()[2][0]
        expect(sendmail(sink, '-t', input=b'Subject: s\n\nTo: body@x.test\n'), USAGE, 'no recipients')
        expect(sendmail(sink, input=b'To: b@x.test\n\n'), USAGE, 'no recipients', '-t')
        expect(sendmail(sink, '-t', input=b''), USAGE, 'no recipients')
        expect(sendmail(sink, '-t', input=b'To: undisclosed-recipients:;\nBcc: one@x.test\n\nt\n'), OK)
        equal(recipients(sink.mails()[3]), ['one@x.test'])


def test_blind_copies_never_leave():
    spellings = (b'Bcc: s@x.test\n', b'BCC:s@x.test\n', b'bCc : s@x.test\n', b'Bcc:\n s@x.test\n\ts@x.test\n', b'Bcc: one@x.test,\r\n s@x.test\r\n', b'Bcc:\ts@x.test\n',
                 b'Resent-Bcc: s@x.test\n', b'Bcc: s@x.test\rX: y\r')
    with Sink(maildir=True) as sink:
        for spelling in spellings:
            for before, after in ((b'', b'Subject: q\n\nt\n'), (b'Subject: q\n', b'\nt\n'), (b'Subject: q\n', b'')):
                expect(sendmail(sink, 'b@x.test', input=before + spelling + after), OK)
                assert b's@x.test' not in sink.mails()[-1][0], (spelling, sink.mails()[-1][0])
                expect(run('send', '--server', url(sink), '--from', 'a@x.test', '--to', 'b@x.test', '--message', '-', input=before + spelling + after), OK)
                stored, envelope = sink.mails()[-1]
                assert b's@x.test' not in stored and b'Bcc' not in stored, (spelling, stored)
                declared = [int(p[5:]) for p in envelope['from_parameters'] if p.startswith('SIZE=')]
                equal(declared, [len(stored)] if stored else [])
        for kept in b'X-Bcc: s@x.test\n', b'Bccc: s@x.test\n', b'Bc: s@x.test\n', b'Bcc-: s@x.test\n':
            expect(sendmail(sink, 'b@x.test', input=kept + b'\nt\n'), OK)
            assert normal(kept) in sink.mails()[-1][0]


def test_the_lone_dot():
    message = b'Subject: s\n\nbefore\n.\nafter\n'
    whole, cut = b'before\r\n.\r\nafter\r\n', b'before\r\n'
    with Sink(maildir=True) as sink:
        for options, expected in (((), cut), (('-i',), whole), (('-oi',), whole), (('-t', '-i'), whole), (('-ti',), whole), (('-it',), whole), (('-o', 'i'), whole),
                                  (('-bm', '-oem', '-oi'), whole), (('-oi', '-odb'), whole), (('-odi',), cut), (('-t',), cut)):
            for end in b'\n', b'\r\n':
                expect(sendmail(sink, *options, 'b@x.test', input=message.replace(b'\n', end)), OK)
                body = sink.mails()[-1][0].split(b'\r\n\r\n', 1)[1]
                assert body == expected, (options, end, body)
        for given, body in ((b'.', b''), (b'.\n', b''), (b'.\r\n', b''), (b'..\n', b'..\r\n'), (b'. \n', b'. \r\n'), (b'.x', b'.x\r\n'), (b'x\n.', b'x\r\n'),
                            (b'x.\n.\ny', b'x.\r\n'), (b'\n.\r', b'\r\n'), (b'F.\n', b'F.\r\n'), (b'Fr\n.\n', b'Fr\r\n')):
            expect(sendmail(sink, 'b@x.test', input=b'Subject: s\n\n' + given), OK)
            got = sink.mails()[-1][0].split(b'\r\n\r\n', 1)[1]
            assert got == body, (given, got, body)
        expect(sendmail(sink, 'b@x.test', input=b'.\n'), OK)
        expect(sendmail(sink, 'b@x.test', input=b'F.\n\nt\n'), OK)
        assert sink.mails()[-1][0].endswith(b'F.\r\n\r\nt\r\n')


def test_senders():
    with Sink(maildir=True) as sink:
        for options, sender in ((('-f', 'f@x.test'), 'f@x.test'), (('-ff@x.test',), 'f@x.test'), (('-r', 'r@x.test'), 'r@x.test'), (('-f', '<>'), ''), (('-f', ''), ''),
                                (('-f', 'Ada <ada@x.test>'), 'ada@x.test')):
            expect(sendmail(sink, *options, 'b@x.test'), OK)
            equal(sink.mails()[-1][1]['from'], sender)
            assert parsed(sink.mails()[-1][0])['from'].endswith(sender or 'MAILER-DAEMON@localhost'), sink.mails()[-1]
        expect(sendmail(sink, '-f', 'f@x.test', '-F', 'Ada Ünicode, Dr.', 'b@x.test'), OK)
        equal(str(parsed(sink.mails()[-1][0])['from']), '"Ada Ünicode, Dr." <f@x.test>')
        expect(sendmail(sink, '-f', 'f@x.test', '-FAda', 'b@x.test', input=b'From: kept@x.test\n\nt\n'), OK)
        equal(parsed(sink.mails()[-1][0]).get_all('from'), ['kept@x.test'])
        expect(sendmail(sink, 'b@x.test'), OK)
        assert re.match(r'[^@]+@[^@]+$', sink.mails()[-1][1]['from']), sink.mails()[-1][1]
        expect(sendmail(sink, '-f', 'local', 'someone'), OK)
        assert sink.mails()[-1][1]['from'].startswith('local@') and recipients(sink.mails()[-1])[0].startswith('someone@')


def test_fields_are_added_where_they_are_missing_only():
    with Sink(maildir=True) as sink:
        whole = b'From: a@x.test\nDate: Thu, 01 Jan 1970 00:00:00 +0000\nMessage-ID: <i@x.test>\nSubject: s\n\nt\n'
        expect(sendmail(sink, 'b@x.test', input=whole), OK)
        equal(sink.mails()[0][0], normal(whole))
        cases = ((b'Subject: s\n\nt\n', b't\r\n'), (b'\nt\n', b't\r\n'), (b'just text\nsecond: line\n', b'just text\r\nsecond: line\r\n'), (b'', None), (b'\n', b''), (b'Hi!\n', b'Hi!\r\n'),
                 (b'http://x.test/\n', None), (b' folded\n', b' folded\r\n'), (b'From a@x.test Thu Jan  1 00:00:00 1970\nSubject: s\n\nt\n', b't\r\n'),
                 (b'From a@x.test Thu Jan  1 00:00:00 1970\r\nSubject: s\r\n\r\nt\r\n', b't\r\n'), (b'From: x@x.test\n\nFrom here\n', b'From here\r\n'))
        for given, body in cases:
            expect(sendmail(sink, '-i', 'b@x.test', input=given), OK)
            stored = sink.mails()[-1][0]
            mail = parsed(stored)
            for name in 'from', 'date', 'message-id':
                equal(len(mail.get_all(name)), 1)
            if body is not None:
                assert stored.split(b'\r\n\r\n', 1)[1] == body, (given, stored)
            assert b'\r\nFrom a@' not in stored


def test_options_that_are_refused_say_why():
    with Trap() as trap:
        server = {'POSTINO_SERVER': 'smtp://127.0.0.1:%d' % trap.address[1]}
        for option in '-bs', '-bp', '-bi', '-bd', '-bt', '-bv', '-q', '-q30m', '-C', '-X', '-O', '-A', '-d', '-p', '-y', '--nonsense', '-Z', '-tz':
            done = expect(run('sendmail', option, 'b@x.test', input=b'\nt\n', env=server), USAGE, option)
            assert len(done.err) > 20 and done.err.count('\n') == 1, done
        for option in '-f', '-F', '-r', '-B', '-h':
            expect(run('sendmail', option, input=b'\nt\n', env=server), USAGE, option)
        expect(run('sendmail', '-f', 'a@x.test, c@x.test', 'b@x.test', input=b'\nt\n', env=server), USAGE, '-f')
        expect(run('sendmail', '-B', 'BINARYMIME', 'b@x.test', input=b'\nt\n', env=server), USAGE, '-B')
        assert not trap.called()


def test_options_that_change_nothing():
    with Sink(maildir=True) as sink:
        for options in (('-bm',), ('-em',), ('-ep',), ('-e', 'm'), ('-G',), ('-h', '5'), ('-h5',), ('-L', 'tag'), ('-m',), ('-n',), ('-U',), ('-oMrlocal',), ('-oem',), ('-o', 'em'),
                        ('-B', '7BIT'), ('-B8BITMIME',), ('-B', '8bitmime'), ('--',)):
            expect(sendmail(sink, *options, 'b@x.test'), OK)
            equal(recipients(sink.mails()[-1]), ['b@x.test'])
        done = expect(sendmail(sink, '-v', 'b@x.test'), OK, 'C: MAIL FROM:')
        equal(done.out, '')


def test_it_is_silent_where_all_is_well_and_says_what_is_not():
    with Sink('--reply', 'rcpt:reject@x.test=550 no\\x1b[2J', '--reply', 'rcpt:defer@x.test=450 later') as sink:
        done = expect(sendmail(sink, 'b@x.test'), OK)
        equal((done.out, done.err), ('', ''))
        done = expect(sendmail(sink, 'b@x.test', 'reject@x.test'), UNAVAILABLE, 'reject@x.test: refused for good')
        assert done.out == '' and 'b@x.test: ' not in done.err and '\x1b' not in done.err, done
        expect(sendmail(sink, 'defer@x.test'), TEMPFAIL, 'defer@x.test')


def test_a_large_header_is_bounded():
    many = b', '.join(b'b%05d@x.test' % i for i in range(20000))
    with Sink(maildir=True) as sink:
        folded = b',\n '.join(b'b%05d@x.test' % i for i in range(20000))
        expect(sendmail(sink, '-t', input=b'To: ' + folded + b'\n\nt\n'), OK)
        equal(len(sink.mails()[0][1]['to']), 20000)
        expect(sendmail(sink, '-t', input=b'To: ' + many + b'\n\nt\n'), DATAERR, 'line 1')
        expect(sendmail(sink, '-t', input=b'To: ' + folded * 5 + b'\n\nt\n'), DATAERR, '1 MiB')
        expect(sendmail(sink, '-t', input=b'To: ' + b'(' * 100000 + b'b@x.test\n\nt\n'), DATAERR)
        equal(len(sink.mails()), 1)


def test_a_user_without_a_name():
    if os.getuid() != 0:
        raise Skip('needs root to become another user')
    with Sink(maildir=True) as sink, folder() as here:
        import shutil
        program = shutil.copy(PROGRAM, here + '/sendmail')
        os.chmod(program, 0o755)
        expect(run('b@x.test', program=program, input=b'\nt\n', env={'POSTINO_SERVER': url(sink)}, user=54321), OK)
        assert sink.mails()[0][1]['from'].startswith('nobody@'), sink.mails()[0][1]
