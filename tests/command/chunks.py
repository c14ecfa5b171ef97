"""The content by BDAT (attacks P): what is in flight when it goes wrong."""
import signal
import socket

from common import (ENVELOPE, OK, TEMPFAIL, UNAVAILABLE, UNCERTAIN, USAGE, Server, Sink, begin, bounded, equal, expect, file, folder, send)

LARGE = b'A: b\n\n' + b'line of it\n' * 20000
LOCK_STEP = '--hide', 'PIPELINING'


def closing(how, code, *options, message=b'A: b\n\nt\n'):
    with Sink('--drop', how, *options, chunks=True, maildir=True) as sink:
        done = expect(send(sink, '--message', '-', input=message), code)
        equal(done.out.count('\n'), 1)
        return sink.mails()


def test_closing_at_every_step():
    """A small mail is in flight as a whole: who closes behind that may have taken it."""
    for how in '', ':rst', ':before':
        for step, alone, flight in (('greeting', TEMPFAIL, TEMPFAIL), ('ehlo', TEMPFAIL, TEMPFAIL), ('mail', TEMPFAIL, UNCERTAIN),
                                    ('rcpt', TEMPFAIL, UNCERTAIN), ('bdat', UNCERTAIN, UNCERTAIN), ('quit', OK, OK)):
            closing(step + how, flight)
            closing(step + how, alone, *LOCK_STEP)


def test_a_large_mail_waits_for_its_recipients():
    for step in 'mail', 'rcpt':
        equal(closing(step, TEMPFAIL, message=LARGE), [])
    equal(closing('bdat:before', TEMPFAIL, *LOCK_STEP, message=LARGE), [])


def test_a_closing_server_that_says_so():
    for step in 'mail', 'rcpt', 'bdat':
        with Sink('--reply', step + '=421 4.3.2 closing', chunks=True) as sink:
            expect(send(sink, '--text', 't'), TEMPFAIL, '421')


def test_refusals():
    for reply, code in (('mail=550 no', UNAVAILABLE), ('mail=451 later', TEMPFAIL), ('rcpt=550 no', UNAVAILABLE), ('rcpt=452 later', TEMPFAIL),
                        ('bdat=552 5.3.4 too large', UNAVAILABLE), ('bdat=451 later', TEMPFAIL), ('bdat=503 out of step', UNAVAILABLE)):
        for options in (), LOCK_STEP:
            for message in b'A: b\n\nt\n', LARGE:
                with Sink('--reply', reply, *options, chunks=True, maildir=True) as sink:
                    expect(send(sink, '--message', '-', input=message), code, reply.split('=')[1].split(' ')[0])
                    equal(sink.mails(), [])


def test_one_recipient_of_two():
    with Sink('--reply', 'rcpt:b@example.test=550 no', chunks=True, maildir=True) as sink:
        done = expect(send(sink, '--text', 't', envelope=ENVELOPE + ('--to', 'c@x.test')), UNAVAILABLE)
        assert 'c@x.test: accepted' in done.out, done
        equal([[to['address'] for to in mail[1]['to']] for mail in sink.mails()], [['c@x.test']])
        expect(send(sink, '--text', 't', '--all', envelope=ENVELOPE + ('--to', 'c@x.test')), UNAVAILABLE)
        equal(len(sink.mails()), 1)


def test_silence_is_bounded():
    for step, alone, flight in ('mail', TEMPFAIL, UNCERTAIN), ('bdat', UNCERTAIN, UNCERTAIN):
        for code, options in (flight, ()), (alone, LOCK_STEP):
            with Sink('--mute', step, *options, chunks=True) as sink:
                bounded(sink, code, '--text', 't', '--timeout', '1', seconds=3, words=['no reply in time'])


def test_a_server_that_stops_reading():
    with folder() as here, Sink('--stop-reading', 'rcpt', chunks=True) as sink:  # more than the system may keep for it
        bounded(sink, TEMPFAIL, '--message', file(here, 'large', LARGE * 200), '--timeout', '1', seconds=4, words=['content'])


def test_signals():
    for number in signal.SIGINT, signal.SIGTERM:
        with Sink('--mute', 'bdat', chunks=True) as sink:
            running = begin(sink, '--text', 't', '--trace')
            running.wait_for('C: BDAT')
            running.signal(number)
            expect(running.end(), UNCERTAIN, 'cancelled')


def test_tiny_socket_buffers():
    """A server that reads nothing before its reply has gone, with next to no room in between: we read while we write."""
    heard = []

    def serve(peer):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        peer.sendall(b'220 x\r\n')
        stream = peer.makefile('rb', 1024)
        while True:
            line = stream.readline()
            words = line.split()
            if words[0] == b'BDAT':
                heard.append(len(stream.read(int(words[1]))))
            if words[0] == b'EHLO':
                peer.sendall(b'250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n')
            else:
                peer.sendall(b'250-' + b'long ' * 100 + b'\r\n250 ok\r\n')
            if words[0] == b'QUIT':
                return
    with folder() as here, Server(serve) as server:
        running = begin(server, '--message', file(here, 'large', LARGE), *(word for i in range(3000) for word in ('--bcc', 'b%d@x.test' % i)))
        expect(running.end(), OK)
    equal(sum(heard), len(LARGE.replace(b'\n', b'\r\n')))


def test_it_can_be_done_without():
    with Sink(chunks=True) as sink:
        done = expect(send(sink, '--text', 't', '--trace', '--without', 'chunking,Pipelining'), OK, 'C: DATA')
        assert 'C: BDAT' not in done.err and done.err.index('S: 250 2.1.0') < done.err.index('C: RCPT'), done
        expect(send(sink, '--text', 't', '--trace'), OK, 'C: BDAT')
        for wrong in 'BDAT', 'CHUNKING,X', '':
            expect(send(sink, '--text', 't', '--without', wrong), USAGE if wrong else OK)
