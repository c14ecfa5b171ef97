"""Standard streams in every state, and signals in every state (attacks 212, 215)."""
import os
import signal
import subprocess
import time

from common import (ENVELOPE, ENVIRONMENT, NOINPUT, OK, PROGRAM, TEMPFAIL, UNCERTAIN, Running, Server, Sink, begin, converse, equal, expect, file, folder, normal, parsed, run, send, url)

SIGNALS = signal.SIGTERM, signal.SIGINT, signal.SIGHUP


def shell(sink, words, redirections):
    script = 'exec "$0" %s %s' % (words, redirections)
    return subprocess.run(['sh', '-c', script, PROGRAM], env=dict(ENVIRONMENT, POSTINO_SERVER=url(sink)), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)


def test_closed_standard_streams():
    with Sink(maildir=True) as sink:
        for words in 'send --from a@x.test --to b@x.test --text t --trace', 'send --from a@x.test --to b@x.test --text t --json --trace':
            for redirections in '>&-', '2>&-', '>&- 2>&-', '<&-', '<&- >&-', '<&- 2>&-', '<&- >&- 2>&-':
                before = len(sink.mails())
                done = shell(sink, words, redirections)
                mails = sink.mails()
                equal(len(mails), before + 1)
                equal(mails[-1][0].split(b'\r\n\r\n')[1], b't\r\n')
                equal([to['address'] for to in mails[-1][1]['to']], ['b@x.test'])
                equal(done.returncode, OK)  # accepted is accepted, whoever could not be told
        assert b'standard output' in shell(sink, 'send --from a@x.test --to b@x.test --text t', '>/dev/full').stderr
        count = len(sink.mails())
        for words in 'send --from a@x.test --to b@x.test', 'send --from a@x.test --to b@x.test --message -', 'sendmail -i b@x.test':
            done = shell(sink, words, '<&-')
            equal(done.returncode, NOINPUT)
            assert b'Bad file descriptor' in done.stderr, done
            equal(shell(sink, words, '<&- 2>&- >&-').returncode, NOINPUT)
            equal(shell(sink, words, '</').returncode, NOINPUT)  # a folder
        equal(len(sink.mails()), count)


def test_texts_of_any_octets():
    binary = bytes(range(256)) * 50
    with Sink(maildir=True) as sink, folder() as here:
        for text in binary, b'\xef\xbb\xbfwith a BOM\r\n', 'utf-16'.encode('utf-16'), b'\xff', b'\xc3', b'\r', b'\0', b'a\tb\n', '日本\n'.encode(), b'lone \r cr \n lf \r\n':
            for options in (), ('--text-file', file(here, 'text', text)), ('--attach', file(here, 'part', text)):
                expect(send(sink, *options, input=text), OK)
                mail = parsed(sink.mails()[-1][0])
                if mail.is_multipart():
                    equal([part.get_payload(decode=True) for part in mail.iter_attachments()], [text])
                else:
                    equal(normal(mail.get_payload(decode=True)), normal(text))


def test_standard_input_in_the_midst_of_its_file():
    with Sink(maildir=True) as sink, folder() as here:
        with open(file(here, 'text', b'skipped\nrest\n'), 'rb') as text:
            os.lseek(text.fileno(), 8, os.SEEK_SET)
            expect(send(sink, '--message', '-', stdin=text), OK)
        equal(sink.mails()[0][0], b'rest\r\n')


def test_a_message_that_comes_slowly():
    with Sink(maildir=True) as sink:
        reading, writing = os.pipe()
        running = begin(sink, '--message', '-', stdin=reading)
        os.close(reading)
        for octet in b'A: b\r\n\r\n.\r\n.':
            os.write(writing, bytes([octet]))
            time.sleep(0.01)
        os.close(writing)
        expect(running.end(), OK)
        equal(sink.mails()[0][0], b'A: b\r\n\r\n.\r\n.\r\n')


def at_step(step, number):
    expected = {'content': UNCERTAIN, 'quit': OK}.get(step, TEMPFAIL)
    awaited = {'ehlo': 'C: EHLO', 'mail': 'C: MAIL', 'rcpt': 'C: RCPT', 'data': 'C: DATA', 'content': 'C: .', 'quit': 'C: QUIT'}
    muted = Server(lambda peer: converse(peer, b'QUIT')) if step == 'quit' else Sink('--mute', step, '--hide', 'PIPELINING')
    with muted as sink:
        running = begin(sink, '--text', 't', '--trace')
        if step in awaited:
            running.wait_for(awaited[step])
        else:
            time.sleep(0.4)
        running.signal(number)
        done = expect(running.end(), expected)
        outcome = {UNCERTAIN: 'uncertain', OK: 'accepted', TEMPFAIL: 'refused for now'}[expected]
        equal(done.out.split(' at ')[0].split(' (')[0], 'b@example.test: ' + outcome)
        assert expected == OK or 'cancelled' in done.out + done.err, done
        assert running.cpu < 0.5 and running.took < 4, (running.cpu, running.took)


def test_signals_at_every_step():
    for number, step in enumerate(('greeting', 'ehlo', 'mail', 'rcpt', 'data', 'content', 'quit')):
        at_step(step, SIGNALS[number % 3])


def test_signals_at_the_final_dot():
    for number in SIGNALS:
        at_step('content', number)


def test_a_signal_in_the_midst_of_the_content():
    with Sink('--stop-reading', 'data', maildir=True) as sink, folder() as here:
        running = begin(sink, '--message', file(here, 'large', b'A: b\n\n' + b'line\n' * 8000000), '--trace')
        running.wait_for('S: 354')
        time.sleep(0.2)
        running.signal(signal.SIGTERM)
        expect(running.end(), TEMPFAIL, 'cancelled')
        assert running.cpu < 2, running.cpu


def test_a_signal_while_the_mail_is_gathered():
    with Sink(maildir=True) as sink, folder() as here:
        fifo = here + '/fifo'
        os.mkfifo(fifo)
        server = {'POSTINO_SERVER': url(sink)}
        for words in (['send', *ENVELOPE], ['send', *ENVELOPE, '--message', '-'], ['send', *ENVELOPE, '--text', 't', '--attach', '-'], ['sendmail', '-i', 'b@x.test'],
                      ['send', *ENVELOPE, '--text-file', fifo]):
            reading, writing = os.pipe()
            running = Running(*words, stdin=reading, env=server)
            os.close(reading)
            os.write(writing, b'Subject: half a mail')
            time.sleep(0.3)
            running.signal(signal.SIGINT)
            expect(running.end(), TEMPFAIL, 'interrupted; nothing was sent')
            os.close(writing)
        equal(sink.mails(), [])


def test_a_storm_of_signals_that_mean_nothing():
    """SIGWINCH, SIGCHLD and SIGCONT, while replies come one octet at a time."""
    with Sink('--split', '1', maildir=True) as sink:
        running = begin(sink, '--text', 't', '--trace')
        while b'accepted' not in os.pread(running.out.fileno(), 999, 0):
            for number in signal.SIGWINCH, signal.SIGCHLD, signal.SIGSTOP, signal.SIGCONT:
                running.signal(number)  # it is not reaped yet
            time.sleep(0.002)
        expect(running.end(), OK)
        equal(len(sink.mails()), 1)
