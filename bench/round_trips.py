#!/usr/bin/python3
"""round_trips.py [--json] [--secured] [EVENTS]: what bench/wire saw, as round trips from the SYN to each mail's final reply.

Reads the SMTP or LMTP conversation of each connection: the reply that counts is the one to the dot behind the content, or to
BDAT LAST, at the moment in which it reached the client. Segments and octets are those with payload until then. A conversation
that goes on encrypted ends here with STARTTLS. --secured: of conversations with one mail that nobody can read, the moment in
which the client speaks for the last time and is answered: that is QUIT, which goes when the final reply has come. Exits with 1
when there was no final reply at all."""
import argparse
import bisect
import json
import re
import sys


class Stream:
    """What one side said on a connection, and when each octet of it was there for the other side to read."""

    def __init__(self, events, side):
        self.segments = [e for e in events if e["from"] == side and e["octets"] and e["arrived_ms"] is not None]
        self.octets = bytearray()
        self.ends, self.times = [], []
        there = 0.0
        for e in sorted(self.segments, key=lambda e: (e["sequence"], e["arrived_ms"])):
            end = e["sequence"] + e["octets"]
            if end <= len(self.octets) or e["sequence"] > len(self.octets):
                continue  # said before; or behind a hole, of which the other side never got to read
            head = e["head"].encode("latin-1").ljust(e["octets"], b"\0")
            self.octets += head[len(self.octets) - e["sequence"]:]
            there = max(there, e["arrived_ms"])  # octets are read in order: none before those ahead of it
            self.ends.append(end)
            self.times.append(there)

    def read_at(self, end):
        """When the octets before `end` could all be read."""
        return self.times[bisect.bisect_left(self.ends, end)]

    def line(self, at):
        """The line at this offset and the offset behind it; None where there is no whole one."""
        end = self.octets.find(b"\n", at)
        return (None, at) if end < 0 else (bytes(self.octets[at:end]).rstrip(b"\r"), end + 1)


def replies(server):
    """(code, time) of every complete reply."""
    at = 0
    while True:
        line, at = server.line(at)
        if line is None:
            return
        if re.match(rb"[2-5]\d\d( |$)", line):
            yield int(line[:3]), server.read_at(at)


def content_end(client, at):
    """The offset behind the dot that ends the content which begins at `at`."""
    if client.octets[at:at + 3] == b".\r\n":
        return at + 3
    end = client.octets.find(b"\r\n.\r\n", at)
    return -1 if end < 0 else end + 5


def final_replies(client, server):
    """(code, time) of the last reply to each mail."""
    answers = replies(server)
    next(answers, None)  # the greeting answers no command
    at, recipients, lmtp = 0, 0, False

    def last_of_mail(first):
        """LMTP answers a mail once for each recipient that it accepted (RFC 2033 4.2)."""
        for _ in range(recipients - 1 if lmtp else 0):
            first = next(answers, None) or first
        return first

    for answer in answers:
        line, at = client.line(at)
        words = (line or b"").upper().split()
        verb = words[0] if words else b""
        if verb == b"STARTTLS" and answer[0] == 220:
            return
        lmtp = lmtp or verb == b"LHLO"
        if verb in (b"MAIL", b"RSET"):
            recipients = 0
        elif verb == b"RCPT":
            recipients += answer[0] // 100 == 2
        elif verb == b"AUTH":
            while answer and answer[0] == 334:  # the lines that answer a challenge are no commands (RFC 4954 4)
                line, at = client.line(at)
                answer = next(answers, None)
        elif verb == b"BDAT":
            at += int(words[1])
            if words[-1] == b"LAST":
                yield last_of_mail(answer)
        elif verb == b"DATA" and answer[0] == 354:
            at = content_end(client, at)
            answer = next(answers, None)
            if at < 0 or not answer:
                return
            yield last_of_mail(answer)


def mails(events, round_trip):
    for number in sorted({e["connection"] for e in events}):
        own = [e for e in events if e["connection"] == number]
        start = min((e["t_ms"] for e in own if e["from"] == "client" and "S" in e["flags"]), default=own[0]["t_ms"])
        streams = {side: Stream(own, side) for side in ("client", "server")}
        before = start
        for code, time in final_replies(streams["client"], streams["server"]):
            found = {"connection": number, "code": code, "ms": round(time - start, 3)}
            found["round_trips"] = round((time - start) / round_trip, 2)
            found["since_last"] = round((time - before) / round_trip, 2)
            for side, stream in streams.items():
                said = [e["octets"] for e in stream.segments if e["arrived_ms"] <= time]
                found[side + "_segments"], found[side + "_octets"] = len(said), sum(said)
            before = time
            yield found


def secured_mails(events, round_trip):
    for number in sorted({e["connection"] for e in events}):
        own = [e for e in events if e["connection"] == number]
        start = min((e["t_ms"] for e in own if e["from"] == "client" and "S" in e["flags"]), default=own[0]["t_ms"])
        said = {side: [e for e in own if e["from"] == side and e["octets"] and e["arrived_ms"] is not None]
                for side in ("client", "server")}
        answered = [e["t_ms"] for e in said["client"]
                    if any(reply["arrived_ms"] >= e["t_ms"] + 0.9 * round_trip for reply in said["server"])]
        if answered:
            time = max(answered) - start
            yield {"connection": number, "code": 250, "ms": round(time, 3), "round_trips": round(time / round_trip, 2),
                   "since_last": round(time / round_trip, 2), "client_segments": len(said["client"]),
                   "client_octets": sum(e["octets"] for e in said["client"]), "server_segments": len(said["server"]),
                   "server_octets": sum(e["octets"] for e in said["server"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one object a line instead of text")
    parser.add_argument("--secured", action="store_true", help="of conversations in TLS, with one mail each")
    parser.add_argument("events", nargs="?", type=argparse.FileType("r"), default=sys.stdin)
    options = parser.parse_args()
    events = json.load(options.events)
    # The delay is the shortest time that anything took: the wire may be late, but never early.
    round_trip = 2 * min((e["arrived_ms"] - e["t_ms"] for e in events if e["arrived_ms"] is not None), default=1)
    found = list((secured_mails if options.secured else mails)(events, max(round_trip, 0.001)))
    for mail in found:
        if options.json:
            print(json.dumps(mail))
        else:
            print("connection {connection}: {code} after {round_trips} round trips (+{since_last}, {ms} ms); client"
                  " {client_segments} segments {client_octets} octets, server {server_segments} segments"
                  " {server_octets} octets".format(**mail))
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
