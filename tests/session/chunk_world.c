#define _DEFAULT_SOURCE
#include "chunk_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *chances;
static size_t chances_left;
static uint32_t state;

void chance(const uint8_t *octets, size_t length, uint32_t seed)
{
    chances = octets;
    chances_left = length;
    state = seed * 2654435761u + 1;
}

static uint32_t pick(uint32_t below)
{
    if (below > 1 && chances_left > 1) {
        uint32_t value = *chances++;
        chances_left--;
        if (below > 256) {
            value = value << 8 | *chances++;
            chances_left--;
        }
        return value % below;
    }
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return below ? state % below : 0;
}

/* ---- What is sent ---- */

static ptrdiff_t read_some(struct postino_source *source, void *buffer, size_t size)
{
    struct content *c = (struct content *)source;
    size_t left = c->length - c->at;
    if (c->waits && pick(3) == 0)
        return POSTINO_SOURCE_NOT_YET;
    if (left == 0)
        return c->fails ? POSTINO_SOURCE_FAILED : POSTINO_SOURCE_END;
    if (size > left)
        size = left;
    if (size > 1)
        size = 1 + pick((uint32_t)size);
    memcpy(buffer, c->raw + c->at, size);
    c->at += size;
    return (ptrdiff_t)size;
}

/* As it must arrive: every CR LF, CR and LF is one CR LF (2821 2.3.7), and there is one at the end. */
static size_t canonical(const struct content *c, char *to)
{
    size_t length = 0;
    for (size_t i = 0; i < c->length; i++) {
        bool cr = c->raw[i] == '\r', lf = c->raw[i] == '\n';
        if (lf && i && c->raw[i - 1] == '\r')
            continue;
        if (cr || lf) {
            to[length++] = '\r';
            to[length++] = '\n';
        } else {
            to[length++] = c->raw[i];
        }
    }
    if (length && to[length - 1] != '\n') {
        to[length++] = '\r';
        to[length++] = '\n';
    }
    return length;
}

/* Its source says so, and is sent without another look. */
static void make_canonical(struct content *c)
{
    char form[2 * CONTENT_MAX + 16];
    size_t length = canonical(c, form);
    c->source.canonical = c->source.seven_bit = length <= CONTENT_MAX;
    if (!c->source.canonical)
        return;
    memcpy(c->raw, form, length);
    c->length = length;
}

static void make_content(struct content *c, bool may_fail)
{
    static const char octets[] = "abc.\r\n\r\n.";
    memset(c, 0, sizeof *c);
    c->source.read = read_some;
    c->length = pick(4) ? pick(60) : pick(CONTENT_MAX);
    for (size_t i = 0; i < c->length; i++)
        c->raw[i] = octets[pick(sizeof octets - 1)];
    c->fails = may_fail && pick(12) == 0;
    c->waits = pick(3) == 0;
    if (pick(3) == 0)
        make_canonical(c);
}

/* ---- The server ---- */

struct content contents[MAILS];

static void reply(struct server *v, const char *text)
{
    size_t length = strlen(text);
    memcpy(v->replies + v->said, text, length);
    v->said += length;
}

/* A reply that refuses at random; returns whether it did. */
static bool refuses(struct server *v)
{
    static const char *const refusals[] = {"451 later\r\n", "550-no\r\n550 never\r\n", "452 full\r\n",
                                           "421 closing\r\n"};
    if (!v->refusals || pick((uint32_t)v->refusals))
        return false;
    unsigned which = pick(13) == 0 ? 3 : pick(3);
    reply(v, refusals[which]);
    v->gone = which == 3;
    return true;
}

static void forget(struct server *v)
{
    v->open = v->in_chunks = false;
    memset(v->taken, 0, sizeof v->taken);
    v->body_length = 0;
}

static void deliver(struct server *v)
{
    char expected[2 * CONTENT_MAX + 16];
    size_t length = canonical(&contents[v->sender], expected);
    v->wrong_body = v->wrong_body || length != v->body_length || memcmp(expected, v->body, length) != 0;
    for (int i = 0; i < RECIPIENTS; i++)
        v->delivered[v->sender][i] += v->taken[i];
    v->deliveries++;
}

static bool anyone(const struct server *v)
{
    return v->taken[0] || v->taken[1] || v->taken[2];
}

static void chunk_ended(struct server *v)
{
    if (!v->chunk_sound) {
        reply(v, "503 no transaction\r\n");
        return;
    }
    if (refuses(v)) {
        if (v->last) {
            forget(v);
            v->open = true; /* until RSET (3030 2) */
        }
        return;
    }
    if (v->last) {
        deliver(v);
        forget(v);
    }
    reply(v, "250 taken\r\n");
}

static void command(struct server *v)
{
    const char *line = v->line;
    v->commands++;
    if (strncmp(line, "EHLO ", 5) == 0) {
        reply(v, "250-x\r\n");
        if (v->pipelining)
            reply(v, "250-PIPELINING\r\n");
        if (v->invites)
            reply(v, "250-PIPECONNECT\r\n");
        reply(v, "250 CHUNKING\r\n");
    } else if (strcmp(line, "RSET") == 0) {
        v->gone = v->in_chunks; /* as Exim does */
        forget(v);
        if (!v->gone && !refuses(v))
            reply(v, "250 ok\r\n");
    } else if (strncmp(line, "MAIL FROM:<m", 12) == 0) {
        if (v->open) {
            v->strange = true;
            reply(v, "503 nested\r\n");
        } else if (!refuses(v)) {
            v->open = true;
            v->sender = line[12] - '0';
            reply(v, "250 ok\r\n");
        }
    } else if (strncmp(line, "RCPT TO:<r", 10) == 0) {
        if (!v->open) {
            reply(v, "503 no MAIL\r\n");
        } else if (!refuses(v)) {
            v->taken[line[10] - '0'] = true;
            reply(v, "250 ok\r\n");
        }
    } else if (strncmp(line, "BDAT ", 5) == 0) {
        char *end;
        v->chunk_left = strtoul(line + 5, &end, 10);
        v->last = strcmp(end, " LAST") == 0;
        v->chunk_sound = anyone(v) && (v->last || *end == '\0');
        v->in_chunks = v->chunk_sound && !v->last;
        v->chunks++;
        if (v->chunk_left == 0)
            chunk_ended(v);
    } else if (strcmp(line, "QUIT") == 0) {
        v->quit = v->gone = true;
        reply(v, "221 bye\r\n");
    } else {
        v->strange = true;
        reply(v, "500 what\r\n");
    }
}

static void take(struct server *v, char octet)
{
    if (v->gone)
        return;
    if (v->chunk_left) {
        if (v->chunk_sound && v->body_length < sizeof v->body)
            v->body[v->body_length++] = octet;
        if (--v->chunk_left == 0)
            chunk_ended(v);
        return;
    }
    if (octet == '\n' && v->line_length && v->line[v->line_length - 1] == '\r') {
        v->line[v->line_length - 1] = '\0';
        v->line_length = 0;
        command(v);
    } else if (v->line_length < sizeof v->line - 1) {
        v->line[v->line_length++] = octet;
    }
}

/* ---- A round ---- */

static struct postino_recipient recipients[MAILS][RECIPIENTS];
struct postino_mail mails[MAILS];
static char texts[MAILS][RECIPIENTS + 1][40], senders[MAILS][24];
struct server server;

void make_mails(bool may_fail)
{
    static const char *const addresses[] = {"r0@x.test", "r1@x.test", "r2@x.test"};
    for (int i = 0; i < MAILS; i++) {
        make_content(&contents[i], may_fail);
        memset(recipients[i], 0, sizeof recipients[i]);
        snprintf(senders[i], sizeof senders[i], "m%d@x.test", i);
        mails[i] = (struct postino_mail){.reverse_path = senders[i],
                                         .recipients = recipients[i],
                                         .recipient_count = 1 + pick(RECIPIENTS),
                                         .policy = pick(3) == 0 ? POSTINO_POLICY_ALL : POSTINO_POLICY_ANY,
                                         .source = &contents[i].source,
                                         .result = {.text = texts[i][RECIPIENTS], .text_size = 40}};
        for (uint32_t r = 0; r < mails[i].recipient_count; r++)
            recipients[i][r] =
                (struct postino_recipient){.address = addresses[r], .result = {.text = texts[i][r], .text_size = 40}};
    }
}

/* What of this is a lie? */
static const char *lie(int mail, uint32_t r, bool changed)
{
    const struct postino_result *result = &recipients[mail][r].result;
    int delivered = server.delivered[mail][r];
    if (delivered > 1)
        return "delivered twice";
    if (result->outcome == POSTINO_ACCEPTED && !delivered)
        return "called accepted, and nothing was delivered";
    if (result->outcome != POSTINO_ACCEPTED && result->outcome != POSTINO_UNCERTAIN && delivered)
        return "delivered, and called refused or not tried";
    if (result->outcome == POSTINO_REFUSED_FOR_GOOD && changed)
        return "refused for good by a server that is another than it was known to be";
    return result->outcome > POSTINO_UNCERTAIN ? "no outcome" : NULL;
}

int waits;
bool patient;

/* Who speaks ahead of a greeting that does not invite to that may be turned away. */
static void greet(struct server *v)
{
    static const char *const others[] = {"554 too early\r\n", "421 later\r\n", "450 later\r\n"};
    v->gone = v->recalled && !v->invites && pick(2);
    reply(v, v->gone ? others[pick(3)] : "220 x\r\n");
}

static size_t recall(struct postino_session *s, char *buffer, size_t size)
{
    static const struct postino_known known = {.offers = POSTINO_OFFERS_PIPECONNECT | POSTINO_OFFERS_PIPELINING |
                                                         POSTINO_OFFERS_CHUNKING};
    return postino_session_recall(s, &known, buffer, size);
}

const char *play(unsigned buffer_size, unsigned split, size_t dies, unsigned in_flight)
{
    static const struct postino_extension *const extensions[] = {&postino_pipelining, &postino_chunking,
                                                                 &postino_pipeconnect, NULL};
    static char text[200], buffer[4096];
    struct postino_config config = {.name = "c.test",
                                    .text = text,
                                    .text_size = sizeof text,
                                    .extensions = extensions,
                                    .mails_in_flight = (uint16_t)in_flight,
                                    .quick = (buffer_size ^ split) & 1 ? &postino_quick : NULL};
    struct postino_session s;
    size_t taken = 0;
    int idle = 0, steps = 0;
    waits = 0;
    postino_session_init(&s, &config);
    for (int i = 0; i < MAILS; i++)
        if (postino_session_submit(&s, &mails[i]))
            return "not taken";
    postino_session_quit(&s);
    greet(&server);
    if (server.recalled)
        for (size_t got = recall(&s, buffer, sizeof buffer); taken < got && (!dies || taken < dies); taken++)
            take(&server, buffer[taken]);
    while (postino_session_need(&s) != POSTINO_NEED_CLOSE) {
        enum postino_need need = postino_session_need(&s);
        if (++steps > 1000000)
            return "it has no end";
        if (need == POSTINO_NEED_SEND || need == POSTINO_NEED_CONTENT) {
            size_t got = postino_session_output(&s, buffer, buffer_size);
            idle = got ? 0 : idle + 1;
            if (idle > 1000)
                return "it wants to speak and says nothing";
            for (size_t i = 0; i < got && (!dies || taken < dies); i++, taken++)
                take(&server, buffer[i]);
        }
        size_t length = server.said - server.heard;
        waits += need == POSTINO_NEED_RECEIVE;
        if (need == POSTINO_NEED_RECEIVE && length == 0) {
            if (!server.gone && !(dies && taken >= dies))
                return "it waits for a reply that is not due";
            postino_session_lost(&s, POSTINO_REASON_LOST, 0);
        } else if (length && (need == POSTINO_NEED_RECEIVE || (!patient && pick(2)))) {
            length = split && split < length ? split : length;
            server.heard += length;
            postino_session_input(&s, server.replies + server.heard - length, length);
        }
    }
    for (int i = 0; i < MAILS; i++)
        if (postino_session_finished(&s) != &mails[i])
            return "mails are handed back in another order, or not at all";
    for (int i = 0; i < MAILS; i++)
        for (uint32_t r = 0; r < mails[i].recipient_count; r++)
            if (lie(i, r, postino_session_changed(&s)))
                return lie(i, r, postino_session_changed(&s));
    if (server.strange)
        return "a command that there is not";
    return server.wrong_body ? "another content" : NULL;
}

const char *play_by_chance(void)
{
    static const unsigned sizes[] = {1, 2, 3, 7, 40, 63, 64, 65, 90, 200, 1100, 4096};
    memset(&server, 0, sizeof server);
    server.pipelining = pick(4) != 0;
    server.recalled = pick(3) == 0;
    server.invites = pick(3) != 0;
    server.refusals = pick(3) == 0 ? 0 : 3 + (int)pick(20);
    make_mails(pick(2) == 0);
    unsigned size = sizes[pick(12)], split = pick(3) ? 0 : 1 + pick(30);
    size_t dies = pick(2) ? 0 : 1 + pick(3000);
    return play(size, split, dies, pick(10));
}
