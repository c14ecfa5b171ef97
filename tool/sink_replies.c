#define _GNU_SOURCE
#include "sink_server.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL where the text depends on the options. Codes as in RFC 5321 4.2.3 and RFC 2034. */
static const char *const sink_texts[SINK_REPLIES] = {
    [SINK_SAY_GREETING] = NULL,
    [SINK_SAY_EHLO] = NULL,
    [SINK_SAY_HELO] = "250 localhost\r\n",
    [SINK_SAY_MAIL] = "250 2.1.0 Sender taken\r\n",
    [SINK_SAY_RCPT] = "250 2.1.5 Recipient taken\r\n",
    [SINK_SAY_DATA] = "354 End with a dot on a line by itself\r\n",
    [SINK_SAY_ACCEPTED] = "250 2.0.0 Accepted\r\n",
    [SINK_SAY_CHUNK] = "250 2.0.0 Chunk taken\r\n",
    [SINK_SAY_RSET] = "250 2.0.0 Reset\r\n",
    [SINK_SAY_NOOP] = "250 2.0.0 Nothing done\r\n",
    [SINK_SAY_VRFY] = "252 2.1.5 Not verified, but will be tried\r\n",
    [SINK_SAY_HELP] = "214 2.0.0 See RFC 5321\r\n",
    [SINK_SAY_QUIT] = "221 2.0.0 Bye\r\n",
    [SINK_SAY_UNKNOWN] = "500 5.5.1 Command not known\r\n",
    [SINK_SAY_LINE_TOO_LONG] = "500 5.5.6 Line longer than 4096 octets\r\n",
    [SINK_SAY_BARE_LINE] = "500 5.5.2 bare CR or LF\r\n",
    [SINK_SAY_BAD_OCTET] = "500 5.5.2 Control or broken UTF-8 in a command\r\n",
    [SINK_SAY_SYNTAX] = "501 5.5.4 Syntax error in the argument\r\n",
    [SINK_SAY_BAD_SENDER] = "501 5.1.7 Syntax error in the sender\r\n",
    [SINK_SAY_BAD_RECIPIENT] = "501 5.1.3 Syntax error in the recipient\r\n",
    [SINK_SAY_NEEDS_SMTPUTF8] = "553 5.6.7 Address needs SMTPUTF8\r\n",
    [SINK_SAY_EXPN] = "502 5.5.1 Lists are not expanded\r\n",
    [SINK_SAY_SEQUENCE] = "503 5.5.1 Command out of sequence\r\n",
    [SINK_SAY_EARLY] = "503 5.5.0 More was sent, and PIPELINING is not offered\r\n",
    [SINK_SAY_NEEDS_BDAT] = "503 5.5.1 BINARYMIME needs BDAT\r\n",
    [SINK_SAY_NO_RECIPIENTS] = "554 5.5.1 No recipient was accepted\r\n",
    [SINK_SAY_PARAMETER] = "555 5.5.4 Parameter not known or not offered\r\n",
    [SINK_SAY_TOO_LARGE] = "552 5.3.4 Mail larger than SIZE\r\n",
    [SINK_SAY_TOO_MANY] = "452 4.5.3 Too many recipients\r\n",
    [SINK_SAY_NO_ROOM] = "452 4.3.1 Out of memory\r\n",
    [SINK_SAY_NOT_STORED] = "452 4.3.1 Mail could not be stored\r\n",
    [SINK_SAY_BARE_CONTENT] = "550 5.6.0 bare CR or LF\r\n",
    [SINK_SAY_EHLO_TLS] = NULL,
    [SINK_SAY_STARTTLS] = "220 2.0.0 Ready for TLS\r\n",
    [SINK_SAY_NOT_LAST] = "503 5.5.1 More was sent behind the last command of a group\r\n",
    [SINK_SAY_CHALLENGE] = "334 \r\n",
    [SINK_SAY_AUTHENTICATED] = "235 2.7.0 Authenticated\r\n",
    [SINK_SAY_CREDENTIALS] = "535 5.7.8 Credentials not accepted\r\n",
    [SINK_SAY_CANCELLED] = "501 5.7.0 Authentication cancelled\r\n",
    [SINK_SAY_BASE64] = "501 5.5.2 Not base64\r\n",
    [SINK_SAY_BAD_RESPONSE] = "501 5.5.2 Syntax error in the response\r\n",
    [SINK_SAY_NO_INITIAL] = "501 5.7.0 This mechanism has no initial response\r\n",
    [SINK_SAY_MECHANISM] = "504 5.5.4 Mechanism not known or not offered\r\n",
    [SINK_SAY_NEEDS_TLS] = "538 5.7.11 Authentication needs TLS\r\n",
    [SINK_SAY_NEEDS_AUTH] = "530 5.7.0 Authentication required\r\n",
    [SINK_SAY_AUTH_TOO_LONG] = "500 5.5.6 Authentication line longer than 12288 octets\r\n",
};

static const char *const sink_extensions[] = {
    "PIPELINING", "SIZE",     "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "SMTPUTF8", "DSN",
    "HELP",       "STARTTLS", "AUTH",     "PIPECONNECT",         NULL,
};

/* The name of extension 1 << index; NULL behind the last. */
const char *postino_sink_extension_name(size_t index)
{
    return sink_extensions[index];
}

bool postino_sink_positive(const struct postino_sink *sink, enum postino_sink_reply reply)
{
    return sink->replies[reply].text[0] < '4';
}

/* Takes the enhanced code out of `250 2.1.0 text`. */
static void sink_plain(char *text)
{
    char *from = text + 4;

    if (!isdigit((unsigned char)from[0]) || from[1] != '.')
        return;
    from = strchr(from, ' ') + 1;
    memmove(text + 4, from, strlen(from) + 1);
}

static bool sink_offers(const struct postino_sink *sink, uint32_t extension, bool tls)
{
    char names[512];

    if (!(sink->offered & extension))
        return false;
    if (extension == SINK_AUTH) {
        postino_sink_mechanisms_say(sink, tls, names, sizeof names);
        return *names != '\0';
    }
    return extension != SINK_STARTTLS || (sink->tls.starttls && !tls);
}

static char *sink_ehlo(const struct postino_sink *sink, bool tls)
{
    char text[512] = "localhost";
    char lines[1024];
    size_t length = 0;

    for (size_t i = 0; sink_extensions[i]; i++) {
        if (!sink_offers(sink, 1u << i, tls))
            continue;
        length += (size_t)snprintf(lines + length, sizeof lines - length, "250-%s\r\n", text);
        if (1u << i == SINK_AUTH)
            postino_sink_mechanisms_say(sink, tls, text, sizeof text);
        else if (1u << i == SINK_SIZE)
            snprintf(text, sizeof text, "SIZE %llu", (unsigned long long)sink->size_limit);
        else
            snprintf(text, sizeof text, "%s", sink_extensions[i]);
    }
    snprintf(lines + length, sizeof lines - length, "250 %s\r\n", text);
    return strdup(lines);
}

static char *sink_text(const struct postino_sink *sink, enum postino_sink_reply reply)
{
    char *text;

    if (reply == SINK_SAY_EHLO || reply == SINK_SAY_EHLO_TLS)
        return sink_ehlo(sink, reply == SINK_SAY_EHLO_TLS);
    if (reply == SINK_SAY_GREETING)
        return strdup(sink->lmtp ? "220 localhost LMTP Postino sink\r\n" : "220 localhost ESMTP Postino sink\r\n");
    text = strdup(sink_texts[reply]);
    if (text && !(sink->offered & SINK_ENHANCEDSTATUSCODES))
        sink_plain(text);
    return text;
}

bool postino_sink_replies_prepare(struct postino_sink *sink)
{
    for (int i = 0; i < SINK_REPLIES; i++) {
        char *text = sink_text(sink, (enum postino_sink_reply)i);

        if (!text)
            return false;
        sink->replies[i].text = text;
        sink->replies[i].length = strlen(text);
    }
    return true;
}

void postino_sink_replies_free(struct postino_sink *sink)
{
    for (int i = 0; i < SINK_REPLIES; i++)
        free((void *)(uintptr_t)sink->replies[i].text);
}
