/* The end of a content or of a chunk: whether the mail is accepted, and who is told. */
#define _GNU_SOURCE
#include "sink_server.h"

#include <string.h>

static enum postino_sink_reply sink_verdict(const struct postino_sink_peer *peer)
{
    if (peer->over)
        return SINK_SAY_TOO_LARGE;
    if (peer->bare && !peer->sink->allow_bare)
        return SINK_SAY_BARE_CONTENT;
    return peer->not_stored ? SINK_SAY_NOT_STORED : SINK_SAY_ACCEPTED;
}

static bool sink_accept(struct postino_sink_peer *peer)
{
    struct postino_sink *sink = peer->sink;

    if (sink->maildir && !postino_sink_store_accept(peer))
        return false;
    peer->accepted = true;
    peer->mails++;
    sink->mails++;
    sink->recipients += peer->recipients;
    sink->octets += peer->octets;
    sink->ending |= sink->count_wanted > 0 && sink->mails >= sink->count_wanted;
    return true;
}

/* Content that came by DATA ends its mail whatever was said to it (RFC 5321 4.1.1.4). A refused BDAT leaves the mail
 * open and broken, until RSET (RFC 3030 2). */
static void sink_over(struct postino_sink_peer *peer)
{
    bool broken = peer->chunking && !peer->accepted;

    peer->phase = SINK_COMMAND;
    if (!broken) {
        postino_sink_mail_reset(peer);
        return;
    }
    postino_sink_store_discard(peer);
    peer->broken = true;
}

/* One final reply: to the mail, or in LMTP to one of its recipients. The first that is not refused accepts it. */
static void sink_final(struct postino_sink_peer *peer, struct postino_sink_text argument, bool last)
{
    struct postino_sink *sink = peer->sink;
    struct postino_sink_answer answer;

    memset(&answer, 0, sizeof answer);
    if (sink->faulty[SINK_AT_CONTENT] || (peer->chunking && sink->faulty[SINK_AT_BDAT]))
        postino_sink_fault_find(peer, SINK_AT_CONTENT, argument, &answer);
    if (postino_sink_positive(sink, peer->verdict) && !answer.refuses && !peer->accepted && !sink_accept(peer))
        peer->verdict = SINK_SAY_NOT_STORED;
    if (!answer.text) {
        answer.text = sink->replies[peer->verdict].text;
        answer.length = sink->replies[peer->verdict].length;
    }
    if (last)
        sink_over(peer);
    postino_sink_give(peer, &answer);
}

void postino_sink_content_end(struct postino_sink_peer *peer)
{
    struct postino_sink_text sender = {peer->envelope, 0};

    postino_sink_trace_content(peer, peer->chunking ? peer->chunk_length : peer->octets);
    peer->bare |= peer->last_octet == '\r' && !peer->binary;
    peer->verdict = sink_verdict(peer);
    if (peer->sink->lmtp) {
        peer->phase = SINK_FINAL;
        peer->next_recipient = peer->first_recipient;
        return;
    }
    sender.length = strlen(sender.text);
    sink_final(peer, sender, true);
}

void postino_sink_final_next(struct postino_sink_peer *peer)
{
    struct postino_sink_text recipient = {peer->envelope + peer->next_recipient, 0};

    recipient.length = strlen(recipient.text);
    peer->next_recipient += recipient.length + 1;
    peer->next_recipient += strlen(peer->envelope + peer->next_recipient) + 1;
    sink_final(peer, recipient, peer->next_recipient == peer->envelope_length);
}

void postino_sink_chunk_end(struct postino_sink_peer *peer)
{
    struct postino_sink *sink = peer->sink;
    struct postino_sink_answer answer;
    struct postino_sink_text sender = {peer->in_mail ? peer->envelope : "", 0};

    if (peer->chunk_reply == SINK_SAY_CHUNK && peer->chunk_last) {
        postino_sink_content_end(peer);
        return;
    }
    postino_sink_trace_content(peer, peer->chunk_length);
    peer->broken |= peer->chunk_reply == SINK_SAY_TOO_LARGE;
    if (!sink->faulty[SINK_AT_BDAT]) {
        postino_sink_say(peer, peer->chunk_reply);
        return;
    }
    sender.length = strlen(sender.text);
    postino_sink_fault_find(peer, SINK_AT_BDAT, sender, &answer);
    peer->broken |= answer.refuses && peer->chunking;
    if (!answer.text) {
        answer.text = sink->replies[peer->chunk_reply].text;
        answer.length = sink->replies[peer->chunk_reply].length;
    }
    postino_sink_give(peer, &answer);
}
