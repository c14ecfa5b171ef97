"""The folder of mails, and LMTP."""
import glob
import os
import resource
import signal
import subprocess
import time

from harness import PROGRAM, Client, Sink, dialogue, equal


def test_maildir_and_envelopes():
    with Sink(maildir=True) as sink:
        client = sink.hello('EHLO [127.0.0.1]')
        dialogue(client, ('MAIL FROM:<"q\\"u"@b.test> SIZE=5 BODY=8BITMIME SMTPUTF8', 250), ('RCPT TO:<ü@b.test> NOTIFY=NEVER ORCPT=rfc822;u', 250),
                 ('RCPT TO:<c@b.test>', 250), ('RCPT TO:<bad', 501), ('DATA', 354), (b'\0\xff\r\n.\r\n', 250))
        client = sink.hello('HELO me')
        equal(client.code('MAIL FROM:<>'), 250)
        dialogue(client, ('RCPT TO:<postmaster>', 250), ('DATA', 354), (b'.\r\n', 250))
        equal(sink.mails(), [
            (b'\0\xff\r\n', {'helo': '[127.0.0.1]', 'from': '"q\\"u"@b.test', 'from_parameters': ['SIZE=5', 'BODY=8BITMIME', 'SMTPUTF8'],
                             'to': [{'address': 'ü@b.test', 'parameters': ['NOTIFY=NEVER', 'ORCPT=rfc822;u']},
                                    {'address': 'c@b.test', 'parameters': []}], 'octets': 4, 'protocol': 'ESMTP', 'chunking': False}),
            (b'', {'helo': 'me', 'from': '', 'from_parameters': [], 'to': [{'address': 'postmaster', 'parameters': []}], 'octets': 0,
                   'protocol': 'SMTP', 'chunking': False})])
        names = sorted(glob.glob(sink.folder + '/mail/*/*'))
        equal([os.path.relpath(n, sink.folder + '/mail') for n in names],
              ['envelopes/0000000001.json', 'envelopes/0000000002.json', 'new/0000000001.eml', 'new/0000000002.eml'])
        equal({os.stat(name).st_mode & 0o777 for name in names}, {0o600})
        other = subprocess.Popen([PROGRAM, 'sink', '--maildir', sink.folder + '/mail'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        address = Sink.address(other.stdout.readline().decode())
        one = Client(address).hello()
        equal((one.mail(), sink.hello().mail(), one.mail()), (250, 250, 250))
        one.close()
        other.terminate()
        other.wait()
        other.stdout.close()
        equal(len(sink.mails()), 5)


def test_a_mail_that_breaks_off_leaves_nothing():
    with Sink(maildir=True) as sink:
        client = sink.hello().envelope()
        client.ask('DATA')
        client.send(b'half\r\n')
        other = sink.hello().envelope()
        other.ask(b'BDAT 4\r\nhalf')
        time.sleep(0.1)
        equal(len(os.listdir(sink.folder + '/mail/tmp')), 2)
        client.close()
        equal(other.code('RSET'), 250)
        time.sleep(0.1)
        equal(os.listdir(sink.folder + '/mail/tmp'), [])
        equal(sink.mails(), [])


def test_a_full_disk_refuses_for_now():
    limit = 100000
    with Sink(maildir=True, preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                                                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))) as sink:
        client = sink.hello()
        equal(client.mail(limit * b'x' + b'\r\n.\r\n'), 452)
        equal(client.mail(), 250)
        equal([mail for mail, _ in sink.mails()], [b'hello\r\n'])
        assert 'could not be stored' in sink.errors()


def test_lmtp_answers_for_each_accepted_recipient():
    with Sink('--lmtp', '--reply', 'rcpt:no@b.test=550 5.1.1 no', '--reply', 'content:full@b.test=452 4.2.2 full', maildir=True) as sink:
        client = sink.connect()
        dialogue(client, (b'', 220), ('EHLO me', 500), ('HELO me', 500), ('LHLO me', 250), ('MAIL FROM:<a@b.test>', 250), ('RCPT TO:<no@b.test>', 550),
                 ('DATA', 554), ('RCPT TO:<a@b.test>', 250), ('RCPT TO:<full@b.test>', 250), ('RCPT TO:<c@b.test>', 250), ('DATA', 354))
        client.send(b'x\r\n.\r\n')
        equal(client.codes(3), [250, 452, 250])
        client.envelope('a@b.test', 'full@b.test')
        client.send(b'BDAT 1\r\nxBDAT 2 LAST\r\n\r\nNOOP\r\n')
        equal(client.codes(4), [250, 250, 452, 250])
        client.envelope('full@b.test')
        client.send(b'DATA\r\nx\r\n.\r\nNOOP\r\n')
        equal(client.codes(3), [354, 452, 250])
        equal([(mail, envelope['protocol'], len(envelope['to'])) for mail, envelope in sink.mails()], [(b'x\r\n', 'LMTP', 3), (b'x\r\n', 'LMTP', 2)])
        client.envelope('a@b.test', 'c@b.test')
        client.send(b'DATA\r\nx\ny\r\n.\r\n')
        equal(client.codes(3), [354, 550, 550])


def test_lmtp_faults_between_the_final_replies():
    with Sink('--lmtp', '--drop', 'content#2') as sink:
        client = sink.hello('LHLO me').envelope('a@b.test', 'c@b.test', 'd@b.test')
        client.send(b'DATA\r\n.\r\n')
        equal(client.rest(), (b'354 End with a dot on a line by itself\r\n250 2.0.0 Accepted\r\n', 'closed'))
    with Sink('--lmtp', '--delay', 'content=100') as sink:
        client = sink.hello('LHLO me').envelope('a@b.test', 'c@b.test', 'd@b.test')
        client.send(b'DATA\r\n.\r\nNOOP\r\n')
        begin = time.monotonic()
        equal(client.codes(5), [354, 250, 250, 250, 250])
        assert 0.3 <= time.monotonic() - begin < 3
