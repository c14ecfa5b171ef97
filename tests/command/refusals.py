"""What callers give that could become another command, header or recipient: refused before a socket is opened."""
from common import DATAERR, ENVELOPE, NOINPUT, OK, PROGRAM, USAGE, Sink, Skip, Trap, equal, expect, file, folder, run, send, sendmail

SMUGGLED = ('b@x.test>\r\nRCPT TO:<evil@x.test', 'b@x.test\r\nDATA', 'b\r@x.test', 'b\n@x.test', 'b@x.test\r', '\nb@x.test\n.',
            'b@x.test> NOTIFY=NEVER', '<b@x.test> SIZE=1', 'b@x.test> AUTH=<>', '<b@x.test', 'b@x.test>', 'b x@x.test',
            'b@x .test', 'b@', '@x.test', 'b@x.test@y.test', 'b@@x.test', '', '   ', ',', 'b@x..test', 'b@.x.test',
            'b@x.test.', '.b@x.test', 'b.@x.test', 'b..c@x.test', 'b@[127.0.0.1', 'b@127.0.0.1]', 'b@[x>y]', 'b@[1.2.3.4]>',
            '"b@x.test', 'b"@x.test', '"b\r\n"@x.test', 'b\x7f@x.test', 'b\x01@x.test', 'b@x\t.test', 'b@-x.test',
            'b@x-.test', 'b@\u202ex.test', '\u00fc@@x.test', 'b@-\u00fc.test', 'b@m\u00fc..test', '(' * 10000 + 'b@x.test',
            'b@x.test' + ')' * 10000, '<@hop.test:b@x.test', 'group: b@x.test', 'mailto:b@x.test', 'b@x.test%0d%0aDATA')


def refused(trap, code, named, *arguments, **more):
    done = expect(run(*arguments, **more), code, named)
    assert not trap.called(), 'a connection was made for %r' % (arguments,)
    equal(done.out, '')
    equal(done.err.count('\n'), 1)
    for bad in ('\r', '\x1b', '\x7f', '\u202e', '\x01'):
        assert bad not in done.err, 'unescaped: %r' % done
    return done


def test_recipients_that_are_more_than_an_address_are_refused():
    with Trap() as trap:
        server = 'smtp://127.0.0.1:%d' % trap.address[1]
        for option in '--to', '--cc', '--bcc', '--reply-to':
            for bad in SMUGGLED if option == '--to' else SMUGGLED[:12]:
                refused(trap, USAGE, option, 'send', '--server', server, *ENVELOPE, option, bad, '--text', 't')


def test_senders_that_are_more_than_an_address_are_refused():
    with Trap() as trap:
        server = 'smtp://127.0.0.1:%d' % trap.address[1]
        for bad in SMUGGLED:
            refused(trap, USAGE, '--from', 'send', '--server', server, '--to', 'b@x.test', '--from', bad, '--text', 't')
        for bad in '', '<>':
            refused(trap, USAGE, '--from', 'send', '--server', server, '--to', 'b@x.test', '--from', bad, '--text', 't')
        refused(trap, USAGE, '--from', 'send', '--server', server, '--to', 'b@x.test', '--text', 't')
        refused(trap, USAGE, '--from', 'send', '--server', server, *ENVELOPE, '--from', 'c@x.test', '--text', 't')


def test_sendmail_refuses_such_addresses_too():
    with Trap() as trap:
        server = {'POSTINO_SERVER': 'smtp://127.0.0.1:%d' % trap.address[1]}
        for bad in SMUGGLED:
            if bad.strip():
                refused(trap, USAGE, 'recipient', 'sendmail', '-i', '--', bad, input=b'\nt\n', env=server)
                refused(trap, USAGE, '-f', 'sendmail', '-i', '-f', bad, 'b@x.test', input=b'\nt\n', env=server)
        for bad in SMUGGLED[6:]:
            if bad.strip() and '\r' not in bad and '\n' not in bad:
                refused(trap, DATAERR, 'to', 'sendmail', '-it', input=b'To: %s\n\nt\n' % bad.encode(), env=server)
        refused(trap, DATAERR, 'NUL', 'sendmail', '-it', input=b'To: b@x.test\0, c@x.test\n\nt\n', env=server)
        refused(trap, USAGE, '-F', 'sendmail', '-i', '-F', 'A\r\nBcc: c@x.test', 'b@x.test', input=b'\nt\n', env=server)


def test_the_null_sender_goes_with_a_message_only():
    with Sink(maildir=True) as sink:
        expect(run('send', '--server', 'smtp://127.0.0.1:%d' % sink.addresses[0][1], '--from', '<>', '--to', 'b@x.test',
                   '--message', '-', input=b'From: x@x.test\n\nt\n'), OK)
        equal(sink.mails()[0][1]['from'], '')


def test_names_for_ehlo():
    names = ('a\r\nMAIL FROM:<x@x.test>', 'a b', '', 'x' * 256, 'a..b', '.a', '-a.test', 'a-.test', 'a\tb', '[1.2.3.4', '[1.2.3.4]x',
             '[]', '[1.2.3.4\r\n]', 'a<b', 'm\u00fcnchen.test', 'a\x1b[2Jb')
    with Trap() as trap:
        for bad in names:
            refused(trap, USAGE, '--name', 'send', '--server', 'smtp://127.0.0.1:%d' % trap.address[1], *ENVELOPE, '--name', bad,
                    '--text', 't')
    with Sink(maildir=True) as sink:
        for good in 'mail.example.test', '[192.0.2.1]', '[IPv6:2001:db8::1]', 'x' * 63 + '.test', 'localhost':
            expect(send(sink, '--name', good, '--text', 't', '--trace'), OK, 'C: EHLO ' + good)


def test_the_name_of_the_host_is_not_trusted():
    if run('-u', 'true', program='unshare').code:
        raise Skip('needs root for a host name of its own')
    with Sink() as sink:
        for name, said in (('mail.example.test', 'mail.example.test'), ('short', '[127.0.0.1]'), ('bad name.test', '[127.0.0.1]'),
                           ('x.test\r\nDATA', '[127.0.0.1]'), ('a..b', '[127.0.0.1]'), ('.', '[127.0.0.1]'), ('x.\u00fc', '[127.0.0.1]')):
            script = 'import socket, os, sys; socket.sethostname(sys.argv[1]); os.execv(sys.argv[2], sys.argv[2:])'
            done = run('-u', '/usr/bin/python3', '-c', script, name, PROGRAM, 'send', '--server',
                       'smtp://127.0.0.1:%d' % sink.addresses[0][1], *ENVELOPE, '--text', 't', '--trace', program='unshare')
            expect(done, OK, 'C: EHLO %s\n' % said)


def test_server_urls():
    bad = ('', 'x', 'smtp', 'smtp:', 'smtp:/', 'smtp://', 'smtp:///', 'smtp://:25', 'http://x.test', 'SMTP//x', '//x.test', 'smtp://x.test:',
           'smtp://x.test:0', 'smtp://x.test:65536', 'smtp://x.test:99999999999', 'smtp://x.test:-1', 'smtp://x.test:+25',
           'smtp://x.test:2 5', 'smtp://x.test: 25', 'smtp://x.test:25x', 'smtp://x.test:0x19', 'smtp://x.test/path', 'smtp://x.test?q',
           'smtp://x.test#f', 'smtp://[::1', 'smtp://[::1]x', 'smtp://[::1]:', 'smtp://[]', 'smtp://[x.test]', 'smtp://[::1%0d%0aX]',
           'smtp://x y.test', 'smtp://x%0d%0aRSET.test', 'smtp://x\r\nRSET', 'smtp://x%00', 'smtp://m\u00fc--nchen\u2603.test', 'smtp://\u00fc\u200d.test',
           'smtp://a:b@x.test', 'smtp://a%0d%0ab@x.test', 'smtp://%zz@x.test', 'smtp://%4@x.test', 'smtp://' + 'x' * 300,
           'smtp://' + 'u' * 300 + '@x.test', 'lmtp:///' + 'x' * 200, 'lmtp:///a%0ab', 'lmtp:///a\nb', 'smtp://x\x1b[2J.test',
           'smtp:///path', 'lmtp://')
    with Trap() as trap:
        for server in bad:
            refused(trap, USAGE, 'server', 'send', '--server', server, *ENVELOPE, '--text', 't', '--timeout', '5')
        refused(trap, NOINPUT, 'password', 'send', '--server', 'smtp://user@127.0.0.1:%d' % trap.address[1], *ENVELOPE, '--text', 't')
        refused(trap, USAGE, 'server', 'send', *ENVELOPE, '--text', 't', env={'POSTINO_SERVER': 'nonsense'})


def test_local_addresses_that_are_none():
    with Trap() as trap:
        for bad in '', 'x', 'localhost', '127.0.0', '127.0.0.1.1', '1::2::3', '127.0.0.1 ', '[::1]', '127.0.0.1\n', '256.1.1.1':
            refused(trap, USAGE, 'local address', 'send', '--server', 'smtp://127.0.0.1:%d' % trap.address[1], *ENVELOPE,
                    '--local-address', bad, '--text', 't')


def test_lengths_of_addresses():
    longest = 'x' * 60 + '.' + 'y' * 63 + '.' + 'z' * 59 + '.test'
    with Sink(maildir=True) as sink, Trap() as trap:
        good = ['l' * 64 + '@x.test', 'l' * 64 + '@' + longest]
        assert len(good[1]) == 254
        for address in good:
            expect(send(sink, '--text', 't', envelope=('--from', address, '--to', address)), OK)
        equal([mail[1]['to'][0]['address'] for mail in sink.mails()], good)
        for bad in 'l' * 65 + '@x.test', 'b@' + 'x.' * 125 + 'testing', 'l' * 64 + '@x' + longest:
            refused(trap, USAGE, '--to', 'send', '--server', 'smtp://127.0.0.1:%d' % trap.address[1], '--from', 'a@x.test', '--to', bad,
                    '--text', 't')


def test_addresses_that_look_odd_and_are_right():
    odd = {'"xclow3n@gmail.com x"@internal.test': '"xclow3n@gmail.com x"@internal.test', 'Ada (the (first)) <ada@x.test>': 'ada@x.test',
           '"A, B" <ab@x.test>': 'ab@x.test', 'ada@x.test (Ada)': 'ada@x.test', 'friends: ada@x.test, bob@x.test;': 'ada@x.test bob@x.test',
           'b@[192.0.2.1]': 'b@[192.0.2.1]', 'b@[IPv6:::1]': 'b@[IPv6:::1]', "o'neil+tag=x/y@x.test": "o'neil+tag=x/y@x.test",
           '"\\""@x.test': '"\\""@x.test', '=?utf-8?q?J=C3=BC?= <j@x.test>': 'j@x.test', 'J\u00fc <j@x.test>': 'j@x.test',
           '{}!#$%&*-^_`|~?@x.test': '{}!#$%&*-^_`|~?@x.test', 'b@x.test, ,c@x.test,': 'b@x.test c@x.test', 'B@X.test': 'B@X.test'}
    with Sink(maildir=True) as sink:
        for given in odd:
            expect(send(sink, '--text', 't', envelope=('--from', 'a@x.test', '--to', given)), OK)
        equal([' '.join(to['address'] for to in mail[1]['to']) for mail in sink.mails()], list(odd.values()))


def test_subjects_and_headers_with_line_ends_are_refused():
    with Trap() as trap:
        server = 'smtp://127.0.0.1:%d' % trap.address[1]
        for bad in 'a\r\nBcc: evil@x.test', 'a\nB: c', 'a\rB: c', 'a\r\n\r\nbody', '\n', 'a\r\n folded', 'a\x00b'[:1] + '\x01', 'a\x7f', 'a\x1b[2J':
            refused(trap, USAGE, 'ubject', 'send', '--server', server, *ENVELOPE, '--text', 't', '--subject', bad)
        for bad in ('X: a\r\nY: b', 'X: a\nY', 'X\r\nY: a', 'X Y: a', ': a', 'nothing', '', 'X\u00fc: a', 'X:\r\n', 'X\x1b: a', 'X(: a\r',
                    'Content-Type: application/pdf\r\nX-Inj: 1', 'Content-Transfer-Encoding: 8bit', 'From: c@x.test',
                    'To: c@x.test', 'Bcc: c@x.test', 'Content-Type: text/html'):
            refused(trap, USAGE, '', 'send', '--server', server, *ENVELOPE, '--text', 't', '--header', bad)
        for twice in 'Date: Thu, 1 Jan 1970 00:00:00 +0000', 'Message-ID: <a@b>', 'Subject: x':
            refused(trap, USAGE, '', 'send', '--server', server, *ENVELOPE, '--text', 't', '--header', twice, '--header', twice)
        refused(trap, USAGE, 'Subject', 'send', '--server', server, *ENVELOPE, '--text', 't', '--header', 'Subject: x', '--subject', 'y')


def test_a_message_that_cannot_be_sent_is_refused_before_a_connection():
    with Trap() as trap, folder() as here:
        server = 'smtp://127.0.0.1:%d' % trap.address[1]
        for content, line in ((b'A: b\n\n\0\n', 3), (b'A: b\r\n\r\n' + b'x' * 999 + b'\r\n', 3), (b'\0', 1), (b'x' * 999, 1),
                              (b'A: b\r\r\r' + b'x' * 2000000, 4), (b'A: b\n\n' + b'a\n' * 100000 + b'\0', 100003)):
            path = file(here, 'message', content)
            refused(trap, DATAERR, 'line %d' % line, 'send', '--server', server, *ENVELOPE, '--message', path)
            refused(trap, DATAERR, 'line %d' % line, 'send', '--server', server, *ENVELOPE, '--message', '-', input=content)
            with open(path, 'rb') as message:
                refused(trap, DATAERR, 'line %d' % line, 'sendmail', '-i', 'b@x.test', stdin=message,
                        env={'POSTINO_SERVER': server})


def test_five_thousand_recipients():
    everyone = ['b%d@x.test' % i for i in range(5000)]
    options = [word for i in range(0, 5000, 50) for word in ('--to', ', '.join(everyone[i:i + 50]))]
    with Sink(maildir=True) as sink:
        done = expect(send(sink, '--text', 't', *options, envelope=('--from', 'a@x.test')), OK)
        equal(done.out.count(': accepted'), 5000)
        equal([to['address'] for to in sink.mails()[0][1]['to']], everyone)
