/*
 * CHUNKING against a server that keeps what it is sent and refuses at random: whatever the sizes of buffers, the
 * refusals and the moment in which the connection dies, the outcome of each recipient is true, and what is delivered is
 * what was sent. The seed of a failure is printed; `chunks SEED` plays it alone.
 */
#define _DEFAULT_SOURCE
#include "check.h"
#include "chunk_world.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 10000
};

static void outcomes_are_true(void)
{
    for (uint32_t seed = 1; seed <= ROUNDS; seed++) {
        chance(NULL, 0, seed);
        const char *wrong = play_by_chance();
        if (wrong)
            printf("# seed %u: %s\n", seed, wrong);
        CHECK(wrong == NULL);
    }
}

/* Six small mails: one flight, behind the greeting and EHLO. */
static void mails_share_a_flight(void)
{
    chance(NULL, 0, 7);
    memset(&server, 0, sizeof server);
    server.pipelining = true;
    make_mails(false);
    for (int i = 0; i < MAILS; i++) {
        contents[i].length = contents[i].length > 40 ? 40 : contents[i].length;
        contents[i].waits = contents[i].source.canonical = false;
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
    CHECK_NUMBER(flight(&s), 65536);
    hear(&s, "250 ok\r\n");
    CHECK_NUMBER(flight(&s), 0);
    hear(&s, "250 ok\r\n");
    CHECK(flight(&s) > 200000);
}

static void eight_mails_are_in_flight(void)
{
    enum {
        MANY = 10
    };
    struct postino_session s;
    struct postino_config c;
    struct postino_trace trace;
    struct postino_source sources[MANY];
    struct postino_recipient to[MANY];
    struct postino_mail many[MANY];
    begin(&s, &c, &trace);
    for (int i = 0; i < MANY; i++) {
        sources[i] = (struct postino_source){.read = read_lines, .length = 10};
        to[i] = (struct postino_recipient){.address = "b@x.test"};
        many[i] = (struct postino_mail){
            .reverse_path = "a@x.test", .recipients = &to[i], .recipient_count = 1, .source = &sources[i]};
        CHECK_NUMBER(postino_session_submit(&s, &many[i]), POSTINO_OK);
    }
    hear(&s, "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    flight(&s);
    int begun = 0;
    while (begun < MANY && many[begun].is.begun)
        begun++;
    CHECK_NUMBER(begun, 8);
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
        chance(NULL, 0, (uint32_t)strtoul(argv[1], NULL, 10));
        const char *wrong = play_by_chance();
        printf("%s\n", wrong ? wrong : "as it should be");
        return wrong != NULL;
    }
    RUN(mails_share_a_flight);
    RUN(a_large_mail_waits_for_its_recipients);
    RUN(eight_mails_are_in_flight);
    RUN(a_command_waits_for_the_mails);
    RUN(content_of_a_refused_mail_is_taken);
    RUN(an_offer_is_forgotten);
    RUN(outcomes_are_true);
    return CHECK_EXIT();
}
