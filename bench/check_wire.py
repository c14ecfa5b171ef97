#!/usr/bin/python3
"""check_wire.py [WIRE]: holds that the wire and round_trips.py count right: conversations written down here, and, where WIRE is
given and may run, Python's smtplib against aiosmtpd, whose lock-step costs 6 round trips and one for each recipient."""
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import meters  # noqa: E402

here = pathlib.Path(__file__).resolve().parent
failed = 0


def check(name, found, expected):
    global failed
    if found != expected:
        failed += 1
        print(f"# {found}, not {expected}")
    print("ok" if found == expected else "not ok", name, flush=True)


def count(events_file):
    run = subprocess.run([here / "round_trips.py", "--json", events_file], stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def conversation(*said):
    """Events of a wire of 50 ms on which each side speaks when it has read what the other said; (side, words)."""
    events = [{"t_ms": 0, "arrived_ms": 50, "from": "client", "flags": "S", "octets": 0, "head": ""},
              {"t_ms": 50, "arrived_ms": 100, "from": "server", "flags": "SA", "octets": 0, "head": ""}]
    sequence = {"client": 0, "server": 0}
    now, last = 100, "client"
    for side, words in said:
        words = words.replace("\n", "\r\n")
        if side != last:
            now += 50  # the greeting: sent when the handshake ended, 100 ms behind the SYN
            last = side
        events.append({"t_ms": now, "arrived_ms": now + 50, "from": side, "flags": "PA", "octets": len(words), "head": words})
    for event in events:
        event["connection"] = 0
        event["sequence"] = sequence[event["from"]]
        sequence[event["from"]] += event["octets"]
    return events


def trips(events):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(events, file)
        file.flush()
        return [(mail["code"], mail["round_trips"]) for mail in count(file.name)]


def c(words):
    return "client", words


def s(words):
    return "server", words


ehlo = [s("220 hi\n"), c("EHLO me\n"), s("250-you\n250 PIPELINING\n")]
pipelined = ehlo + [c("MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n"), s("250 ok\n250 ok\n354 go\n")]

check("dot_in_a_segment_of_its_own", trips(conversation(*pipelined, c("Subject: x\n\nhi\n"), c(".\n"), s("250 kept\n"))), [(250, 5.0)])
check("dot_split_between_segments", trips(conversation(*pipelined, c("hi\n."), c("\n"), s("250 kept\n"))), [(250, 5.0)])
check("empty_content", trips(conversation(*pipelined, c(".\n"), s("250 kept\n"))), [(250, 5.0)])
check("refused_content", trips(conversation(*pipelined, c("hi\n.\n"), s("554-no\n554 thanks\n"))), [(554, 5.0)])
check("stuffed_dots_end_nothing", trips(conversation(*pipelined, c("..\nDATA\n..\n.\n"), s("250 kept\n"))), [(250, 5.0)])
check("quit_behind_the_dot", trips(conversation(*pipelined, c("hi\n.\nQUIT\n"), s("250 kept\n221 bye\n"))), [(250, 5.0)])
check("no_reply_no_count", trips(conversation(*pipelined, c("hi\n.\n"))), [])
check("refused_data_has_no_content", trips(conversation(
    *ehlo, c("MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n"), s("250 ok\n550 no\n503 no\n"), c("QUIT\n"), s("221 bye\n"))), [])
check("next_mail_behind_the_dot", trips(conversation(
    *pipelined, c("hi\n.\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n"), s("250 one\n250 ok\n250 ok\n354 go\n"), c("ho\n.\n"),
    s("250 two\n"))), [(250, 5.0), (250, 6.0)])
check("chunks", trips(conversation(
    *ehlo, c("MAIL FROM:<a@b>\nRCPT TO:<c@d>\nBDAT 4\n.\nXBDAT 4 LAST\nQUIT"), s("250 ok\n250 ok\n250 ok\n250 kept\n"))), [(250, 4.0)])
check("lmtp_counts_the_last_recipient", trips(conversation(
    s("220 hi\n"), c("LHLO me\n"), s("250 you\n"), c("MAIL FROM:<a@b>\nRCPT TO:<c@d>\nRCPT TO:<e@f>\nRCPT TO:<g@h>\nDATA\n"),
    s("250 ok\n250 ok\n550 no\n250 ok\n354 go\n"), c("hi\n.\n"), s("250 one\n"), s("452 two\n"))), [(452, 5.0)])
check("challenges_are_no_commands", trips(conversation(
    *ehlo, c("AUTH LOGIN\n"), s("334 VXNlcg==\n"), c("bWFpbA==\n"), s("334 UGFzcw==\n"), c("ZGF0YQ==\n"), s("235 in\n"),
    c("MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n"), s("250 ok\n250 ok\n354 go\n"), c("hi\n.\n"), s("250 kept\n"))), [(250, 8.0)])

client = """
import os, smtplib, sys
server = smtplib.SMTP(os.environ["POSTINO_ADDRESS"], 2525, local_hostname="client.example.test")
server.sendmail("a@example.test", ["r%d@example.test" % i for i in range(int(sys.argv[1]))], b"Subject: x\\r\\n\\r\\nhi\\r\\n")
server.quit()
"""


def smtplib_at_aiosmtpd(recipients):
    """Whole trips: a busy machine costs fractions of one."""
    line = shlex.join(["/usr/bin/python3", "-c", client, str(recipients)])
    with tempfile.TemporaryDirectory() as folder:
        events = os.path.join(folder, "events.json")
        try:
            meters.on_wire(sys.argv[1], meters.rig_server("aiosmtpd"), [line], 50, events)
        except RuntimeError as why:
            return str(why)
        return [(mail["code"], int(mail["round_trips"])) for mail in count(events)]


for recipients in (1, 10) if len(sys.argv) > 1 else ():
    name = f"smtplib_lock_step_{recipients}_recipients"
    expected = [(250, 6 + recipients)]
    try:
        # Tried up to three times: the wire is never early, but a very busy machine is late by a whole trip.
        for _ in range(3):
            found = smtplib_at_aiosmtpd(recipients)
            if found == expected:
                break
        check(name, found, expected)
    except meters.Unavailable as why:
        print(f"skip {name}: {why}")
sys.exit(failed != 0)
