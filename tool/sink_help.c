#define _GNU_SOURCE
#include "sink_server.h"

#include <stdio.h>

static const char sink_usage[] =
    "Usage: postino sink [OPTION]…\n"
    "An SMTP server that takes every mail and delivers none: for tests and for development.\n"
    "\n"
    "  --listen HOST:PORT      where (127.0.0.1:0, a free port); [IPV6]:PORT, PORT or unix:/PATH; tls:HOST:PORT "
    "begins\n"
    "                          with TLS; again for more. Prints `listening on ADDRESS` for each on standard output.\n"
    "  --lmtp                  speaks LMTP (RFC 2033) instead of SMTP\n"
    "  --maildir DIR           keeps each mail as DIR/new/NUMBER.eml, octet for octet as it was sent, and its "
    "envelope\n"
    "                          as DIR/envelopes/NUMBER.json. Without it, mails are only counted.\n"
    "  --count N               exits 0 when N mails were accepted and their connections are closed\n"
    "  --hide EXTENSION,…      neither offers nor takes PIPELINING, SIZE, 8BITMIME, ENHANCEDSTATUSCODES, CHUNKING,\n"
    "                          BINARYMIME, SMTPUTF8, DSN, HELP or PIPECONNECT; STARTTLS and AUTH are not offered, but\n"
    "                          obeyed\n"
    "  --size N                limit of a mail in octets (104857600; 0: none)\n"
    "  --max-recipients N      limit of the recipients of a mail (1000000)\n"
    "  --allow-bare            takes content with a lone CR or LF, which is refused otherwise\n"
    "  --trace                 the conversation on standard error, as `[CONNECTION] C: line` and `S: line`;\n"
    "                          it shows passwords, too\n"
    "  --json-stats            the closing line on standard error as JSON\n"
    "\n"
    "TLS; its certificate is made for this run, for localhost, 127.0.0.1 and ::1:\n"
    "  --tls                   offers STARTTLS\n"
    "  --ca-out FILE           writes the authority of that certificate as PEM, before it listens\n"
    "  --cert FILE --key FILE  another certificate, with its chain, and its key, as PEM\n"
    "  --client-ca FILE        asks clients for a certificate by these authorities, and takes none by others\n"
    "  --tls-min V --tls-max V versions, from 1.0 to 1.3; --tls-ciphers LIST as ciphers(1) has it, up to TLS 1.2\n"
    "\n"
    "AUTH, where there is somebody to authenticate; it is for tests, so that passwords stand in the arguments:\n"
    "  --user NAME:PASSWORD    by SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN and, over TLS,\n"
    "                          SCRAM-SHA-256-PLUS and SCRAM-SHA-1-PLUS; again for more\n"
    "  --token NAME:TOKEN      by OAUTHBEARER and XOAUTH2; again for more\n"
    "  --client-ca FILE        by EXTERNAL, under the common name of the client's certificate\n"
    "  --anonymous             by ANONYMOUS\n"
    "  --mechanisms LIST       offers these alone, in this order, with commas\n"
    "  --scram-iterations N    (4096)\n"
    "  --auth-in-clear         offers it in clear, too, though there is TLS\n"
    "  --auth-required         refuses MAIL before it\n"
    "\n";

static const char sink_usage_of_faults[] =
    "What goes wrong on purpose; each may be given several times:\n"
    "  --reply STEP=TEXT       this reply instead of the server's; 4yz and 5yz refuse, 421 closes; of several that "
    "fit\n"
    "                          the first. \\r \\n \\t \\0 \\xHH \\\\ are octets; CR LF is added unless TEXT ends with "
    "\\n, or\n"
    "                          with \\c, or is empty: then this one reply is left out.\n"
    "  --delay STEP=MS         this reply comes later, and all behind it on its connection\n"
    "  --split N               replies leave in pieces of N octets, 1 ms apart\n"
    "  --drop STEP             closes instead of replying. STEP:rst resets; STEP:before closes before the command has\n"
    "                          its effect, STEP:after behind the reply; content+N behind N octets of content as sent.\n"
    "  --mute STEP             answers neither this nor anything later on its connection\n"
    "  --stop-reading STEP     replies, then reads no more; content+N as above\n"
    "STEP is greeting ehlo helo lhlo starttls auth (each reply of its exchange) mail rcpt data content (the\n"
    "final reply, in LMTP each) bdat rset noop vrfy expn help quit unknown or any; then #N: the Nth on its "
    "connection,\n"
    "#N+: that and all later, ##N and ##N+: counted over all connections; then :ARGUMENT: only with this address "
    "(mail,\n"
    "rcpt, content), mechanism (auth) or argument. Over TLS, what --drop closes is not told so by close_notify.\n"
    "\n"
    "Exit: 0; 64 for a wrong option; 66 for a certificate that cannot be used; 71 where it cannot listen; 73 where\n"
    "DIR or a file cannot be written.\n";

void postino_sink_help(void)
{
    fputs(sink_usage, stdout);
    fputs(sink_usage_of_faults, stdout);
}
