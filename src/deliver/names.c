/* Words for people. */
#include <postino/deliver.h>

const char *postino_outcome_name(enum postino_outcome outcome)
{
    static const char *const names[] = {"not tried", "accepted", "refused for now", "refused for good", "uncertain"};
    return names[outcome];
}

const char *postino_step_name(enum postino_step step)
{
    static const char *const names[] = {"connecting", "greeting", "EHLO", "HELO", "STARTTLS", "AUTH",   "QUIT",
                                        "RSET",       "MAIL",     "RCPT", "DATA", "content",  "command"};
    return names[step];
}

const char *postino_reason_name(enum postino_reason reason)
{
    static const char *const names[] = {
        [POSTINO_REASON_REPLY] = "the server's reply",
        [POSTINO_REASON_LOST] = "the connection was lost",
        [POSTINO_REASON_TIMEOUT] = "no reply in time",
        [POSTINO_REASON_CANCELLED] = "cancelled",
        [POSTINO_REASON_PROTOCOL] = "the server broke the protocol",
        [POSTINO_REASON_INJECTION] = "octets in clear stood behind the reply to STARTTLS",
        [POSTINO_REASON_NO_TLS] = "TLS is required and was not to be had",
        [POSTINO_REASON_NO_AUTH] = "there are credentials, and the server offers no way to use them",
        [POSTINO_REASON_UNPROVED] = "the server did not prove that it knows the password",
        [POSTINO_REASON_PARAMETER] = "a parameter of the mail or of a recipient is out of its bounds",
        [POSTINO_REASON_NO_DSN] = "reports are asked for, and the server does not offer DSN",
        [POSTINO_REASON_NO_DELIVERBY] = "a time is asked for, and the server does not offer DELIVERBY",
        [POSTINO_REASON_NO_MT_PRIORITY] = "a priority is asked for, and the server does not offer MT-PRIORITY",
        [POSTINO_REASON_NO_FUTURERELEASE] = "the mail is to be held, and the server does not offer FUTURERELEASE",
        [POSTINO_REASON_NO_REQUIRETLS] = "TLS is asked for on the whole way, and the server does not offer REQUIRETLS",
        [POSTINO_REASON_NO_BINARYMIME] = "the message holds binary octets, and the server does not offer BINARYMIME",
        [POSTINO_REASON_NO_SMTPUTF8] =
            "an address or a header field is not ASCII, and the server does not offer SMTPUTF8",
        [POSTINO_REASON_HANDSHAKE] = "TLS could not be established",
        [POSTINO_REASON_CERTIFICATE] = "the server's certificate is not to be trusted",
        [POSTINO_REASON_TOO_LARGE] = "larger than the server takes",
        [POSTINO_REASON_SOURCE] = "the message could not be read to its end",
        [POSTINO_REASON_NUL] = "a NUL octet in the message",
        [POSTINO_REASON_LONG_LINE] = "a line of more than 998 octets in the message",
        [POSTINO_REASON_8BIT] = "octets above 127 that may not be changed, and the server offers no 8BITMIME",
        [POSTINO_REASON_NO_XCLIENT] = "the server does not let this client say whom it speaks for (XCLIENT)",
        [POSTINO_REASON_LIMITS] = "more than the server takes at once (LIMITS)",
        [POSTINO_REASON_CHANGED] = "it offers other things than the last time",
        [POSTINO_REASON_POLICY] = "another recipient was refused, and it was to be all or none",
    };
    return names[reason];
}

enum postino_outcome postino_outcome_of(const struct postino_result *result)
{
    if (result->outcome != POSTINO_NOT_TRIED)
        return (enum postino_outcome)result->outcome;
    if (result->code >= 500 || result->reason == POSTINO_REASON_NO_TLS || result->reason == POSTINO_REASON_NO_AUTH ||
        result->reason == POSTINO_REASON_NO_XCLIENT)
        return POSTINO_REFUSED_FOR_GOOD;
    return POSTINO_REFUSED_FOR_NOW;
}
