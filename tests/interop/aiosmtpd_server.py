#!/usr/bin/python3
"""aiosmtpd_server.py ADDRESS PORT FOLDER: takes mails and keeps them exactly, with their envelopes, in FOLDER."""
import asyncio
import itertools
import json
import pathlib
import sys

from aiosmtpd.smtp import SMTP


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


async def main(address, port, folder):
    def protocol():
        # Its own name and no look-up of the machine's, which may take seconds where there is no resolver.
        return SMTP(keeper, hostname="mail.example.test", data_size_limit=52428800, enable_SMTPUTF8=True, ident="aiosmtpd")

    keeper = Keeper(folder)
    server = await asyncio.get_running_loop().create_server(protocol, address, int(port), backlog=128)
    await server.serve_forever()


if len(sys.argv) != 4:
    sys.exit(__doc__)
asyncio.run(main(*sys.argv[1:]))
