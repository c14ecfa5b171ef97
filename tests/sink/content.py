"""The content of mails, by DATA and by BDAT."""
import os
import random
import time

from harness import NASTY, Sink, dialogue, equal, stuff


def test_unstuffing_at_every_split():
    wire = stuff(NASTY)
    with Sink(maildir=True) as sink:
        client = sink.hello()
        splits = [[wire], [bytes([octet]) for octet in wire]] + [[wire[:i], wire[i:]] for i in range(1, len(wire))]
        for pieces in splits:
            client.envelope()
            equal(client.code('DATA'), 354)
            for piece in pieces:
                client.send(piece)
                time.sleep(0.0005)
            equal(client.codes(1), [250])
        equal([mail for mail, _ in sink.mails()], len(splits) * [NASTY])


def test_whole_mails_in_one_flight_by_data():
    with Sink(maildir=True) as sink:
        client = sink.hello()
        flight = b'MAIL FROM:<a@b.test>\r\nRCPT TO:<c@b.test>\r\nDATA\r\n' + stuff(NASTY) + b'RSET\r\n'
        client.send(50 * flight + b'QUIT\r\n')
        equal(client.codes(251), 50 * [250, 250, 354, 250, 250] + [221])
        equal([mail for mail, _ in sink.mails()], 50 * [NASTY])


def test_only_crlf_dot_crlf_ends_content():
    ends = [b'\n.\n', b'\n.\r', b'\r.\n', b'\r.\r', b'\n.\r\n', b'\r.\r\n', b'\r\n.\n', b'\r\n.\rx', b'\r\n.\r\r\n', b'\r\r\n.\r\r\n', b'\r\n\0.\r\n',
            b'\r\n.\0\r\n', b'\r\n.\r.\r\n']
    inner = b'MAIL FROM:<evil@b.test>\r\nRCPT TO:<evil@b.test>\r\nDATA\r\nevil\r\n'
    for allow in ((), ('--allow-bare',)):
        with Sink(*allow, maildir=True) as sink:
            client = sink.hello()
            for end in ends:
                for split in range(len(end) + 1):
                    content = b'x' + end + inner
                    client.envelope()
                    equal(client.code('DATA'), 354)
                    client.send(content[:1 + split])
                    if allow:
                        time.sleep(0.0005)
                    client.send(content[1 + split:])
                    bare = b'\0' not in end
                    got = client.ask(b'.\r\n')
                    equal((end, got[:3]), (end, b'550' if bare and not allow else b'250'))
                    assert not bare or allow or b'bare CR or LF' in got
                    equal(client.code('NOOP'), 250)
            kept = [mail for mail, _ in sink.mails()]
            expected = [(b'x' + end + inner).replace(b'\r\n.', b'\r\n') for end in ends for _ in range(len(end) + 1) if allow or b'\0' in end]
            equal(kept, expected)


def test_bare_line_ends_by_bdat():
    with Sink() as sink:
        client = sink.hello()
        for chunks, code in (([b'a\nb\r\n'], 550), ([b'a\rb\r\n'], 550), ([b'a\r', b'\nb\r\n'], 250), ([b'a\r', b'b\r\n'], 550), ([b'a', b'\n'], 550),
                             ([b'a\r'], 550), ([b'a\r', b''], 550), ([b'\n'], 550), ([b'a\n'], 550), ([b'a\n', b'b'], 550), ([200 * b'x' + b'\n' + 200 * b'x'], 550), ([b'no end'], 250)):
            client.envelope()
            for chunk in chunks[:-1]:
                equal(client.code(b'BDAT %d\r\n' % len(chunk) + chunk), 250)
            equal((chunks, client.code(b'BDAT %d LAST\r\n' % len(chunks[-1]) + chunks[-1])), (chunks, code))
            equal(client.code('RSET'), 250)
        dialogue(client, ('MAIL FROM:<a@b.test> BODY=BINARYMIME', 250), ('RCPT TO:<a@b.test>', 250), ('DATA', 503),
                 (b'BDAT 5 LAST\r\n\r\n\r\0\n', 250))


def test_bdat_at_every_split_and_in_one_flight():
    content = NASTY + bytes(range(256)).replace(b'\n', b'').replace(b'\r', b'')
    flight = b'RSET\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@b.test>\r\nBDAT 0\r\nBDAT %05d\r\n' % len(content) + content + b'BDAT 0 LAST\r\n'
    with Sink(maildir=True) as sink:
        client = sink.hello()
        for split in range(0, len(flight), 7):
            client.send(flight[:split])
            time.sleep(0.0005)
            client.send(flight[split:])
            equal(client.codes(6), 6 * [250])
        client.send(20 * flight)
        equal(client.codes(120), 120 * [250])
        mails = sink.mails()
        equal({mail for mail, _ in mails}, {content})
        equal(len(mails), 20 + len(range(0, len(flight), 7)))
        assert all(envelope['chunking'] for _, envelope in mails)


def test_bdat_sequence():
    with Sink() as sink:
        client = sink.hello()
        dialogue(client, (b'BDAT 4\r\nQUIT', 503), ('MAIL FROM:<a@b.test>', 250), (b'BDAT 6 LAST\r\nQUIT\r\n', 554), ('RCPT TO:<c@b.test>', 250),
                 ('BDAT', 501), ('BDAT x', 501), ('BDAT -1', 501), ('BDAT 1 FIRST', 501), ('BDAT 1  LAST', 501), ('BDAT 9999999999999999999', 501),
                 (b'bdat 1 last\r\nx', 250), (b'BDAT 1\r\nx', 503), ('MAIL FROM:<a@b.test>', 250), ('RCPT TO:<c@b.test>', 250), (b'BDAT 1\r\nx', 250),
                 ('DATA', 503), ('RCPT TO:<c@b.test>', 503), ('MAIL FROM:<a@b.test>', 503), ('NOOP', 250), (b'BDAT 1 LAST\r\nx', 250))
        equal(sink.summary(), '2 mails, 2 recipients, 3 octets, 1 connections')


def test_a_refused_bdat_needs_rset():
    with Sink('--reply', 'bdat#2=451 4.0.0 no', '--reply', 'content#1=552 5.0.0 no') as sink:
        client = sink.hello().envelope()
        dialogue(client, (b'BDAT 1\r\nx', 250), (b'BDAT 1\r\nx', 451), (b'BDAT 1\r\nx', 503), (b'BDAT 1 LAST\r\nx', 503), ('MAIL FROM:<a@b.test>', 503),
                 ('RSET', 250))
        client.envelope()
        dialogue(client, (b'BDAT 1 LAST\r\nx', 552), ('MAIL FROM:<a@b.test>', 503), ('RSET', 250))
        client.envelope()
        dialogue(client, (b'BDAT 1 LAST\r\nx', 250))
        equal(sink.summary(), '1 mails, 1 recipients, 1 octets, 1 connections')


def test_size_is_held():
    with Sink('--size', '100', maildir=True) as sink:
        client = sink.hello()
        dialogue(client, ('MAIL FROM:<a@b.test> SIZE=101', 552), ('MAIL FROM:<a@b.test> SIZE=100', 250), ('RSET', 250))
        fits = 98 * b'.' + b'\r\n'
        equal(client.mail(stuff(fits)), 250)
        equal(client.mail(stuff(b'x' + fits)), 552)
        equal(client.mail(stuff(fits)), 250)
        client.envelope()
        dialogue(client, (b'BDAT 60\r\n' + 60 * b'x', 250), (b'BDAT 41\r\n' + 41 * b'x', 552), (b'BDAT 1 LAST\r\nx', 503), ('RSET', 250))
        client.envelope()
        dialogue(client, (b'BDAT 60\r\n' + 60 * b'x', 250), (b'BDAT 40 LAST\r\n' + 40 * b'x', 250))
        equal([mail for mail, _ in sink.mails()], [fits, fits, 100 * b'x'])
        equal(os.listdir(sink.folder + '/mail/tmp'), [])
    with Sink('--size', '0') as sink:
        dialogue(sink.hello(), ('MAIL FROM:<a@b.test> SIZE=99999999999999999999', 250))


def test_random_contents_in_random_pieces():
    seed = int(time.time())
    print('# seed', seed)
    dice = random.Random(seed)
    with Sink('--allow-bare', maildir=True) as sink:
        client, sent = sink.hello(), []
        for _ in range(150):
            content = b''.join(dice.choice([b'\r\n', b'.', b'\r', b'\n', b'x', b'\r\n.', b'ab' * 40]) for _ in range(dice.randrange(60))) + b'\r\n'
            client.envelope()
            equal(client.code('DATA'), 354)
            wire = stuff(content)
            while wire:
                size = dice.choice([1, 2, 3, 7, 1000])
                client.send(wire[:size])
                wire = wire[size:]
                if dice.random() < 0.05:
                    time.sleep(0.0003)
            equal(client.codes(1), [250])
            sent.append(content)
        equal([mail for mail, _ in sink.mails()], sent)
