/* Results and octets in words. */
#include "play.h"

#include <stdio.h>
#include <string.h>

const char *const play_steps[] = {"CONNECT", "GREETING", "EHLO", "HELO", "STARTTLS", "AUTH",   "QUIT",
                                  "RSET",    "MAIL",     "RCPT", "DATA", "CONTENT",  "COMMAND"};
const char *const play_needs[] = {"send", "receive", "tls", "content", "time", "mail", "close"};
const char *const play_outcomes[] = {"not tried", "accepted", "refused for now", "refused for good", "uncertain"};
static const char *const reasons[] = {
    [POSTINO_REASON_PROTOCOL] = "protocol",
    [POSTINO_REASON_LOST] = "lost",
    [POSTINO_REASON_TIMEOUT] = "timeout",
    [POSTINO_REASON_CANCELLED] = "cancelled",
    [POSTINO_REASON_INJECTION] = "injection",
    [POSTINO_REASON_NO_TLS] = "no tls",
    [POSTINO_REASON_NO_AUTH] = "no auth",
    [POSTINO_REASON_UNPROVED] = "unproved",
    [POSTINO_REASON_HANDSHAKE] = "handshake",
    [POSTINO_REASON_CERTIFICATE] = "certificate",
    [POSTINO_REASON_TOO_LARGE] = "too large",
    [POSTINO_REASON_SOURCE] = "source",
    [POSTINO_REASON_NUL] = "nul",
    [POSTINO_REASON_LONG_LINE] = "long line",
    [POSTINO_REASON_8BIT] = "8bit",
    [POSTINO_REASON_PARAMETER] = "parameter",
    [POSTINO_REASON_NO_DSN] = "no dsn",
    [POSTINO_REASON_NO_DELIVERBY] = "no deliverby",
    [POSTINO_REASON_NO_MT_PRIORITY] = "no mt-priority",
    [POSTINO_REASON_NO_FUTURERELEASE] = "no futurerelease",
    [POSTINO_REASON_NO_REQUIRETLS] = "no requiretls",
    [POSTINO_REASON_NO_BINARYMIME] = "no binarymime",
    [POSTINO_REASON_NO_SMTPUTF8] = "no smtputf8",
    [POSTINO_REASON_NO_XCLIENT] = "no xclient",
    [POSTINO_REASON_LIMITS] = "limits",
    [POSTINO_REASON_CHANGED] = "changed",
    [POSTINO_REASON_POLICY] = "policy",
};

void play_escape(char *to, size_t size, const char *octets, size_t length)
{
    size_t at = 0;
    to[0] = '\0';
    for (size_t i = 0; i < length && at + 5 < size; i++) {
        unsigned char c = (unsigned char)octets[i];
        static const char octets_named[] = "\n\r\"\\", names[] = "nr\"\\";
        const char *named = c ? strchr(octets_named, c) : NULL;
        if (named)
            at += (size_t)snprintf(to + at, size - at, "\\%c", names[named - octets_named]);
        else if (c < ' ' || c > '~')
            at += (size_t)snprintf(to + at, size - at, "\\x%02x", c);
        else
            at += (size_t)snprintf(to + at, size - at, "%c", c);
    }
}

void play_format(char *to, size_t size, const struct postino_result *r)
{
    char text[600];
    const char *outcome = r->outcome < 5 ? play_outcomes[r->outcome] : "NO OUTCOME";
    size_t at = (size_t)snprintf(to, size, "%s at %s", outcome, r->step < 13 ? play_steps[r->step] : "NO STEP");
    if (r->reason)
        at += (size_t)snprintf(to + at, size - at, ", %s",
                               r->reason < sizeof reasons / sizeof *reasons ? reasons[r->reason] : "?");
    if (r->code)
        at += (size_t)snprintf(to + at, size - at, "%s %u", r->reason ? "" : ",", r->code);
    if (r->subject || r->detail)
        at += (size_t)snprintf(to + at, size - at, " %u.%u.%u", r->code / 100, r->subject, r->detail);
    if (!r->text || !r->text[0])
        return;
    play_escape(text, sizeof text, r->text, strlen(r->text));
    snprintf(to + at, size - at, " \"%s\"", text);
}
