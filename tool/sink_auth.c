/* AUTH: an exchange of challenges and responses (RFC 4954), whatever the mechanism. */
#define _GNU_SOURCE
#include "sink_auth.h"

#include <stdlib.h>
#include <string.h>

static void sink_exchange_free(struct postino_sink_auth *auth)
{
    if (!auth)
        return;
    free(auth->response);
    free(auth->line);
    free(auth->name);
    postino_sink_scram_free(&auth->scram);
    free(auth);
}

/* What the client has proved so far counts no more. */
void postino_sink_auth_forget(struct postino_sink_peer *peer)
{
    sink_exchange_free(peer->auth);
    peer->auth = NULL;
    free(peer->user);
    peer->user = NULL;
}

enum postino_sink_reply postino_sink_challenge(struct postino_sink_auth *auth, const void *octets, size_t length)
{
    size_t encoded = 0;
    char *text = postino_sink_base64(octets, length, &encoded);

    free(auth->line);
    auth->line = text ? malloc(encoded + 6) : NULL;
    if (auth->line) {
        memcpy(auth->line, "334 ", 4);
        memcpy(auth->line + 4, text, encoded);
        memcpy(auth->line + 4 + encoded, "\r\n", 2);
        auth->line_length = encoded + 6;
    }
    free(text);
    return auth->line ? SINK_SAY_CHALLENGE : SINK_SAY_NO_ROOM;
}

/* Keeps who wants to be authenticated. Returns SINK_SAY_AUTHENTICATED where there was room for it. */
enum postino_sink_reply postino_sink_named(struct postino_sink_auth *auth, const char *name, size_t length)
{
    free(auth->name);
    auth->name = strndup(name, length);
    return auth->name ? SINK_SAY_AUTHENTICATED : SINK_SAY_NO_ROOM;
}

static enum postino_sink_reply sink_hear(struct postino_sink_peer *peer, struct postino_sink_text line)
{
    struct postino_sink_auth *auth = peer->auth;
    struct postino_sink_text response = {NULL, 0};
    enum postino_sink_reply reply;

    free(auth->response);
    auth->response = postino_sink_base64_decode(line, &response.length);
    if (!auth->response)
        return SINK_SAY_BASE64;
    if (!auth->mechanism)
        return SINK_SAY_CREDENTIALS;
    response.text = auth->response;
    reply = auth->mechanism->take(peer, response);
    auth->round++;
    return reply;
}

/* RFC 4954 4: an initial response of `=` is empty; where the server speaks first, there is none. LOGIN bears it all the
 * same: its clients are used to give their name so. */
static enum postino_sink_reply sink_begin(struct postino_sink_peer *peer, struct postino_sink_text initial)
{
    const struct postino_sink_mechanism *mechanism = peer->auth->mechanism;
    bool login = strcmp(mechanism->name, "LOGIN") == 0;

    if (initial.length == 0)
        return mechanism->begin ? mechanism->begin(peer) : postino_sink_challenge(peer->auth, "", 0);
    if (mechanism->begin && !login)
        return SINK_SAY_NO_INITIAL;
    if (initial.length == 1 && initial.text[0] == '=')
        initial.length = 0;
    return sink_hear(peer, initial);
}

static enum postino_sink_reply sink_judge(struct postino_sink_peer *peer, struct postino_sink_text name,
                                          struct postino_sink_text initial)
{
    const struct postino_sink_mechanism *mechanism;

    if (name.length == 0 || memchr(initial.text, ' ', initial.length))
        return SINK_SAY_SYNTAX;
    if (!peer->extended || peer->in_mail || peer->user)
        return SINK_SAY_SEQUENCE;
    if (peer->more)
        return SINK_SAY_NOT_LAST;
    if (!postino_sink_auth_allowed(peer->sink, peer->tls != NULL))
        return SINK_SAY_NEEDS_TLS;
    mechanism = postino_sink_mechanism(peer->sink, peer->tls != NULL, name);
    if (!mechanism)
        return SINK_SAY_MECHANISM;
    peer->auth = calloc(1, sizeof *peer->auth);
    if (!peer->auth)
        return SINK_SAY_NO_ROOM;
    peer->auth->mechanism = mechanism;
    return sink_begin(peer, initial);
}

/* Says it, unless a fault says something else. Whoever is given a challenge by a fault at the end of the exchange may
 * respond, and fail, for ever. */
static void sink_answer(struct postino_sink_peer *peer, struct postino_sink_text name, enum postino_sink_reply reply)
{
    struct postino_sink *sink = peer->sink;
    bool challenge = reply == SINK_SAY_CHALLENGE, endless;
    struct postino_sink_answer answer;

    memset(&answer, 0, sizeof answer);
    if (sink->faulty[SINK_AT_AUTH])
        postino_sink_fault_find(peer, SINK_AT_AUTH, name, &answer);
    endless = peer->auth && !challenge && answer.length >= 3 && memcmp(answer.text, "334", 3) == 0;
    if (endless)
        peer->auth->mechanism = NULL;
    peer->phase = (challenge && !answer.refuses) || endless ? SINK_AUTH_LINE : SINK_COMMAND;
    if (reply == SINK_SAY_AUTHENTICATED && !answer.refuses && !endless) {
        peer->user = peer->auth->name;
        peer->auth->name = NULL;
    }
    if (!answer.text) {
        answer.text = challenge ? peer->auth->line : sink->replies[reply].text;
        answer.length = challenge ? peer->auth->line_length : sink->replies[reply].length;
    }
    postino_sink_give(peer, &answer);
}

/* Gives its replies itself: they are of the exchange. */
enum postino_sink_reply postino_sink_auth(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    const char *space = memchr(argument.text, ' ', argument.length);
    struct postino_sink_text name = {argument.text, space ? (size_t)(space - argument.text) : argument.length};
    struct postino_sink_text initial = {argument.text + name.length, argument.length - name.length};

    if (space) {
        initial.text++;
        initial.length--;
    }
    sink_exchange_free(peer->auth);
    peer->auth = NULL;
    sink_answer(peer, name, sink_judge(peer, name, initial));
    return SINK_SAY_LATER;
}

/* A line within the exchange, of which `verdict` is not SINK_SAY_NOOP where it is wrong as such. */
void postino_sink_auth_response(struct postino_sink_peer *peer, struct postino_sink_text line,
                                enum postino_sink_reply verdict)
{
    struct postino_sink_text name = {"", 0};
    enum postino_sink_reply reply = verdict;

    if (peer->auth->mechanism) {
        name.text = peer->auth->mechanism->name;
        name.length = strlen(name.text);
    }
    if (verdict == SINK_SAY_NOOP && line.length == 1 && line.text[0] == '*')
        reply = SINK_SAY_CANCELLED;
    else if (verdict == SINK_SAY_NOOP)
        reply = peer->more ? SINK_SAY_NOT_LAST : sink_hear(peer, line);
    sink_answer(peer, name, reply);
}
