#!/usr/bin/python3
"""Makes random messages, downgrades them, and holds both against each other with Python's email package.

Usage: downgraded.py DOWNGRADE [COUNT]; DOWNGRADE is the program made of downgrade.c.
"""
import email
import email.policy
import random
import re
import subprocess
import sys

DOWNGRADE = sys.argv[1]
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 150
LINES = ["plain", "", "grüße", "日本語" * 20, "trailing ", "trailing ü\t", "=3D", "From me", ".", "--", "--b1", " --b0", "x" * 900, "é" * 400, "Content-Transfer-Encoding: 8bit"]
KEPT = ("signed", "encrypted")


class Maker:
    """A tree of MIME entities. `eight_bit` becomes true where octets above 127 stand in what may not be changed."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.end = self.rng.choice(["\r\n", "\r\n", "\n"])
        self.boundaries = 0
        self.left = False

    def header(self, fields):
        fields = [field for field in fields if field]
        self.rng.shuffle(fields)
        fields = [self.rng.choice([field, field, field.lower() if "boundary" not in field else field, field.replace(": ", ":" + self.end + "\t")]) for field in fields]
        return "".join(field + self.end for field in fields) + self.end

    def text(self, ascii_only):
        lines = [self.rng.choice(LINES) for _ in range(self.rng.randint(0, 8))]
        text = self.end.join(line.encode("ascii", "ignore").decode() if ascii_only else line for line in lines)
        return text.replace("--b", "- b")  # the boundaries of this very message

    def leaf(self, sealed):
        encoding = self.rng.choice(["8bit", "8bit", "8bit", "7bit", None, "quoted-printable", "base64"])
        ascii_only = encoding != "8bit" or (sealed and self.rng.random() < 0.7)
        text = self.text(ascii_only)
        if encoding == "base64":
            text = "R3LDvMOfZQ==" + self.end
        elif encoding == "quoted-printable":
            text = "Gr=C3=BC=C3=9Fe" + self.end
        elif sealed and not text.isascii():
            self.left = True
        kind = self.rng.choice(["text/plain; charset=utf-8", "text/html; charset=\"utf-8\"", "application/x-own; name=\"a;b\"", None])
        return self.header([kind and "Content-Type: " + kind, encoding and "Content-Transfer-Encoding: " + encoding, "X-Own: 1"]) + text

    def multipart(self, depth, sealed):
        boundary = "b%d" % self.boundaries + self.rng.choice(["", "", " c", "=_x", "x" * 60])
        self.boundaries += 1
        kind = self.rng.choice(["mixed", "mixed", "alternative", "related", "digest", *KEPT])
        encoding = self.rng.choice([None, None, "8bit", "7bit"]) if not sealed else None
        text = self.header(["Content-Type: multipart/%s; x=y; boundary=\"%s\"" % (kind, boundary), encoding and "Content-Transfer-Encoding: " + encoding])
        text += self.rng.choice(["", "preamble" + self.end])
        for _ in range(self.rng.randint(1, 3)):
            part = self.message(depth + 1, sealed) if kind == "digest" else self.entity(depth + 1, sealed or kind in KEPT)
            text += "--" + boundary + self.rng.choice(["", "", "  "]) + self.end + (self.end if kind == "digest" else "") + part + self.end
        return text + "--" + boundary + "--" + self.rng.choice(["", self.end, self.end + "epilogue" + self.end])

    def message(self, depth, sealed):
        return "Subject: inner" + self.end + self.entity(depth, sealed)

    def entity(self, depth, sealed):
        choice = self.rng.random()
        if depth < 6 and choice < 0.5:
            return self.multipart(depth, sealed)
        if depth < 6 and choice < 0.6:
            return self.header(["Content-Type: message/rfc822", self.rng.choice([None, "Content-Transfer-Encoding: 8bit"])]) + self.message(depth, sealed)
        return self.leaf(sealed)

    def whole(self):
        return ("From: a@example.test" + self.end + "MIME-Version: 1.0" + self.end + self.entity(0, False)).encode()


def downgraded(octets, size, portion):
    done = subprocess.run([DOWNGRADE, "-", str(size), str(portion)], input=octets, stdout=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.returncode
    return done.stdout


def lines(octets):
    return re.sub(b"\r\n|\r|\n", b"\r\n", octets).removesuffix(b"\r\n")


def compare(before, after, sealed=False):
    """Returns how many parts were changed."""
    assert before.get_content_type() == after.get_content_type()
    fields = [[(name, value) for name, value in part.items() if name.lower() != "content-transfer-encoding"] for part in (before, after)]
    assert fields[0] == fields[1], fields
    encodings = [part.get("Content-Transfer-Encoding", "").strip().lower() for part in (before, after)]
    if before.is_multipart():
        assert encodings[1] in ("7bit", encodings[0] if sealed or encodings[0] != "8bit" or before.get_content_subtype() in KEPT else "7bit"), encodings
        parts = before.get_payload(), after.get_payload()
        assert len(parts[0]) == len(parts[1])
        return sum(compare(*pair, sealed or before.get_content_subtype() in KEPT) for pair in zip(*parts))
    changed = encodings[0] == "8bit" and not sealed
    assert encodings[1] == ("quoted-printable" if changed else encodings[0]), encodings
    contents = [lines(part.get_payload(decode=True)) for part in (before, after)]
    assert contents[0] == contents[1], contents
    return changed


def check(seed):
    maker = Maker(seed)
    octets = maker.whole()
    size, portion = maker.rng.choice([1, 2, 64, 1000, 65536]), maker.rng.choice([1, 3, 100, 65536])
    result = downgraded(octets, size, portion)
    parsed = [email.message_from_bytes(lines(each), policy=email.policy.compat32) for each in (octets, result)]
    changed = compare(*parsed)
    assert maker.left or max(result, default=0) < 0x80, "octets above 127 are left"
    assert not maker.left or max(result) >= 0x80
    assert len(max(result.split(b"\r\n"), key=len)) <= max(998, len(max(octets.split(b"\n"), key=len)))
    return changed


changed = 0
try:
    for number in range(COUNT):
        try:
            changed += check(number)
        except AssertionError as wrong:
            raise AssertionError(number, *wrong.args)
    assert changed > COUNT / 2, changed
    print("ok %d_random_messages_mean_the_same_behind_a_downgrade" % COUNT)
except AssertionError as wrong:
    print("#", repr(wrong)[:2000])
    print("not ok random_messages_mean_the_same_behind_a_downgrade")
    sys.exit(1)
