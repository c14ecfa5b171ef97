/*
 * Challenges of a server against each mechanism of authentication. The first octets say which mechanism and what there
 * is around it; each further one what the server says: octets of the input, those in base64, a code, or what an honest
 * SCRAM server would say. A second writing of the client foretells each line. What must hold:
 *
 *   1  each line is the one that is foretold: AUTH, a response in base64, `*`, QUIT, or MAIL
 *   2  MAIL only behind 235; with SCRAM only once the server's signature was there and right, however calls failed
 *   3  a right server is accepted, and answered with the right proof
 *   4  it comes to an end: rounds are those of the mechanism and one, slices those of the iterations, which are capped
 *   5  the same is said when all octets come at once, and when they come singly and passwords are stretched in slices
 *   6  once accepted, and only then, `accepted` is called, and nothing secret is left in `work`; what is no longer
 *      needed was wiped before
 *   7  the trace has no response
 */
#include "foretold.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ROOM = 12290,
    LINE_MOST = 40000,
    SAID_MOST = 140000
};

static const uint16_t rooms[] = {ROOM, 257, 13, 0}; /* where base64 that is cut may be whole */

/* One play of the input. */
static struct play {
    struct foretold client;
    unsigned octet; /* the third of the input */
    bool singly, sliced, ended;
    struct postino_session session;
    struct postino_config config;
    struct postino_sasl sasl;
    struct postino_sasl_work work;
    struct postino_crypto crypto;
    struct postino_trace trace;
    struct postino_mail mail;
    struct postino_recipient recipient;
    struct postino_source source;
    const struct postino_mechanism *mechanisms[2];
    unsigned accepted; /* calls of it */
    struct text line, spoken;
} plays[2];

static char trace_room[256];

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static bool is_line(const struct play *p, const char *line)
{
    return p->line.length == strlen(line) && memcmp(p->line.octets, line, p->line.length) == 0;
}

static void spoke_line(struct play *p)
{
    static struct text due;
    demand(foretell(&p->client, &due));
    text_put(&due, "\r\n");
    p->ended = is_line(p, "QUIT\r\n") || is_line(p, "MAIL FROM:<a@x.test>\r\n");
    if (!is_line(p, due.octets)) { /* only where a call failed may it be given up instead */
        demand(p->client.options & OPTION_FAILS && (is_line(p, "*\r\n") || is_line(p, "QUIT\r\n")));
        p->client.cancelled = true;
    }
    text_clear(&p->client.said);
    text_clear(&p->line);
}

static void speak(struct play *p)
{
    char buffer[512];
    size_t room = p->singly && p->client.said.length < 600 ? 1 + p->octet % 64 : sizeof buffer;
    if (p->client.options & OPTION_LONG_USER)
        room = sizeof buffer; /* else it takes its time */
    uint32_t work = 0;
    for (;;) {
        enum postino_need need = postino_session_need(&p->session);
        if (need == POSTINO_NEED_TIME) {
            demand(p->sliced && work++ <= p->client.server.iterations_max / p->work.slice);
            postino_sasl_compute(&p->session);
            continue;
        }
        if (need != POSTINO_NEED_SEND || p->ended)
            return;
        size_t length = postino_session_output(&p->session, buffer, room);
        demand(length > 0 && length <= room && p->line.length + length < LINE_MOST);
        text_add(&p->spoken, buffer, length);
        for (size_t i = 0; i < length; i++) {
            text_add(&p->line, buffer + i, 1);
            if (buffer[i] == '\n')
                spoke_line(p);
        }
    }
}

static void say(struct play *p, const char *octets, size_t length)
{
    if (p->ended || length == 0)
        return;
    text_add(&p->client.said, octets, length);
    char *exact = malloc(length); /* so that a read behind it is seen */
    demand(exact != NULL);
    memcpy(exact, octets, length);
    for (size_t i = 0; p->singly && i < length; i++)
        postino_session_input(&p->session, exact + i, 1);
    if (!p->singly)
        postino_session_input(&p->session, exact, length);
    free(exact);
    speak(p);
}

static void say_text(struct play *p, const char *text)
{
    say(p, text, strlen(text));
}

static void say_challenge(struct play *p, const struct text *text)
{
    static struct text line;
    text_clear(&line);
    text_put(&line, "334 ");
    text_add_base64(&line, text->octets, text->length);
    text_put(&line, "\r\n");
    say(p, line.octets, line.length);
}

/* As an honest server does; the octets of the input are in its nonce and its salt, so that it may be another. */
static void say_server_first(struct play *p, const uint8_t *octets, size_t length, unsigned number)
{
    static struct text text;
    char iterations[24] = ",i=4096";
    text_clear(&text);
    text_put(&text, "r=");
    text_add(&text, p->client.server.nonce.octets, p->client.server.nonce.length);
    text_add(&text, octets, length);
    text_put(&text, "x,s=");
    text_add_base64(&text, octets, length < 64 ? length : 64);
    text_put(&text, length ? "" : "c2FsdA==");
    iterations[6] = (char)('6' + number % 4);
    text_put(&text, iterations);
    say_challenge(p, &text);
}

/* As an honest server does; octets of the input change the signature. */
static void say_server_final(struct play *p, const uint8_t *octets, size_t length)
{
    static struct text text;
    struct scram_server *s = &p->client.server;
    uint8_t signature[POSTINO_DIGEST_MAX];
    memcpy(signature, s->signature, sizeof signature);
    for (size_t i = 0; i < length && i < sizeof signature; i++)
        signature[i] ^= octets[i];
    text_clear(&text);
    text_put(&text, "v=");
    text_add_base64(&text, signature, mixing_length(s->hash));
    say_challenge(p, &text);
}

static void say_octets(struct play *p, const uint8_t *octets, size_t length, unsigned times, unsigned how)
{
    static struct text text, line;
    text_clear(&text);
    text_clear(&line);
    for (; times && text.length + length < SAID_MOST; times--)
        text_add(&text, octets, length);
    if (how == 1) {
        say_challenge(p, &text);
        return;
    }
    if (how == 0)
        text_put(&line, "334 ");
    text_add(&line, text.octets, text.length);
    if (how == 0)
        text_put(&line, "\r\n");
    say(p, line.octets, line.length);
}

/* Returns how many octets of the input it took. */
static size_t step(struct play *p, const uint8_t *data, size_t size)
{
    unsigned how = data[0] % 8, number = data[0] / 8;
    size_t length = size > 1 ? data[1] : 0;
    if (size < 2 || length > size - 2)
        length = size < 2 ? 0 : size - 2;
    switch (how) {
    case 2:
        say_text(p, "235 2.7.0 ok\r\n");
        return 1;
    case 3:
        say_text(p, number % 2 ? "535 5.7.8 no\r\n" : "504 5.5.4 no\r\n");
        return 1;
    case 4:
        say_text(p, number % 2 ? "454 4.7.0 no\r\n" : "421 4.3.2 no\r\n");
        return 1;
    case 5:
        say_server_first(p, data + size - (size > 2 ? size - 2 : 0), length, number);
        break;
    case 6:
        say_server_final(p, data + size - (size > 2 ? size - 2 : 0), length);
        break;
    default: /* 0: behind 334; 1: in base64; 7: as they are */
        say_octets(p, data + size - (size > 2 ? size - 2 : 0), length, 1u << number % 10, how);
    }
    return length + 2;
}

static void trace_line(struct postino_trace *trace, enum postino_direction direction, const char *line, size_t length)
{
    (void)trace;
    static const char *const harmless[] = {"EHLO c.test", "AUTH ", "***", "*", "QUIT", "MAIL FROM:<a@x.test>"};
    bool known = direction == POSTINO_FROM_SERVER;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless && !known; i++)
        known = length >= strlen(harmless[i]) && memcmp(line, harmless[i], strlen(harmless[i])) == 0;
    demand(known);
    const char *rest =
        direction == POSTINO_TO_SERVER && length > 5 && *line == 'A' ? memchr(line + 5, ' ', length - 5) : NULL;
    size_t behind = rest ? (size_t)(line + length - rest) : 0;
    demand(!rest || (behind == 2 && rest[1] == '=') || (behind == 4 && memcmp(rest, " ***", 4) == 0));
}

static bool fetch(struct postino_sasl *sasl)
{
    const struct play *p = &plays[0].sasl == sasl ? &plays[0] : &plays[1];
    sasl->password = MIXING_PASSWORD;
    return !(p->client.options & OPTION_NO_TOKEN);
}

static void accepted(struct postino_sasl *sasl)
{
    (&plays[0].sasl == sasl ? &plays[0] : &plays[1])->accepted++;
}

static ptrdiff_t read_nothing(struct postino_source *source, void *buffer, size_t size)
{
    (void)source, (void)buffer, (void)size;
    return POSTINO_SOURCE_END;
}

/* One of the first, or one of those behind 4,096 iterations in slices. */
static unsigned failing_call(unsigned number)
{
    return number < 24 ? 1 + number : 8194 + number % 24;
}

/* As another connection may have left it. */
static void use(struct postino_sasl_work *work)
{
    work->proved = true;
    memset(work->nonce, 'N', sizeof work->nonce);
    memset(work->salted, 0xEE, sizeof work->salted);
    memset(work->round, 0xEE, sizeof work->round);
    memset(work->proof, 0xEE, sizeof work->proof);
    memset(work->signature, 0xEE, sizeof work->signature);
}

static void configure_sasl(struct play *p)
{
    uint8_t nonce[18];
    bool token = foretold_has_token(p->client.kind);
    uint32_t cap = p->client.options & OPTION_DEFAULT_CAP ? 0 : p->octet % 2 ? 4096 : 5000;
    p->crypto = mixing_crypto;
    if (p->sliced)
        p->crypto.stretch = NULL;
    use(&p->work);
    p->work.crypto = &p->crypto;
    p->work.iterations_max = cap;
    p->work.slice = 1 + p->octet;
    p->work.binding.type = p->client.kind->plus ? "tls-exporter" : NULL;
    p->work.binding.length = p->octet % 65;
    memset(p->work.binding.octets, 0xB1, sizeof p->work.binding.octets);
    p->client.binding = p->work.binding.octets;
    p->client.binding_length = p->work.binding.length;
    p->mechanisms[0] = p->client.kind->mechanism;
    p->sasl.mechanisms = p->mechanisms;
    p->sasl.user = foretold_user(&p->client);
    p->sasl.password = token ? NULL : MIXING_PASSWORD;
    p->sasl.identity = foretold_identity(&p->client);
    p->sasl.work = &p->work;
    p->sasl.fetch = token ? fetch : NULL;
    p->sasl.accepted = accepted;
    p->sasl.initial_response = p->client.options & OPTION_INITIAL ? postino_initial_response : NULL;
    p->client.server.hash = p->client.kind->hash;
    p->client.server.iterations_max = cap ? cap : 100000;
    memset(nonce, 0x5A, sizeof nonce);
    text_clear(&p->client.server.nonce);
    text_add_base64(&p->client.server.nonce, nonce, sizeof nonce);
}

static void make_mail(struct play *p)
{
    p->source.read = read_nothing;
    p->recipient.address = "b@x.test";
    p->mail.reverse_path = "a@x.test";
    p->mail.recipients = &p->recipient;
    p->mail.recipient_count = 1;
    p->mail.source = &p->source;
}

static void begin(struct play *p, const uint8_t *data, bool singly)
{
    memset(&p->client, 0, offsetof(struct foretold, said));
    memset(&p->octet, 0, offsetof(struct play, line) - offsetof(struct play, octet));
    memset(p->client.server.signature, 0, sizeof p->client.server.signature);
    text_clear(&p->line);
    text_clear(&p->spoken);
    text_clear(&p->client.said);
    p->client.kind = &kinds[data[0] % kind_count];
    p->client.options = data[1];
    p->octet = data[2];
    p->singly = singly;
    p->sliced = singly && p->octet % 4 == 0; /* slow */
    configure_sasl(p);
    mixing_calls = 0;
    mixing_fails_at = p->client.options & OPTION_FAILS ? failing_call(p->octet / 4) : 0;
    p->config = (struct postino_config){.name = "c.test", .opening = {NULL, &postino_auth}, .sasl = &p->sasl};
    p->config.text_size = rooms[p->client.options / OPTION_ROOM % 4];
    p->client.room = p->config.text_size;
    p->config.text = p->config.text_size ? malloc(p->config.text_size) : NULL;
    demand(!p->config.text_size || p->config.text);
    if (p->config.text)
        memset(p->config.text, 0xA5, p->config.text_size);
    p->config.trace = &p->trace;
    postino_trace_init(&p->trace, trace_room, sizeof trace_room, trace_line);
    make_mail(p);
    demand(postino_session_init(&p->session, &p->config) == POSTINO_OK);
    demand(postino_session_submit(&p->session, &p->mail) == POSTINO_OK);
    postino_session_secured(&p->session);
}

/* Up to where EHLO has been spoken. */
static void greet(struct play *p)
{
    char buffer[64];
    static const char greeting[] = "220 x\r\n";
    postino_session_input(&p->session, greeting, sizeof greeting - 1);
    demand(postino_session_output(&p->session, buffer, sizeof buffer) == strlen("EHLO c.test\r\n"));
    say_text(p, "250-x\r\n250 AUTH SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS CRAM-MD5 OAUTHBEARER "
                "XOAUTH2 LOGIN PLAIN EXTERNAL ANONYMOUS\r\n");
}

static void end(struct play *p)
{
    static const uint8_t wiped[POSTINO_DIGEST_MAX];
    bool mailed = p->ended && p->spoken.octets[p->spoken.length - 3] == '>';
    const struct postino_result *error = postino_session_error(&p->session);
    demand(p->accepted == mailed && (!mailed || !error));
    demand(!p->ended || mailed || error);
    if (p->client.kind->scram && (mailed || (p->client.rounds > 1 && !(p->client.options & OPTION_FAILS))))
        demand(memcmp(p->work.salted, wiped, sizeof wiped) == 0 && memcmp(p->work.round, wiped, sizeof wiped) == 0);
    if (mailed && p->client.kind->scram)
        demand(memcmp(p->work.proof, wiped, sizeof wiped) == 0 && memcmp(p->work.signature, wiped, sizeof wiped) == 0);
    postino_session_lost(&p->session, POSTINO_REASON_LOST, 0);
    demand(postino_session_finished(&p->session) == &p->mail);
    demand(p->mail.result.outcome == (mailed ? POSTINO_REFUSED_FOR_NOW : POSTINO_NOT_TRIED));
    free(p->config.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > 4096)
        return 0;
    for (int i = 0; i < 2; i++) {
        struct play *p = &plays[i];
        begin(p, data, i == 1);
        greet(p);
        for (size_t at = 3; at < size && !p->ended && postino_session_need(&p->session) != POSTINO_NEED_CLOSE;)
            at += step(p, data + at, size - at);
        end(p);
    }
    demand(plays[0].client.options & OPTION_FAILS ||
           (plays[0].spoken.length == plays[1].spoken.length &&
            memcmp(plays[0].spoken.octets, plays[1].spoken.octets, plays[0].spoken.length) == 0));
    return 0;
}
