/* The message that nx_smtp_mail_send sends: its head is a pure function, written anew from the offset each time. */
#include "nx_smtp_internal.h"

enum {
    WORD_OCTETS = 36,    /* of text in an encoded word: with what surrounds it, and a field name, below 76 (2047 2) */
    LONGEST_AS_IS = 900, /* octets of a subject that need no fold: a line has 998 at most (5322 2.1.1) */
    LONGEST_CHARACTER = 4
};

/* Encoded words (2047), none of which splits a character (2047 5). */
static void put_words(struct postino_writer *w, const char *text)
{
    for (;;) {
        struct postino_response word = {w, 0, 0};
        const char *begin = text;
        postino_command_put(w, "=?utf-8?B?");
        while (*text && (text < begin + WORD_OCTETS ||
                         ((*text & 0xC0) == 0x80 && text < begin + WORD_OCTETS + LONGEST_CHARACTER - 1)))
            postino_response_put(&word, *text++);
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

static const char *priority(const NX_SMTP_CLIENT_MAIL *mail)
{
    if (mail->nx_smtp_client_mail_priority == NX_SMTP_MAIL_PRIORITY_HIGH)
        return "\r\nX-Priority: 1\r\nImportance: high";
    return mail->nx_smtp_client_mail_priority == NX_SMTP_MAIL_PRIORITY_LOW ? "\r\nX-Priority: 5\r\nImportance: low"
                                                                           : "";
}

/* Puts a text in which these octets stand for what the client knows. */
void postino_nx_put(struct postino_writer *w, NX_SMTP_CLIENT *client, const char *text)
{
    const NX_SMTP_CLIENT_MAIL *mail = &client->nx_smtp_client_mail;
    for (; *text; text++) {
        if (*text == '\1')
            postino_command_put(w, mail->nx_smtp_client_mail_recipient_address);
        else if (*text == '\2')
            postino_command_put(w, mail->nx_smtp_client_mail_from_address);
        else if (*text == '\3')
            put_subject(w, mail->nx_smtp_client_mail_subject);
        else if (*text != '\4')
            postino_command_put_octet(w, *text);
        else if (client->nx_smtp_client_fields)
            client->nx_smtp_client_fields(client, w);
    }
}

static void put_head(struct postino_writer *w, NX_SMTP_CLIENT *client)
{
    postino_nx_put(w, client, "To: \1\r\nFrom: \2\r\nSubject: \3\4");
    postino_command_put(w, priority(&client->nx_smtp_client_mail));
    postino_command_put(w, "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"utf-8\"\r\n"
                           "Content-Transfer-Encoding: 8bit\r\n\r\n");
}

ptrdiff_t postino_nx_read(struct postino_source *source, void *buffer, size_t size)
{
    struct postino_nx_message *message = (struct postino_nx_message *)source;
    const NX_SMTP_CLIENT_MAIL *mail = &message->client->nx_smtp_client_mail;
    struct postino_writer w = {buffer, size, message->at, 0, false};
    size_t length;
    if (!message->in_body) {
        put_head(&w, message->client);
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
