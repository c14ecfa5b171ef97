/* Replies, and what the faults make of them. */
#define _GNU_SOURCE
#include "sink_server.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static bool sink_equal(const char *match, struct postino_sink_text argument)
{
    return strlen(match) == argument.length && strncasecmp(match, argument.text, argument.length) == 0;
}

static bool sink_comes(struct postino_sink_peer *peer, struct postino_sink_fault *fault)
{
    uint64_t *seen = fault->over_all ? &fault->seen : &peer->seen[fault - peer->sink->faults];

    ++*seen;
    return *seen >= fault->first && *seen <= fault->last;
}

static void sink_apply(struct postino_sink_answer *answer, const struct postino_sink_fault *fault)
{
    switch (fault->kind) {
    case SINK_FAULT_REPLY:
        if (answer->text)
            return;
        answer->text = fault->text;
        answer->length = fault->length;
        if (fault->length >= 3 && isdigit((unsigned char)fault->text[1]) && isdigit((unsigned char)fault->text[2]))
            answer->refuses |= fault->text[0] == '4' || fault->text[0] == '5';
        answer->closes = fault->length >= 3 && memcmp(fault->text, "421", 3) == 0;
        return;
    case SINK_FAULT_DELAY:
        if (!answer->delay_ms)
            answer->delay_ms = fault->delay_ms;
        return;
    case SINK_FAULT_DROP:
        answer->drop = true;
        answer->reset |= fault->reset;
        answer->before |= fault->before;
        answer->after |= fault->after;
        answer->refuses |= fault->before;
        return;
    case SINK_FAULT_MUTE:
        answer->mute = true;
        return;
    case SINK_FAULT_STOP:
        answer->stop = true;
        return;
    }
}

/* The first --reply that holds wins; the last chunk of BDAT is both content and bdat. */
void postino_sink_fault_find(struct postino_sink_peer *peer, enum postino_sink_step step,
                             struct postino_sink_text argument, struct postino_sink_answer *answer)
{
    struct postino_sink *sink = peer->sink;

    memset(answer, 0, sizeof *answer);
    for (size_t i = 0; i < sink->fault_count; i++) {
        struct postino_sink_fault *fault = &sink->faults[i];
        bool here = fault->step == SINK_AT_ANY || fault->step == step ||
                    (fault->step == SINK_AT_BDAT && step == SINK_AT_CONTENT && peer->chunking);

        if (!here || fault->at_octet || (fault->match && !sink_equal(fault->match, argument)))
            continue;
        if (sink_comes(peer, fault))
            sink_apply(answer, fault);
    }
}

/* Asked when the content of a mail begins: where it is to be cut. */
void postino_sink_fault_cut(struct postino_sink_peer *peer)
{
    struct postino_sink *sink = peer->sink;

    peer->cut = NULL;
    peer->cut_at = UINT64_MAX;
    for (size_t i = 0; i < sink->fault_count; i++) {
        struct postino_sink_fault *fault = &sink->faults[i];

        if (!fault->at_octet || !sink_comes(peer, fault) || fault->octets >= peer->cut_at)
            continue;
        peer->cut = fault;
        peer->cut_at = fault->octets;
    }
}

/* The content has come to where it is to be cut. */
void postino_sink_fault_hit(struct postino_sink_peer *peer)
{
    peer->cut_at = UINT64_MAX;
    if (peer->cut->kind == SINK_FAULT_STOP)
        peer->stopped = true;
    else
        postino_sink_drop(peer, peer->cut->reset);
}

void postino_sink_say(struct postino_sink_peer *peer, enum postino_sink_reply reply)
{
    postino_sink_append(peer, peer->sink->replies[reply].text, peer->sink->replies[reply].length);
}

/* What was said before is sent; then the connection ends, by a reset or by FIN. */
void postino_sink_drop(struct postino_sink_peer *peer, bool reset)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (peer->sink->trace)
        postino_sink_trace(peer, 'S', reset ? "(reset)" : "(closed)", reset ? 7 : 8);
    postino_sink_flush(peer);
    peer->closing = peer->torn = true;
    if (!reset)
        return;
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    peer->dead = true;
}

static void sink_give_now(struct postino_sink_peer *peer, const struct postino_sink_answer *answer)
{
    if (answer->drop && !answer->after) {
        postino_sink_drop(peer, answer->reset);
        return;
    }
    peer->muted |= answer->mute;
    postino_sink_append(peer, answer->text, answer->length);
    peer->closing |= answer->closes;
    peer->stopped |= answer->stop;
    if (answer->drop)
        postino_sink_drop(peer, answer->reset);
}

/* `answer->text` is set. A delayed reply holds up all that follows it on its connection. */
void postino_sink_give(struct postino_sink_peer *peer, const struct postino_sink_answer *answer)
{
    if (answer->delay_ms == 0) {
        sink_give_now(peer, answer);
        return;
    }
    peer->held = *answer;
    peer->holding = true;
    peer->hold_until_ms = postino_sink_now_ms() + answer->delay_ms + 1; /* the clock has begun its millisecond before */
    peer->sink->timed = true;
}

void postino_sink_give_held(struct postino_sink_peer *peer)
{
    peer->holding = false;
    peer->hold_until_ms = 0;
    sink_give_now(peer, &peer->held);
}
