/* Commands: each is judged first, and takes effect only where neither the judge nor a fault refused it. */
#define _GNU_SOURCE
#include "sink_server.h"

#include <string.h>
#include <strings.h>

#define SINK_VERB(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static enum postino_sink_reply sink_judge_name(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    if (argument.length == 0 || argument.length >= SINK_HELO_SIZE || memchr(argument.text, ' ', argument.length))
        return SINK_SAY_SYNTAX;
    return peer->tls ? SINK_SAY_EHLO_TLS : SINK_SAY_EHLO;
}

static enum postino_sink_reply sink_judge_ehlo(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    /* The last of its group, unless it is the first of a client that was invited to go on. */
    if (peer->more && (peer->greeted || !(peer->sink->offered & SINK_PIPECONNECT)))
        return SINK_SAY_NOT_LAST;
    return peer->sink->lmtp ? SINK_SAY_UNKNOWN : sink_judge_name(peer, argument);
}

static enum postino_sink_reply sink_judge_lhlo(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    return peer->sink->lmtp ? sink_judge_name(peer, argument) : SINK_SAY_UNKNOWN;
}

/* RFC 2033 4.1: HELO and EHLO are not LMTP's. */
static enum postino_sink_reply sink_judge_helo(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    enum postino_sink_reply reply = sink_judge_ehlo(peer, argument);

    return postino_sink_positive(peer->sink, reply) ? SINK_SAY_HELO : reply;
}

static void sink_take_helo(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    postino_sink_mail_reset(peer);
    memcpy(peer->helo, argument.text, argument.length);
    peer->helo[argument.length] = '\0';
    peer->greeted = true;
    peer->extended = false;
}

static void sink_take_ehlo(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    sink_take_helo(peer, argument);
    peer->extended = true;
}

static enum postino_sink_reply sink_judge_rset(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)peer;
    return argument.length ? SINK_SAY_SYNTAX : SINK_SAY_RSET;
}

static void sink_take_rset(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)argument;
    postino_sink_mail_reset(peer);
}

static enum postino_sink_reply sink_judge_noop(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)peer;
    (void)argument;
    return SINK_SAY_NOOP;
}

static enum postino_sink_reply sink_judge_help(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)argument;
    return peer->sink->offered & SINK_HELP ? SINK_SAY_HELP : SINK_SAY_UNKNOWN;
}

static enum postino_sink_reply sink_judge_vrfy(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)peer;
    return argument.length ? SINK_SAY_VRFY : SINK_SAY_SYNTAX;
}

static enum postino_sink_reply sink_judge_expn(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)peer;
    return argument.length ? SINK_SAY_EXPN : SINK_SAY_SYNTAX;
}

static enum postino_sink_reply sink_judge_quit(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)peer;
    return argument.length ? SINK_SAY_SYNTAX : SINK_SAY_QUIT;
}

static void sink_take_quit(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)argument;
    peer->closing = true;
}

/* RFC 3207 4: what came behind it in clear must never count as if it had come over TLS. */
static enum postino_sink_reply sink_judge_starttls(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    if (argument.length > 0)
        return SINK_SAY_SYNTAX;
    if (!peer->extended || peer->in_mail || peer->tls)
        return SINK_SAY_SEQUENCE;
    return peer->more ? SINK_SAY_NOT_LAST : SINK_SAY_STARTTLS;
}

static void sink_take_starttls(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)argument;
    peer->dead |= !postino_sink_tls_begin(peer, false);
}

/* The most frequent first. A further command of four letters is a further row. */
static const struct sink_command {
    uint32_t verb;
    enum postino_sink_step step;
    enum postino_sink_reply (*judge)(struct postino_sink_peer *peer, struct postino_sink_text argument);
    void (*take)(struct postino_sink_peer *peer, struct postino_sink_text argument);
} sink_commands[] = {
    {SINK_VERB('R', 'C', 'P', 'T'), SINK_AT_RCPT, postino_sink_rcpt, postino_sink_rcpt_taken},
    {SINK_VERB('M', 'A', 'I', 'L'), SINK_AT_MAIL, postino_sink_mail, postino_sink_mail_taken},
    {SINK_VERB('B', 'D', 'A', 'T'), SINK_AT_BDAT, postino_sink_bdat, NULL},
    {SINK_VERB('D', 'A', 'T', 'A'), SINK_AT_DATA, postino_sink_data, postino_sink_data_begin},
    {SINK_VERB('R', 'S', 'E', 'T'), SINK_AT_RSET, sink_judge_rset, sink_take_rset},
    {SINK_VERB('E', 'H', 'L', 'O'), SINK_AT_EHLO, sink_judge_ehlo, sink_take_ehlo},
    {SINK_VERB('L', 'H', 'L', 'O'), SINK_AT_LHLO, sink_judge_lhlo, sink_take_ehlo},
    {SINK_VERB('H', 'E', 'L', 'O'), SINK_AT_HELO, sink_judge_helo, sink_take_helo},
    {SINK_VERB('Q', 'U', 'I', 'T'), SINK_AT_QUIT, sink_judge_quit, sink_take_quit},
    {SINK_VERB('N', 'O', 'O', 'P'), SINK_AT_NOOP, sink_judge_noop, NULL},
    {SINK_VERB('V', 'R', 'F', 'Y'), SINK_AT_VRFY, sink_judge_vrfy, NULL},
    {SINK_VERB('E', 'X', 'P', 'N'), SINK_AT_EXPN, sink_judge_expn, NULL},
    {SINK_VERB('H', 'E', 'L', 'P'), SINK_AT_HELP, sink_judge_help, NULL},
};

static enum postino_sink_reply sink_judge_unknown(struct postino_sink_peer *peer, struct postino_sink_text argument)
{
    (void)peer;
    (void)argument;
    return SINK_SAY_UNKNOWN;
}

static const struct sink_command sink_unknown = {0, SINK_AT_UNKNOWN, sink_judge_unknown, NULL};
static const struct sink_command sink_starttls = {0, SINK_AT_STARTTLS, sink_judge_starttls, sink_take_starttls};
static const struct sink_command sink_auth = {0, SINK_AT_AUTH, postino_sink_auth, NULL};

static bool sink_is_verb(const struct postino_sink_text *line, const char *verb)
{
    size_t length = strlen(verb);

    return line->length >= length && strncasecmp(line->text, verb, length) == 0 &&
           (line->length == length || line->text[length] == ' ');
}

/* Takes the verb from the line, and the spaces that RFC 5321 4.1.1 tolerates at its end. */
static void sink_argument(struct postino_sink_text *line, size_t verb)
{
    verb += line->length > verb;
    line->text += verb;
    line->length -= verb;
    while (line->length > 0 && line->text[line->length - 1] == ' ')
        line->length--;
}

/* Commands that an option asks for; without it they are as unknown as any other word. */
static const struct sink_command *sink_find_optional(const struct postino_sink *sink, struct postino_sink_text *line)
{
    if (sink->auth.on && sink_is_verb(line, "AUTH")) {
        sink_argument(line, 4);
        return &sink_auth;
    }
    if (sink->tls.starttls && sink_is_verb(line, "STARTTLS")) {
        sink_argument(line, 8);
        return &sink_starttls;
    }
    return &sink_unknown;
}

/* Finds the command of a line and leaves its argument. */
static const struct sink_command *sink_find(const struct postino_sink *sink, struct postino_sink_text *line)
{
    const unsigned char *text = (const unsigned char *)line->text;
    uint32_t verb;

    if (line->length < 4 || (line->length > 4 && text[4] != ' '))
        return sink_find_optional(sink, line);
    verb = SINK_VERB(text[0], text[1], text[2], text[3]) & 0xdfdfdfdfu;
    for (size_t i = 0; i < sizeof sink_commands / sizeof *sink_commands; i++) {
        if (sink_commands[i].verb != verb)
            continue;
        sink_argument(line, 4);
        return &sink_commands[i];
    }
    return sink_find_optional(sink, line);
}

static bool sink_is_path_step(enum postino_sink_step step)
{
    return step == SINK_AT_MAIL || step == SINK_AT_RCPT;
}

static void sink_obey(struct postino_sink_peer *peer, const struct sink_command *command,
                      struct postino_sink_text argument, enum postino_sink_reply reply)
{
    struct postino_sink *sink = peer->sink;
    struct postino_sink_answer answer;

    if (reply == SINK_SAY_LATER)
        return;
    if (!sink->faulty[command->step]) {
        if (command->take && postino_sink_positive(sink, reply))
            command->take(peer, argument);
        postino_sink_say(peer, reply);
        return;
    }
    postino_sink_fault_find(peer, command->step,
                            sink_is_path_step(command->step) ? postino_sink_path_argument(argument) : argument,
                            &answer);
    if (command->take && postino_sink_positive(sink, reply) && !answer.refuses)
        command->take(peer, argument);
    if (!answer.text) {
        answer.text = sink->replies[reply].text;
        answer.length = sink->replies[reply].length;
    }
    postino_sink_give(peer, &answer);
}

/* Whether it may be longer than others. */
static bool sink_is_auth(const struct postino_sink_peer *peer, const struct postino_sink_text *line)
{
    return peer->sink->auth.on && (peer->phase == SINK_AUTH_LINE || sink_is_verb(line, "AUTH"));
}

/* What is wrong with the line as such; SINK_SAY_NOOP where nothing is. */
static enum postino_sink_reply sink_judge_line(const struct postino_sink_peer *peer,
                                               const struct postino_sink_text *line, bool bare)
{
    if (line->length + 2 > SINK_LINE_SIZE) {
        if (!sink_is_auth(peer, line))
            return SINK_SAY_LINE_TOO_LONG;
        if (line->length + 2 > SINK_AUTH_LINE_SIZE)
            return SINK_SAY_AUTH_TOO_LONG;
    }
    if (bare || memchr(line->text, '\r', line->length))
        return SINK_SAY_BARE_LINE;
    return postino_sink_utf8(line->text, line->length) ? SINK_SAY_NOOP : SINK_SAY_BAD_OCTET;
}

/* A line that ends with a lone LF ends, so that its sender gets an answer at once; but it is not obeyed. */
static void sink_line(struct postino_sink_peer *peer, struct postino_sink_text line, bool bare, bool more)
{
    enum postino_sink_reply reply = sink_judge_line(peer, &line, bare);
    const struct sink_command *command = &sink_unknown;
    bool pipelining = (peer->sink->offered & SINK_PIPELINING) && (peer->extended || !peer->greeted);

    peer->more = more;
    if (peer->sink->trace)
        postino_sink_trace(peer, 'C', line.text, line.length);
    if (peer->phase == SINK_AUTH_LINE) {
        postino_sink_auth_response(peer, line, reply);
        return;
    }
    if (reply == SINK_SAY_NOOP) {
        command = sink_find(peer->sink, &line);
        if (peer->turned_away && command->step != SINK_AT_QUIT)
            reply = SINK_SAY_SEQUENCE;
        else if (more && !pipelining && command->step != SINK_AT_BDAT)
            reply = SINK_SAY_EARLY;
        else
            reply = command->judge(peer, line);
    }
    sink_obey(peer, command, line, reply);
}

/* A line without an end, as yet. Octets used: none where it may still become a command. */
static size_t sink_part(struct postino_sink_peer *peer, const struct postino_sink_text *line)
{
    if (!peer->skipping) {
        peer->skips_auth = sink_is_auth(peer, line);
        if (line->length < (peer->skips_auth ? SINK_AUTH_LINE_SIZE : SINK_LINE_SIZE))
            return 0;
    }
    peer->skipping = true;
    return line->length;
}

/* The last of a line that is too long. */
static void sink_skipped(struct postino_sink_peer *peer, struct postino_sink_text line)
{
    enum postino_sink_reply reply = peer->skips_auth ? SINK_SAY_AUTH_TOO_LONG : SINK_SAY_LINE_TOO_LONG;

    peer->skipping = false;
    if (peer->phase == SINK_AUTH_LINE)
        postino_sink_auth_response(peer, line, reply);
    else
        sink_obey(peer, &sink_unknown, line, reply);
}

size_t postino_sink_command(struct postino_sink_peer *peer, const char *text, size_t length)
{
    const char *end = memchr(text, '\n', length);
    size_t used = end ? (size_t)(end - text) + 1 : length;
    struct postino_sink_text line = {text, end ? used - 1 : length};
    bool bare = line.length == 0 || text[line.length - 1] != '\r';

    if (!end)
        return sink_part(peer, &line);
    if (peer->skipping) {
        sink_skipped(peer, line);
        return used;
    }
    if (!bare)
        line.length--;
    sink_line(peer, line, bare, used < length);
    return used;
}

void postino_sink_greet(struct postino_sink_peer *peer)
{
    struct postino_sink *sink = peer->sink;
    struct postino_sink_text none = {"", 0};
    struct postino_sink_answer answer;

    if (!sink->faulty[SINK_AT_GREETING]) {
        postino_sink_say(peer, SINK_SAY_GREETING);
        return;
    }
    postino_sink_fault_find(peer, SINK_AT_GREETING, none, &answer);
    peer->turned_away = answer.refuses;
    if (!answer.text) {
        answer.text = sink->replies[SINK_SAY_GREETING].text;
        answer.length = sink->replies[SINK_SAY_GREETING].length;
    }
    postino_sink_give(peer, &answer);
}
