/* MAIL and RCPT, and what they leave. */
#define _GNU_SOURCE
#include "sink_server.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An envelope that grew larger than this is not kept for the next mail. */
#define SINK_ENVELOPE_KEPT (64u * 1024u)

/* Writes `address NUL parameters NUL` behind the envelope, where it waits to be taken. */
static bool sink_candidate(struct postino_sink_peer *peer, struct postino_sink_text address,
                           struct postino_sink_text parameters)
{
    size_t needed = peer->envelope_length + address.length + parameters.length + 2;
    char *at;

    if (needed > peer->envelope_size) {
        size_t size = needed * 2 < 512 ? 512 : needed * 2;
        char *larger = size <= SINK_ENVELOPE_LIMIT ? realloc(peer->envelope, size) : NULL;

        if (!larger)
            return false;
        peer->envelope = larger;
        peer->envelope_size = size;
    }
    at = peer->envelope + peer->envelope_length;
    memcpy(at, address.text, address.length);
    at += address.length;
    *at++ = '\0';
    if (parameters.length > 0)
        memcpy(at, parameters.text + 1, parameters.length - 1);
    at += parameters.length > 0 ? parameters.length - 1 : 0;
    *at++ = '\0';
    peer->candidate = (size_t)(at - peer->envelope) - peer->envelope_length;
    return true;
}

static size_t sink_prefix(struct postino_sink_text argument, enum postino_sink_step step)
{
    const char *word = step == SINK_AT_MAIL ? "FROM:" : "TO:";
    size_t length = strlen(word);

    return argument.length > length && strncasecmp(argument.text, word, length) == 0 ? length : 0;
}

/* The address of `FROM:<address> …`, for faults that name one. */
struct postino_sink_text postino_sink_path_argument(struct postino_sink_text argument)
{
    struct postino_sink_text none = {"", 0};
    const char *colon = memchr(argument.text, ':', argument.length);
    struct postino_sink_path path;

    if (!colon)
        return none;
    if (!postino_sink_path_parse(colon + 1, argument.length - (size_t)(colon + 1 - argument.text), &path))
        return none;
    return path.address;
}

static bool sink_is_postmaster(const struct postino_sink_path *path)
{
    return path->address.length == 10 && strncasecmp(path->address.text, "postmaster", 10) == 0;
}

static enum postino_sink_reply sink_path_command(struct postino_sink_peer *peer, enum postino_sink_step step,
                                                 struct postino_sink_text argument,
                                                 struct postino_sink_parameters *parameters)
{
    enum postino_sink_reply bad = step == SINK_AT_MAIL ? SINK_SAY_BAD_SENDER : SINK_SAY_BAD_RECIPIENT, reply;
    size_t prefix = sink_prefix(argument, step), used;
    struct postino_sink_path path;

    if (prefix == 0)
        return SINK_SAY_SYNTAX;
    argument.text += prefix;
    argument.length -= prefix;
    used = postino_sink_path_parse(argument.text, argument.length, &path);
    if (used == 0)
        return bad;
    if (!path.has_domain && (step == SINK_AT_MAIL ? path.address.length > 0 : !sink_is_postmaster(&path)))
        return bad;
    argument.text += used;
    argument.length -= used;
    reply = postino_sink_parameters_parse(step, peer->extended ? peer->sink->offered : 0, argument, parameters);
    if (reply != SINK_SAY_MAIL)
        return reply;
    if (path.eight_bit && !(step == SINK_AT_MAIL ? parameters->utf8 : peer->utf8))
        return SINK_SAY_NEEDS_SMTPUTF8;
    return sink_candidate(peer, path.address, argument) ? SINK_SAY_MAIL : SINK_SAY_NO_ROOM;
}

enum postino_sink_reply postino_sink_mail(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    struct postino_sink_parameters parameters;
    enum postino_sink_reply reply;

    if (!peer->greeted || peer->in_mail)
        return SINK_SAY_SEQUENCE;
    if (peer->sink->auth.required && !peer->user)
        return SINK_SAY_NEEDS_AUTH;
    reply = sink_path_command(peer, SINK_AT_MAIL, argument, &parameters);
    if (reply != SINK_SAY_MAIL)
        return reply;
    if (peer->sink->size_limit && parameters.size > peer->sink->size_limit)
        return SINK_SAY_TOO_LARGE;
    peer->utf8 = parameters.utf8;
    peer->binary = parameters.binary;
    return reply;
}

void postino_sink_mail_taken(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)argument;
    peer->in_mail = true;
    peer->envelope_length = peer->first_recipient = peer->candidate;
}

enum postino_sink_reply postino_sink_rcpt(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    struct postino_sink_parameters parameters;
    enum postino_sink_reply reply;

    if (!peer->in_mail || peer->chunking)
        return SINK_SAY_SEQUENCE;
    reply = sink_path_command(peer, SINK_AT_RCPT, argument, &parameters);
    if (reply != SINK_SAY_MAIL)
        return reply;
    return peer->recipients < peer->sink->recipients_limit ? SINK_SAY_RCPT : SINK_SAY_TOO_MANY;
}

void postino_sink_rcpt_taken(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)argument;
    peer->envelope_length += peer->candidate;
    peer->recipients++;
}

/* Forgets the mail that is being taken, if any. */
void postino_sink_mail_reset(struct postino_sink_peer *peer)
{
    postino_sink_store_discard(peer);
    peer->in_mail = peer->chunking = peer->binary = peer->utf8 = peer->broken = false;
    peer->over = peer->bare = peer->not_stored = peer->accepted = false;
    peer->recipients = 0;
    peer->envelope_length = peer->first_recipient = 0;
    peer->cut = NULL;
    if (peer->envelope_size <= SINK_ENVELOPE_KEPT)
        return;
    free(peer->envelope);
    peer->envelope = NULL;
    peer->envelope_size = 0;
}
