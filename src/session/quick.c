/* Replies in larger pieces than octets, for hosts that hear many of them: what is plain text of a line is taken at
 * once, all else by postino_session_input. */
#include "internal.h"

enum {
    SEPARATOR = 4
};

/* How many octets at `at` are text to which nothing but its place in a buffer matters. */
static size_t plain_text(const struct postino_session *s, const char *at, size_t length)
{
    size_t room = POSTINO_REPLY_LINE_MAX - s->line_length, plain = 0;
    bool heeded = s->awaited.step == POSTINO_STEP_EHLO || s->awaited.step == POSTINO_STEP_AUTH || s->config->trace;
    if (s->line_length < SEPARATOR || s->heard == '\r' || s->held == POSTINO_NEED_TLS || heeded)
        return 0;
    if (length > room)
        length = room;
    while (plain < length && (unsigned char)at[plain] >= ' ' && at[plain] != 0x7F)
        plain++;
    return plain;
}

static void take_text(struct postino_session *s, const char *at, size_t length)
{
    const struct postino_config *config = s->config;
    size_t room = config->text_size > s->text_length ? config->text_size - s->text_length - 1u : 0;
    s->line_length += (uint32_t)length;
    s->heard = at[length - 1];
    if (s->failed)
        return;
    if (length > room)
        length = room;
    if (length)
        memcpy(config->text + s->text_length, at, length);
    s->text_length += (uint32_t)length;
}

void postino_session_input_quick(struct postino_session *s, const void *octets, size_t length)
{
    const char *at = octets;
    for (const char *end = at + length; at < end && !s->closed;) {
        size_t left = (size_t)(end - at), step = plain_text(s, at, left);
        if (step) {
            take_text(s, at, step);
        } else {
            step = s->line_length < SEPARATOR ? SEPARATOR - s->line_length : 1;
            step = step < left ? step : left;
            postino_session_input(s, at, step);
        }
        at += step;
    }
}
