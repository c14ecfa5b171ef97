"""What is asked of a server beyond taking the mail: options, and what they have us say."""
import os

from common import OK, UNAVAILABLE, USAGE, Server, Sink, Trap, equal, expect, folder, run, send, sendmail

OFFERS = 'DSN', 'DELIVERBY 60', 'MT-PRIORITY', 'FUTURERELEASE 86400 2026-12-24T18:00:00Z'


def offering(*offers):
    """A server that keeps the commands of its last mail in `heard`."""
    heard = []

    def serve(peer):
        stream = peer.makefile('rb')
        peer.sendall(b'220 x\r\n')
        for line in stream:
            verb = line[:4]
            if verb == b'EHLO':
                heard.clear()
                peer.sendall(b''.join(b'250-%s\r\n' % offer.encode() for offer in ('x', *offers)) + b'250 HELP\r\n')
                continue
            heard.append(line.decode().rstrip('\r\n'))
            peer.sendall(b'354 x\r\n' if verb == b'DATA' else b'250 x\r\n')
            if verb == b'QUIT':
                return
            while verb == b'DATA' and stream.readline() != b'.\r\n':
                pass
            if verb == b'DATA':
                peer.sendall(b'250 taken\r\n')
    return Server(serve), heard


def parameters(line):
    return [word for word in line.split(' ')[2:] if not word.startswith(('SIZE=', 'FROM:', 'TO:'))]


def test_each_option_is_said():
    server, heard = offering(*OFFERS)
    rows = (
        (('--notify', 'never'), [], ['NOTIFY=NEVER', 'ORCPT=rfc822;b@example.test']),
        (('--notify', 'Delay,success,FAILURE'), [], ['NOTIFY=SUCCESS,FAILURE,DELAY', 'ORCPT=rfc822;b@example.test']),
        (('--return', 'full', '--envelope-id', 'No 1+2=3'), ['RET=FULL', 'ENVID=No+201+2B2+3D3'], []),
        (('--return', 'headers'), ['RET=HDRS'], []),
        (('--deliver-by', '120'), ['BY=120;N'], []),
        (('--deliver-by', '120,return,trace'), ['BY=120;RT'], []),
        (('--deliver-by', '-1,notify'), ['BY=-1;N'], []),
        (('--mt-priority', '-9'), ['MT-PRIORITY=-9'], []),
        (('--hold', '86400'), ['HOLDFOR=86400'], []),
        (('--hold', '2026-12-24T18:00:00Z'), ['HOLDUNTIL=2026-12-24T18:00:00Z'], []),
        ((), [], []),
    )
    with server:
        for options, of_mail, of_recipient in rows:
            expect(send(server, '--text', 't', *options), OK)
            equal((options, parameters(heard[0]), parameters(heard[1])), (options, of_mail, of_recipient))
        expect(sendmail(server, '-N', 'failure,delay', '-Rhdrs', '-V', 'id', '-f', 'a@x.test', 'b+c@x.test'), OK)
        equal((parameters(heard[0]), parameters(heard[1])), (['RET=HDRS', 'ENVID=id'], ['NOTIFY=FAILURE,DELAY', 'ORCPT=rfc822;b+2Bc@x.test']))


def test_what_is_not_offered_is_refused():
    rows = (('--notify', 'success', 'DSN'), ('--return', 'full', 'DSN'), ('--envelope-id', 'x', 'DSN'), ('--deliver-by', '60', 'DELIVERBY'),
            ('--mt-priority', '0', 'MT-PRIORITY'), ('--hold', '1', 'FUTURERELEASE'))
    server, heard = offering('HELP')
    with server:
        for option, argument, extension in rows:
            expect(send(server, '--text', 't', option, argument), UNAVAILABLE, 'the server does not offer ' + extension)
            equal(heard, ['QUIT'])


def test_what_the_server_cannot_do_is_refused():
    server, heard = offering(*OFFERS)
    with server:
        for option, argument in ('--deliver-by', '59,return'), ('--hold', '86401'):
            expect(send(server, '--text', 't', option, argument), UNAVAILABLE, 'out of its bounds')
            equal(heard, ['QUIT'])


def test_tls_on_the_whole_way_is_not_asked_for_in_clear():
    server, heard = offering('REQUIRETLS')
    with server:
        expect(send(server, '--text', 't', '--require-tls'), 76, 'TLS is required')
        equal(heard, ['QUIT'])


def test_wrong_arguments():
    wrong = {'--notify': ('', 'x', 'never,success', 'success,'[:-1] + 's', 'success;delay'), '--return': ('', 'all', 'full,full'),
             '--envelope-id': ('', 'x' * 101, 'a\nb', 'é'), '--deliver-by': ('', 'x', '1x', '1,', '1,soon', '0,return', '1000000000', '-1000000000'),
             '--mt-priority': ('', '10', '-10', '1x'), '--hold': ('', '0', 'x', '-1', '1000000000', '2026-12-24 18:00', '2' * 36)}
    with Sink() as sink:
        for option, arguments in wrong.items():
            for argument in arguments:
                if (option, argument) == ('--deliver-by', '1,'):
                    continue
                expect(send(sink, '--text', 't', option, argument), USAGE, option)
        for option in '-N', '-R', '-V':
            expect(sendmail(sink, option + 'é', 'b@x.test'), USAGE, option)


def test_a_second_pass_asks_for_the_same():
    """Recipients that were one too many go in a mail of their own (5321 4.5.3.1.10), under the same conditions."""
    to = 'b@x.test', 'ä@x.test', 'ö@x.test'
    with Sink('--max-recipients', '2', maildir=True) as sink:
        expect(send(sink, '--text', 't', '--envelope-id', 'once', '--return', 'headers', envelope=('--from', 'a@x.test', '--to', ', '.join(to))), OK)
        first, second = (mail[1] for mail in sink.mails())
        equal([[to['address'] for to in mail['to']] for mail in (first, second)], [list(to[:2]), [to[2]]])
        for mail in first, second:
            assert {'ENVID=once', 'RET=HDRS', 'SMTPUTF8'} <= set(mail['from_parameters']), mail


def xclient(seen, reply=b'220 again\r\n', offer=b'250 XCLIENT NAME ADDR\r\n'):
    def serve(peer):
        peer.sendall(b'220 x\r\n')
        stream = peer.makefile('rb')
        for line in stream:
            seen.append(line.decode().strip())
            if line.startswith(b'EHLO'):
                peer.sendall(b'250-x\r\n' + offer)
            elif line.startswith(b'XCLIENT'):
                peer.sendall(reply)
            elif line.startswith(b'DATA'):
                peer.sendall(b'354 go\r\n')
                while stream.readline() not in (b'.\r\n', b''):
                    pass
                peer.sendall(b'250 ok\r\n')
            else:
                peer.sendall(b'250 ok\r\n')
            if line.startswith(b'QUIT'):
                return
    return Server(serve)


def test_a_server_is_told_for_whom_we_speak():
    words = 'NAME=mx.example.test ADDR=192.0.2.1'
    seen = []
    with xclient(seen) as server, folder() as here:
        expect(send(server, '--text', 't', '--name', 'n.test', '--xclient', words, '--remember', os.path.join(here, 'known')), OK)
        equal(seen[:4], ['EHLO n.test', 'XCLIENT ' + words, 'EHLO n.test', 'MAIL FROM:<a@example.test>'])
        assert not os.path.exists(os.path.join(here, 'known'))
    seen = []
    with xclient(seen, reply=b'550 5.7.0 not you\r\n') as server:
        expect(send(server, '--text', 't', '--xclient', words), UNAVAILABLE, '550 5.7.0 not you')
    seen = []
    with xclient(seen, offer=b'250 PIPELINING\r\n') as server:
        expect(send(server, '--text', 't', '--xclient', words), UNAVAILABLE, 'XCLIENT')
        assert not [line for line in seen if line.startswith(('MAIL', 'XCLIENT'))], seen


def test_xclient_that_is_none():
    with Trap() as trap:
        for words in '', 'NAME', 'NAME=a\r\nMAIL FROM:<b@x.test>', 'NAME=a  ADDR=b', 'NAME=ä', 'NAME=' + 'x' * 600:
            expect(send(trap, '--text', 't', '--xclient', words), USAGE, 'XCLIENT')
        expect(run('send', '--server', 'submission://127.0.0.1:%d' % trap.address[1], '--from', 'a@x.test', '--to', 'b@x.test', '--text', 't', '--xclient', 'NAME=a'), USAGE, 'STARTTLS')
        assert not trap.called()
