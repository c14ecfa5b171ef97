"""Ahead of the greeting: what a server offered is remembered, and used where it is confirmed (PIPECONNECT)."""
import os
import re
import stat

from common import OK, TEMPFAIL, UNAVAILABLE, UNCERTAIN, USAGE, Server, Sink, equal, expect, file, folder, run, send, url

ALL = b'PIPECONNECT', b'PIPELINING', b'CHUNKING'


def spoken_ahead(done):
    """What the client said before the greeting of its last connection."""
    greeting = [found.start() for found in re.finditer(r'^S: 220 (localhost ESMTP|x$)', done.err, re.M)][-1]
    return re.findall(r'^C: (\w+)', done.err[:greeting].rsplit('S: ', 1)[-1], re.M)


def ahead(server, path, code, *arguments, **more):
    return expect(send(server, '--remember', path, '--trace', *(arguments or ('--text', 't')), **more), code)


def scripted(*servers):
    """A server for each connection in turn: its greeting, what it offers, its replies to what else is said (250), and how
    many lines it hears before it closes."""
    turn = iter(servers)

    def serve(peer):
        greeting, offers, replies, heard = next(turn)
        stream = peer.makefile('rb')
        if greeting:
            peer.sendall(greeting)
        for line in stream:
            heard -= 1
            if heard == 0:
                return
            verb = line[:4].upper()
            if verb == b'EHLO':
                peer.sendall(b'250-x\r\n' + b''.join(b'250-' + word + b'\r\n' for word in offers) + b'250 HELP\r\n')
                continue
            if verb == b'BDAT' and b'CHUNKING' in offers:
                stream.read(int(line.split()[1]))
            if verb.strip():
                peer.sendall(replies.get(verb, b'250 ok') + b'\r\n')
            if verb == b'QUIT':
                return
    return Server(serve)


WELL = b'220 x\r\n', ALL, {}, 100


def test_a_known_server_gets_the_mail_ahead_of_its_greeting():
    for more in (), ('--tls',):
        with folder() as here, Sink(chunks=True, maildir=True) as sink:
            path = here + '/known'
            equal(spoken_ahead(ahead(sink, path, OK)), [])
            equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            equal(spoken_ahead(ahead(sink, path, OK)), ['EHLO', 'MAIL', 'RCPT', 'BDAT'])
            equal(spoken_ahead(ahead(sink, path, OK, '--message', '-', input=b'A: b\n\nfrom a pipe\n')), ['EHLO', 'MAIL', 'RCPT', 'BDAT'])
            equal(len(sink.mails()), 3)
            assert sink.mails()[2][0].endswith(b'from a pipe\r\n'), sink.mails()[2]


def test_a_large_mail_goes_on_behind_the_replies():
    content = b'A: b\n\n' + b'line of it\n' * 30000
    with folder() as here, Sink(chunks=True, maildir=True) as sink:
        for _ in range(2):
            done = ahead(sink, here + '/known', OK, '--message', file(here, 'large', content))
        equal(spoken_ahead(done)[:4], ['EHLO', 'MAIL', 'RCPT', 'BDAT'])
        equal([mail[0] for mail in sink.mails()], [content.replace(b'\n', b'\r\n')] * 2)


def test_nothing_is_said_ahead_without_an_invitation():
    for hidden in 'PIPECONNECT', 'PIPELINING', 'CHUNKING':
        with folder() as here, Sink('--hide', hidden, chunks=True) as sink:
            for _ in range(2):
                equal(spoken_ahead(ahead(sink, here + '/known', OK)), [])


def test_credentials_and_starttls_wait():
    with folder() as here, Sink('--tls', '--ca-out', here + '/ca', '--user', 'u:p', chunks=True) as sink:
        secured = 'smtp+tls://' + url(sink)[7:].replace('127.0.0.1', 'localhost')
        secret = file(here, 'secret', b'p\n')
        os.chmod(secret, 0o600)
        for where, more in (secured, ()), (secured, ('--user', 'u', '--password-file', secret)), (url(sink), ()):
            for _ in range(2):
                done = expect(run('send', '--server', where, '--from', 'a@example.test', '--to', 'b@example.test', '--text', 't', '--ca-file',
                                  here + '/ca', '--remember', here + '/known', '--trace', *more), OK)
                equal(spoken_ahead(done), [])


def test_implicit_tls_comes_first():
    with folder() as here, Sink('--listen', 'tls:127.0.0.1:0', '--ca-out', here + '/ca', chunks=True) as sink:
        for expected in [], ['EHLO', 'MAIL', 'RCPT', 'BDAT']:
            done = expect(run('send', '--server', 'smtps://localhost:%d' % sink.addresses[-1][1], '--from', 'a@example.test', '--to',
                              'b@example.test', '--text', 't', '--ca-file', here + '/ca', '--remember', here + '/known', '--trace'), OK)
            equal(spoken_ahead(done), expected)


def test_a_server_that_takes_it_no_more():
    """Its refusals are no answer: the mail goes over a second connection, in turns, and what was known is forgotten."""
    no = {verb: b'503 no' for verb in (b'MAIL', b'RCPT', b'BDAT')}
    for changed in ((b'554 synchronization error\r\n', ALL, {}, 1), (b'421 later\r\n', ALL, {}, 1), (b'220 x\r\n', ALL[1:], no, 100),
                    (b'220 x\r\n', ALL[:2], no, 100), (b'220 x\r\n', ALL[:1] + ALL[2:], no, 100)):
        with folder() as here, scripted(WELL, changed, WELL, WELL) as server:
            path = here + '/known'
            ahead(server, path, OK)
            done = ahead(server, path, OK)
            equal(done.err.count('S: 250 HELP') + done.err.count('S: 554') + done.err.count('S: 421'), 2)
            equal(done.err.count('\nC: EHLO') + done.err.startswith('C: EHLO'), 2)
            equal(spoken_ahead(done), [])
            equal(spoken_ahead(ahead(server, path, OK)), ['EHLO', 'MAIL', 'RCPT', 'BDAT'])


def test_what_it_accepts_is_accepted_though_it_offers_less():
    with folder() as here, scripted(WELL, (b'220 x\r\n', ALL[1:], {}, 100)) as server:
        ahead(server, here + '/known', OK)
        equal(ahead(server, here + '/known', OK).err.count('C: EHLO'), 1)
        equal(open(here + '/known').read(), '')


def test_refusals_of_a_server_that_is_as_it_was_are_refusals():
    for verbs, reply, code in ((b'MAIL', b'RCPT', b'BDAT'), b'550 no', UNAVAILABLE), ((b'RCPT', b'BDAT'), b'451 later', TEMPFAIL), ((b'BDAT',), b'552 large', UNAVAILABLE):
        with folder() as here, scripted(WELL, (b'220 x\r\n', ALL, {verb: reply for verb in verbs}, 100)) as server:
            ahead(server, here + '/known', OK)
            done = ahead(server, here + '/known', code)
            equal((spoken_ahead(done), reply[:3].decode() in done.out), (['EHLO', 'MAIL', 'RCPT', 'BDAT'], True))


def test_a_server_that_refuses_everybody():
    with folder() as here, scripted(WELL, (b'554 no\r\n', ALL, {}, 1), (b'554 no\r\n', ALL, {}, 1)) as server:
        ahead(server, here + '/known', OK)
        expect(ahead(server, here + '/known', UNAVAILABLE), UNAVAILABLE, 'greeting', '554')


def test_a_server_that_falls_silent_or_closes_is_not_trusted():
    for closing in (b'', ALL, {}, 4), (b'220 x\r\n', ALL, {}, 4):
        with folder() as here, scripted(WELL, closing) as server:
            ahead(server, here + '/known', OK)
            ahead(server, here + '/known', UNCERTAIN)


def test_a_file_that_is_not_ours_is_refused():
    with folder() as here, Sink(chunks=True) as sink:
        shared, link = os.fsdecode(file(here, 'shared', b'')), here + '/link'
        os.chmod(shared, 0o666)
        os.symlink(shared, link)
        for path in shared, link, here:
            expect(send(sink, '--text', 't', '--remember', path), USAGE, 'the file ' + path)


def test_lines_that_make_no_sense_are_left_out():
    with folder() as here, Sink(chunks=True) as sink:
        host, port = sink.addresses[0]
        name = '%s %d clear ' % (host, port)
        for line in 'x\n', name, name + '\n', name + '9999999999 ffffffff 0 0 0\n', name + '1 ffffffff 0 0 0\n', name + '-1\n', '\0' * 300 + '\n':
            path = os.fsdecode(file(here, 'known', line.encode()))
            os.chmod(path, 0o600)
            equal(spoken_ahead(ahead(sink, path, OK)), [])
            equal(len(open(path).read().splitlines()), 1)
            assert open(path).read().startswith(name), open(path).read()


def test_other_servers_stay_known():
    with folder() as here, Sink(chunks=True) as one, Sink(chunks=True) as other:
        for server, expected in (one, 0), (other, 0), (one, 4), (other, 4):
            equal(len(spoken_ahead(ahead(server, here + '/known', OK))), expected)


def test_fast_open_is_no_duty():
    with folder() as here, Sink(chunks=True) as sink:
        for _ in range(2):
            ahead(sink, here + '/known', OK, '--text', 't', '--fast-open')
            expect(send(sink, '--text', 't', '--fast-open'), OK)
    expect(send(sink, '--text', 't', '--fast-open', '--remember', here + '.gone/known'), TEMPFAIL, 'refused')
