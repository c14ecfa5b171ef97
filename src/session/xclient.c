/* XCLIENT, of Postfix: a test bench says whom it speaks for, and the server believes it. It takes the place of
 * STARTTLS: the server greets again, and EHLO follows. */
#include "internal.h"

enum {
    LINE_MAX_OCTETS = 510 /* 5321 4.5.3.1.4, without the line end */
};

bool postino_xclient_valid(const char *attributes)
{
    bool name = false, value = false;
    if (strlen(attributes) > LINE_MAX_OCTETS - sizeof "XCLIENT")
        return false;
    for (const char *at = attributes; *at; at++) {
        if (*at < ' ' || *at > '~' || (*at == ' ' && !value) || (*at == '=' && !name && !value))
            return false;
        if (*at == ' ')
            name = value = false;
        else if (value || *at == '=')
            value = true;
        else
            name = true;
    }
    return value;
}

/* Once, behind the first EHLO. */
static enum postino_reason begin(struct postino_session *s)
{
    enum {
        OF_GREETING_AND_EHLO = 2
    };
    if (s->replies != OF_GREETING_AND_EHLO)
        return POSTINO_REASON_REPLY;
    if (!(s->offers & POSTINO_OFFERS_XCLIENT))
        return POSTINO_REASON_NO_XCLIENT;
    if (!s->config->xclient || !postino_xclient_valid(s->config->xclient))
        return POSTINO_REASON_PARAMETER;
    s->spoken.step = POSTINO_STEP_STARTTLS;
    return POSTINO_REASON_REPLY;
}

static bool answered(struct postino_session *s, enum postino_verdict verdict)
{
    s->offers = 0;
    s->size_limit = 0;
    s->chunks = NULL;
    s->spoken.step = POSTINO_STEP_EHLO;
    return verdict == POSTINO_VERDICT_ACCEPTED;
}

static void render(const struct postino_session *s, struct postino_writer *w)
{
    postino_command_put(w, "XCLIENT ");
    postino_command_put(w, s->config->xclient);
}

const struct postino_opening postino_xclient = {{"XCLIENT", POSTINO_OFFERS_XCLIENT, NULL}, begin, answered, render};
