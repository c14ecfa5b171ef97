/* What the programs of this folder share: a mail, and the loop that a device runs around the engine. */
#ifndef POSTINO_SIZE_CONVERSATION_H
#define POSTINO_SIZE_CONVERSATION_H

#include <postino/session.h>

/* The device's connection, empty here. Returns octets moved, 0 when it is lost. */
__attribute__((noipa)) static size_t connection_write(const void *octets, size_t length)
{
    (void)octets;
    return length;
}

__attribute__((noipa)) static size_t connection_read(void *buffer, size_t size, unsigned timeout_s)
{
    (void)buffer;
    (void)size;
    return timeout_s;
}

__attribute__((noipa)) static ptrdiff_t no_octets(struct postino_source *source, void *buffer, size_t size)
{
    (void)source;
    (void)buffer;
    (void)size;
    return POSTINO_SOURCE_END;
}

/* What the reference offers to make use of: PIPELINING alone. */
static const struct postino_extension *const pipelining[] = {&postino_pipelining, NULL};

static struct postino_source content = {.read = no_octets};
static struct postino_recipient recipients[3];
static struct postino_mail mail = {.recipients = recipients, .recipient_count = 3, .source = &content};
static struct postino_session session;
static char buffer[512];

/* `secured` is called when TLS stands; NULL where there is none. */
static enum postino_outcome converse(const struct postino_config *config,
                                     void (*secured)(struct postino_session *session))
{
    if (postino_session_init(&session, config) || postino_session_submit(&session, &mail))
        return POSTINO_NOT_TRIED;
    for (;;) {
        switch (postino_session_need(&session)) {
        case POSTINO_NEED_SEND: {
            size_t length = postino_session_output(&session, buffer, sizeof buffer);
            size_t sent = connection_write(buffer, length);
            if (sent < length)
                postino_session_lost(&session, POSTINO_REASON_LOST, length - sent);
            break;
        }
        case POSTINO_NEED_RECEIVE: {
            size_t length = connection_read(buffer, sizeof buffer, postino_session_timeout_s(&session));
            postino_session_input(&session, buffer, length);
            break;
        }
        case POSTINO_NEED_MAIL:
            postino_session_quit(&session);
            break;
        case POSTINO_NEED_TLS:
            if (secured)
                secured(&session);
            break;
        case POSTINO_NEED_CONTENT:
        case POSTINO_NEED_TIME:
        case POSTINO_NEED_CLOSE: {
            const struct postino_mail *done = postino_session_finished(&session);
            return done ? (enum postino_outcome)done->result.outcome : POSTINO_NOT_TRIED;
        }
        }
    }
}

#endif
