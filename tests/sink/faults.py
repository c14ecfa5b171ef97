"""What goes wrong on purpose."""
import socket
import time

from harness import Sink, dialogue, equal


def test_replies_at_every_step():
    for step, line in (('ehlo', 'EHLO me'), ('helo', 'HELO me'), ('mail', 'MAIL FROM:<a@b.test>'), ('rcpt', 'RCPT TO:<a@b.test>'), ('data', 'DATA'),
                       ('rset', 'RSET'), ('noop', 'NOOP'), ('vrfy', 'VRFY x'), ('expn', 'EXPN x'), ('help', 'HELP'), ('quit', 'QUIT'), ('unknown', 'X')):
        with Sink('--reply', step + '=499 4.9.9 injected', '--reply', 'greeting=220-one\\r\\n220 two') as sink:
            client = sink.connect()
            equal(client.reply(), b'220-one\r\n220 two\r\n')
            equal(client.ask(line), b'499 4.9.9 injected\r\n')
            equal(client.code('NOOP'), 499 if step == 'noop' else 250)
    with Sink('--reply', 'any=499 x', '--reply', 'noop=250 never') as sink:
        client = sink.connect()
        equal(client.codes(1), [499])
        dialogue(client, ('EHLO me', 499), ('NOOP', 499), ('X', 499))


def test_refusals_take_effect():
    with Sink('--reply', 'mail#1=451 4.0.0 no', '--reply', 'rcpt#2=550 5.0.0 no', '--reply', 'data#2=451 no', '--reply', 'content#2=554 no',
              '--reply', 'rset#1=500 no', '--reply', 'quit#1=500 no', maildir=True) as sink:
        client = sink.hello()
        dialogue(client, ('MAIL FROM:<a@b.test>', 451), ('RCPT TO:<one@b.test>', 503), ('MAIL FROM:<a@b.test>', 250), ('RCPT TO:<one@b.test>', 550),
                 ('DATA', 554), ('RCPT TO:<two@b.test>', 250), ('RSET', 500), ('DATA', 451), ('DATA', 354), (b'x\r\n.\r\n', 250), ('RSET', 250))
        equal(client.mail(), 554)
        dialogue(client, ('QUIT', 500), ('NOOP', 250), ('QUIT', 221))
        equal([[to['address'] for to in envelope['to']] for _, envelope in sink.mails()], [['two@b.test']])
    with Sink('--reply', 'rcpt=250 ok', '--reply', 'content=250 liar') as sink:
        client = sink.hello()
        dialogue(client, ('RCPT TO:<a@b.test>', 250), ('DATA', 503))
        client.envelope()
        dialogue(client, ('DATA', 354), (b'x\ny\r\n.\r\n', 250))
        equal(sink.summary(), '0 mails, 0 recipients, 0 octets, 1 connections')


def test_greetings_that_turn_away():
    with Sink('--reply', 'greeting##1=554 5.0.0 go away', '--reply', 'greeting##2=421 busy') as sink:
        client = sink.connect()
        equal(client.codes(1), [554])
        dialogue(client, ('EHLO me', 503), ('MAIL FROM:<a@b.test>', 503), ('QUIT', 221))
        equal(sink.connect().rest(), (b'421 busy\r\n', 'closed'))
        sink.hello()


def test_421_closes_at_every_step():
    for step, line in (('ehlo', 'EHLO me'), ('mail', 'MAIL FROM:<a@b.test>'), ('rcpt', 'RCPT TO:<a@b.test>'), ('data', 'DATA'), ('noop', 'NOOP')):
        with Sink('--reply', step + '=421 4.3.2 down') as sink:
            client = sink.connect()
            client.reply()
            client.send(line.encode() + b'\r\nNOOP\r\n')
            equal(client.rest(), (b'421 4.3.2 down\r\n', 'closed'))


def test_occurrences_and_arguments():
    with Sink('--reply', 'rcpt#3=452 4.5.3 too many', '--reply', 'rcpt:Bob@Example.test=550 5.1.1 no', '--reply', 'noop#2+=450 x', '--reply', 'vrfy##2=550 x',
              '--reply', 'mail:=550 no bounces', '--reply', 'noop:special=299 x') as sink:
        client = sink.hello().envelope('a@b.test', 'b@b.test')
        dialogue(client, ('RCPT TO:<c@b.test>', 452), ('RCPT TO:<c@b.test>', 250), ('RCPT TO:<bob@example.test> NOTIFY=NEVER', 550), ('NOOP special', 299),
                 ('NOOP', 450), ('NOOP', 450), ('VRFY x', 252), ('RSET', 250), ('MAIL FROM:<>', 550))
        client = sink.hello()
        dialogue(client, ('NOOP', 250), ('NOOP', 450), ('VRFY x', 550), ('VRFY x', 252))


def test_replies_are_sent_as_they_are_given():
    for text, octets in (('250\\t\\x41\\\\', b'250\tA\\\r\n'), ('250 a\\n', b'250 a\n'), ('250-a\\r\\n250 b\\r\\n', b'250-a\r\n250 b\r\n'), ('\\0\\xff', b'\0\xff\r\n'),
                         ('250 half\\c', b'250 half'), ('', b''), ('\\c', b''), ('250 a\\r', b'250 a\r\r\n'), (60000 * 'x', 60000 * b'x' + b'\r\n')):
        with Sink('--reply', 'noop=' + text) as sink:
            client = sink.hello()
            client.send(b'NOOP\r\nQUIT\r\n')
            equal(client.rest(), (octets + b'221 2.0.0 Bye\r\n', 'closed'))


def test_a_delay_holds_up_its_connection_only():
    with Sink('--delay', 'mail=400', '--delay', 'ehlo#2=3600000', '--reply', 'mail=451 later', '--delay', 'quit=100') as sink:
        client, other = sink.hello(), sink.hello()
        begin = time.monotonic()
        client.send(b'NOOP\r\nMAIL FROM:<a@b.test>\r\nNOOP\r\nQUIT\r\n')
        equal(client.codes(1), [250])
        for _ in range(20):
            equal(other.code('NOOP'), 250)
        assert time.monotonic() - begin < 0.35
        equal(client.codes(1), [451])
        assert 0.4 <= time.monotonic() - begin < 5
        equal(client.rest(), (b'250 2.0.0 Nothing done\r\n221 2.0.0 Bye\r\n', 'closed'))
        assert 0.5 <= time.monotonic() - begin < 1.2
        other.send(b'EHLO me\r\n')
        assert other.silent()
        other.close()


def test_a_delayed_acceptance_is_an_acceptance():
    with Sink('--delay', 'content=3600000', '--count', '1') as sink:
        client = sink.hello().envelope()
        client.ask('DATA')
        client.send(b'x\r\n.\r\n')
        assert client.silent(0.2)
        equal(sink.summary(), '1 mails, 1 recipients, 3 octets, 1 connections')


def test_mute_answers_nothing_more():
    with Sink('--mute', 'content', '--count', '1') as sink:
        client, other = sink.hello().envelope(), sink.hello()
        client.ask('DATA')
        client.send(b'x\r\n.\r\nNOOP\r\n')
        assert client.silent()
        equal(other.code('NOOP'), 250)
        client.close()
        equal(sink.wait(), 0)


def test_drops():
    for step, lines, before in (('greeting', b'', b''), ('mail', b'MAIL FROM:<a@b.test>\r\n', b''), ('noop#2', b'NOOP\r\nNOOP\r\nNOOP\r\n', b'250 2.0.0 Nothing done\r\n'),
                                ('any', b'', b'')):
        for how, end in (('', 'closed'), (':rst', 'reset')):
            with Sink('--drop', step + how) as sink:
                try:
                    client = sink.connect()
                except ConnectionResetError: # before connect(2) had returned
                    equal((lines, how), (b'', ':rst'))
                    continue
                if lines:
                    client.reply()
                    client.ask('EHLO me')
                    client.send(lines)
                equal(client.rest(), (before, end))
    with Sink('--drop', 'noop:after') as sink:
        client = sink.hello()
        client.send(b'NOOP\r\nNOOP\r\n')
        equal(client.rest(), (b'250 2.0.0 Nothing done\r\n', 'closed'))
    with Sink('--drop', 'rcpt:bob@b.test:rst') as sink:
        client = sink.hello().envelope('a@b.test')
        client.send(b'RCPT TO:<bob@b.test>\r\n')
        equal(client.rest(), (b'', 'reset'))


def test_a_drop_at_the_final_reply():
    for how, mails in (('', 1), (':before', 0), (':after', 1), (':before:rst', 0)):
        with Sink('--drop', 'content' + how, maildir=True) as sink:
            client = sink.hello().envelope()
            client.ask('DATA')
            client.send(b'x\r\n.\r\n')
            equal(client.rest(), (b'250 2.0.0 Accepted\r\n' if how == ':after' else b'', 'reset' if 'rst' in how else 'closed'))
            equal(len(sink.mails()), mails)
            equal(sink.summary()[:7], '%d mails' % mails)


def test_drops_after_each_octet_of_content():
    wire = b'..x\r\n\r\n.\r\n'
    for count in range(1, len(wire) + 1):
        with Sink('--drop', 'content+%d' % count) as sink:
            client = sink.hello().envelope()
            client.ask('DATA')
            client.send(wire[:count - 1])
            assert count == 1 or client.silent(0.02)
            client.send(wire[count - 1:])
            equal(client.rest(), (b'', 'closed'))
            equal(sink.summary()[:7], '0 mails')
    with Sink('--drop', 'content#2+3:rst') as sink:
        client = sink.hello()
        equal(client.mail(), 250)
        client.envelope()
        equal(client.code(b'BDAT 2\r\nab'), 250)
        client.send(b'BDAT 2 LAST\r\nab')
        equal(client.rest(), (b'', 'reset'))


def test_replies_in_pieces():
    with Sink('--split', '3', '--reply', 'noop=250 ' + 30 * 'x') as sink:
        client = sink.hello()
        client.send(b'NOOP\r\nNOOP\r\n')
        pieces = []
        while sum(map(len, pieces)) < 72:
            pieces.append(client.socket.recv(65536))
        equal(b''.join(pieces), 2 * (b'250 ' + 30 * b'x' + b'\r\n'))
        assert len(pieces) > 12, pieces
        client.envelope()
        client.send(b'DATA\r\nx\r\n.\r\nQUIT\r\n')
        equal(client.codes(3), [354, 250, 221])
        equal(client.rest(), (b'', 'closed'))


def test_stop_reading_closes_the_window():
    for option in ('data', 'content+100'):
        with Sink('--stop-reading', option) as sink:
            client = sink.hello().envelope()
            equal(client.code('DATA'), 354)
            client.socket.settimeout(1)
            sent = 0
            try:
                while sent < 1 << 26:
                    sent += client.socket.send(bytes(65536))
                raise AssertionError('it reads on')
            except socket.timeout:
                pass
            equal(sink.hello().code('NOOP'), 250)
            assert sink.memory() < 32 << 20
            client.close()
