"""What bench/run says of throughput: bench/load beside its peers, at the same sink, on the same processor, in turns."""
import json
import os
import shlex
import shutil
import subprocess
import sys
import time

import clients
import meters

PORT = 2598
SMTPLIB = """
import smtplib, sys
host, port, mails, size, per_connection = sys.argv[1], *map(int, sys.argv[2:])
line = b"the quick brown fox jumps over the lazy dog, and so it goes on and on.\\r\\n"
content = (b"Subject: load\\r\\n\\r\\n" + line * (size // len(line) + 1))[:size - 3] + b".\\r\\n"
sent = 0
while sent < mails:
    server = smtplib.SMTP(host, port, local_hostname="client.example.test")
    for _ in range(min(per_connection or mails, mails - sent)):
        server.sendmail("ada@example.test", ["bob@example.test"], content)
        sent += 1
    server.quit()
"""
NODEMAILER = """
const [host, port, mails, size, connections, perConnection] = process.argv.slice(1).map((word, place) => (place ? Number(word) : word));
const line = "the quick brown fox jumps over the lazy dog, and so it goes on and on.\\r\\n";
const raw = Buffer.from(("Subject: load\\r\\n\\r\\n" + line.repeat(size / line.length + 1)).slice(0, size - 3) + ".\\r\\n");
const transport = require("nodemailer").createTransport({host, port, name: "client.example.test", ignoreTLS: true, pool: true,
  maxConnections: connections, maxMessages: perConnection || Infinity});
let begun = 0;
async function work() {
  while (begun < mails) {
    begun++;
    await transport.sendMail({envelope: {from: "ada@example.test", to: ["bob@example.test"]}, raw});
  }
}
Promise.all(Array.from({length: connections}, work)).then(() => transport.close(), (error) => { console.error(error); process.exit(1); });
"""


class Peer:
    """`command(host, port, mails, size, connections, per_connection)` gives its words, or None where it cannot do that."""

    def __init__(self, name, command, environment=None):
        self.name, self.command, self.more = name, command, environment or {}
        self.environment = dict(os.environ, **self.more)


def smtp_source():
    """Postfix's own, from the folder of its rig."""
    for root in [os.path.join(clients.CACHE, name) for name in (sorted(os.listdir(clients.CACHE)) if os.path.isdir(clients.CACHE) else [])]:
        program = os.path.join(root, "usr/sbin/smtp-source")
        if os.path.exists(program):
            libraries = ":".join(os.path.join(root, path) for path in ("usr/lib/postfix", "usr/lib/x86_64-linux-gnu"))

            def command(host, port, mails, size, connections, per_connection):
                if per_connection not in (0, 1):
                    return None
                return [program, "-m", str(mails), "-l", str(size), "-s", str(connections), *([] if per_connection else ["-d"]), "%s:%s" % (host, port)]
            return Peer("smtp-source", command, {"LD_LIBRARY_PATH": libraries})
    return None


def peers(program):
    folder = os.path.join(os.path.dirname(os.path.abspath(program)), "bench")

    def alone(*words):
        """What has one connection at a time."""
        return lambda host, port, mails, size, connections, per_connection: None if connections > 1 else [
            *words, host, str(port), str(mails), str(size), str(per_connection)]

    found = [Peer("postino", lambda host, port, mails, size, connections, per_connection: [
        os.path.join(folder, "load"), "smtp+notls://%s:%s" % (host, port), str(mails), str(size), str(connections), str(per_connection)])]
    source = smtp_source()
    found += [source] if source else []
    for name in ("curl", "esmtp"):
        path = os.path.join(folder, name + "_load")
        if os.path.exists(path):
            found.append(Peer("lib" + name, alone(path)))
    found.append(Peer("smtplib", alone(sys.executable, "-c", SMTPLIB)))
    if clients.node_modules():
        found.append(Peer("nodemailer", lambda host, port, *numbers: ["node", "-e", NODEMAILER, host, str(port), *map(str, numbers)],
                          {"NODE_PATH": clients.node_modules()}))
    return found


# What is sent: its name, mails of a first look, octets, connections, mails per connection (0: all).
CASES = (
    ("1 KiB, new connection for each", 100, 1024, 1, 1),
    ("1 KiB, one connection", 200, 1024, 1, 0),
    ("1 KiB, 10 connections", 500, 1024, 10, 0),
    ("1 KiB, 50 connections", 1000, 1024, 50, 0),
    ("10 KiB, new connection for each", 50, 10240, 1, 1),
    ("10 KiB, one connection", 50, 10240, 1, 0),
    ("1 MiB, new connection for each", 20, 1 << 20, 1, 1),
    ("1 MiB, one connection", 20, 1 << 20, 1, 0),
    ("25 MiB, new connection for each", 4, 25 << 20, 1, 1),
    ("25 MiB, one connection", 4, 25 << 20, 1, 0),
)
SECONDS = 1.5  # for which a peer is given mails, by its rate at first look; the libraries start in less than a tenth


def pinned(command):
    return ["taskset", "-c", "0", *command] if shutil.which("taskset") else command


def rate(program, peer, mails, size, connections, per_connection):
    """Mails a second; every one of them was accepted by a sink of its own."""
    command = peer.command("127.0.0.1", PORT, mails, size, connections, per_connection)
    if command is None:
        return None
    sink = subprocess.Popen(pinned([program, "sink", "--listen", "127.0.0.1:%d" % PORT, "--json-stats"]), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)
    sink.stdout.readline()
    began = time.monotonic()
    done = subprocess.run(pinned(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=peer.environment, check=False)
    seconds = time.monotonic() - began
    sink.terminate()
    taken = json.loads(sink.communicate()[1].splitlines()[-1])
    if done.returncode or taken["mails"] != mails:
        raise RuntimeError("%s: exit %d, %s of %d mails: %s" % (peer.name, done.returncode, taken["mails"], mails, done.stdout))
    return mails / seconds


def rates(program, runs):
    """(case, {peer: [mails a second]})"""
    everyone = peers(program)
    for name, first, size, connections, per_connection in CASES:
        found = {peer.name: [] for peer in everyone}
        looks = {peer: rate(program, peer, first, size, connections, per_connection) for peer in everyone}
        for _ in range(runs):
            for peer, look in looks.items():
                if look is not None:
                    mails = max(first, int(look * SECONDS))
                    found[peer.name].append(rate(program, peer, mails, size, connections, per_connection))
        yield name, found


def costs(program):
    """{peer: (instructions, system calls) of one mail of 1 KiB more on one connection}, and of one more connection."""
    found = {}
    for peer in peers(program):
        if peer.name == "nodemailer":
            continue  # see clients.Client
        cells = []
        some = 500 if peer.name == "postino" else 50  # for the interpreters, under valgrind
        for per_connection, few, many in ((0, some, 5 * some), (1, 50, 200)):
            with meters.Sink(program, "--listen", "127.0.0.1:%d" % PORT):
                counted = []
                for mails in (few, many):
                    command = peer.command("127.0.0.1", PORT, mails, 1024, 1, per_connection)
                    os.environ.update(peer.environment)
                    counted.append((meters.instructions(command), meters.system_calls(command)[0]))
                cells.append([(after - before) / (many - few) for before, after in zip(*counted)])
        found[peer.name] = cells
    return found


def profile(program):
    """[(function, instructions of one mail more)] of postino, the most first: in flight, and with a connection of its own."""
    ours = peers(program)[0]
    for per_connection, few, many in ((0, 500, 2500), (1, 50, 200)):
        with meters.Sink(program, "--listen", "127.0.0.1:%d" % PORT):
            less, more = (meters.profile(ours.command("127.0.0.1", PORT, mails, 1024, 1, per_connection)) for mails in (few, many))
        cost = {name: (count - less.get(name, 0)) / (many - few) for name, count in more.items()}
        yield sorted(cost.items(), key=lambda item: -item[1])


def on_the_wire(program, mails, delay_ms):
    """{peer: the mails of one connection, as meters.round_trips has them}: one mail after the other."""
    found = {}
    for peer in peers(program):
        words = peer.command("@HOST@", meters.PORT, mails, 1024, 1, 0)
        line = " ".join(["%s=%s" % (name, shlex.quote(value)) for name, value in peer.more.items()] + [clients.on_host(word) for word in words])
        found[peer.name] = meters.round_trips(program, meters.sink_server(program), [line], delay_ms, mails=mails)
    return found


def load(program, *numbers):
    """What bench/load says, at a sink of its own."""
    with meters.Sink(program, "--listen", "127.0.0.1:%d" % PORT):
        done = subprocess.run(peers(program)[0].command("127.0.0.1", PORT, *numbers[:4]) + [str(number) for number in numbers[4:]],
                              stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def scale(program):
    """(mails, connections at once, what load said) of more and more mails, and of more and more connections with small buffers."""
    for mails, connections, per_connection, more in ([(10 ** n, 1, 0, []) for n in range(1, 6)] +
                                                    [(10 ** n, 10 ** n, 1, [8, 1024, 512]) for n in range(1, 5)]):
        yield mails, connections, load(program, mails, 1024, connections, per_connection, *more)


def recipients(program):
    """(recipients, what load said) of mails with more and more of them; as many mails as make a million recipients."""
    for count in [10 ** n for n in range(1, 6)]:
        yield count, load(program, 10 ** 6 // count, 1024, 1, 0, 1, 0, 0, count)
