#!/usr/bin/python3
"""Holds a stored mail against the attachment that was sent, by Python's email parser. usage: demo_verify.py MAIL FILE"""
import email
import email.policy
import hashlib
import sys


def main(mail_path, file_path):
    with open(mail_path, "rb") as stored, open(file_path, "rb") as sent:
        # Not from the file itself: Python would read that as text, and change the line ends in a binary part.
        mail = email.message_from_bytes(stored.read(), policy=email.policy.default)
        expected = hashlib.sha256(sent.read()).hexdigest()
    attachments = list(mail.iter_attachments())
    arrived = hashlib.sha256(attachments[0].get_payload(decode=True)).hexdigest()
    print("Stored, as Python's email parser reads it:")
    print("  From:       ", mail["From"])
    print("  To, Cc:     ", mail["To"], "|", mail["Cc"])
    print("  Subject:    ", mail["Subject"])
    print("  Text:       ", repr(mail.get_body(("plain",)).get_content()))
    print("  Attachment: ", attachments[0].get_filename())
    print("  SHA-256 of what was sent: ", expected)
    print("  SHA-256 of what arrived:  ", arrived)
    if arrived != expected or mail["Subject"] != "Grüße vom Messgerät 📮" or "\n.A line" not in mail.get_body().get_content():
        print("What arrived is not what was sent.")
        return 1
    print("Octet for octet the same.")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
