"""Commands instead of a mail: `postino send --ask`."""
import json

from common import OK, TEMPFAIL, UNAVAILABLE, USAGE, Sink, Trap, equal, expect, run, url


def ask(server, *arguments):
    return run('send', '--server', url(server), *arguments)


def test_answers_are_told():
    with Sink('--reply', 'vrfy=252 2.1.5 perhaps', '--reply', 'expn=250-a@x.test\\r\\n250 b@x.test') as sink:
        done = expect(ask(sink, '--ask', 'vrfy bob@example.test', '--ask', 'EXPN list', '--ask', 'NOOP', '--trace'), OK, 'C: VRFY bob@example.test\n')
        lines = done.out.splitlines()
        equal(lines[0], 'vrfy bob@example.test: accepted (252 2.1.5 perhaps)')
        assert lines[1].startswith('EXPN list: accepted (250 a@x.test'), lines
        assert lines[-1].startswith('NOOP: accepted (250 '), lines
        assert 'C: MAIL' not in done.err and 'C: QUIT' in done.err, done


def test_refusals_are_told():
    with Sink('--reply', 'vrfy=550 5.1.1 nobody', '--reply', 'unknown=458 5.7.1 not now') as sink:
        expect(ask(sink, '--ask', 'VRFY bob'), UNAVAILABLE, 'VRFY bob: refused for good (550 5.1.1 nobody)')
        expect(ask(sink, '--ask', 'ETRN example.test'), TEMPFAIL, 'ETRN example.test: refused for now (458 5.7.1 not now)')
        done = expect(ask(sink, '--json', '--ask', 'VRFY bob'), UNAVAILABLE)
        told = json.loads(done.out)
        equal((told['command'], told['outcome'], told['code'], told['enhanced']), ('VRFY bob', 'refused for good', 550, '5.1.1'))


def test_no_server():
    with Trap() as trap:
        pass
    expect(ask(trap, '--ask', 'NOOP'), TEMPFAIL, 'NOOP: refused for now', 'connecting')


def test_wrong_questions_are_not_asked():
    with Trap() as trap:
        for question in '', 'VRFY', 'VRFY ', 'EXPN', 'ETRN', 'MAIL FROM:<a@x.test>', 'QUIT', 'NOOPS', 'VRFY a\r\nRCPT TO:<b@x.test>', 'VRFY ' + 'x' * 501:
            expect(ask(trap, '--ask', 'NOOP', '--ask', question), USAGE, '--ask')
        for option in '--from', '--to', '--text', '--attach':
            expect(ask(trap, '--ask', 'NOOP', option, 'a@x.test'), USAGE, 'instead of a mail')
        assert not trap.called()
