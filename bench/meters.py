"""What bench/run measures with: the wire, strace, callgrind, and the largest memory of a process."""
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PORT = 2525
SENDING = ("write", "writev", "sendto", "sendmsg", "sendmmsg")
RECEIVING = ("read", "readv", "recvfrom", "recvmsg", "recvmmsg")


class Unavailable(Exception):
    """This machine cannot measure that; the text says why."""


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)


class Sink:
    """`postino sink` on a free port of loopback."""

    def __init__(self, program, *options):
        self.process = subprocess.Popen([program, "sink", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


# ---- Round trips ----

def sink_server(program, *options):
    return " ".join([program, "sink", "--listen", "$POSTINO_ADDRESS:%d" % PORT, *options])


def rig(name):
    return os.path.join(ROOT, "tests", "interop", name)


def rig_server(name):
    return "'%s' serve $POSTINO_ADDRESS %d" % (rig(name), PORT)


def postfix_server():
    return rig_server("postfix")


class Secured:
    """A server that speaks TLS: how it is started, whose key it has, and its URLs as sh has them on the wire."""

    def __init__(self, server, certificate, starttls, implicit, user, secret):
        self.server, self.secret, self.pin = server, secret, pin_of(certificate)
        self.urls = {"STARTTLS": "smtp+tls://$POSTINO_ADDRESS:" + starttls, "implicit TLS": "smtps://$POSTINO_ADDRESS:" + implicit,
                     "implicit TLS, AUTH": "smtps://%s@$POSTINO_ADDRESS:%s" % (user, implicit)}


def pin_of(certificate):
    done = run(["sh", "-c", 'openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum', "sh",
                certificate])
    return done.stdout.split()[0] if done.returncode == 0 else ""


def secured_sink(program, folder):
    certificate, key = os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem")
    made = run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=sink",
                "-keyout", key, "-out", certificate])
    if made.returncode:
        raise Unavailable("openssl makes no certificate: " + made.stdout)
    server = sink_server(program, "--listen", "tls:$POSTINO_ADDRESS:%d" % (PORT + 1), "--tls", "--cert", certificate, "--key", key,
                         "--user", "alice:secret")
    return Secured(server, certificate, str(PORT), str(PORT + 1), "alice", "secret")


def secured_rig(name, starttls):
    """A real server, which must be there already: the wire has no network to fetch it from."""
    up = run([rig(name), "up"])
    if up.returncode:
        raise Unavailable(up.stdout.strip())
    run([rig(name), "down"])
    instance = "POSTINO_RIG_NAME=wire-%d" % os.getpid()  # so that its ports can be asked for
    port = "$(%s '%s' ports | sed -n 's/^%%s //p')" % (instance, rig(name))
    certificate = os.path.join(run([rig(name), "pki"]).stdout.strip(), "server.pem")
    return Secured(instance + " " + rig_server(name), certificate, port % starttls, port % "smtps", "alice@example.test", "s3cret-Pa55")


def wire_of(program):
    wire = os.path.join(os.path.dirname(os.path.abspath(program)), "bench", "wire")
    if not os.path.exists(wire):
        raise Unavailable("no " + wire)
    return wire


def on_wire(wire, server, lines, delay_ms, events):
    """Runs the server, and these shell lines one after the other, on a wire."""
    for _ in range(3):
        done = run([wire, "--delay-ms", str(delay_ms), "--events", events, "--wait-port", str(PORT), "--server", server,
                    "--", "sh", "-c", "\n".join("(%s) >/dev/null || exit 1" % line for line in lines)])
        # A server may have to wait for another that is being set up at the same time.
        if "no server greets" not in done.stdout:
            break
    if done.returncode == 77 or "skip:" in done.stdout:
        raise Unavailable(done.stdout.strip().replace("\n", " "))
    if done.returncode:
        raise RuntimeError("a client or the server failed on the wire:\n" + done.stdout)


def round_trips(program, server, lines, delay_ms, *options, mails=1):
    """Each of these shell lines is a client that sends so many mails; those of the conversations in that order."""
    with tempfile.TemporaryDirectory() as folder:
        events = os.path.join(folder, "events.json")
        on_wire(wire_of(program), server, lines, delay_ms, events)
        counted = run([os.path.join(HERE, "round_trips.py"), "--json", *options, events])
    found = [mail for mail in map(json.loads, counted.stdout.splitlines()) if mail["code"] == 250]
    if len(found) != len(lines) * mails:
        raise RuntimeError("%d mails were accepted of %d" % (len(found), len(lines) * mails))
    return found


# ---- One process ----

def system_calls(command):
    """(all, those that send on a connection, those that receive there), of the command and what it starts."""
    if not shutil.which("strace"):
        raise Unavailable("no strace here (scripts/setup bench installs it)")
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as trace:
        done = run(["strace", "-f", "-o", trace.name, *command])
        text = trace.read()
    if "ptrace" in done.stdout and "exited" not in text:
        raise Unavailable("strace may not trace here")
    if done.returncode:
        raise RuntimeError("%s: exit %d: %s" % (command[0], done.returncode, done.stdout))
    sockets, sent, received, total = set(), 0, 0, 0
    for line in text.splitlines():
        call = re.match(r"\d+ +(\w+)\((\d*)", line)
        if not call:
            continue  # a signal, an exit, or the end of a call that was counted as it began
        total += 1
        name, descriptor = call.groups()
        made = re.match(r"\d+ +socket\(AF_INET6?, SOCK_STREAM.* = (\d+)$", line)
        if made:
            sockets.add(made.group(1))
        elif name == "close":
            sockets.discard(descriptor)
        elif descriptor in sockets:
            sent += name in SENDING
            received += name in RECEIVING and not line.endswith("= -1 EAGAIN (Resource temporarily unavailable)")
    return total, sent, received


def instructions(command):
    """Of the command and what it starts, in user space."""
    if not shutil.which("valgrind"):
        raise Unavailable("no valgrind here (scripts/setup bench installs it)")
    done = run(["valgrind", "--tool=callgrind", "--trace-children=yes", "--callgrind-out-file=/dev/null", *command])
    counts = re.findall(r"Collected : (\d+)", done.stdout)
    if done.returncode or not counts:
        raise Unavailable("callgrind cannot run %s here" % command[0])
    return sum(map(int, counts))


def profile(command):
    """{function: instructions of its own}, in user space."""
    with tempfile.NamedTemporaryFile("r", suffix=".callgrind") as trace:
        if not shutil.which("valgrind") or run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + trace.name, *command]).returncode:
            raise Unavailable("callgrind cannot run %s here" % command[0])
        listed = run(["callgrind_annotate", "--threshold=100", trace.name]).stdout
    found = {}
    for count, name in re.findall(r"^ *([\d,]+) \([ \d.]+%\)  \S*?:([\w.]+)", listed, re.M):
        name = re.sub(r"\..*|_avx.*", "", name.lstrip("_"))
        found[name] = found.get(name, 0) + int(count.replace(",", ""))
    return found


def peak_kib(program, command):
    peak = os.path.join(os.path.dirname(os.path.abspath(program)), "bench", "peak")
    if not os.path.exists(peak):
        raise Unavailable("no " + peak)
    done = run([peak, *command])
    found = re.search(r"^peak (\d+) KiB$", done.stdout, re.M)
    if done.returncode or not found:
        raise RuntimeError("%s: exit %d: %s" % (command[0], done.returncode, done.stdout))
    return int(found.group(1))


def process_ms(command):
    started = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise RuntimeError("%s: exit %d" % (command[0], done.returncode))
    return (time.monotonic() - started) * 1000


def processor_ms(command):
    """Of user and kernel."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process_ms(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


# ---- The machine ----

def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
    system = "an unknown system"
    if os.path.exists("/etc/debian_version"):
        with open("/etc/debian_version", encoding="utf-8") as file:
            system = "Debian " + file.read().strip()
    return "%s, %d processors, %s, Linux %s, Python %s" % (model.group(1) if model else os.uname().machine, os.cpu_count(),
                                                          system, os.uname().release, sys.version.split()[0])
