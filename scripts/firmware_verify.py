#!/usr/bin/python3
"""firmware_verify.py MAIL KIB: reads a mail of examples/firmware with Python's email parser, and holds its log against what the
board is to have made. Prints the header and what is attached; exits 1 where something is wrong."""
import email
import email.policy
import sys


def log(kib):
    """The sensor's, as examples/firmware/main.c makes it."""
    rows = []
    for n in range(kib * 1024 // 32):
        tenths = 180 + n * 2654435761 % (1 << 32) % 100
        rows.append("%010d;temperature;%2d.%d;ok\r\n" % (n, tenths // 10, tenths % 10))
    return "".join(rows).encode()


def attached(octets):
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    part, = mail.iter_attachments()
    return mail, part.get_payload(decode=True)


def main():
    with open(sys.argv[1], "rb") as file:
        mail, content = attached(file.read())
    for name, value in mail.items():
        print("%s: %s" % (name, value))
    print("\n" + mail.get_body().get_content().rstrip() + "\n")
    if content != log(int(sys.argv[2])):
        sys.exit("The log that is attached is not what the board made.")
    print("Attached: %d octets of log, each as the board made it." % len(content))


if __name__ == "__main__":
    main()
