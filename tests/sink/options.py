"""How the sink is started, says what it does, and ends."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness import PATIENCE, PROGRAM, Sink, equal, refused


def test_it_says_where_it_listens_and_ends_on_a_signal():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Sink() as sink:
            assert sink.lines[0].startswith('listening on 127.0.0.1:'), sink.lines
            equal(sink.hello().mail(), 250)
            equal(sink.stop(number), 0)
            equal(sink.process.stdout.read(), b'')
            equal(sink.errors(), '1 mails, 1 recipients, 7 octets, 1 connections\n')


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as attempt:
            attempt.bind(('::1', 0))
        return True
    except OSError:
        return False


def test_several_listeners_ipv6_and_unix():
    path = tempfile.mkdtemp() + '/socket'
    options = ['--listen', '127.0.0.1:0', '--listen', 'unix:' + path]
    ipv6 = has_ipv6()
    with Sink(*options, *(['--listen', '[::1]:0'] if ipv6 else [])) as sink:
        equal(sink.lines[1], 'listening on unix:%s\n' % path)
        if ipv6:
            assert sink.lines[2].startswith('listening on [::1]:'), sink.lines
        for which in range(len(sink.addresses)):
            equal(sink.connect(which).hello().mail(), 250)
        code, message = refused('--listen', 'unix:' + path)
        assert code == 71 and path in message, (code, message)
    assert not os.path.exists(path)
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(path)
    stale.close()
    with Sink('--listen', 'unix:' + path) as sink:
        equal(sink.hello().mail(), 250)
    shutil.rmtree(os.path.dirname(path))


def test_wrong_options_are_named_and_exit_64():
    for options in (['--nonsense'], ['word'], ['--lmtp=1'], ['--count'], ['--count', '0'], ['--count', 'x'], ['--split', '0'],
                    ['--size', '-1'], ['--hide', 'PIPELINING,NONE'], ['--listen', 'a:b'], ['--listen', '::1:25'],
                    ['--listen', '127.0.0.1:65536'], ['--listen', 'unix:'], ['--listen', 'unix:/' + 120 * 'x'],
                    ['--reply', 'mail'], ['--reply', 'nowhere=250 ok'], ['--reply', 'mail#0=250'], ['--reply', 'mail=\\q'],
                    ['--reply', 'content+3=250'], ['--delay', 'mail=x'], ['--delay', 'mail=1s'], ['--delay', 'mail'],
                    ['--drop', 'mail=x'], ['--drop', 'mail+3'], ['--drop', 'content+0'], ['--drop', 'mailx'],
                    ['--mute', ''], ['--stop-reading', 'data#'], ['--maildir', '']):
        code, message = refused(*options)
        equal((options, code), (options, 64))
        assert options[0].split('=')[0] in message and '--help' in message or '--listen' in message, message


def test_what_cannot_be_used_is_said():
    with Sink() as sink:
        taken = '127.0.0.1:%d' % sink.addresses[0][1]
        code, message = refused('--listen', taken)
        assert code == 71 and taken in message and 'in use' in message, (code, message)
    code, message = refused('--maildir', '/dev/null/x')
    assert code == 73 and '/dev/null/x' in message, (code, message)


def test_a_signal_right_behind_the_announcement():
    for _ in range(20):
        with Sink() as sink:
            equal(sink.stop(), 0)


def test_help():
    done = subprocess.run([PROGRAM, 'sink', '--help'], capture_output=True, timeout=PATIENCE)
    equal((done.returncode, done.stderr), (0, b''))
    for option in 'listen lmtp maildir count hide reply delay split drop size trace mute stop-reading tls cert key ca-out client-ca tls-min tls-max tls-ciphers user token anonymous mechanisms scram-iterations auth-in-clear auth-required'.split():
        assert b'--' + option.encode() in done.stdout, option


def test_count_ends_behind_the_last_connection():
    with Sink('--count', '2') as sink:
        one, two = sink.hello(), sink.hello()
        equal(one.mail(), 250)
        equal(one.code('QUIT'), 221)
        one.close()
        equal(two.mail(), 250)
        time.sleep(0.2)
        equal(sink.process.poll(), None)
        two.close()
        equal(sink.wait(), 0)
        equal(sink.errors(), '2 mails, 2 recipients, 14 octets, 2 connections\n')


def test_count_does_not_count_refused_mails():
    with Sink('--count', '1', '--reply', 'content#1=451 4.0.0 no') as sink:
        client = sink.hello()
        equal(client.mail(), 451)
        equal(client.mail(), 250)
        equal(client.code('QUIT'), 221)
        client.close()
        equal(sink.wait(), 0)
        equal(sink.errors(), '1 mails, 1 recipients, 7 octets, 1 connections\n')


def test_json_stats():
    with Sink('--json-stats') as sink:
        equal(sink.hello().mail(), 250)
        equal(json.loads(sink.summary()), {'mails': 1, 'recipients': 1, 'octets': 7, 'connections': 1})


def test_trace_is_whole_escaped_lines_without_content():
    with Sink('--trace') as sink:
        client = sink.connect()
        client.reply()
        client.ask(b'EHLO x\x1b[2J\\\r\n')
        client.ask('EHLO me')
        equal(client.mail(b'secret\r\n..\r\n.\r\n'), 250)
        equal(client.code('QUIT'), 221)
        lines = sink.errors().splitlines()
        for line in ('[1] S: 220 localhost ESMTP Postino sink', r'[1] C: EHLO x\x1b[2J\\', '[1] C: (11 octets of content)',
                     '[1] S: 250-PIPELINING', '[1] C: QUIT', '[1] C: MAIL FROM:<a@example.test>'):
            assert line in lines, (line, lines)
        assert 'secret' not in sink.errors()
