/* Commands (5321 4.1.1): pure functions of the step, written from any offset into a buffer of any size. */
#include "internal.h"

static void put_octets(struct postino_writer *w, const char *octets, size_t length)
{
    for (size_t i = 0; i < length; i++, w->length++)
        if (w->length >= w->from && w->length - w->from < w->size)
            w->buffer[w->length - w->from] = octets[i];
}

static void put(struct postino_writer *w, const char *text)
{
    put_octets(w, text, strlen(text));
}

static void put_number(struct postino_writer *w, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + (int)(number % 10));
        number /= 10;
    } while (number);
    put_octets(w, digits + at, sizeof digits - at);
}

static void put_mail_parameters(const struct postino_session *s, struct postino_writer *w)
{
    const struct postino_source *source = s->spoken.mail->source;
    if (s->offers & POSTINO_OFFERS_SIZE && source->length) {
        put(w, " SIZE=");
        put_number(w, source->length);
    }
    if (s->offers & POSTINO_OFFERS_8BITMIME && !source->seven_bit)
        put(w, " BODY=8BITMIME");
}

void postino_command_render(const struct postino_session *s, struct postino_writer *w)
{
    const struct postino_mail *mail = s->spoken.mail;
    switch ((enum postino_step)s->spoken.step) {
    case POSTINO_STEP_CONNECT:
    case POSTINO_STEP_GREETING:
    case POSTINO_STEP_AUTH:
        break;
    case POSTINO_STEP_EHLO:
        put(w, s->config->lmtp ? s->config->lmtp->hello : "EHLO ");
        put(w, s->config->name);
        break;
    case POSTINO_STEP_HELO:
        put(w, "HELO ");
        put(w, s->config->name);
        break;
    case POSTINO_STEP_STARTTLS:
        put(w, "STARTTLS");
        break;
    case POSTINO_STEP_RSET:
        put(w, "RSET");
        break;
    case POSTINO_STEP_MAIL:
        put(w, "MAIL FROM:<");
        put(w, mail->reverse_path);
        put(w, ">");
        put_mail_parameters(s, w);
        break;
    case POSTINO_STEP_RCPT:
        put(w, "RCPT TO:<");
        put(w, mail->recipients[s->spoken.recipient].address);
        put(w, ">");
        break;
    case POSTINO_STEP_DATA:
        put(w, "DATA");
        break;
    case POSTINO_STEP_CONTENT: /* the terminator; 5321 4.1.1.4: the CR LF before the dot ends the last line */
        put(w, s->column ? "\r\n." : ".");
        break;
    case POSTINO_STEP_COMMAND:
        put(w, mail->command);
        if (mail->argument) {
            put(w, " ");
            put(w, mail->argument);
        }
        break;
    case POSTINO_STEP_QUIT:
        put(w, "QUIT");
        break;
    }
    put(w, "\r\n");
}
