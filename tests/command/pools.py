"""The pool of connections, as bench/load uses it: many mails over several connections, whatever a server does to them."""
import json
import os
import socket
import threading

from common import Server, Sink, Skip, converse, equal, folder, run, url
from harness import PROGRAM

LOAD = os.path.join(os.path.dirname(PROGRAM), 'bench', 'load')


def load(server, mails, *more, code=0, scheme='smtp+notls', env=None):
    """(what it printed, what it complained of)"""
    if not os.path.exists(LOAD):
        raise Skip('no ' + LOAD)
    done = run(url(server).replace('smtp', scheme, 1), str(mails), '1024', *map(str, more), program=LOAD, env=env)
    assert done.code == code, done
    return json.loads(done.out), done.err


def test_every_mail_arrives_once():
    for connections, per_connection, in_flight in (1, 0, 1), (1, 0, 64), (7, 0, 8), (3, 10, 4), (1, 1, 8), (20, 1, 1):
        for chunks in True, False:
            with Sink(chunks=chunks, maildir=True) as sink:
                said, _ = load(sink, 200, connections, per_connection, in_flight)
                equal((said['accepted'], len(sink.mails())), (200, 200))
                assert all(len(mail[0]) == 1024 for mail in sink.mails())


def test_small_buffers():
    with Sink(chunks=True, maildir=True) as sink:
        said, _ = load(sink, 50, 5, 0, 8, 512, 64)
        equal((said['accepted'], len(sink.mails())), (50, 50))


def test_over_tls():
    with Sink('--tls', chunks=True, maildir=True) as sink:
        said, _ = load(sink, 40, 4, 5, 8, scheme='smtp')
        equal((said['accepted'], len(sink.mails())), (40, 40))


def test_whom_to_trust_is_read_once():
    """By the first connection, for all of them, also those that come when it has gone."""
    with folder() as here:
        root, pipe = os.path.join(here, 'root.pem'), os.path.join(here, 'pipe')
        os.mkfifo(pipe)  # whoever opens it a second time waits forever
        with Sink('--listen', 'tls:127.0.0.1:0', '--ca-out', root, chunks=True) as sink:

            def give():
                with open(root, 'rb') as certificates, open(pipe, 'wb') as once:
                    once.write(certificates.read())
            giver = threading.Thread(target=give, daemon=True)
            giver.start()
            trusted = {'SSL_CERT_FILE': pipe, 'SSL_CERT_DIR': here}
            said, _ = load(sink, 40, 4, 5, 8, scheme='smtps', env=trusted)
            equal(said['accepted'], 40)
            giver.join(10)
            _, complaint = load(sink, 4, 2, code=75, scheme='smtps', env={'SSL_CERT_FILE': '/dev/null', 'SSL_CERT_DIR': here})
            assert 'issuer' in complaint, complaint


def test_refused_mails_end_with_their_refusal():
    with Sink('--reply', 'mail#3=451 later', '--reply', 'bdat#5=550 no', chunks=True, maildir=True) as sink:
        said, _ = load(sink, 50, 1, 0, 8, code=75)
        equal((said['accepted'], len(sink.mails())), (48, 48))


def test_a_server_that_takes_few_connections_is_believed():
    lock, open_now, most, turned_away = threading.Lock(), [0], [0], [0]

    def serve(peer):
        with lock:
            taken = open_now[0] < 2
            open_now[0] += taken
            most[0] = max(most[0], open_now[0])
            turned_away[0] += not taken
        if not taken:
            peer.sendall(b'421 too many connections\r\n')
            return
        try:
            converse(peer, b'QUIT')
        finally:
            with lock:
                open_now[0] -= 1
    with Server(serve) as server:
        said, _ = load(server, 60, 6, 30, 1, code=0)
    equal((said['accepted'], most[0]), (60, 2))
    assert 1 <= turned_away[0] <= 6, turned_away


def test_connections_that_end_are_made_again():
    """421 amid the mails: what it was said to is refused for now, what was not tried goes over another connection."""
    with Sink('--reply', 'mail##7=421 enough', '--hide', 'PIPELINING', maildir=True) as sink:
        said, _ = load(sink, 50, 2, 0, 1, code=75)
        equal((said['accepted'], len(sink.mails())), (49, 49))


def test_limits_are_obeyed():
    """RFC 9422: so many mails a connection; so many recipients a mail, for those who send one to many."""
    seen = []

    def serve(peer):
        mails, recipients = 0, 0
        peer.sendall(b'220 x\r\n')
        stream = peer.makefile('rb')
        for line in stream:
            verb = line[:4]
            if verb == b'EHLO':
                peer.sendall(b'250-x\r\n250-PIPELINING\r\n250 LIMITS MAILMAX=3 RCPTMAX=2\r\n')
                continue
            mails += verb == b'MAIL'
            recipients = 0 if verb == b'MAIL' else recipients + (verb == b'RCPT')
            if mails > 3 or recipients > 2:
                seen.append('too many')
            if verb == b'DATA':
                seen.append(recipients)
                peer.sendall(b'354 go\r\n')
                while stream.readline() not in (b'.\r\n', b''):
                    pass
            peer.sendall(b'250 ok\r\n')
            if verb == b'QUIT':
                return
    with Server(serve) as server:
        said, _ = load(server, 20, 2, 0, 8)
        equal((said['accepted'], seen), (20, [1] * 20))
        seen.clear()
        done = run('send', '--server', url(server), '--from', 'a@x.test', '--text', 't', *(word for i in range(9) for word in ('--to', 'r%d@x.test' % i)))
        equal((done.code, sorted(seen)), (0, [1, 2, 2, 2, 2]))


def test_limits_on_domains_are_obeyed():
    """RFC 9422 4.3: so many domains of recipients a connection; the others go over further ones."""
    seen = []

    def serve(peer):
        domains, taken = set(), []
        peer.sendall(b'220 x\r\n')
        stream = peer.makefile('rb')
        for line in stream:
            verb = line[:4]
            if verb == b'EHLO':
                peer.sendall(b'250-x\r\n250-PIPELINING\r\n250 LIMITS RCPTDOMAINMAX=2\r\n')
                continue
            if verb == b'RCPT':
                taken.append(line[9:-3].decode())
                domains.add(line[9:-3].split(b'@')[1])
            if len(domains) > 2:
                seen.append('too many')
            if verb == b'DATA':
                peer.sendall(b'354 go\r\n')
                while stream.readline() not in (b'.\r\n', b''):
                    pass
            peer.sendall(b'250 ok\r\n')
            if verb == b'QUIT':
                seen.append(taken)
                return
    with Server(serve) as server:
        addresses = 'a@x.test', 'b@y.test', 'c@z.test', 'd@x.test', 'e@z.test', 'f@y.test'
        done = run('send', '--server', url(server), '--from', 'a@x.test', '--text', 't', *(word for address in addresses for word in ('--to', address)))
        assert 'too many' not in seen and 2 <= len(seen) <= 3, seen
        equal((done.code, sorted(sum(seen, []))), (0, sorted(addresses)))


def test_nobody_is_there():
    with socket.create_server(('127.0.0.1', 0)) as taken:
        gone = taken.getsockname()

    class Gone:
        address = gone
    said, err = load(Gone, 100, 5, 0, 8, code=75)
    equal(said['accepted'], 0)
    assert 'refused' in err, err


def test_everybody_is_turned_away():
    with Sink('--reply', 'greeting=554 not you') as sink:
        said, err = load(sink, 100, 5, 0, 8, code=75)
        equal(said['accepted'], 0)
        assert 'greeting' in err, err


def test_a_wrong_server():
    done = run('gopher://x', '1', '1024', '1', program=LOAD)
    assert done.code == 64 and 'gopher' in done.err, done
