/*
 * The opening of a conversation, up to MAIL: a server and a caller that do what the input says. The first octets say
 * what is configured: STARTTLS, the list of mechanisms, the initial response. What must hold, from the lines alone:
 *
 *   1  MAIL only behind a 235 to AUTH that was not cancelled, where there is a sasl; in TLS, where that is required
 *   2  AUTH, and what belongs to it, only in TLS, unless it is permitted in clear
 *   3  AUTH with a mechanism of the list that the last EHLO reply offers, or with that for servers which do not say;
 *      none is tried twice
 *   4  STARTTLS once, only where it was offered and TLS does not stand; behind the 220 to it nothing is spoken until
 *      `secured`, and an octet that comes in closes
 *   5  a line that is no command answers a 334; behind `*` there is only QUIT
 *   6  a mail whose MAIL was not spoken was not tried, and where the opening failed there is an error
 *   7  the same is said, and the same comes of it, however octets are split
 */
#include "mixing.h"
#include "reference.h"

#include <postino/sasl.h>
#include <stdlib.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    SPOKEN_MOST = 1 << 20,
    LINE_MOST = 1 << 15,
    REPLY_MOST = 8192
};

/* Of the first octet; the two lowest bits are STARTTLS: none, offered, required, and TLS from the start. */
enum option {
    OPTION_INITIAL = 4,
    OPTION_IN_CLEAR = 8,
    OPTION_BASIC = 16,
    OPTION_LMTP = 32,
    OPTION_UNLISTED = 64,
    OPTION_UNOFFERED = 128
};

/* Chosen by the second octet; of those that postino_auth_basic knows, too. */
static const struct postino_mechanism *const lists[][4] = {
    {&postino_plain},
    {&postino_login, &postino_plain},
    {&postino_anonymous, &postino_login},
    {NULL}, /* no sasl at all */
    {&postino_external, &postino_plain},
    {&postino_xoauth2, &postino_oauthbearer},
    {&postino_cram_md5, &postino_login},
    {&postino_scram_sha256_plus, &postino_scram_sha256, &postino_scram_sha1},
};
static const char *const names[][4] = {
    {"PLAIN"},
    {"LOGIN", "PLAIN"},
    {"ANONYMOUS", "LOGIN"},
    {NULL},
    {"EXTERNAL", "PLAIN"},
    {"XOAUTH2", "OAUTHBEARER"},
    {"CRAM-MD5", "LOGIN"},
    {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1"},
};

static struct play {
    unsigned options, list;
    bool singly;
    struct postino_session session;
    struct postino_config config;
    struct postino_sasl sasl;
    struct postino_sasl_work work;
    struct postino_mail mail;
    struct postino_recipient recipient;
    struct postino_source source;
    char text[256];
    /* What a server sees. */
    bool secured, handshake, asked_for_tls, greeted, authenticating, cancelled, ended, mailed;
    char tried[32];             /* mechanism */
    struct reference reference; /* since the last line */
    char said[REPLY_MOST], hello[REPLY_MOST], line[LINE_MOST];
    size_t said_length, line_length, spoken_length;
    char spoken[SPOKEN_MOST];
} plays[2];

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static bool has_sasl(const struct play *p)
{
    return lists[p->list][0] != NULL;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Where the word ends that begins there. */
static size_t word_end(const char *line, size_t at, size_t length)
{
    while (at < length && line[at] != ' ' && line[at] != '=')
        at++;
    return at;
}

static bool is_word(const char *line, size_t at, size_t length, const char *word)
{
    size_t end = word_end(line, at, length);
    return end - at == strlen(word) && strncasecmp(line + at, word, end - at) == 0;
}

/* Whether the reply has a line with the keyword, and the word behind it where that is not NULL. */
static bool offers(const char *reply, const char *keyword, const char *word)
{
    const char *end = begins(reply, "250") ? strchr(reply, '\n') : NULL; /* the first line greets */
    while (end && end[1]) {
        const char *line = end + 1;
        end = strchr(line, '\n');
        size_t length = end ? (size_t)(end - line) : 0;
        length -= length && line[length - 1] == '\r';
        if (length < 4 || !is_word(line, 4, length, keyword))
            continue;
        if (!word)
            return true;
        for (size_t at = word_end(line, 4, length); at < length; at = word_end(line, at + 1, length))
            if (is_word(line, at + 1, length, word))
                return true;
    }
    return false;
}

static void spoke_auth(struct play *p)
{
    char name[sizeof p->tried] = "";
    size_t length = strcspn(p->line + 5, " \r");
    demand(has_sasl(p) && length < sizeof name);
    memcpy(name, p->line + 5, length);
    bool listed = false, offered = offers(p->hello, "AUTH", NULL), known = false;
    for (size_t i = 0; i < 4 && names[p->list][i]; i++) {
        bool is_offered = offers(p->hello, "AUTH", names[p->list][i]);
        known = known || is_offered;
        listed = listed || (is_offered && strcmp(names[p->list][i], name) == 0);
    }
    bool unlisted = p->options & OPTION_UNLISTED && offered && !known && strcmp(name, "LOGIN") == 0;
    bool unoffered = p->options & OPTION_UNOFFERED && !offered && strcmp(name, "PLAIN") == 0;
    demand(listed || unlisted || unoffered);
    demand(strcmp(name, "SCRAM-SHA-256-PLUS") != 0); /* there is no binding */
    demand(strcmp(name, p->tried) != 0);
    memcpy(p->tried, name, sizeof name);
    p->authenticating = true;
}

static void spoke_line(struct play *p)
{
    const char *line = p->line;
    bool asked = p->authenticating && begins(p->said, "334");
    if (p->greeted)
        memcpy(p->hello, p->said, sizeof p->hello);
    if (begins(line, "HELO ")) /* whose reply offers nothing */
        p->hello[0] = '\0';
    p->greeted = begins(line, "EHLO ") || begins(line, "LHLO ");
    if (p->greeted || begins(line, "HELO ")) {
        demand(!p->authenticating);
    } else if (begins(line, "STARTTLS\r\n")) {
        demand(!p->secured && !p->asked_for_tls && (p->options & 3) % 3 && offers(p->hello, "STARTTLS", NULL));
        p->asked_for_tls = true;
    } else if (begins(line, "QUIT\r\n")) {
        p->ended = true;
    } else if (begins(line, "MAIL FROM:<a@x.test>")) {
        demand(!has_sasl(p) || (p->authenticating && !p->cancelled && begins(p->said, "235")));
        demand((p->options & 3) < 2 || p->secured);
        p->ended = p->mailed = true;
    } else if (begins(line, "AUTH ")) {
        demand(p->secured || p->options & OPTION_IN_CLEAR);
        demand(!p->authenticating || begins(p->said, "504")); /* then another one */
        spoke_auth(p);
    } else {
        demand(asked && !p->cancelled && (p->secured || p->options & OPTION_IN_CLEAR));
        p->cancelled = strcmp(line, "*\r\n") == 0;
    }
    p->line_length = p->said_length = 0;
    p->said[0] = '\0';
    memset(&p->reference, 0, sizeof p->reference);
}

static void speak(struct play *p)
{
    char buffer[512];
    for (;;) {
        enum postino_need need = postino_session_need(&p->session);
        if (need == POSTINO_NEED_TIME)
            postino_sasl_compute(&p->session);
        else if (need != POSTINO_NEED_SEND || p->ended)
            return;
        size_t length = postino_session_output(&p->session, buffer, p->singly ? 7 : sizeof buffer);
        demand(need == POSTINO_NEED_TIME || length > 0);
        demand(!p->handshake && p->spoken_length + length < SPOKEN_MOST);
        for (size_t i = 0; i < length && !p->ended; i++) {
            demand(p->line_length + 1 < sizeof p->line);
            p->line[p->line_length++] = p->spoken[p->spoken_length++] = buffer[i];
            p->line[p->line_length] = '\0';
            if (buffer[i] == '\n')
                spoke_line(p);
        }
    }
}

static void hear_octet(struct play *p, char octet)
{
    bool injected = p->handshake;
    if (p->said_length + 1 < sizeof p->said)
        p->said[p->said_length++] = octet;
    p->said[p->said_length] = '\0';
    if (p->singly)
        postino_session_input(&p->session, &octet, 1);
    if (injected && p->singly) {
        demand(postino_session_need(&p->session) == POSTINO_NEED_CLOSE);
        demand(postino_session_error(&p->session)->reason == POSTINO_REASON_INJECTION);
    }
}

/* While the reply to STARTTLS is heard. */
static bool is_asked_for_tls(const struct play *p)
{
    return p->spoken_length >= 10 && memcmp(p->spoken + p->spoken_length - 10, "STARTTLS\r\n", 10) == 0;
}

static void hear(struct play *p, const char *octets, size_t length)
{
    bool asked = is_asked_for_tls(p);
    for (size_t i = 0; i < length; i++) {
        if (postino_session_need(&p->session) == POSTINO_NEED_CLOSE)
            return;
        hear_octet(p, octets[i]);
        if (asked && reference_hear(&p->reference, octets[i]) == 220)
            p->handshake = true;
    }
    if (!p->singly)
        postino_session_input(&p->session, octets, length);
    enum postino_need need = postino_session_need(&p->session);
    demand((need == POSTINO_NEED_TLS) == p->handshake || need == POSTINO_NEED_CLOSE);
    speak(p);
}

static void hear_usual(struct play *p, unsigned which)
{
    static const char *const replies[] = {
        "220 x\r\n",
        "250 x\r\n",
        "250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n",
        "250-x\r\n250-AUTH PLAIN LOGIN CRAM-MD5 ANONYMOUS EXTERNAL\r\n250 PIPELINING\r\n",
        "250-x\r\n250-auth=scram-sha-256 XOAUTH2 OAUTHBEARER\r\n250 STARTTLS\r\n",
        "250-x\r\n250-AUTH SCRAM-SHA-256 SCRAM-SHA-1\r\n250 AUTH=LOGIN\r\n",
        "250-x\r\n250-AUTH GSSAPI XPLAIN PLAINX\r\n250 AUTHX LOGIN\r\n",
        "250-x\r\n250-AUTH\r\n250 STARTTLS\r\n",
        "334 \r\n",
        "334 UGFzc3dvcmQ6\r\n",
        "235 2.7.0 ok\r\n",
        "535 5.7.8 no\r\n",
        "504 5.5.4 no\r\n",
        "454 4.7.0 no\r\n",
        "421 4.3.2 no\r\n",
        "502 no\r\n",
        "220 go\r\n220 x\r\n",
        "220 go\r\n250",
        "501 no\r\n",
        "334-a\r\n334 b\r\n",
        "235 ok\r\n250 ok\r\n",
        "354 go\r\n",
        "25",
        "x\r\n",
    };
    const char *reply = replies[which % (sizeof replies / sizeof *replies)];
    hear(p, reply, strlen(reply));
}

static ptrdiff_t read_nothing(struct postino_source *source, void *buffer, size_t size)
{
    (void)source, (void)buffer, (void)size;
    return POSTINO_SOURCE_END;
}

static void make_sasl(struct play *p)
{
    p->work.crypto = &mixing_crypto;
    p->sasl.mechanisms = lists[p->list];
    p->sasl.user = "u";
    p->sasl.password = MIXING_PASSWORD;
    p->sasl.work = &p->work;
    p->sasl.in_clear = p->options & OPTION_IN_CLEAR;
    p->sasl.initial_response = p->options & OPTION_INITIAL ? postino_initial_response : NULL;
    p->sasl.unlisted = p->options & OPTION_UNLISTED ? &postino_login : NULL;
    p->sasl.unoffered = p->options & OPTION_UNOFFERED ? &postino_plain : NULL;
    p->config.opening[1] = p->options & OPTION_BASIC && p->list < 3 ? &postino_auth_basic : &postino_auth;
    p->config.sasl = &p->sasl;
}

static void begin(struct play *p, const uint8_t *data, bool singly)
{
    static const struct postino_opening *const starttls[] = {NULL, &postino_starttls_offered,
                                                             &postino_starttls_required, NULL};
    memset(p, 0, offsetof(struct play, spoken));
    p->options = data[0];
    p->list = data[1] % (sizeof lists / sizeof *lists);
    p->singly = singly;
    p->secured = (p->options & 3) == 3;
    mixing_calls = mixing_fails_at = 0;
    p->config.name = "c.test";
    p->config.text = p->text;
    p->config.text_size = sizeof p->text;
    p->config.extensions = postino_extensions;
    p->config.opening[0] = starttls[p->options & 3];
    p->config.lmtp = p->options & OPTION_LMTP ? &postino_lmtp : NULL;
    if (has_sasl(p))
        make_sasl(p);
    p->source.read = read_nothing;
    p->recipient.address = "b@x.test";
    p->mail = (struct postino_mail){
        .reverse_path = "a@x.test", .recipients = &p->recipient, .recipient_count = 1, .source = &p->source};
    demand(postino_session_init(&p->session, &p->config) == POSTINO_OK);
    demand(postino_session_submit(&p->session, &p->mail) == POSTINO_OK);
    if (p->secured)
        postino_session_secured(&p->session);
}

/* Returns how many octets of the input it took. */
static size_t step(struct play *p, const uint8_t *data, size_t size)
{
    size_t length = data[0] / 4u + 1;
    length = length < size - 1 ? length : size - 1;
    switch (data[0] % 4) {
    case 1: /* octets of the input */
        hear(p, (const char *)data + 1, length);
        return length + 1;
    case 2:
        if (!p->handshake)
            return 1;
        p->handshake = false;
        p->secured = true;
        postino_session_secured(&p->session);
        speak(p);
        return 1;
    default:
        hear_usual(p, data[0] / 4u);
        return 1;
    }
}

static void end(struct play *p)
{
    const struct postino_result *error = postino_session_error(&p->session);
    demand(p->mailed ? !error : error || !p->ended);
    demand(p->ended || postino_session_need(&p->session) != POSTINO_NEED_MAIL);
    postino_session_lost(&p->session, POSTINO_REASON_LOST, 0);
    demand(postino_session_finished(&p->session) == &p->mail);
    demand(p->mail.result.outcome == (p->mailed ? POSTINO_REFUSED_FOR_NOW : POSTINO_NOT_TRIED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > 4096)
        return 0;
    for (int i = 0; i < 2; i++) {
        struct play *p = &plays[i];
        begin(p, data, i == 1);
        for (size_t at = 2; at < size && !p->ended && postino_session_need(&p->session) != POSTINO_NEED_CLOSE;)
            at += step(p, data + at, size - at);
        end(p);
    }
    const struct postino_result *one = &plays[0].mail.result, *other = &plays[1].mail.result;
    demand(plays[0].spoken_length == plays[1].spoken_length &&
           memcmp(plays[0].spoken, plays[1].spoken, plays[0].spoken_length) == 0);
    demand(one->code == other->code && one->reason == other->reason && one->step == other->step);
    return 0;
}
