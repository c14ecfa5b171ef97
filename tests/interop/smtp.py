#!/usr/bin/python3
"""The command against servers that no one here wrote: Postfix and aiosmtpd. usage: smtp.py POSTINO

What arrives is held against what was sent: by Python's email parser where the message was composed, octet for octet (line ends
as CR LF) where it was sent as it is. At aiosmtpd the stored octets are exactly those received.
"""
import email
import email.policy
import glob
import hashlib
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SERVERS = ("postfix", "aiosmtpd")
# Rows 130 and 131 of docs/attacks.md: what a server could take for the end of a mail, or a line.
HOSTILE = [b".", b"..", b".x", b"a\n.", b".\r", b"x\n.\ny", b"x\r.\ry", b"x\n.\r\ny", b"x\r\n.\ny", b"x\r\n.\ry", b"x\r.\r\ny",
           b"x\r\r\n.\r\r\ny", b"x\n.\nMAIL FROM:<evil@example.test>\nRCPT TO:<bob@example.test>\nDATA\nmore", b"end without line end"]


def rig(server, *words):
    return subprocess.run([os.path.join(HERE, server), *words], stdout=subprocess.PIPE, text=True)


def lines(octets):
    """As RFC 5321 2.3.8 wants them: every CR LF, lone CR and lone LF is one line end, the last line is ended."""
    text = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text if text.endswith(b"\n") or not text else text + b"\n"


def kept(server, count):
    """The files of the mails that came, once there are `count` of them."""
    folder = rig(server, "mails", str(count)).stdout.strip()
    return glob.glob(folder + ("/*.eml" if server == "aiosmtpd" else "/new/*"))


class Suite:
    def __init__(self, postino, server, address, port):
        self.postino, self.server = postino, server
        self.url = "smtp://%s:%s" % (address, port)
        self.taken = 0

    def send(self, *arguments, code=0, **more):
        done = subprocess.run([self.postino, "send", "--server", self.url, "--from", "alice@example.test", *arguments],
                              capture_output=True, **more)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout.decode()

    def new_mails(self, count):
        """The mails that came since the last call, `count` of them and not one more."""
        self.taken += count
        files = kept(self.server, self.taken)
        assert len(files) == self.taken, "%d mails instead of %d" % (len(files), self.taken)
        files = sorted(files, key=os.path.getmtime)[-count:]
        return [open(path, "rb").read() for path in files]

    def _body_of(self, octets):
        return lines(octets).partition(b"\n\n")[2]

    def arrived_as(self, message):
        """Postfix adds fields to the header section; aiosmtpd keeps every octet."""
        stored = self.new_mails(1)[0]
        assert self._body_of(stored) == self._body_of(message), (message, stored[-200:])
        assert self.server != "aiosmtpd" or lines(stored) == lines(message), (message, stored)

    def attachment_and_utf8_subject_arrive(self):
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/über größe.bin"
            content = os.urandom(1000003)
            with open(path, "wb") as out:
                out.write(content)
            self.send("--to", "bob@example.test", "--subject", "Grüße 📮", "--text", "Zeile eins\n.Zeile zwei\n", "--attach", path)
        mail = email.message_from_bytes(self.new_mails(1)[0], policy=email.policy.default)
        part = list(mail.iter_attachments())[0]
        assert mail["Subject"] == "Grüße 📮", mail["Subject"]
        assert part.get_filename() == "über größe.bin", part.get_filename()
        assert hashlib.sha256(part.get_payload(decode=True)).digest() == hashlib.sha256(content).digest()
        assert mail.get_body().get_content().splitlines() == ["Zeile eins", ".Zeile zwei"], mail.get_body().get_content()

    def hostile_contents_arrive_as_one_mail_each(self):
        for number, body in enumerate(HOSTILE):
            message = b"Subject: n%d\n\nbegin\n" % number + body
            self.send("--to", "bob@example.test", "--message", "-", input=message)
            self.arrived_as(message)

    def eight_bit_message_arrives(self):
        message = "Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nöäü 漢字\n".encode()
        self.send("--to", "bob@example.test", "--message", "-", input=message)
        self.arrived_as(message)

    def each_recipient_has_its_own_outcome(self):
        text = self.send("--to", "one@example.test, reject@example.test", "--cc", "defer@example.test", "--bcc",
                         "two@example.test", "--text", "x", code=69)
        assert "one@example.test: accepted" in text and "two@example.test: accepted" in text, text
        assert "reject@example.test: refused for good at RCPT (550 5.1.1" in text, text
        assert "defer@example.test: refused for now at RCPT (451 4.3.0" in text, text
        for mail in self.new_mails(2 if self.server == "postfix" else 1):
            headers = email.message_from_bytes(mail, policy=email.policy.default)
            assert "two@" not in str(headers["To"]) + str(headers["Cc"]) and "Bcc" not in headers

    def all_or_none_delivers_nothing(self):
        self.send("--to", "one@example.test, reject@example.test", "--all", "--text", "x", code=69)
        self.send("--to", "reject@example.test, defer@example.test", "--text", "x", code=69)
        self.send("--to", "one@example.test", "--text", "x")
        self.new_mails(1)

    def reports_come_as_they_were_asked_for(self):
        if self.server != "postfix":
            return
        self.send("--to", "bob@example.test", "--text", "x", "--notify", "success", "--envelope-id", "No 1+2=3", "--return", "headers")
        report, = [mail for mail in self.new_mails(2) if b"multipart/report" in mail]
        parts = list(email.message_from_bytes(report, policy=email.policy.default).walk())
        status, = [part for part in parts if part.get_content_type() == "message/delivery-status"]
        of_mail, of_recipient = status.get_payload()
        assert of_mail["Original-Envelope-Id"] == "No 1+2=3", str(of_mail)
        assert of_recipient["Original-Recipient"] == "rfc822;bob@example.test" and of_recipient["Action"] in ("delivered", "relayed"), str(of_recipient)
        assert "text/rfc822-headers" in [part.get_content_type() for part in parts]
        self.send("--to", "bob@example.test", "--text", "x", "--notify", "never")
        self.new_mails(1)

    def it_is_told_for_whom_we_speak(self):
        if self.server != "postfix":
            self.send("--to", "bob@example.test", "--text", "x", "--xclient", "NAME=bench.example.test ADDR=192.0.2.7", code=69)
            return
        text = self.send("--to", "bob@example.test", "--text", "x", "--trace", "--xclient", "NAME=bench.example.test ADDR=192.0.2.7 HELO=me.example.test")
        assert "accepted" in text, text
        received = self.new_mails(1)[0]
        assert b"(bench.example.test [192.0.2.7])" in received, received[:400]

    def a_hundred_recipients_arrive(self):
        people = ", ".join("r%d@example.test" % i for i in range(100))
        self.send("--to", people, "--text", "x")
        self.new_mails(100 if self.server == "postfix" else 1)


class Without8bitmime(Suite):
    """Postfix, told not to offer it: what is declared as 8bit arrives as quoted-printable, and means the same."""

    def declared_text_is_downgraded(self):
        text = "öäü 漢字 =\r\n.\r\nFrom here\t\r\n" * 50
        part = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text
        message = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%s\r\n--b\r\n%s\r\n--b--\r\n" % (part, part)
        self.send("--to", "bob@example.test", "--message", "-", input=message.encode())
        stored = self.new_mails(1)[0]
        assert max(stored) < 128
        parts = list(email.message_from_bytes(stored, policy=email.policy.default).iter_parts())
        assert [lines(part.get_payload(decode=True)) for part in parts] == [lines(text.encode())] * 2, stored

    def undeclared_text_is_refused(self):
        self.send("--to", "bob@example.test", "--message", "-", input="Subject: x\n\nöäü\n".encode(), code=65)
        signed = "Content-Type: multipart/signed; boundary=b\n\n--b\nContent-Transfer-Encoding: 8bit\n\nöäü\n--b--\n"
        self.send("--to", "bob@example.test", "--message", "-", input=signed.encode(), code=65)


def run(postino, server, kind=Suite):
    tests = [name for name in vars(kind) if not name.startswith("_") and name not in ("send", "new_mails", "arrived_as")]
    up = rig(server, "up")
    if up.returncode:
        print("skip %s: %s" % (server, up.stdout.strip() or "the server does not start"))
        return
    suite = kind(postino, server, *up.stdout.split())
    suite.taken = len(kept(server, 0))
    for name in tests:
        try:
            getattr(suite, name)()
            print("ok %s: %s" % (server, name), flush=True)
        except (AssertionError, IndexError, OSError) as wrong:
            print("# %r\nnot ok %s: %s" % (wrong, server, name), flush=True)
            suite.taken = len(kept(server, 0))
    rig(server, "down")


if __name__ == "__main__":
    for each in SERVERS:
        run(os.path.abspath(sys.argv[1]), each)
        if each == "postfix":
            os.environ["POSTINO_POSTFIX"] = "smtpd_discard_ehlo_keywords = 8bitmime"
            run(os.path.abspath(sys.argv[1]), each, Without8bitmime)
