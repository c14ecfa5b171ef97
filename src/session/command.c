/* Commands (5321 4.1.1): pure functions of the step, written from any offset into a buffer of any size. */
#include "internal.h"

void postino_command_put_octet(struct postino_writer *w, char octet)
{
    size_t at = w->length++ - w->from; /* wraps to a large number in front of the window */
    if (at < w->size)
        w->buffer[at] = octet;
}

void postino_command_put(struct postino_writer *w, const char *text)
{
    char *const buffer = w->buffer;
    const size_t size = w->size, from = w->from;
    size_t at = w->length - from; /* wraps to a large number in front of the window */
    for (; *text; text++, at++)
        if (at < size)
            buffer[at] = *text;
    w->length = at + from;
}

static void put_parameters(const struct postino_session *s, struct postino_writer *w)
{
    for (const struct postino_extension *const *at = s->extensions; *at; at++)
        if ((*at)->put && s->offers & (*at)->keyword.offers)
            (*at)->put(s, w);
}

/* What stands between the verb and the line end. */
static const char *argument(const struct postino_session *s)
{
    const struct postino_mail *mail = s->spoken.mail;
    if (s->spoken.step == POSTINO_STEP_MAIL)
        return mail->reverse_path;
    if (s->spoken.step == POSTINO_STEP_RCPT)
        return mail->recipients[s->spoken.recipient].address;
    return s->spoken.step <= POSTINO_STEP_HELO ? s->config->name : "";
}

static const char *verb(const struct postino_session *s)
{
    /* Words, and where that of each step begins; up to EHLO that is the first, and what renders itself has none. */
    static const char verbs[] = "EHLO \0HELO \0QUIT\0RSET\0MAIL FROM:<\0RCPT TO:<\0DATA\0\r\n.";
    static const uint8_t starts[] = {0, 0, 0, 6, 5, 5, 12, 17, 22, 34, 44, 49, 5};
    const char *text = verbs + starts[s->spoken.step];
    if (s->spoken.step == POSTINO_STEP_EHLO && s->config->lmtp)
        return s->config->lmtp->hello;
    if (s->spoken.step == POSTINO_STEP_CONTENT && s->column == 0) /* the last line has ended (5321 4.1.1.4) */
        text += 2;
    return text;
}

void postino_command_render(const struct postino_session *s, struct postino_writer *w)
{
    const enum postino_step step = (enum postino_step)s->spoken.step;
    postino_command_put(w, verb(s));
    postino_command_put(w, argument(s));
    if (step == POSTINO_STEP_STARTTLS || step == POSTINO_STEP_AUTH)
        s->config->opening[step - POSTINO_STEP_STARTTLS]->render(s, w);
    if (step == POSTINO_STEP_COMMAND)
        s->spoken.mail->command->render(s, w);
    if (step == POSTINO_STEP_MAIL || step == POSTINO_STEP_RCPT) {
        postino_command_put(w, ">");
        put_parameters(s, w);
    }
    postino_command_put(w, "\r\n");
}
