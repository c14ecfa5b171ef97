"""Every option of `postino send`, and each exit code."""
import os
import re
import shutil
import socket

from common import (DATAERR, ENVELOPE, NOINPUT, OK, PROGRAM, TEMPFAIL, UNAVAILABLE, UNCERTAIN, USAGE, Sink, Skip, Trap, equal, expect, file, folder,
                    parsed, run, send, url)


def test_help_and_version():
    for words in ('--help',), ('help',):
        done = expect(run(*words), OK, 'usage: postino')
        equal(done.err, '')
    expect(run('--version'), OK, 'postino ')
    expect(run('send', '--help'), OK, '--server')
    expect(run('sendmail', '--help'), OK, '-t')
    expect(run(), USAGE, 'usage')
    expect(run('sned'), USAGE, 'sned')
    expect(run('send', '--nonsense'), USAGE, '--nonsense')
    expect(run('send', '--to'), USAGE, '--to')
    expect(run('send', *ENVELOPE, '--text', 't', 'c@x.test'), USAGE, 'c@x.test', '--to')
    expect(run('send', '--from', 'a@x.test', '--text', 't'), USAGE, '--to')
    with open('/dev/full', 'wb') as full:
        assert run('--help', stdin=0) and run('--version')
        import subprocess
        equal(subprocess.run([PROGRAM, 'send', '--help'], stdout=full).returncode in (0, 74), True)


def test_every_option_that_help_names_is_taken():
    """...and every one that is taken is named: those of the source are compared with those of the help."""
    named = set(re.findall(r'^  (--[a-z-]+)', run('send', '--help').out, re.M))
    taken = {'--' + name for name in ('server from to cc bcc reply-to subject text text-file attach header message all name local-address '
                                      'timeout notify return envelope-id deliver-by mt-priority hold require-tls ask batch journal again in-flight behind-dot without trace json user password-file password-command password-env token-command auth ca-file pin '
                                      'certificate key tls-session remember fast-open xclient').split()}
    equal(named, taken)
    with Sink(maildir=True) as sink, folder() as here:
        content = file(here, 'part.txt', b'part')
        done = send(sink, '--cc', 'c@x.test', '--bcc', 'd@x.test', '--reply-to', 'r@x.test', '--subject', 's', '--text-file',
                    file(here, 'text', b'the text'), '--attach', content, '--attach', content, '--header', 'X-A: b', '--all', '--name', 'n.test',
                    '--local-address', '127.0.0.1', '--timeout', '30', '--trace', '--json')
        expect(done, OK, '"outcome": "accepted"', 'C: EHLO n.test')
        mail = parsed(sink.mails()[0][0])
        equal([mail['subject'], mail['x-a'], mail['reply-to'], mail['cc'], mail['bcc']], ['s', 'b', 'r@x.test', 'c@x.test', None])
        equal(mail.get_body().get_content().strip(), 'the text')
        equal([(p.get_filename(), p.get_content_type(), p.get_payload(decode=True)) for p in mail.iter_attachments()], [('part.txt', 'text/plain', b'part')] * 2)


def test_options_that_do_not_go_together():
    with Trap() as trap:
        server = ('--server', 'smtp://127.0.0.1:%d' % trap.address[1])
        for more in (['--text', 'a', '--text-file', 'b'], ['--message', '-', '--subject', 's'], ['--message', '-', '--text', 't'],
                     ['--message', '-', '--attach', 'x'], ['--message', '-', '--header', 'X: y'], ['--message', '-', '--reply-to', 'r@x.test'],
                     ['--attach', '-'], ['--text', 't', '--attach', '-', '--attach', '-'], ['--text-file', '-', '--attach', '-']):
            done = expect(run('send', *server, *ENVELOPE, *more), USAGE)
            assert done.err, more
        for bad in '0', '-1', '1.5', '', 'x', '99999999999', '1s', '+1', ' 1', '4294967296':
            expect(run('send', *server, *ENVELOPE, '--text', 't', '--timeout', bad), USAGE, '--timeout')
        assert not trap.called()


def test_exit_codes():
    with Sink('--reply', 'rcpt:defer@x.test=450 4.2.1 later', '--reply', 'rcpt:reject@x.test=550 5.1.1 no', '--drop', 'content:dropped@x.test') as sink:
        for to, code, words in (('b@x.test', OK, 'b@x.test: accepted'), ('defer@x.test', TEMPFAIL, 'defer@x.test: refused for now at RCPT (450 4.2.1 later)'),
                                ('reject@x.test', UNAVAILABLE, 'reject@x.test: refused for good at RCPT (550 5.1.1 no)'),
                                ('b@x.test, defer@x.test', TEMPFAIL, 'b@x.test: accepted'), ('b@x.test, reject@x.test', UNAVAILABLE, 'b@x.test: accepted'),
                                ('defer@x.test, reject@x.test', UNAVAILABLE, 'defer@x.test: refused for now')):
            done = expect(send(sink, '--text', 't', envelope=('--from', 'a@x.test', '--to', to)), code, words)
            equal(done.out.count('\n'), to.count('@'))
            equal(bool(done.err), code != OK)
        expect(send(sink, '--message', '-', input=b'\0'), DATAERR)
        expect(send(sink, '--text-file', '/missing/file'), NOINPUT, '/missing/file')
        expect(send(sink, '--text', 't', '--subject', '\n'), USAGE)
    with Sink('--drop', 'content') as sink:
        done = expect(send(sink, '--text', 't'), UNCERTAIN, 'b@example.test: uncertain', 'may have been delivered')
        assert done.err, done


def test_nobody_listens():
    with socket.socket() as closed:
        closed.bind(('127.0.0.1', 0))
        done = expect(run('send', '--server', 'smtp://127.0.0.1:%d' % closed.getsockname()[1], *ENVELOPE, '--text', 't'), TEMPFAIL, 'refused for now at connecting')
        assert 'efused' in done.err and '127.0.0.1' in done.err, done
    with folder() as here:
        expect(run('send', '--server', 'lmtp://%s/none' % here, *ENVELOPE, '--text', 't'), TEMPFAIL, here + '/none')


def test_all_or_none():
    with Sink('--reply', 'rcpt:reject@x.test=550 no', maildir=True) as sink:
        done = expect(send(sink, '--text', 't', '--all', '--to', 'reject@x.test', '--to', 'c@x.test'), UNAVAILABLE, 'reject@x.test: refused for good')
        equal(done.out.count('accepted'), 0)
        equal(sink.mails(), [])
        expect(send(sink, '--text', 't', '--all', '--to', 'c@x.test'), OK)
        expect(send(sink, '--text', 't', '--to', 'reject@x.test', '--to', 'c@x.test'), UNAVAILABLE, 'c@x.test: accepted')
        equal([len(mail[1]['to']) for mail in sink.mails()], [2, 2])


def test_the_server_by_the_environment():
    with Sink(maildir=True) as sink, Trap() as trap:
        expect(run('send', *ENVELOPE, '--text', 't', env={'POSTINO_SERVER': url(sink)}), OK)
        expect(run('send', '--server', url(sink), *ENVELOPE, '--text', 't', env={'POSTINO_SERVER': 'smtp://127.0.0.1:%d' % trap.address[1]}), OK)
        assert not trap.called()
        equal(len(sink.mails()), 2)
        for url_ in url(sink) + '/', url(sink).replace('smtp:', 'smtp+notls:'), url(sink).replace('127.0.0.1', 'localhost'), url(sink).replace('127.0.0.1', 'LocalHost'):
            expect(run('send', '--server', url_, *ENVELOPE, '--text', 't'), OK)


def test_lmtp_and_ipv6():
    with folder() as here:
        with Sink('--lmtp', '--listen', 'unix:%s/socket' % here, '--listen', '127.0.0.1:0', '--reply', 'content:c@x.test=450 full', maildir=True) as sink:
            path, (host, port) = sink.addresses
            for server in 'lmtp://' + path, 'lmtp://%s:%d' % (host, port), 'lmtp://' + path.replace('socket', '%73ocket'):
                done = run('send', '--server', server, *ENVELOPE, '--to', 'c@x.test', '--text', 't', '--trace')
                expect(done, TEMPFAIL, 'b@example.test: accepted', 'c@x.test: refused for now at content (450', 'C: LHLO ')
                assert 'localhost' not in done.err.split('LHLO', 1)[1].split('\n')[0], done
            assert os.path.exists(path)
    try:
        with Sink('--listen', '[::1]:0', maildir=True) as sink:
            expect(send(sink, '--text', 't', '--trace'), OK, 'EHLO [IPv6:::1]')
            expect(run('send', '--server', url(sink).replace('[::1]', 'localhost'), *ENVELOPE, '--text', 't'), OK)
            expect(send(sink, '--text', 't', '--local-address', '127.0.0.1'), TEMPFAIL)
            equal(len(sink.mails()), 2)
    except OSError as why:
        raise Skip('no IPv6: %s' % why)


def test_a_local_address():
    with Sink(maildir=True) as sink:
        expect(send(sink, '--text', 't', '--trace', '--local-address', '127.0.0.9'), OK, 'EHLO [127.0.0.9]')
        expect(send(sink, '--text', 't', '--local-address', '203.0.113.1'), TEMPFAIL, 'assign')


def test_the_program_under_another_name():
    with folder() as here, Sink(maildir=True) as sink:
        link = here + '/sendmail'
        os.symlink(PROGRAM, link)
        expect(run('-i', 'b@x.test', program=link, input=b'Subject: s\n\nt\n', env={'POSTINO_SERVER': url(sink)}), OK)
        copy = shutil.copy(PROGRAM, here + '/other')
        expect(run('send', '--server', url(sink), *ENVELOPE, '--text', 't', program=copy), OK)
        equal(len(sink.mails()), 2)
