"""Many connections, large mails and rude clients."""
import os
import resource
import smtplib
import socket
import time

from harness import PATIENCE, Sink, dialogue, equal


def test_smtplib():
    with Sink(maildir=True) as sink:
        with smtplib.SMTP(*sink.addresses[0], timeout=PATIENCE) as client:
            for size in (0, 1, 100, 100000):
                client.sendmail('a@example.test', ['b@example.test', 'c@example.test'], b'Subject: x\r\n\r\n' + size * b'.\r\n')
            try:
                client.sendmail('a@example.test', ['bad'], b'')
                raise AssertionError('taken')
            except smtplib.SMTPRecipientsRefused as refusal:
                equal(refusal.recipients['bad'][0], 501)
        equal([(mail, len(envelope['to'])) for mail, envelope in sink.mails()],
              [(b'Subject: x\r\n\r\n' + size * b'.\r\n', 2) for size in (0, 1, 100, 100000)])


def test_200_connections_at_once():
    with Sink(maildir=True) as sink:
        clients = [sink.connect() for _ in range(200)]
        for client in clients:
            client.hello()
        for number, client in enumerate(clients):
            client.send(b'MAIL FROM:<a@b.test>\r\nRCPT TO:<n%d@b.test>\r\nDATA\r\n%d' % (number, number))
        for client in reversed(clients):
            client.send(b'\r\n.\r\nQUIT\r\n')
        for client in clients:
            equal(client.codes(5), [250, 250, 354, 250, 221])
        mails = sink.mails()
        equal(len(mails), 200)
        for mail, envelope in mails:
            equal(envelope['to'][0]['address'].encode(), b'n' + mail.strip() + b'@b.test')
        equal(sink.summary()[:10], '200 mails,')


def test_more_connections_than_descriptors():
    with Sink(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))) as sink:
        clients = [sink.connect() for _ in range(40)]
        clients[0].hello()
        before = sink.ticks()
        time.sleep(1)
        assert sink.ticks() - before < os.sysconf('SC_CLK_TCK') / 10, 'it spins'
        equal(clients[0].code('NOOP'), 250)
        for client in clients[:30]:
            client.close()
        equal(clients[39].hello().code('NOOP'), 250)


def test_memory_is_bounded():
    block = (76 * b'x' + b'\r\n') * 13000
    for maildir in (False, True):
        with Sink('--size', '0', maildir=maildir) as sink:
            client = sink.hello()
            equal(client.mail(), 250)
            before = sink.memory()
            client.envelope()
            client.ask('DATA')
            most = 0
            for _ in range(200):
                client.send(block)
                most = max(most, sink.memory())
            equal(client.code(b'.\r\n'), 250)
            assert most - before < 1 << 20, most - before
            equal(sink.summary().split(', ')[2], '%d octets' % (7 + 200 * len(block)))


def test_a_client_that_never_reads_is_not_read():
    with Sink() as sink:
        client = sink.hello()
        client.socket.settimeout(1)
        sent = 0
        try:
            while sent < 1 << 28:
                sent += client.socket.send(10000 * b'HELP\r\n')
            raise AssertionError('it reads on')
        except socket.timeout:
            pass
        assert sink.memory() < 16 << 20, sink.memory()
        equal(sink.hello().code('NOOP'), 250)
        client.socket.settimeout(PATIENCE)
        client.socket.setblocking(True)
        got = client.socket.recv(1 << 20)
        while got.count(b'\n') < sent // 6:
            got += client.socket.recv(1 << 20)
        equal(got.count(b'214 2.0.0 See RFC 5321\r\n'), sent // 6)


def test_100000_recipients():
    with Sink('--lmtp', maildir=True) as sink:
        client = sink.hello('LHLO me')
        equal(client.code('MAIL FROM:<a@b.test>'), 250)
        for start in range(0, 100000, 1000):
            client.send(b''.join(b'RCPT TO:<n%d@b.test>\r\n' % n for n in range(start, start + 1000)))
            equal(client.codes(1000), 1000 * [250])
        client.send(b'DATA\r\n.\r\n')
        equal(client.codes(100001), [354] + 100000 * [250])
        to = sink.mails()[0][1]['to']
        equal((len(to), to[99999]['address']), (100000, 'n99999@b.test'))
    with Sink('--max-recipients', '2') as sink:
        client = sink.hello().envelope('a@b.test', 'b@b.test')
        dialogue(client, ('RCPT TO:<c@b.test>', 452), ('DATA', 354), (b'.\r\n', 250))
        equal(sink.summary(), '1 mails, 2 recipients, 0 octets, 1 connections')
