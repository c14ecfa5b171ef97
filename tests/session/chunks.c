/*
 * CHUNKING against a server that keeps what it is sent and refuses at random: whatever the sizes of buffers, the
 * refusals and the moment in which the connection dies, the outcome of each recipient is true, and what is delivered is
 * what was sent. The seed of a failure is printed; `chunks SEED` plays it alone.
 */
#define _DEFAULT_SOURCE
#include "check.h"

#include <postino/session.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAILS = 6,
    RECIPIENTS = 3,
    CONTENT_MAX = 3000,
    ROUNDS = 10000,
    WIRE_MAX = 1 << 18
};

static uint32_t state;

static uint32_t pick(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return below ? state % below : 0;
}

/* ---- What is sent ---- */

struct content {
    struct postino_source source; /* first */
    char raw[CONTENT_MAX];
    size_t length, at;
    bool fails, waits;
};

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

/* ---- The server ---- */

struct server {
    bool pipelining, gone, quit;
    int refusals; /* one of so many commands; 0: none */
    bool greeted, open, in_chunks, last;
    char line[1200];
    size_t line_length, chunk_left;
    bool chunk_sound;
    int sender;
    bool taken[RECIPIENTS];
    char body[2 * CONTENT_MAX + 16];
    size_t body_length;
    char replies[WIRE_MAX];
    size_t said, heard;
    int delivered[MAILS][RECIPIENTS];
    bool wrong_body, strange;
    int commands, chunks, deliveries;
};

static struct content contents[MAILS];

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
        reply(v, v->pipelining ? "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n" : "250-x\r\n250 CHUNKING\r\n");
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
static struct postino_mail mails[MAILS];
static char texts[MAILS][RECIPIENTS + 1][40], senders[MAILS][24];
static struct server server;

static void make_mails(bool may_fail)
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
static const char *lie(int mail, uint32_t r)
{
    const struct postino_result *result = &recipients[mail][r].result;
    int delivered = server.delivered[mail][r];
    if (delivered > 1)
        return "delivered twice";
    if (result->outcome == POSTINO_ACCEPTED && !delivered)
        return "called accepted, and nothing was delivered";
    if (result->outcome != POSTINO_ACCEPTED && result->outcome != POSTINO_UNCERTAIN && delivered)
        return "delivered, and called refused or not tried";
    return result->outcome > POSTINO_UNCERTAIN ? "no outcome" : NULL;
}

static int waits;    /* for replies, until all was done */
static bool patient; /* nothing is read before that */

/* `dies`: after so many octets that the server took; 0: never. */
static const char *play(unsigned buffer_size, unsigned split, size_t dies, unsigned in_flight)
{
    static const struct postino_extension *const extensions[] = {&postino_pipelining, &postino_chunking, NULL};
    static char text[200], buffer[4096];
    struct postino_config config = {.name = "c.test",
                                    .text = text,
                                    .text_size = sizeof text,
                                    .extensions = extensions,
                                    .mails_in_flight = (uint16_t)in_flight};
    struct postino_session s;
    size_t taken = 0;
    int idle = 0, steps = 0;
    waits = 0;
    postino_session_init(&s, &config);
    for (int i = 0; i < MAILS; i++)
        if (postino_session_submit(&s, &mails[i]))
            return "not taken";
    postino_session_quit(&s);
    reply(&server, "220 x\r\n");
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
            if (lie(i, r))
                return lie(i, r);
    if (server.strange)
        return "a command that there is not";
    return server.wrong_body ? "another content" : NULL;
}

static const char *one(uint32_t seed)
{
    static const unsigned sizes[] = {1, 2, 3, 7, 40, 63, 64, 65, 90, 200, 1100, 4096};
    state = seed * 2654435761u + 1;
    memset(&server, 0, sizeof server);
    server.pipelining = pick(4) != 0;
    server.refusals = pick(3) == 0 ? 0 : 3 + (int)pick(20);
    make_mails(pick(2) == 0);
    return play(sizes[pick(12)], pick(3) ? 0 : 1 + pick(30), pick(2) ? 0 : 1 + pick(3000), pick(10));
}

static void outcomes_are_true(void)
{
    for (uint32_t seed = 1; seed <= ROUNDS; seed++) {
        const char *wrong = one(seed);
        if (wrong)
            printf("# seed %u: %s\n", seed, wrong);
        CHECK(wrong == NULL);
    }
}

/* Six small mails: one flight, behind the greeting and EHLO. */
static void mails_share_a_flight(void)
{
    state = 7;
    memset(&server, 0, sizeof server);
    server.pipelining = true;
    make_mails(false);
    for (int i = 0; i < MAILS; i++) {
        contents[i].length = contents[i].length > 40 ? 40 : contents[i].length;
        contents[i].waits = false;
        mails[i].policy = POSTINO_POLICY_ANY;
    }
    patient = true;
    CHECK(play(4096, 0, 0, 0) == NULL);
    patient = false;
    CHECK_NUMBER(server.deliveries, MAILS);
    CHECK_NUMBER(server.chunks, MAILS);
    CHECK_NUMBER(waits, 4); /* greeting, EHLO, all mails, QUIT */
}

/* ---- One session, step by step ---- */

static char lines[400];

static void note_line(struct postino_trace *trace, enum postino_direction direction, const char *line, size_t length)
{
    (void)trace;
    if (direction == POSTINO_TO_SERVER)
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%.*s|", (int)length, line);
}

static void hear(struct postino_session *s, const char *text)
{
    postino_session_input(s, text, strlen(text));
}

/* How many octets are spoken until a reply is awaited. */
static size_t flight(struct postino_session *s)
{
    static char buffer[70000];
    size_t length = 0;
    while (postino_session_need(s) == POSTINO_NEED_SEND)
        length += postino_session_output(s, buffer, sizeof buffer);
    return length;
}

static ptrdiff_t read_lines(struct postino_source *source, void *buffer, size_t size)
{
    size_t left = source->length > size ? size : source->length;
    for (size_t i = 0; i < left; i++)
        ((char *)buffer)[i] = i % 64 == 63 ? '\n' : 'x';
    source->length -= left;
    return (ptrdiff_t)left;
}

static void begin(struct postino_session *s, struct postino_config *config, struct postino_trace *trace)
{
    static const struct postino_extension *const extensions[] = {&postino_pipelining, &postino_chunking, NULL};
    static char memory[200];
    *config = (struct postino_config){.name = "c.test", .extensions = extensions, .trace = trace};
    postino_trace_init(trace, memory, sizeof memory, note_line);
    CHECK_NUMBER(postino_session_init(s, config), POSTINO_OK);
    hear(s, "220 x\r\n");
    flight(s);
    lines[0] = '\0';
}

static void a_large_mail_waits_for_its_recipients(void)
{
    struct postino_session s;
    struct postino_config c;
    struct postino_trace trace;
    struct postino_source source = {.read = read_lines, .length = 300000};
    struct postino_recipient to = {.address = "b@x.test"};
    struct postino_mail mail = {.reverse_path = "a@x.test", .recipients = &to, .recipient_count = 1, .source = &source};
    begin(&s, &c, &trace);
    CHECK_NUMBER(postino_session_submit(&s, &mail), POSTINO_OK);
    hear(&s, "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    size_t length = flight(&s);
    CHECK(length > 65000 && length <= 65536);
    hear(&s, "250 ok\r\n");
    CHECK_NUMBER(flight(&s), 0);
    hear(&s, "250 ok\r\n");
    CHECK(flight(&s) > 200000);
}

static void a_command_waits_for_the_mails(void)
{
    struct postino_session s;
    struct postino_config c;
    struct postino_trace trace;
    struct postino_source source = {.read = read_lines, .length = 10};
    struct postino_recipient to = {.address = "b@x.test"};
    struct postino_mail mail = {.reverse_path = "a@x.test", .recipients = &to, .recipient_count = 1, .source = &source};
    struct postino_mail noop = {.command = &postino_noop};
    begin(&s, &c, &trace);
    CHECK_NUMBER(postino_session_submit(&s, &mail), POSTINO_OK);
    CHECK_NUMBER(postino_session_submit(&s, &noop), POSTINO_OK);
    postino_session_quit(&s);
    hear(&s, "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    flight(&s);
    CHECK_TEXT(lines, "MAIL FROM:<a@x.test>|RCPT TO:<b@x.test>|BDAT 00012 LAST|");
    hear(&s, "250 ok\r\n250 ok\r\n250 ok\r\n");
    lines[0] = '\0';
    flight(&s);
    CHECK_TEXT(lines, "NOOP|");
    hear(&s, "250 ok\r\n");
    CHECK_NUMBER(mail.result.outcome, POSTINO_ACCEPTED);
    CHECK_NUMBER(noop.result.outcome, POSTINO_ACCEPTED);
}

/* attacks 219 */
static void content_of_a_refused_mail_is_taken(void)
{
    struct postino_session s;
    struct postino_config c;
    struct postino_trace trace;
    struct postino_source source = {.read = read_lines, .length = 10};
    struct postino_recipient to = {.address = "b@x.test"};
    struct postino_mail mail = {.reverse_path = "a@x.test", .recipients = &to, .recipient_count = 1, .source = &source};
    begin(&s, &c, &trace);
    CHECK_NUMBER(postino_session_submit(&s, &mail), POSTINO_OK);
    hear(&s, "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    flight(&s);
    hear(&s, "451 later\r\n250 ok\r\n250 taken\r\n");
    CHECK_NUMBER(postino_session_need(&s), POSTINO_NEED_CLOSE);
    CHECK(postino_session_finished(&s) == &mail);
    CHECK_NUMBER(mail.result.outcome, POSTINO_UNCERTAIN);
    CHECK_NUMBER(to.result.outcome, POSTINO_UNCERTAIN);
}

/* Behind TLS the offer in clear is none. */
static void an_offer_is_forgotten(void)
{
    struct postino_session s;
    struct postino_config c;
    struct postino_trace trace;
    struct postino_source source = {.read = read_lines, .length = 10};
    struct postino_recipient to = {.address = "b@x.test"};
    struct postino_mail mail = {.reverse_path = "a@x.test", .recipients = &to, .recipient_count = 1, .source = &source};
    begin(&s, &c, &trace);
    c.opening[0] = &postino_starttls_required;
    CHECK_NUMBER(postino_session_submit(&s, &mail), POSTINO_OK);
    hear(&s, "250-x\r\n250-STARTTLS\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    flight(&s);
    hear(&s, "220 go\r\n");
    postino_session_secured(&s);
    flight(&s);
    hear(&s, "250-x\r\n250 PIPELINING\r\n");
    lines[0] = '\0';
    flight(&s);
    CHECK_TEXT(lines, "MAIL FROM:<a@x.test>|RCPT TO:<b@x.test>|DATA|");
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        const char *wrong = one((uint32_t)strtoul(argv[1], NULL, 10));
        printf("%s\n", wrong ? wrong : "as it should be");
        return wrong != NULL;
    }
    RUN(mails_share_a_flight);
    RUN(a_large_mail_waits_for_its_recipients);
    RUN(a_command_waits_for_the_mails);
    RUN(content_of_a_refused_mail_is_taken);
    RUN(an_offer_is_forgotten);
    RUN(outcomes_are_true);
    return CHECK_EXIT();
}
