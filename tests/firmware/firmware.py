#!/usr/bin/python3
"""Firmware in QEMU delivers to the sink and to Postfix: firmware.py POSTINO FOLDER [NAME…]. FOLDER is where it is built.

firmware.py POSTINO FOLDER --wired BOARD RULE SECONDS SETTING…: within a network namespace, over tests/firmware/wire.py.
"""
import concurrent.futures
import glob
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(ROOT, "scripts"))

import firmware_verify  # noqa: E402
import wire  # noqa: E402

POSTINO, FOLDER = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
BOARDS = "lm3s6965evb", "mps2-an385", "mps2-an386"
SECURED = ("name=mail.example.test", "user=boiler", "password=s3cret")
PATIENCE = 150


class Skip(Exception):
    """This cannot be tried here; the text says why."""


class Server:
    """The sink on a port of its own; `tls` names the certificate."""

    def __init__(self, *options, tls=None, host="127.0.0.1"):
        self.folder = tempfile.mkdtemp()
        if tls:
            options += "--cert", "%s/pki/%s.pem" % (FOLDER, tls), "--key", "%s/pki/%s.key" % (FOLDER, tls)
        self.process = subprocess.Popen([POSTINO, "sink", "--listen", host + ":0", "--listen", "tls:%s:0" % host, "--maildir", self.folder, *options] if tls else
                                        [POSTINO, "sink", "--listen", host + ":0", "--maildir", self.folder, *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = self.process.stdout.readline().rsplit(":", 1)[1].strip()
        self.tls_port = self.process.stdout.readline().rsplit(":", 1)[1].strip() if tls else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder)

    def mails(self):
        found = []
        for path in sorted(glob.glob(self.folder + "/new/*.eml")):
            with open(path, "rb") as file:
                found.append(file.read())
        return found

    def has_one(self, kib):
        mails = self.mails()
        assert len(mails) == 1, "%d mails arrived" % len(mails)
        mail, content = firmware_verify.attached(mails[0])
        assert content == firmware_verify.log(kib), "the log is not what the board made: %d octets" % len(content)
        assert mail["Subject"] == "Alarm: boiler 7 is too hot" and mail["Message-ID"], mail.items()


def run(board, *settings, code=0, says=(), **environment):
    program = [FOLDER + "/" + board + ".elf"] if board in ("host", "os") else [os.path.join(ROOT, "scripts", "firmware-run"), board, FOLDER]
    done = subprocess.run([*program, *settings], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=PATIENCE, env=dict(os.environ, **environment))
    assert done.returncode == code, (done.returncode, done.stdout)
    for text in says:
        assert text in done.stdout, (text, done.stdout)
    return done.stdout


def each_board(test):
    test.boards = BOARDS
    return test


# ---- On a clean wire ----

@each_board
def test_in_clear_with_auth(board):
    with Server("--user", "boiler:s3cret", "--auth-required") as server:
        run(board, "port=" + server.port, "user=boiler", "password=s3cret", "kib=24", says=("alarm: accepted",))
        server.has_one(24)


@each_board
def test_starttls_with_auth(board):
    with Server("--tls", "--user", "boiler:s3cret", "--auth-required", tls="server") as server:
        run(board, "port=" + server.port, "tls=starttls", *SECURED, "kib=24", says=("alarm: accepted",))
        server.has_one(24)


@each_board
def test_implicit_tls_with_auth(board):
    with Server("--user", "boiler:s3cret", "--auth-required", tls="server") as server:
        run(board, "port=" + server.tls_port, "tls=implicit", *SECURED, "kib=24", says=("alarm: accepted",))
        server.has_one(24)


def test_300_kib_from_64_of_memory():
    with Server("--tls", tls="server") as server:
        for settings in ("port=" + server.port, "kib=300"), ("port=" + server.port, "tls=starttls", *SECURED[:1], "kib=300"):
            run(BOARDS[0], *settings, says=("alarm: accepted",))
        assert [firmware_verify.attached(mail)[1] == firmware_verify.log(300) for mail in server.mails()] == [True, True]


@each_board
def test_who_is_not_the_server_gets_nothing(board):
    rows = (("server", "name=other.example.test", "another name"), ("expired", "name=mail.example.test", "not valid today"),
            ("strange", "name=mail.example.test", "no trust anchor"))
    for certificate, name, reason in rows:
        with Server("--tls", tls=certificate) as server:
            for way in ("port=" + server.port, "tls=starttls"), ("port=" + server.tls_port, "tls=implicit"):
                run(board, *way, name, "tries=1", code=1, says=("the server's certificate is not to be trusted", reason))
            assert not server.mails()


def test_a_device_without_a_clock():
    """It knows the day of its firmware: what ended before is refused, what began since is believed."""
    rows = ("server", 1600000000, 0), ("server", 1800000000, 0), ("server", 2100000000, 1), ("expired", 1600000000, 0), ("expired", 1800000000, 1)
    for certificate, seconds, code in rows:
        with Server("--tls", tls=certificate) as server:
            run(BOARDS[0], "port=" + server.port, "tls=starttls", SECURED[0], "no-clock=%d" % seconds, "kib=2", "tries=1", code=code,
                says=("not valid today" if code else "alarm: accepted",))
            assert not code or not server.mails()
            assert code or b"\nDate:" not in server.mails()[0]


def test_records_of_16_kib():
    """A reply to EHLO that fills a record."""
    text = "".join("250-X%s\\r\\n" % ("y" * 1000) for _ in range(16)) + "250 AUTH PLAIN"
    with Server("--user", "boiler:s3cret", "--reply", "ehlo=" + text, tls="server") as server:
        run(BOARDS[0], "port=" + server.tls_port, "tls=implicit", *SECURED, "kib=8", says=("alarm: accepted",))
        server.has_one(8)


def test_small_records_are_asked_for():
    """RFC 6066 4: with room for records of 512 octets, a server that obeys sends its long reply in such."""
    text = "".join("250-X%s\\r\\n" % ("y" * 1000) for _ in range(4)) + "250 PIPELINING"
    with Server("--reply", "ehlo=" + text, tls="server") as server:
        run(BOARDS[0], "port=" + server.tls_port, "tls=implicit", SECURED[0], "records=837", "kib=8", says=("alarm: accepted",))
        server.has_one(8)


def test_too_little_memory_is_not_distrust():
    with Server("--tls", tls="server") as server:
        said = run(BOARDS[0], "port=" + server.port, "tls=starttls", SECURED[0], "records=400", "tries=1", code=1, says=("TLS could not be established", "too small"))
        assert "trusted" not in said and not server.mails(), said


def test_a_key_is_pinned():
    """Whatever the certificate says, whoever issued it; and no other key."""
    for certificate, name, code in ("server", "name=other.example.test", 0), ("expired", SECURED[0], 1), ("strange", SECURED[0], 1):
        with Server("--tls", tls=certificate) as server:
            run(BOARDS[0], "port=" + server.port, "tls=starttls", name, "pin=1", "kib=2", "tries=1", code=code,
                says=("it is not the key that is expected" if code else "alarm: accepted",))
            assert len(server.mails()) == 1 - code


def test_a_wrong_password_is_told():
    with Server("--tls", "--user", "boiler:s3cret", tls="server") as server:
        run(BOARDS[0], "port=" + server.port, "tls=starttls", *SECURED[:2], "password=wrong", "tries=1", code=1, says=("refused for good at AUTH",))
        assert not server.mails()


def test_the_next_try_delivers():
    with Server("--reply", "mail##1=451 4.3.0 later", "--reply", "content##1=451 4.3.0 not yet") as server:
        run(BOARDS[0], "port=" + server.port, "kib=8", says=("refused for now", "alarm: accepted"))
        server.has_one(8)


@each_board
def test_the_smallest_of_all(board):
    """STARTTLS, AUTH and 300 KB of log; its exit is the outcome."""
    with Server("--tls", "--user", "boiler:s3cret", "--auth-required", tls="server") as server:
        assert run(board + "-small", "port=" + server.port, "kib=300") == ""
        server.has_one(300)
    with Server("--tls", "--user", "boiler:s3cret", tls="expired") as server:
        run(board + "-small", "port=" + server.port, code=10)
        assert not server.mails()


def test_postino_is_small():
    """Of the smallest: 12 KB of flash at most, and 1.5 KB of RAM."""
    done = subprocess.run([os.path.join(ROOT, "scripts", "firmware-size"), POSTINO, FOLDER], stdout=subprocess.PIPE, text=True, check=True)
    cells = next(line for line in done.stdout.splitlines() if "Postino together" in line).replace(",", "").split("|")[2:-1]
    flash, memory = map(int, cells[::2]), map(int, cells[1::2])
    assert max(flash) <= 12 * 1024 and max(memory) <= 1536, done.stdout


@each_board
def test_alarms_are_kept_until_they_are_taken(board):
    with Server("--reply", "mail##1=451 4.3.0 later", "--reply", "mail##3=451 4.3.0 later") as server:
        said = run(board, "port=" + server.port, "outbox=4", says=("outbox: 2 wait", "outbox: 0 wait"))
        assert said.count("alarm: accepted") == 4 and said.count("refused for now") == 2, said
        identities = [firmware_verify.email.message_from_bytes(mail)["Message-ID"] for mail in server.mails()]
        assert len(identities) == len(set(identities)) == 4, identities


def test_a_session_is_resumed():
    with Server("--tls", "--reply", "mail##1=451 4.3.0 later", "--tls-max", "1.2", tls="server") as server:
        said = run(BOARDS[0], "port=" + server.port, "tls=starttls", *SECURED[:1], "kib=8", says=("refused for now", "TLS: resumed", "alarm: accepted"))
        assert said.index("refused for now") < said.index("TLS: resumed"), said
        server.has_one(8)


def test_stack_is_bounded():
    """What the linker holds free is more than what is used."""
    with Server("--tls", tls="server") as server:
        said = run(BOARDS[0], "port=" + server.port, "tls=starttls", *SECURED[:1], "kib=24")
        used = int(said.split("stack: ")[1].split()[0])
        assert 1000 < used < 8192 - 512, said


def test_the_table_of_the_readme():
    done = subprocess.run([os.path.join(ROOT, "scripts", "firmware-size"), POSTINO, FOLDER], stdout=subprocess.PIPE, text=True, check=True)
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        found = file.read().split("<!-- firmware -->\n")[1].split("<!-- end -->")[0]
    assert found == done.stdout, "scripts/firmware-size says:\n" + done.stdout


# ---- Postfix ----

def test_postfix():
    rig = os.path.join(ROOT, "tests", "interop", "postfix")
    environment = dict(os.environ, POSTINO_RIG_NAME="firmware")

    def call(*words):
        return subprocess.run([rig, *words], env=environment, stdout=subprocess.PIPE, text=True)
    up = call("up")
    if up.returncode:
        raise Skip(up.stdout.strip() or "Postfix does not start")
    try:
        ports = dict(line.split() for line in call("ports").stdout.splitlines())
        pki = call("pki").stdout.strip()
        built = subprocess.run([os.path.join(ROOT, "scripts", "firmware"), FOLDER, FOLDER + "/pki/ca.pem", FOLDER + "/pki/server.pem", pki + "/ca.pem"], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
        assert built.returncode == 0, built.stdout[-2000:]
        before = set(glob.glob(call("mails", "0").stdout.strip() + "/new/*"))
        ways = (("port=" + ports["smtp"],), ("port=" + ports["submission"], "tls=starttls"), ("port=" + ports["smtps"], "tls=implicit"))
        for board in BOARDS:
            for way in ways:
                secured = ("name=localhost", "user=alice@example.test", "password=s3cret-Pa55") if len(way) > 1 else ()
                run(board, *way, *secured, "kib=24", says=("alarm: accepted",))
        folder = call("mails", str(len(before) + len(BOARDS) * len(ways))).stdout.strip()
        new = set(glob.glob(folder + "/new/*")) - before
        assert len(new) == len(BOARDS) * len(ways), len(new)
        for path in new:
            with open(path, "rb") as file:
                assert firmware_verify.attached(file.read())[1] == firmware_verify.log(24)
    finally:
        call("down")


# ---- On a wire that loses and breaks ----

def test_with_an_operating_system():
    """lwIP in a thread of its own, the delivery in another, on a clean wire and on a bad one."""
    need_namespaces()
    built = subprocess.run(["make", "--no-print-directory", "-C", os.path.join(ROOT, "examples", "firmware"), "os", "BUILD=" + FOLDER],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert built.returncode == 0, built.stdout[-2000:]
    for words in ("cut", 10000, "kib=300"), ("loss", 4, "kib=16"), ("cut", 12, "kib=2"):
        in_namespace("os", *words)


def wired(board, rule, number, *settings):
    """In a namespace of its own: `loss SEED`, or `cut FRAME`."""
    host = {"dns": "mail.example.test", "nowhere": "nowhere.example.test", "six": "fd00::2"}.get(rule, "10.0.2.2")
    rules = {"dns": lambda: wire.lossy(0, 0, 0), "nowhere": lambda: wire.lossy(0, 0, 0), "six": lambda: wire.lossy(0, 0, 0), "loss": lambda: wire.lossy(int(number), 0.1, 0.05), "cut": lambda: wire.cut(int(number), 2.5)}
    folder = tempfile.mkdtemp()
    way = wire.Wire(folder, rules[rule]())
    kib = int(settings[0].split("=")[1])
    try:
        with Server("--tls", tls="server", host="[fd00::2]" if rule == "six" else "10.0.2.2") as server, wire.Names({"mail.example.test": "10.0.2.2"}):
            if rule == "nowhere":
                run(board, "host=" + host, "dns=10.0.2.2", "port=" + server.port, "tries=1", *settings, code=1, says=("refused for now at connecting",), POSTINO_NETDEV=way.netdev())
                return
            if board == "os":
                settings = settings[0].split("=")[1:]
                said = run(board, server.port, *settings, POSTINO_BOARD=way.board, POSTINO_WIRE=way.ours)
            else:
                said = run(board, "host=" + host, "dns=10.0.2.2", "port=" + server.port, *settings, POSTINO_NETDEV=way.netdev(), POSTINO_BOARD=way.board, POSTINO_WIRE=way.ours)
            mails = server.mails()
            assert mails and all(firmware_verify.attached(mail)[1] == firmware_verify.log(kib) for mail in mails), said
            assert len({firmware_verify.attached(mail)[0]["Message-ID"] for mail in mails}) == 1
            print("%d mails, %d frames" % (len(mails), way.frames))
    finally:
        way.close()
        shutil.rmtree(folder)


def in_namespace(*words):
    done = subprocess.run(["unshare", "--net", sys.executable, os.path.abspath(__file__), POSTINO, FOLDER, "--wired", *map(str, words)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
    assert done.returncode == 0, (words, done.stdout[-1500:])
    return done.stdout


def need_namespaces():
    if os.getuid() != 0 or not os.path.exists("/dev/net/tun") or subprocess.run(["unshare", "--net", "true"]).returncode:
        raise Skip("a wire of our own needs root, network namespaces and /dev/net/tun")


def test_ten_percent_of_the_frames_are_lost():
    need_namespaces()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda pair: in_namespace(pair[0], "loss", pair[1], "kib=16"), zip(BOARDS, range(3))))


def test_names_are_looked_up():
    need_namespaces()
    in_namespace(BOARDS[0], "dns", 0, "kib=2", "tls=starttls", "name=mail.example.test")
    in_namespace(BOARDS[0], "nowhere", 0, "kib=2")


def test_ipv6():
    need_namespaces()
    said = in_namespace(BOARDS[1], "six", 0, "kib=8")
    assert said.startswith("1 mails, 0 frames"), said  # of IPv4


def test_the_link_is_cut_at_each_frame():
    need_namespaces()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for said in pool.map(lambda frame: in_namespace(BOARDS[frame % 3], "cut", frame, "kib=2"), range(1, 25)):
            assert said.startswith("1 mails"), said  # once, as nothing was uncertain


def test_the_same_code_with_sanitizers():
    """As a program of this machine: in TLS, on a clean wire and on a bad one, and with the link cut."""
    need_namespaces()
    built = subprocess.run(["make", "--no-print-directory", "-C", os.path.join(ROOT, "examples", "firmware"), "host", "BUILD=" + FOLDER,
                            "ANCHORS=" + FOLDER + "/anchors.pem"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert built.returncode == 0, built.stdout[-2000:]
    for words in ("cut", 10000, "kib=24", "tls=starttls"), ("loss", 1, "kib=16", "tls=starttls"), ("loss", 2, "kib=16"), ("cut", 14, "kib=2", "tls=starttls"):
        in_namespace("host", *words, *SECURED[:1])


# ---- The runner ----

def report(name, test):
    try:
        test()
        print("ok " + name, flush=True)
    except Skip as why:
        print("skip %s: %s" % (name, why), flush=True)
    except Exception as wrong:
        print("# %s\nnot ok %s" % (repr(wrong)[:3000].replace("\n", " "), name), flush=True)
        return 1
    return 0


def missing():
    for program in "qemu-system-arm", "arm-none-eabi-gcc", "openssl":
        if not shutil.which(program):
            return "no %s here (scripts/setup firmware installs it)" % program
    built = subprocess.run([os.path.join(ROOT, "scripts", "firmware"), FOLDER], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if built.returncode == 77:
        return built.stdout.strip().splitlines()[-1]
    assert built.returncode == 0, built.stdout[-3000:]
    return None


def main():
    if sys.argv[3:4] == ["--wired"]:
        wired(*sys.argv[4:])
        return 0
    tests = []
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            for board in getattr(test, "boards", (None,)):
                tests.append((name[5:] + ("_on_" + board.replace("-", "_") if board else ""), (lambda t=test, b=board: t(b)) if board else test))
    tests = [(name, test) for name, test in tests if not sys.argv[3:] or any(wanted in name for wanted in sys.argv[3:])]
    why = missing()
    if why:
        for name, _ in tests:
            print("skip %s: %s" % (name, why))
        return 0
    # Postfix comes last: for it the firmware is linked anew, to trust another authority, too.
    alone = [pair for pair in tests if pair[0] == "postfix"]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        failed = list(pool.map(lambda pair: report(*pair), [pair for pair in tests if pair not in alone]))
    return max(failed + [report(*pair) for pair in alone])


if __name__ == "__main__":
    sys.exit(main())
