"""Commands, their sequence and their arguments."""
import socket
import struct
import time

from harness import Sink, dialogue, equal


def test_ehlo_offers_and_hides():
    names = 'PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES CHUNKING BINARYMIME SMTPUTF8 DSN HELP PIPECONNECT'.split()
    with Sink() as sink:
        client = sink.connect()
        client.reply()
        lines = client.ask('EHLO me').decode().split('\r\n')
        equal([line[4:].split()[0] for line in lines[1:-1]], names)
        assert '250-SIZE 104857600' in lines, lines
    for name in names:
        with Sink('--hide', name.lower(), '--size', '1000') as sink:
            client = sink.connect()
            client.reply()
            lines = client.ask('EHLO me').decode().split('\r\n')
            equal([line[4:].split()[0] for line in lines[1:-1]], [n for n in names if n != name])
    with Sink('--hide', ','.join(names)) as sink:
        client = sink.connect()
        client.reply()
        equal(client.ask('EHLO me'), b'250 localhost\r\n')


def test_hidden_extensions_are_refused():
    with Sink('--hide', 'SIZE,8BITMIME,BINARYMIME,CHUNKING,SMTPUTF8,DSN,HELP,ENHANCEDSTATUSCODES') as sink:
        dialogue(sink.hello(), ('MAIL FROM:<a@b.test> SIZE=1', 555), ('MAIL FROM:<a@b.test> BODY=8BITMIME', 555),
                 ('MAIL FROM:<a@b.test> SMTPUTF8', 555), ('MAIL FROM:<a@b.test> RET=FULL', 555), ('BDAT 0', 500), ('HELP', 500),
                 ('MAIL FROM:<a@b.test>', 250), ('RCPT TO:<a@b.test> NOTIFY=NEVER', 555))
        equal(sink.hello().ask('NOOP'), b'250 Nothing done\r\n')
    with Sink('--hide', 'CHUNKING') as sink:
        dialogue(sink.hello(), ('MAIL FROM:<a@b.test> BODY=BINARYMIME', 555))


def test_pipelining_that_is_not_offered_is_refused():
    with Sink('--hide', 'PIPELINING') as sink:
        client = sink.hello()
        client.send(b'MAIL FROM:<a@b.test>\r\nRCPT TO:<c@b.test>\r\n')
        equal(client.codes(2), [503, 503])
        equal(client.mail(), 250)
    with Sink() as sink:
        client = sink.hello('HELO me')
        client.send(b'MAIL FROM:<a@b.test>\r\nRCPT TO:<c@b.test>\r\n')
        equal(client.codes(2), [503, 503])


def test_sequence():
    with Sink() as sink:
        client = sink.connect()
        client.reply()
        dialogue(client, ('MAIL FROM:<a@b.test>', 503), ('RCPT TO:<a@b.test>', 503), ('DATA', 503), ('NOOP', 250),
                 ('VRFY a', 252), ('EHLO me', 250), ('RCPT TO:<a@b.test>', 503), ('DATA', 503), ('MAIL FROM:<a@b.test>', 250),
                 ('MAIL FROM:<a@b.test>', 503), ('DATA', 554), ('RCPT TO:<a@b.test>', 250), ('RSET', 250), ('DATA', 503),
                 ('MAIL FROM:<a@b.test>', 250), ('RCPT TO:<a@b.test>', 250), ('EHLO me', 250), ('RCPT TO:<a@b.test>', 503),
                 ('mail from:<>', 250), ('Rcpt To:<PostMaster>', 250), ('data', 354), (b'.\r\n', 250), ('DATA', 503), ('QUIT', 221))
        equal(client.rest(), (b'', 'closed'))
        equal(sink.summary(), '1 mails, 1 recipients, 0 octets, 1 connections')


def test_arguments():
    with Sink() as sink:
        client = sink.connect()
        client.reply()
        dialogue(client, ('EHLO', 501), ('EHLO a b', 501), ('EHLO ' + 256 * 'x', 501), ('HELO', 501), ('LHLO me', 500),
                 ('ehlo me  ', 250), ('HELO me', 250), ('RSET x', 501), ('QUIT x', 501), ('DATA x', 501), ('NOOP x', 250), ('VRFY', 501),
                 ('EXPN', 501), ('EXPN x', 502), ('HELP', 214), ('HELP x', 214), ('', 500), ('X', 500), ('NOOPX', 500), ('STARTTLS', 500),
                 ('AUTH PLAIN', 500), ('MAIL', 501), ('MAIL FROM:', 501), ('MAIL <a@b.test>', 501), ('MAIL FROM: <a@b.test>', 501))


def test_paths():
    good = ['a@b.test', 'a.b+c@b.test', '"a b"@b.test', '"a\\"b@>"@b.test', 'a@[127.0.0.1]', 'a@[IPv6:::1]', 'a@b', '@x.test,@y.test:a@b.test',
            64 * 'a' + '@b.test', "!#$%&'*+-/=?^_`{|}~@b.test", 'a@1-2.test']
    bad = ['a', '@b.test', 'a@', 'a b@b.test', 'a@b..test', '.a@b.test', 'a.@b.test', 'a..b@b.test', 'a@.test', 'a@b.', 'a@-b.test', 'a@b-.test',
           'a@b_c.test', 'a@b@c', 'a@b.test>x<', '<a@b.test>', '"a@b.test', 'a@[1', 'a@[]', 'a@[1 2]', 65 * 'a' + '@b.test', 'a@' + 256 * 'b',
           '@x.test', '@x.test:', '@x.test,:a@b.test', 'a;b@b.test', '"a"b@b.test', 'a@b.test\t', 64 * 'a' + '@' + 190 * 'b']
    with Sink() as sink:
        client = sink.hello()
        for path in good:
            dialogue(client, ('MAIL FROM:<%s>' % path, 250), ('RCPT TO:<%s>' % path, 250), ('RSET', 250))
        for path in bad:
            got = client.code('MAIL FROM:<%s>' % path)
            assert got in (500, 501), (path, got)
        dialogue(client, ('MAIL FROM:<a@b.test', 501), ('MAIL FROM:a@b.test', 501), ('MAIL FROM:<a@b.test>x', 501), ('MAIL FROM:<>', 250),
                 ('RCPT TO:<>', 501))


def test_parameters():
    good = ['SIZE=0', 'size=104857600', 'BODY=7BIT', 'BODY=8bitmime', 'BODY=BINARYMIME', 'SMTPUTF8', 'RET=HDRS', 'ENVID=a+2Bb',
            'SIZE=1 BODY=7BIT SMTPUTF8 RET=FULL ENVID=x']
    bad = [('SIZE', 501), ('SIZE=', 501), ('SIZE=-1', 501), ('SIZE=1x', 501), ('SIZE=123456789012345678901', 501), ('SIZE=1 SIZE=1', 501),
           ('BODY=9BIT', 501), ('SMTPUTF8=1', 501), ('X=1', 555), ('NOTIFY=NEVER', 555), ('RET=ALL', 501), ('ENVID=a+2b', 501), ('ENVID=a+', 501),
           ('ENVID=a=b', 501), (' SIZE=1', 501), ('SIZE=104857601', 552), ('SIZE=99999999999999999999', 552)]
    with Sink() as sink:
        client = sink.hello()
        for text in good:
            dialogue(client, ('MAIL FROM:<a@b.test> ' + text, 250), ('RSET', 250))
        for text, code in bad:
            dialogue(client, ('MAIL FROM:<a@b.test> ' + text, code))
        dialogue(client, ('MAIL FROM:<a@b.test>', 250))
        for text, code in (('NOTIFY=NEVER', 250), ('NOTIFY=SUCCESS,DELAY', 250), ('ORCPT=rfc822;a+2Bb', 250), ('NOTIFY=NEVER,DELAY', 501),
                           ('NOTIFY=', 501), ('NOTIFY=DELAY,', 501), ('ORCPT=a', 501), ('SIZE=1', 555)):
            dialogue(client, ('RCPT TO:<a@b.test> ' + text, code))
        dialogue(sink.hello('HELO me'), ('MAIL FROM:<a@b.test> SIZE=1', 555))


def test_smtputf8():
    with Sink() as sink:
        client = sink.hello()
        dialogue(client, ('MAIL FROM:<ä@b.test>', 553), ('MAIL FROM:<ä@ö.test> SMTPUTF8', 250), ('RCPT TO:<ü@b.test>', 250), ('RSET', 250),
                 ('MAIL FROM:<a@b.test>', 250), ('RCPT TO:<ü@b.test>', 553))
        for octets in (b'\xff', b'\xc3', b'\xc0\xaf', b'\xed\xa0\x80', b'\xf4\x90\x80\x80', b'\xe0\x80\x80'):
            dialogue(client, (b'RCPT TO:<' + octets + b'@b.test>\r\n', 500))


def test_command_lines():
    with Sink() as sink:
        client = sink.hello()
        dialogue(client, ('NOOP ' + 4089 * 'x', 250), ('NOOP ' + 4090 * 'x', 500), ('NOOP', 250), (b'NOOP\n', 500), (b'NOOP\rNOOP\r\n', 500),
                 (b'NOOP\0\r\n', 500), (b'\r\r\n', 500), (b'NO\tOP\r\n', 500), ('NOOP', 250))
        client.send(1000000 * b'x')
        client.send(b'\r\nNOOP\r\n')
        equal(client.codes(2), [500, 250])
        for octet in b'noop\r\nNoOp xyz\r\n':
            client.send(bytes([octet]))
        equal(client.codes(2), [250, 250])
        equal(client.ask('EHLO me')[:3], b'250')


def test_one_segment_answers_a_flight():
    with Sink() as sink:
        client = sink.hello()
        def segments():
            return struct.unpack_from('I', client.socket.getsockopt(socket.IPPROTO_TCP, 11, 256), 152)[0]
        before = segments()
        client.send(b'MAIL FROM:<a@b.test>\r\n' + 100 * b'RCPT TO:<c@b.test>\r\n' + b'DATA\r\n')
        equal(client.codes(102), 101 * [250] + [354])
        equal(segments() - before, 1)


def test_quit_leaves_the_client_time_to_close():
    with Sink() as sink:
        client = sink.hello()
        equal(client.code('QUIT'), 221)
        for _ in range(3):
            client.send(b'NOOP\r\n')
            time.sleep(0.05)
        equal(client.rest(), (b'', 'closed'))
