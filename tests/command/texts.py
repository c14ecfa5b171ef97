"""What a hostile server says, as people, terminals and programs get to see it (attacks 22)."""
import json

from common import OK, TEMPFAIL, UNAVAILABLE, Server, Sink, equal, expect, send

HOSTILE = ('\\x1b[2J\\x1b]0;owned\\x07', '%s%n%99999d%x', '\\xe2\\x80\\xae gnihsif', '\\xff\\xfe\\xc3', '\\xed\\xa0\\x80', '\\x7f\\x08\\x08',
           '\\xc2\\x9b31m', '"quoted" \\\\ back', '{"json": [1]}', '\\xe2\\x81\\xa6x\\xe2\\x81\\xa9', '\\xef\\xbb\\xbf', '\\t tab', '\\xf4\\x90\\x80\\x80', 'a\\rb',
           'grün – “quoted” 日本 👍', '\\xd8\\x9c', 'x' * 1500, '</script>')
BAD = [chr(c) for c in range(32) if c != 10] + ['\x7f', '\x9b'] + [chr(c) for c in (0x61C, 0x200B, 0x202E, 0x2066, 0x2069, 0xFEFF)]


def harmless(octets):
    text = octets.decode('utf-8')  # and it is UTF-8
    for bad in BAD:
        assert bad not in text, '%r is in %r' % (bad, text)
    return text


def test_hostile_texts_are_escaped_everywhere():
    for step, code in (('greeting', '554'), ('mail', '550'), ('rcpt', '550'), ('data', '554'), ('content', '450')):
        for text in HOSTILE[:] if step in ('rcpt', 'greeting') else HOSTILE[:4]:
            with Sink('--reply', '%s=%s %s' % (step, code, text)) as sink:
                done = send(sink, '--text', 't', '--trace')
                equal(done.code, TEMPFAIL if code == '450' else UNAVAILABLE)
                assert code in harmless(done.octets_out), done
                harmless(done.octets_err)
                done = send(sink, '--text', 't', '--json')
                told = json.loads(harmless(done.octets_out))
                equal(done.out.count('\n'), 1)
                equal(told['recipients'][0]['code'], int(code))
                harmless(done.octets_err)


def test_what_can_be_shown_is_shown():
    with Sink('--reply', 'rcpt=550 5.1.1 grün – “quoted” 日本 👍 %d') as sink:
        done = expect(send(sink, '--text', 't'), UNAVAILABLE, 'grün – “quoted” 日本 👍 %d')
        assert 'grün – “quoted” 日本 👍 %d' in done.err, done
        told = json.loads(send(sink, '--text', 't', '--json').out)
        equal(told['recipients'][0]['text'], '5.1.1 grün – “quoted” 日本 👍 %d')
        equal(told['recipients'][0]['enhanced'], '5.1.1')


def test_json_of_each_outcome():
    cases = ((['--reply', 'rcpt#2=450 4.2.1 busy', '--reply', 'rcpt#3=550 no'], 'refused for good', ['accepted', 'refused for now', 'refused for good']),
             (['--reply', 'rcpt#2=450 4.2.1 busy'], 'refused for now', ['accepted', 'refused for now', 'accepted']),
             (['--drop', 'content'], 'uncertain', ['uncertain'] * 3), (['--drop', 'data'], 'refused for now', ['refused for now'] * 3),
             (['--reply', 'content=250 '], 'accepted', ['accepted'] * 3), (['--reply', 'content=250'], 'accepted', ['accepted'] * 3))
    for options, outcome, outcomes in cases:
        with Sink(*options) as sink:
            done = send(sink, '--text', 't', '--json', '--to', 'c@x.test, d@x.test')
            told = json.loads(done.out)
            equal(told['outcome'], outcome)
            equal([to['outcome'] for to in told['recipients']], outcomes)
            equal([to['address'] for to in told['recipients']], ['b@example.test', 'c@x.test', 'd@x.test'])
            assert ('problem' in told) == (done.code != OK), told
            for to in told['recipients']:
                assert set(to) <= {'address', 'outcome', 'step', 'code', 'enhanced', 'text', 'reason'}, to


def test_odd_addresses_in_json_and_lines():
    address = '"\\"a\\\\b"@x.test'
    with Sink('--reply', 'rcpt=550 no') as sink:
        done = expect(send(sink, '--text', 't', '--json', envelope=('--from', 'a@x.test', '--to', address)), UNAVAILABLE)
        equal(json.loads(done.out)['recipients'][0]['address'], address)


def test_texts_of_several_lines():
    with Sink('--reply', 'rcpt=550-5.1.1 one\\r\\n550-5.1.1 two\\r\\n550 5.1.1 three') as sink:
        done = expect(send(sink, '--text', 't', '--trace'), UNAVAILABLE, 'one', 'three', 'S: 550-5.1.1 two')
        equal(done.out.count('\n'), 1)
        told = json.loads(send(sink, '--text', 't', '--json').out)
        equal(told['recipients'][0]['text'], '5.1.1 one\n5.1.1 two\n5.1.1 three')


def test_lines_that_are_cut_stay_whole_characters_or_escapes():
    for shift in range(4):
        with Sink('--reply', 'rcpt=550 ' + 'x' * shift + 'ä日' * 300) as sink:
            done = send(sink, '--text', 't')
            harmless(done.octets_out)
            harmless(done.octets_err)
            done = send(sink, '--text', 't', '--json', '--trace')
            assert 'ä日' in json.loads(harmless(done.octets_out))['recipients'][0]['text']


def test_a_server_that_is_none():
    def http(peer):
        peer.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n<html>\x1b[2J')
        peer.recv(4096)

    def tls(peer):
        peer.sendall(b'\x15\x03\x01\x00\x02\x02\x28' + b'\x16\x03\x01\x00\x05' * 100)
        peer.recv(4096)
    for serve in http, tls:
        with Server(serve) as server:
            done = expect(send(server, '--text', 't', '--trace'), TEMPFAIL, 'protocol', 'greeting')
            harmless(done.octets_err)
