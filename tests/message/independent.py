#!/usr/bin/python3
"""Composes random and hostile messages and reads them with Python's email package.

Usage: independent.py COMPOSE [COUNT]; COMPOSE is the program made of compose.c.
"""
import email
import email.header
import email.policy
import email.utils
import random
import re
import subprocess
import sys

COMPOSE = sys.argv[1]
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 100

WORDS = ["report", "Grüße", "日本語", "😀", "a=b", "=?x?=", "=?UTF-8?Q?a?=", "x" * 90, "é" * 50, "_", "?", "well,", "\"q\"", "a\\b",
         "(c)", "<d>", "e@f", "g;h:", "👩‍👩‍👧", "\u202eabc", "From", "."]
FILES = ["plain.txt", "with space.pdf", "a\"b.txt", "x\"; filename=\"y.exe", "naïve.txt", "日本語" * 30 + ".doc", "l" * 300 + ".bin",
         "😀.png", "per%cent'quote*.txt", "=?UTF-8?Q?no?=.txt", "semi;colon=.txt", "\u202egpj.exe", ".hidden", "x" * 1000, "..."]
FRAGMENTS = ["hello", "", ".", "..", "From me", "trailing  ", "\ttab", "=3D", "wörld", "日本語" * 60, "z" * 998, "y" * 5000,
             "--=_", "--=_00", "\x0c", "\x1b[2J", "soft=", "é" * 400]
ENDS = ["\n", "\r\n", "\r", "\r\r\n", "\n\r"]
SIZES = [0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 4000]


def hexed(value):
    if value is None:
        return "-"
    return (value if isinstance(value, bytes) else value.encode()).hex() or "."


def words(rng, most):
    return rng.choice([" ", " ", " ", "  "]).join(rng.choice(WORDS) for _ in range(rng.randint(1, most)))


def canonical(text):
    text = re.sub("\r\n|\r|\n", "\n", text)
    return text if not text or text.endswith("\n") else text + "\n"


def base_name(name):
    return re.split(r"[/\\]", name)[-1]


class Case:
    def __init__(self, seed):
        rng = self.rng = random.Random(seed)
        self.subject = rng.choice(["", " "]) + words(rng, 12) + rng.choice(["", " ", "   "])
        self.people = {field: [self.person(field, i) for i in range(count)] for field, count in
                       {"from": 1, "to": rng.randint(0, 20), "cc": rng.randint(0, 3), "reply-to": rng.randint(0, 2)}.items()}
        self.header = rng.choice(["", "plain ascii " * rng.randint(0, 30) + "end", words(rng, 8)])
        self.text = "".join(rng.choice(FRAGMENTS) + rng.choice(ENDS) for _ in range(rng.randint(0, 12))) + rng.choice(["", "end"])
        if rng.random() < 0.3:
            self.text = self.text.encode("ascii", "ignore").decode()
        self.parts = [(rng.choice(FILES), rng.randbytes(rng.choice(SIZES))) for _ in range(rng.choice([0, 0, 1, 1, 2, 5]))]
        self.offers = rng.choice([0, 1, 7])
        self.stream = rng.random() < 0.2
        self.buffer = rng.choice([1, 2, 7, 64, 100, 200, 4096, 70000])

    def person(self, field, i):
        name = self.rng.choice([None, words(self.rng, 3), words(self.rng, 12), "Plain Name", "Doe, J.", " lead", "trail "])
        return (name, f"{field}{i}@{'x' * self.rng.randint(1, 60)}.example.test")

    def describe(self):
        lines = [f"{field} {hexed(name)} {hexed(address)}" for field, list in self.people.items() for name, address in list]
        lines += [f"subject {hexed(self.subject)}", f"header {hexed('X-Own')} {hexed(self.header)}", "date 1795465044 -150",
                  f"id {hexed('a.b@example.test')}", f"{'stream' if self.stream else 'text'} {hexed(self.text)}",
                  f"offers {self.offers}", f"buffer {self.buffer}", f"randomness {self.rng.randbytes(16).hex()}"]
        lines += [f"part {hexed('/some/dir/' + name)} - {hexed(octets)}" for name, octets in self.parts]
        return "\n".join(lines)


def check_octets(case, octets):
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", octets) is None, "lone CR or LF"
    assert octets.endswith(b"\r\n")
    lines = octets.split(b"\r\n")
    assert max(map(len, lines)) <= 998, "a line over 998"
    header = lines[:lines.index(b"")]
    for line in header:
        assert len(line) <= 78 or b" " not in re.sub(rb"^([\w-]+:)? ", b"", line), "a header line over 78 that has a fold"
    assert all(line.strip() for line in header), "a header line of white space"
    assert max(octets) < 128 if case.offers == 0 or case.stream else True, "8-bit octets"
    assert b"\0" not in octets
    if b"\r\n\r\nContent" not in octets and b"quoted-printable" in octets:
        assert all(len(line) <= 76 for line in lines[len(header):] if not line.startswith(b"Content"))
    for word in re.findall(rb"=\?UTF-8\?[QB]\?[^?]*\?=", b"\r\n".join(header)):
        assert len(word) <= 75


def check_people(case, message):
    for field, people in case.people.items():
        if not people:
            assert message[field] is None
            continue
        # Not message[field]: this Python keeps the white space between encoded words in phrases (against RFC 2047 6.2).
        raw = dict(message.raw_items())[field.title() if field != "reply-to" else "Reply-To"]
        found = email.utils.getaddresses(["".join(raw.splitlines())])
        names = [str(email.header.make_header(email.header.decode_header(name))) for name, _ in found]
        assert [address for _, address in found] == [address for _, address in people]
        assert names == [name or "" for name, _ in people], [pair for pair in zip(names, people) if pair[0] != pair[1][0]]


def check_body(case, message):
    parts = list(message.iter_parts()) if case.parts else [message]
    text = parts[0].get_payload(decode=True).decode()
    assert text == canonical(case.text).replace("\n", "\r\n"), "text"
    for part, (name, octets) in zip(parts[1:], case.parts, strict=True):
        assert part.get_filename() == base_name(name), part.get_filename()
        assert part.get_content_disposition() == "attachment"
        assert part.get_payload(decode=True) == octets, "attachment"


def compose(description):
    return subprocess.run([COMPOSE], input=description.encode(), stdout=subprocess.PIPE)


def check_case(case):
    done = compose(case.describe())
    assert done.returncode == 0, f"exit {done.returncode}"
    check_octets(case, done.stdout)
    message = email.message_from_bytes(done.stdout, policy=email.policy.default)
    defects = [defect for part in message.walk() for defect in part.defects]
    assert not defects, defects
    assert message["subject"] == case.subject, (message["subject"], case.subject)
    if "=?" not in case.header or not case.header.isascii():  # an ASCII value goes out as it is
        assert message["x-own"] == case.header, (message["x-own"], case.header)
    assert message["date"].datetime.timestamp() == 1795465044
    assert message["message-id"] == "<a.b@example.test>"
    check_people(case, message)
    check_body(case, message)


def check_large():
    octets = random.Random(7).randbytes(1000003)
    case = Case(1)
    case.parts = [("large.bin", octets), ("cr.txt", b"a\rb\nc\r\r\n"), ("empty", b"")]
    check_case(case)


def test(name, function):
    try:
        function()
        print("ok", name)
        return 0
    except AssertionError as wrong:
        print("#", repr(wrong)[:2000])
        print("not ok", name)
        return 1


def refused(lines, code):
    def check():
        done = compose("\n".join(lines))
        assert done.returncode == 3 and done.stdout.split()[0] == str(code).encode(), done.stdout[:200]
    return check


def check_many():
    for seed in range(COUNT):
        try:
            check_case(Case(seed))
        except AssertionError as wrong:
            raise AssertionError(seed, *wrong.args)


FROM = f"from - {hexed('a@example.test')}"
failed = test("random_messages_come_back_from_an_independent_parser", check_many)
failed += test("large_attachments_come_back_from_an_independent_parser", check_large)
for bad in ["a\r\nBcc: evil@x.test", "a\nB: c", "a\r\n\r\nbody", "a\rb", "a\x1bb"]:
    failed += test(f"subject_{bad!r}_is_refused".replace(" ", "_"), refused([FROM, f"subject {hexed(bad)}"], 4))
sys.exit(failed != 0)
