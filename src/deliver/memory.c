/* Ahead of the greeting, to servers that are known to take that (PIPECONNECT). */
#include "internal.h"

static bool can_be_repeated(const struct postino_mail *mail)
{
    return mail->command || mail->source->rewind;
}

/* The first flight, in one write. */
static void say_ahead(struct postino_delivery *d)
{
    struct postino_memory *memory = d->config->memory;
    char *to = d->config->output;
    size_t size = d->config->output_size;
    if (d->changed)
        return;
    for (const struct postino_mail *mail = d->session.first; mail; mail = mail->next)
        if (!can_be_repeated(mail))
            return;
    d->filled = memory->recall(memory, &d->session, to, size);
    if (d->filled && d->filled < size)
        d->filled += postino_session_output(&d->session, to + d->filled, size - d->filled);
    d->expecting = d->filled == 0;
}

/* Nothing is recalled again once it was wrong. */
static bool has_changed(struct postino_delivery *d)
{
    bool changed = !d->config->memory->learn(d->config->memory, &d->session);
    d->changed |= changed;
    return changed;
}

static bool goes_again(struct postino_mail *mail)
{
    bool over = mail->result.outcome == POSTINO_ACCEPTED || mail->result.outcome == POSTINO_UNCERTAIN;
    return !over && can_be_repeated(mail) && (mail->command || mail->source->rewind(mail->source));
}

const struct postino_remembering postino_remembering = {say_ahead, has_changed, goes_again};
