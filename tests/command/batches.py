"""Many mails from a list: a line for each, one result each, and a journal that knows what is left."""
import fcntl
import json
import os
import signal

from common import DATAERR, NOINPUT, NOPERM, OK, TEMPFAIL, UNAVAILABLE, UNCERTAIN, USAGE, Running, Sink, equal, expect, file, folder, parsed, run, send, url

NOBODY = ()  # whom to stands in the lines
MANY = 600


def lines(*mails):
    return ''.join(json.dumps(mail) + '\n' if isinstance(mail, dict) else mail + '\n' for mail in mails).encode()


def mail(number, **more):
    return dict({'id': 'no %d' % number, 'to': ['b%d@x.test' % number], 'subject': 'mail %d' % number, 'text': 'text of %d\n' % number}, **more)


def batch(sink, *arguments, of=b'', **more):
    return send(sink, '--from', 'a@x.test', '--batch', '-', *arguments, envelope=NOBODY, input=of, **more)


def told(done):
    return [json.loads(line) for line in done.out.splitlines()]


def test_each_line_is_a_mail():
    for chunks in False, True:
        with folder() as here, Sink(maildir=True, chunks=chunks) as sink:
            message = os.fsdecode(file(here, 'message', b'From: c@x.test\nSubject: as it is\n\nbody\n'))
            attached = os.fsdecode(file(here, 'attached.bin', bytes(range(256))))
            given = [mail(i) for i in range(MANY)]
            given += [mail(MANY, **{'from': 'Ada <ada@x.test>', 'to': 'x@x.test, y@x.test', 'cc': ['z@x.test'], 'attach': [attached], 'header': ['X-A: b'],
                                    'notify': 'never', 'all': True}),
                      {'to': ['b@x.test'], 'message': message}]
            done = expect(batch(sink, of=lines(*given)), OK)
            results, kept = told(done), sink.mails()
            equal([(r['line'], r.get('id'), r['outcome']) for r in results], [(i + 1, m.get('id'), 'accepted') for i, m in enumerate(given)])
            equal([parsed(octets)['Subject'] for octets, _ in kept], [m.get('subject', 'as it is') for m in given])
            equal([e['to'][0]['address'] for _, e in kept[:MANY]], [m['to'][0] for m in given[:MANY]])
            octets, envelope = kept[MANY]
            equal((envelope['from'], [to['address'] for to in envelope['to']]), ('ada@x.test', ['x@x.test', 'y@x.test', 'z@x.test']))
            equal((parsed(octets)['X-A'], next(parsed(octets).iter_attachments()).get_payload(decode=True)), ('b', bytes(range(256))))
            assert len({parsed(octets)['Message-ID'] for octets, _ in kept[:MANY]}) == MANY


def test_lines_that_are_wrong_stop_none_of_the_others():
    wrong = ('no JSON', '[]', '"text"', '{"to": ["b@x.test"]}', '{"to": ["b@x.test"], "text": "t", "colour": "red"}', '{"to": [7], "text": "t"}',
             '{"to": ["b@x.test"], "text": "t", "server": "smtp://x"}', '{"to": ["b@x.test"], "text": "t", "to": ["c@x.test"]}', '{"text": "t"}',
             '{"to": ["b@x.test\\r\\nDATA"], "text": "t"}', '{"to": ["b@x.test"], "text": "a\\u0000b"}', '{"to": ["b@x.test"], "text": "t", "all": "yes"}',
             '{"to": ["b@x.test"], "text": "t", "attach": ["/nonexistent"]}', '{"to": ["b@x.test"], "text-file": "-"}', '{"to": ["b@x.test"], "text": null}',
             '{"to": ["b@x.test"], "text": "t", "subject": "a\\nBcc: c@x.test"}', '{"to": ["b@x.test"], "text": "t"')
    with Sink(maildir=True) as sink:
        for bad in wrong:
            done = expect(batch(sink, of=lines(mail(1), bad, '', mail(2))), DATAERR, '-:2: ')
            equal(sorted((r['line'], r['outcome']) for r in told(done)), [(1, 'accepted'), (2, 'not tried'), (4, 'accepted')])
        equal(len(sink.mails()), 2 * len(wrong))


def test_each_mail_has_its_own_fate():
    with Sink('--reply', 'rcpt:b1@x.test=550 no', '--reply', 'rcpt:b2@x.test=451 later', maildir=True) as sink:
        done = expect(batch(sink, of=lines(*(mail(i) for i in range(4)))), UNAVAILABLE)
        equal([r['outcome'] for r in told(done)], ['accepted', 'refused for good', 'refused for now', 'accepted'])
        equal([r['recipients'][0].get('code') for r in told(done)], [250, 550, 451, 250])
        equal(len(sink.mails()), 2)
        expect(batch(sink, of=lines(mail(2), mail(3))), TEMPFAIL)
        expect(batch(sink, of=b''), OK)


def test_the_journal_knows_what_is_left():
    with folder() as here:
        journal = os.path.join(here, 'journal')
        given = [mail(0), mail(1, to=['b1@x.test', 'c@x.test', 'd@x.test']), mail(2), mail(2), mail(3)]
        with Sink('--reply', 'rcpt:b1@x.test=451 later', '--reply', 'rcpt:c@x.test=550 no', '--reply', 'rcpt:b3@x.test=550 no', maildir=True) as sink:
            done = expect(batch(sink, '--journal', journal, of=lines(*given)), UNAVAILABLE)
            equal([r['outcome'] for r in told(done)], ['accepted', 'refused for now', 'accepted', 'accepted', 'refused for good'])
            equal(len(sink.mails()), 4)
        with Sink(maildir=True) as sink:  # the mail of which a recipient is left, in whatever place, and a new one
            done = expect(batch(sink, '--journal', journal, of=lines(given[4], mail(9), *given[:4])), OK)
            equal([(r['line'], r['outcome']) for r in told(done)], [(2, 'accepted'), (4, 'accepted')])
            equal(sorted(tuple(to['address'] for to in e['to']) for _, e in sink.mails()), [('b1@x.test',), ('b9@x.test',)])
            equal(told(expect(batch(sink, '--journal', journal, of=lines(*given, mail(9))), OK)), [])


def test_nobody_is_sent_to_twice_over_several_runs():
    with folder() as here:
        journal = os.path.join(here, 'journal')
        given = lines(mail(0, to=['a@x.test', 'b@x.test', 'c@x.test']))
        envelopes = []
        for later, code in (('b', 'c'), TEMPFAIL), (('c',), TEMPFAIL), (('c',), TEMPFAIL), ((), OK), ((), OK):
            replies = [word for who in later for word in ('--reply', 'rcpt:%s@x.test=451 later' % who)]
            with Sink(*replies, maildir=True) as sink:
                expect(batch(sink, '--journal', journal, of=given), code)
                envelopes += [[to['address'][0] for to in e['to']] for _, e in sink.mails()]
        equal(envelopes, [['a'], ['b'], ['c']])


def test_who_is_killed_leaves_doubt_and_no_second_mail():
    with folder() as here:
        journal, listed = os.path.join(here, 'journal'), file(here, 'list', lines(*(mail(i) for i in range(3))))
        arguments = '--from', 'a@x.test', '--batch', listed, '--journal', journal
        with Sink('--mute', 'content', maildir=True) as sink:
            running = Running('send', '--server', url(sink), *arguments, '--trace')
            running.wait_for('S: 354')
            running.signal(signal.SIGKILL)
            os.waitpid(running.process.pid, 0)
        with open(journal, 'ab') as cut:
            cut.write(b'{"key": "cut sho')
        with Sink(maildir=True) as sink:
            done = expect(send(sink, *arguments, envelope=NOBODY), UNCERTAIN)
            equal([r['outcome'] for r in told(done)], ['uncertain'] * 3)
            equal(sink.mails(), [])
            expect(send(sink, *arguments, '--again', envelope=NOBODY), OK)
            equal(len(sink.mails()), 3)
            expect(send(sink, *arguments, '--again', envelope=NOBODY), OK)
            equal(len(sink.mails()), 3)


def test_a_server_that_is_not_there_ends_the_batch():
    with folder() as here:
        journal = os.path.join(here, 'journal')
        with Sink() as sink:
            expect(batch(sink, of=b''), OK)
        done = expect(batch(sink, '--journal', journal, of=lines(*(mail(i) for i in range(MANY)))), TEMPFAIL, 'the batch stops')
        equal({r['outcome'] for r in told(done)}, {'not tried'})
        assert len(told(done)) < MANY
        with Sink(maildir=True) as sink:
            expect(batch(sink, '--journal', journal, of=lines(*(mail(i) for i in range(MANY)))), OK)
            equal(len(sink.mails()), MANY)


def test_a_connection_that_ends_is_followed_by_another():
    with Sink('--reply', 'mail##3=421 4.3.2 enough', maildir=True) as sink:
        done = expect(batch(sink, of=lines(*(mail(i) for i in range(6)))), TEMPFAIL)
        outcomes = [r['outcome'] for r in told(done)]
        equal((outcomes.count('accepted'), outcomes.count('refused for now')), (5, 1))
        equal(len(sink.mails()), 5)


def test_envelopes_behind_the_dot():
    given = lines(*(mail(i) for i in range(20)))
    with Sink('--reply', 'rcpt:b7@x.test=550 no', maildir=True) as sink:
        done = expect(batch(sink, '--behind-dot', '--trace', of=given), UNAVAILABLE)
        equal([r['outcome'] for r in told(done)], ['accepted'] * 7 + ['refused for good'] + ['accepted'] * 12)
        equal([e['to'][0]['address'] for _, e in sink.mails()], ['b%d@x.test' % i for i in range(20) if i != 7])
        conversation = [line for line in done.err.splitlines() if line[:3] in ('C: ', 'S: ')]
        first = conversation.index('C: RSET')  # ahead of the reply to the content before it
        assert conversation[first - 1] == 'C: .', conversation[first - 3:first + 3]


def test_wrong_uses():
    with folder() as here, Sink() as sink:
        for options in ('--to', 'b@x.test'), ('--text', 't'), ('--subject', 's'), ('--attach', '/dev/null'), ('--message', '-'), ('--in-flight', '0'), ('--in-flight', 'x'):
            expect(batch(sink, *options), USAGE)
        for options in ('--journal', 'x'), ('--again',):
            expect(send(sink, *options, '--text', 't'), USAGE, '--batch')
        expect(send(sink, '--from', 'a@x.test', '--batch', here + '/none', envelope=NOBODY), NOINPUT, 'none')
        expect(batch(sink, '--journal', here), NOINPUT, '--journal')
        expect(send(sink, '--from', 'a@x.test', '--batch', here, envelope=NOBODY), NOINPUT, '--batch')
        expect(run('send', '--server', 'nonsense://x', '--from', 'a@x.test', '--batch', '-', input=lines(mail(1))), USAGE, 'nonsense')


def test_a_journal_belongs_to_one_run():
    with folder() as here, open(os.path.join(here, 'journal'), 'a') as journal, Sink(maildir=True) as sink:
        fcntl.flock(journal, fcntl.LOCK_EX)
        expect(batch(sink, '--journal', journal.name, of=lines(mail(1))), NOINPUT, '--journal', 'unavailable')
        equal(sink.mails(), [])
        fcntl.flock(journal, fcntl.LOCK_UN)
        expect(batch(sink, '--journal', journal.name, of=lines(mail(1))), OK)


def test_credentials_are_fetched_once_and_a_refusal_is_no_fate_of_a_mail():
    with folder() as here:
        journal, asked = os.path.join(here, 'journal'), os.path.join(here, 'asked')
        many = lines(*(mail(i) for i in range(MANY)))
        with Sink('--user', 'ada:right', '--auth-in-clear', maildir=True) as sink:
            at = 'smtp+notls://ada@' + url(sink).split('//')[1]
            for password, code in ('wrong', NOPERM), ('right', OK):
                done = expect(run('send', '--server', at, '--from', 'a@x.test', '--batch', '-', '--journal', journal,
                                  '--password-command', 'echo >>%s; echo %s' % (asked, password), input=many), code)
                equal({r['outcome'] for r in told(done)}, {'not tried' if code else 'accepted'})
                with open(asked) as lines_of:
                    equal(len(lines_of.read().splitlines()), 1 if code else 2)
            equal(len(sink.mails()), MANY)
