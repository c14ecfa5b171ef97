/* Limits, many recipients, two sessions at once, and what a caller may do in another order. */
#define _DEFAULT_SOURCE
#include "check.h"
#include "guard.h"
#include "talk.h"

#include <postino/parameters.h>

enum {
    MANY = 10000
};

/* attacks 18 */
static void a_line_up_to_the_limit_is_taken(void)
{
    static char line[POSTINO_REPLY_LINE_MAX + 8];
    static const size_t lengths[] = {512, 513, 998, POSTINO_REPLY_LINE_MAX, POSTINO_REPLY_LINE_MAX + 1};
    for (int end = 1; end <= 2; end++) {
        for (size_t i = 0; i < 5; i++) {
            struct postino_session s;
            memset(line, 'x', sizeof line);
            memcpy(line, "220 ", 4);
            memcpy(line + lengths[i], end == 1 ? "\n" : "\r\n", (size_t)end);
            postino_session_init(&s, &config);
            hear(&s, line, lengths[i] + (size_t)end);
            bool taken = lengths[i] <= POSTINO_REPLY_LINE_MAX;
            CHECK_NUMBER(postino_session_need(&s), taken ? POSTINO_NEED_SEND : POSTINO_NEED_CLOSE);
            CHECK_NUMBER(postino_session_replies(&s), 1);
        }
    }
}

static void a_reply_up_to_the_limit_of_lines_is_taken(void)
{
    for (unsigned lines = POSTINO_REPLY_LINES_MAX - 1; lines <= POSTINO_REPLY_LINES_MAX + 1; lines++) {
        struct postino_session s;
        postino_session_init(&s, &config);
        for (unsigned i = 1; i < lines; i++)
            say(&s, "220-x\r\n");
        CHECK_NUMBER(postino_session_need(&s), POSTINO_NEED_RECEIVE);
        say(&s, "220 x\r\n");
        bool taken = lines <= POSTINO_REPLY_LINES_MAX;
        CHECK_NUMBER(postino_session_need(&s), taken ? POSTINO_NEED_SEND : POSTINO_NEED_CLOSE);
    }
}

/* 1870 4: what fits is taken exactly, and nothing wraps. */
static void limits_that_only_just_fit(void)
{
    static const struct {
        const char *line;
        size_t limit;
    } rows[] = {
        {"250-SIZE 17000000000000000005\r\n", 17000000000000000005u},
        {"250-SIZE 18446744073709551619\r\n", 0},
        {"250-SIZE 18446744073709551616\r\n", 0},
        {"250-SIZE 20000000000000000000\r\n", 0},
        {"250-SIZE 184467440737095516150\r\n", 0},
        {"250-SIZE 00000000000000000007\r\n", 7},
        {"250-SIZE 000000000000000000007\r\n", 0}, /* more than 20 digits */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows && sizeof(size_t) == 8; i++) {
        struct postino_session s;
        char buffer[512];
        postino_session_init(&s, &config);
        new_mail();
        source.length = (size_t)17000000000000000005u;
        CHECK_NUMBER(postino_session_submit(&s, &mail), POSTINO_OK);
        say(&s, "220 x\r\n");
        spoken(&s, buffer, sizeof buffer - 1);
        say(&s, "250-x\r\n");
        say(&s, rows[i].line);
        say(&s, "250 x\r\n");
        CHECK(postino_session_size_limit(&s) == rows[i].limit);
        spoken(&s, buffer, sizeof buffer - 1);
        CHECK_TEXT(buffer, rows[i].limit == 7 ? "" : "MAIL FROM:<a@x.test> SIZE=17000000000000000005\r\n");
        source.length = 0;
    }
}

/* Each result has room of its own, and its text ends with NUL. */
static void texts_are_cut_to_the_room_there_is(void)
{
    struct postino_session s;
    char text[64], texts[2][8] = {"UUUUUUU", "UUUUUUU"}, buffer[512];
    config.text = text;
    config.text_size = sizeof text;
    postino_session_init(&s, &config);
    new_mail();
    mail.result.text = texts[0];
    mail.result.text_size = 4;
    recipient.result.text = texts[1];
    recipient.result.text_size = 1;
    CHECK_NUMBER(postino_session_submit(&s, &mail), POSTINO_OK);
    say(&s, "220 x\r\n");
    spoken(&s, buffer, sizeof buffer - 1);
    say(&s, "250 x\r\n");
    spoken(&s, buffer, sizeof buffer - 1);
    say(&s, "550 never\r\n");
    config.text = NULL;
    config.text_size = recipient.result.text_size = 0;
    recipient.result.text = NULL;
    CHECK(postino_session_finished(&s) == &mail);
    CHECK_TEXT(texts[0], "nev");
    CHECK_TEXT(texts[1], "");
    CHECK_NUMBER(texts[0][4], 'U');
    CHECK_NUMBER(texts[1][1], 'U');
}

/* 3207: nothing is said between the server's 220 and the handshake. */
static void nothing_is_spoken_before_the_handshake(void)
{
    struct postino_session s;
    char buffer[512];
    config.opening[0] = &postino_starttls_offered;
    postino_session_init(&s, &config);
    say(&s, "220 x\r\n");
    spoken(&s, buffer, sizeof buffer - 1);
    say(&s, "250-x\r\n250 STARTTLS\r\n");
    spoken(&s, buffer, sizeof buffer - 1);
    say(&s, "220 x\r\n");
    config.opening[0] = NULL;
    CHECK_NUMBER(postino_session_need(&s), POSTINO_NEED_TLS);
    CHECK_NUMBER(postino_session_output(&s, buffer, sizeof buffer), 0);
    CHECK_NUMBER(postino_session_need(&s), POSTINO_NEED_TLS);
}

/* 2033: the last of the replies, with nothing readable behind the recipients. */
static void recipients_end_where_they_end(void)
{
    struct postino_session s;
    char buffer[512];
    struct postino_recipient *recipients = (struct postino_recipient *)guarded(2 * sizeof *recipients);
    static const char *const lines[] = {"220 x\r\n", "250-x\r\n250 PIPELINING\r\n", "250 x\r\n250 x\r\n450 x\r\n",
                                        "354 x\r\n", "250 x\r\n"};
    config.lmtp = &postino_lmtp;
    postino_session_init(&s, &config);
    new_mail();
    recipients[0] = recipients[1] = recipient;
    mail.recipients = recipients;
    mail.recipient_count = 2;
    CHECK_NUMBER(postino_session_submit(&s, &mail), POSTINO_OK);
    for (size_t i = 0; i < 5; i++) { /* not through `hear`, whose octets end at the same page */
        postino_session_input(&s, lines[i], strlen(lines[i]));
        spoken(&s, buffer, sizeof buffer - 1);
    }
    config.lmtp = NULL;
    CHECK(postino_session_finished(&s) == &mail);
    CHECK_NUMBER(recipients[0].result.outcome, POSTINO_ACCEPTED);
    CHECK_NUMBER(recipients[1].result.outcome, POSTINO_REFUSED_FOR_NOW);
}

/* A mail that is spoken again is not prepared again: its source has told its length. */
static void a_source_is_prepared_once(void)
{
    static const char *const refusals[] = {"250 x\r\n503 x\r\n503 x\r\n503 x\r\n503 x\r\n",
                                           "250 x\r\n503 x\r\n250 x\r\n250 x\r\n503 x\r\n"};
    for (int i = 0; i < 2; i++) {
        struct postino_session s;
        char buffer[512];
        struct postino_recipient other = recipient;
        config.behind_dot = &postino_behind_dot;
        postino_session_init(&s, &config);
        struct postino_mail second = *new_mail();
        second.recipients = &other;
        CHECK_NUMBER(postino_session_submit(&s, &mail), POSTINO_OK);
        CHECK_NUMBER(postino_session_submit(&s, &second), POSTINO_OK);
        to_final_reply(&s);
        say(&s, refusals[i]);
        postino_session_quit(&s); /* asks once more what comes next */
        spoken(&s, buffer, sizeof buffer - 1);
        CHECK_TEXT(buffer, i ? "RSET\r\n" : "MAIL FROM:<a@x.test>\r\n");
        CHECK_NUMBER(prepares, 2);
        config.behind_dot = NULL;
    }
}

/* However often it is asked what comes next, while the mail waits for its turn. */
static void a_source_that_waits_is_prepared_once(void)
{
    struct postino_session s;
    char buffer[512];
    struct postino_recipient other = recipient;
    postino_session_init(&s, &config);
    struct postino_mail second = *new_mail();
    second.recipients = &other;
    CHECK_NUMBER(postino_session_submit(&s, &mail), POSTINO_OK);
    CHECK_NUMBER(postino_session_submit(&s, &second), POSTINO_OK);
    to_final_reply(&s);
    CHECK_NUMBER(prepares, 2);
    postino_session_quit(&s);
    say(&s, "250 x\r\n");
    spoken(&s, buffer, sizeof buffer - 1);
    CHECK_NUMBER(prepares, 2);
}

/* attacks 125: ten thousand recipients, each with its own result. */
static void ten_thousand_recipients_are_answered_each(void)
{
    static struct postino_recipient many[MANY];
    static char buffer[1 << 20];
    struct postino_session s;
    for (size_t i = 0; i < MANY; i++)
        many[i] = (struct postino_recipient){.address = "b@x.test"};
    postino_session_init(&s, &config);
    new_mail();
    mail.recipients = many;
    mail.recipient_count = MANY;
    CHECK_NUMBER(postino_session_submit(&s, &mail), POSTINO_OK);
    say(&s, "220 x\r\n");
    spoken(&s, buffer, sizeof buffer - 1);
    say(&s, "250-x\r\n250 PIPELINING\r\n");
    size_t lines = 0, length = spoken(&s, buffer, sizeof buffer - 1);
    for (size_t i = 0; i < length; i++)
        lines += buffer[i] == '\n';
    CHECK_NUMBER(lines, MANY + 2); /* the widest window, where the caller names none */
    say(&s, "250 x\r\n");
    for (size_t i = 0; i < MANY; i++) {
        spoken(&s, buffer, sizeof buffer - 1);
        say(&s, i % 3 ? "250 x\r\n" : "450 x\r\n");
    }
    spoken(&s, buffer, sizeof buffer - 1);
    say(&s, "354 x\r\n");
    spoken(&s, buffer, sizeof buffer - 1);
    say(&s, "250 x\r\n");
    CHECK(postino_session_finished(&s) == &mail);
    for (size_t i = 0; i < MANY; i++)
        CHECK_NUMBER(many[i].result.outcome, i % 3 ? POSTINO_ACCEPTED : POSTINO_REFUSED_FOR_NOW);
}

/* attacks 142: the counters of a session of more octets than a size_t counts. */
static void outcomes_are_right_where_the_counters_wrap(void)
{
    for (size_t before = 0; before < 120; before++) {
        for (size_t unsent = 0; unsent < 4; unsent += 3) {
            struct postino_session s;
            postino_session_init(&s, &config);
            s.total = SIZE_MAX - before;
            postino_session_submit(&s, new_mail());
            to_final_reply(&s);
            postino_session_lost(&s, POSTINO_REASON_LOST, unsent);
            CHECK(postino_session_finished(&s) == &mail);
            CHECK_NUMBER(mail.result.outcome, unsent ? POSTINO_REFUSED_FOR_NOW : POSTINO_UNCERTAIN);
        }
    }
}

/* attacks 208 */
static void two_sessions_share_nothing(void)
{
    static const char *const lines[] = {"220 x\r\n", "250-x\r\n250 PIPELINING\r\n", "250 x\r\n", "250 x\r\n",
                                        "354 x\r\n"};
    static char both[2][512];
    struct postino_session s[2];
    struct postino_mail mails[2];
    struct postino_recipient recipients[2] = {recipient, recipient};
    for (int i = 0; i < 2; i++) {
        postino_session_init(&s[i], &config);
        mails[i] = *new_mail();
        mails[i].recipients = &recipients[i];
        CHECK_NUMBER(postino_session_submit(&s[i], &mails[i]), POSTINO_OK);
    }
    for (size_t line = 0; line < 4; line++) {
        for (size_t at = 0; at < strlen(lines[line]); at++)
            for (int i = 0; i < 2; i++)
                hear(&s[i], lines[line] + at, 1);
        for (int i = 0; i < 2; i++)
            spoken(&s[i], both[i], sizeof both[i] - 1);
        CHECK_TEXT(both[0], both[1]);
    }
    say(&s[0], "450 no\r\n");
    CHECK_NUMBER(postino_session_step(&s[1]), POSTINO_STEP_DATA);
    CHECK(postino_session_finished(&s[0]) == &mails[0]);
    CHECK(postino_session_finished(&s[1]) == NULL);
    postino_session_init(&s[0], &config); /* used again */
    CHECK_NUMBER(postino_session_submit(&s[0], &mails[0]), POSTINO_OK);
    CHECK_NUMBER(mails[0].result.outcome, POSTINO_NOT_TRIED);
}

static void what_is_submitted_to_a_closed_session_is_not_tried(void)
{
    struct postino_session s;
    char buffer[64];
    postino_session_init(&s, &config);
    postino_session_lost(&s, POSTINO_REASON_TIMEOUT, 0);
    postino_session_quit(&s);
    CHECK_NUMBER(postino_session_submit(&s, new_mail()), POSTINO_OK);
    CHECK_NUMBER(postino_session_output(&s, buffer, sizeof buffer), 0);
    CHECK_NUMBER(postino_session_need(&s), POSTINO_NEED_CLOSE);
    postino_session_lost(&s, POSTINO_REASON_LOST, 0);
    CHECK_NUMBER(postino_session_error(&s)->reason, POSTINO_REASON_TIMEOUT);
    CHECK(postino_session_finished(&s) == &mail);
    CHECK(postino_session_finished(&s) == NULL);
    CHECK_NUMBER(mail.result.outcome, POSTINO_NOT_TRIED);
    CHECK_NUMBER(recipient.result.outcome, POSTINO_NOT_TRIED);
}

/* "A mail that is submitted behind this call may not be tried." */
static void what_is_submitted_behind_quit_is_handed_back(void)
{
    struct postino_session s;
    char buffer[512];
    postino_session_init(&s, &config);
    say(&s, "220 x\r\n");
    spoken(&s, buffer, sizeof buffer - 1);
    say(&s, "250 x\r\n");
    postino_session_quit(&s);
    CHECK_NUMBER(postino_session_submit(&s, new_mail()), POSTINO_OK);
    spoken(&s, buffer, sizeof buffer - 1);
    CHECK_TEXT(buffer, "QUIT\r\n");
    say(&s, "221 x\r\n");
    CHECK(postino_session_finished(&s) == &mail);
    CHECK_NUMBER(mail.result.outcome, POSTINO_NOT_TRIED);
    CHECK(postino_session_error(&s) == NULL);
}

/* 6533 3: also where nobody asks for SMTPUTF8. */
static void an_original_of_utf8_goes_nowhere_without_smtputf8(void)
{
    static const struct postino_extension *const alone[] = {&postino_dsn, NULL};
    static const struct postino_recipient_parameters wide = {.original = "\xc3\xa4@example.test"},
                                                     ascii = {.original = "a@example.test"};
    struct postino_config with_dsn = config;
    char buffer[512];
    with_dsn.extensions = alone;
    for (int i = 0; i < 2; i++) {
        struct postino_session s;
        postino_session_init(&s, &with_dsn);
        struct postino_mail *asking = new_mail();
        recipient.parameters = i ? &ascii : &wide;
        CHECK_NUMBER(postino_session_submit(&s, asking), POSTINO_OK);
        say(&s, "220 x\r\n");
        spoken(&s, buffer, sizeof buffer - 1);
        say(&s, "250-x\r\n250-SMTPUTF8\r\n250 DSN\r\n");
        spoken(&s, buffer, sizeof buffer - 1);
        CHECK_NUMBER(*buffer == 'M', i);
        CHECK_NUMBER(mail.result.reason, i ? POSTINO_REASON_REPLY : POSTINO_REASON_PARAMETER);
        recipient.parameters = NULL;
    }
}

int main(void)
{
    RUN(a_line_up_to_the_limit_is_taken);
    RUN(a_reply_up_to_the_limit_of_lines_is_taken);
    RUN(limits_that_only_just_fit);
    RUN(texts_are_cut_to_the_room_there_is);
    RUN(nothing_is_spoken_before_the_handshake);
    RUN(recipients_end_where_they_end);
    RUN(a_source_is_prepared_once);
    RUN(a_source_that_waits_is_prepared_once);
    RUN(ten_thousand_recipients_are_answered_each);
    RUN(outcomes_are_right_where_the_counters_wrap);
    RUN(two_sessions_share_nothing);
    RUN(what_is_submitted_to_a_closed_session_is_not_tried);
    RUN(what_is_submitted_behind_quit_is_handed_back);
    RUN(an_original_of_utf8_goes_nowhere_without_smtputf8);
    return CHECK_EXIT();
}
