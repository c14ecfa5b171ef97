/* The message that nx_smtp_mail_send sends: its head is a pure function, written anew from the offset each time. */
#include "nx_smtp_internal.h"

enum {
    WORD_OCTETS =
        36, /* of text in an encoded word, and the rest of a character: below 76 with all around it (2047 2) */
    LONGEST_AS_IS = 900 /* octets of a subject that need no fold: a line has 998 at most (5322 2.1.1) */
};

/* Encoded words (2047), none of which splits a character (2047 5). */
static void put_words(struct postino_writer *w, const char *text)
{
    for (;;) {
        struct postino_response word = {w, POSTINO_RESPONSE_EMPTY};
        const char *end = text + WORD_OCTETS;
        postino_command_put(w, "=?utf-8?B?");
        do
            postino_response_put(&word, *text++);
        while (*text && (text < end || (*text & 0xC0) == 0x80));
        postino_response_end(&word);
        postino_command_put(w, "?=");
        if (!*text)
            return;
        postino_command_put(w, "\r\n ");
    }
}

static void put_subject(struct postino_writer *w, const char *subject)
{
    const char *end = subject;
    while (*end > 0 && *end < 0x7F)
        end++;
    if (*end || end > subject + LONGEST_AS_IS)
        put_words(w, subject);
    else
        postino_command_put(w, subject);
}

static void put_priority(struct postino_writer *w, UINT priority)
{
    bool high = priority == NX_SMTP_MAIL_PRIORITY_HIGH;
    if (!high && priority != NX_SMTP_MAIL_PRIORITY_LOW)
        return;
    postino_command_put(w, "\r\nX-Priority: ");
    postino_command_put_octet(w, high ? '1' : '5');
    postino_command_put(w, "\r\nImportance: ");
    postino_command_put(w, high ? "high" : "low");
}

static void put_known(struct postino_writer *w, NX_SMTP_CLIENT *client, char which)
{
    const NX_SMTP_CLIENT_MAIL *mail = &client->nx_smtp_client_mail;
    if (which == '\1')
        postino_command_put(w, mail->nx_smtp_client_mail_recipient_address);
    else if (which == '\2')
        postino_command_put(w, mail->nx_smtp_client_mail_from_address);
    else if (which == '\3')
        put_subject(w, mail->nx_smtp_client_mail_subject);
    else if (which == '\5')
        put_priority(w, mail->nx_smtp_client_mail_priority);
    else if (client->nx_smtp_client_fields)
        client->nx_smtp_client_fields(client, w);
}

void postino_nx_put(struct postino_writer *w, NX_SMTP_CLIENT *client, const char *text)
{
    for (; *text; text++) {
        if (*text <= '\5')
            put_known(w, client, *text);
        else
            postino_command_put_octet(w, *text);
    }
}

ptrdiff_t postino_nx_read(struct postino_source *source, void *buffer, size_t size)
{
    struct postino_nx_message *message = (struct postino_nx_message *)source;
    const NX_SMTP_CLIENT_MAIL *mail = &message->client->nx_smtp_client_mail;
    struct postino_writer w = {buffer, size, message->at, 0, false};
    size_t length;
    if (!message->in_body) {
        postino_nx_put(&w, message->client, "To: \1" POSTINO_NX_FIELDS POSTINO_NX_TYPE);
        length = w.length - message->at;
        message->at += size;
        if (length > size)
            return (ptrdiff_t)size;
        message->at = 0;
        message->in_body = true;
        if (length)
            return (ptrdiff_t)length;
    }
    length = mail->nx_smtp_client_mail_body_length - message->at;
    if (length > size)
        length = size;
    memcpy(buffer, mail->nx_smtp_client_mail_body + message->at, length);
    message->at += length;
    return (ptrdiff_t)length;
}
