#!/usr/bin/python3
"""aiosmtpd_server.py ADDRESS PORT FOLDER [PKI SUBMISSION SMTPS]: takes mails and keeps them exactly, with their envelopes, in
FOLDER; with the certificate in PKI at two further ports, too, where it offers AUTH: by STARTTLS, and in TLS from the start."""
import asyncio
import itertools
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

PASSWORDS = {b"alice@example.test": b"s3cret-Pa55", b"ulla@example.test": "Grüße-7".encode()}


class Keeper:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.numbers = itertools.count(1)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("reject@"):
            return "550 5.1.1 no such user"
        if address.startswith("defer@"):
            return "451 4.3.0 try later"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.append(options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        number = next(self.numbers)
        facts = {
            "helo": session.host_name,
            "from": envelope.mail_from,
            "mail_options": envelope.mail_options,
            "to": envelope.rcpt_tos,
            "rcpt_options": envelope.rcpt_options,
        }
        (self.folder / f"{number:04}.json").write_text(json.dumps(facts))
        # Under its name only when it is whole: whoever waits for the mail looks for that name.
        part = self.folder / f"{number:04}.part"
        part.write_bytes(envelope.original_content)
        part.rename(part.with_suffix(".eml"))
        return f"250 OK kept as {number}"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=PASSWORDS.get(data.login) == data.password, handled=False)


async def main(address, port, folder, pki=None, submission=None, smtps=None):
    def protocol(**more):
        # Its own name and no look-up of the machine's, which may take seconds where there is no resolver.
        return lambda: SMTP(keeper, hostname="mail.example.test", data_size_limit=52428800, enable_SMTPUTF8=True, ident="aiosmtpd", **more)

    async def listen(protocol, port, **more):
        return await asyncio.get_running_loop().create_server(protocol, address, int(port), backlog=128, **more)

    keeper = Keeper(folder)
    if pki:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(pki + "/server.pem", pki + "/server.key")
        knowing = {"authenticator": authenticate, "auth_require_tls": False}
        await listen(protocol(tls_context=tls, **knowing), submission)
        await listen(protocol(**knowing), smtps, ssl=tls)
    await (await listen(protocol(), port)).serve_forever()


if len(sys.argv) not in (4, 7):
    sys.exit(__doc__)
asyncio.run(main(*sys.argv[1:]))
