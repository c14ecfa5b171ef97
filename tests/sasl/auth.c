/* AUTH (4954), PLAIN (4616) and LOGIN, as a conversation with a server whose lines are given. */
#include "../session/talk.h"
#include "check.h"

#include <postino/sasl.h>

static const struct postino_mechanism *const plain_first[] = {&postino_plain, &postino_login, NULL};
static const struct postino_mechanism *const login_first[] = {&postino_login, &postino_plain, NULL};
static const struct postino_mechanism *const plain_only[] = {&postino_plain, NULL};
static const struct postino_opening *form = &postino_auth;
static char said[4096];

/* Begins with a user who may speak in clear, and an EHLO reply; returns with what is spoken then in `said`. */
static void begin(struct postino_session *s, struct postino_sasl *sasl, const char *ehlo)
{
    config.opening[1] = form;
    config.sasl = sasl;
    CHECK_NUMBER(postino_session_init(s, &config), POSTINO_OK);
    CHECK_NUMBER(postino_session_submit(s, new_mail()), POSTINO_OK);
    say(s, "220 x\r\n");
    spoken(s, said, sizeof said - 1);
    say(s, ehlo);
    spoken(s, said, sizeof said - 1);
}

static void then(struct postino_session *s, const char *line)
{
    say(s, line);
    spoken(s, said, sizeof said - 1);
}

static struct postino_sasl user(const struct postino_mechanism *const *mechanisms)
{
    return (struct postino_sasl){
        .mechanisms = mechanisms, .user = "tim", .password = "tanstaaftanstaaf", .in_clear = true};
}

/* The example of 4616 4, in two steps. */
static void plain_answers_an_empty_challenge(void)
{
    struct postino_session s;
    struct postino_sasl sasl = user(plain_first);
    begin(&s, &sasl, "250-x\r\n250 AUTH LOGIN PLAIN\r\n");
    CHECK_TEXT(said, "AUTH PLAIN\r\n");
    then(&s, "334 \r\n");
    CHECK_TEXT(said, "AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n");
    then(&s, "235 2.7.0 ok\r\n");
    CHECK_TEXT(said, "MAIL FROM:<a@x.test>\r\n");
}

static void plain_goes_along_with_auth_where_that_is_asked_for(void)
{
    struct postino_session s;
    struct postino_sasl sasl = user(plain_first);
    sasl.initial_response = postino_initial_response;
    sasl.identity = "Ursel";
    begin(&s, &sasl, "250-x\r\n250 AUTH PLAIN\r\n");
    CHECK_TEXT(said, "AUTH PLAIN VXJzZWwAdGltAHRhbnN0YWFmdGFuc3RhYWY=\r\n");
    then(&s, "334 \r\n"); /* a server that does not understand it asks again */
    CHECK_TEXT(said, "VXJzZWwAdGltAHRhbnN0YWFmdGFuc3RhYWY=\r\n");
}

/* attacks 100: whatever the prompts say. */
static void login_answers_two_prompts_in_order(void)
{
    struct postino_session s;
    struct postino_sasl sasl = user(login_first);
    begin(&s, &sasl, "250-x\r\n250 AUTH=PLAIN login\r\n");
    CHECK_TEXT(said, "AUTH LOGIN\r\n");
    then(&s, "334 UGFzc3dvcmQ6\r\n");
    CHECK_TEXT(said, "dGlt\r\n");
    then(&s, "334 \r\n");
    CHECK_TEXT(said, "dGFuc3RhYWZ0YW5zdGFhZg==\r\n");
    then(&s, "235 ok\r\n");
    CHECK_TEXT(said, "MAIL FROM:<a@x.test>\r\n");
}

/* attacks 36: a name is a whole word; both forms of the line count; the order of the list is ours. */
static void mechanisms_are_whole_words(void)
{
    struct postino_session s;
    struct postino_sasl sasl = user(plain_only);
    begin(&s, &sasl, "250-x\r\n250-AUTH XPLAIN PLAINX PLAI LOGIN\r\n250 AUTH=GSSAPI\r\n");
    CHECK_TEXT(said, "QUIT\r\n");
    CHECK_NUMBER(postino_session_error(&s)->reason, POSTINO_REASON_NO_AUTH);
    begin(&s, &sasl, "250-x\r\n250-AUTH PLAIN\r\n250 AUTH=LOGIN\r\n");
    CHECK_TEXT(said, "AUTH PLAIN\r\n");
    begin(&s, &sasl, "250-x\r\n250-X AUTH PLAIN\r\n250 OK\r\n");
    CHECK_TEXT(said, "QUIT\r\n");
}

/* attacks 92: no credentials in clear. attacks 93: none offered is not silently none needed. */
static void without_tls_or_offer_there_is_no_mail(void)
{
    struct postino_session s;
    struct postino_sasl sasl = user(plain_first);
    sasl.in_clear = false;
    begin(&s, &sasl, "250-x\r\n250 AUTH PLAIN\r\n");
    CHECK_TEXT(said, "QUIT\r\n");
    CHECK_NUMBER(postino_session_error(&s)->reason, POSTINO_REASON_NO_TLS);
    sasl.in_clear = true;
    begin(&s, &sasl, "250 x\r\n");
    CHECK_TEXT(said, "QUIT\r\n");
    CHECK_NUMBER(postino_session_error(&s)->reason, POSTINO_REASON_NO_AUTH);
    begin(&s, &sasl, "502 x\r\n"); /* attacks 33: no HELO where AUTH is needed */
    CHECK_TEXT(said, "QUIT\r\n");
    sasl.unoffered = &postino_login;
    begin(&s, &sasl, "250 x\r\n");
    CHECK_TEXT(said, "AUTH LOGIN\r\n");
    sasl.unlisted = &postino_plain;
    begin(&s, &sasl, "250-x\r\n250 AUTH GSSAPI\r\n");
    CHECK_TEXT(said, "AUTH PLAIN\r\n");
}

/* attacks 99 */
static void challenges_without_end_are_cancelled(void)
{
    struct postino_session s;
    struct postino_sasl sasl = user(plain_first);
    begin(&s, &sasl, "250-x\r\n250 AUTH PLAIN\r\n");
    then(&s, "334 \r\n");
    then(&s, "334 \r\n");
    CHECK_TEXT(said, "*\r\n");
    then(&s, "501 cancelled\r\n");
    CHECK_TEXT(said, "QUIT\r\n");
    begin(&s, &sasl, "250-x\r\n250 AUTH PLAIN\r\n"); /* the next connection begins anew */
    CHECK_TEXT(said, "AUTH PLAIN\r\n");
    then(&s, "334 \r\n");
    then(&s, "334 \r\n");
    then(&s, "235 welcome\r\n"); /* not what was asked for */
    CHECK_NUMBER(postino_session_need(&s), POSTINO_NEED_CLOSE);
    CHECK_NUMBER(postino_session_error(&s)->reason, POSTINO_REASON_PROTOCOL);
}

/* attacks 113 */
static void refusals_end_the_session_with_their_code(void)
{
    static const unsigned codes[] = {432, 454, 500, 534, 535, 538};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct postino_session s;
        struct postino_sasl sasl = user(plain_first);
        char reply[16];
        begin(&s, &sasl, "250-x\r\n250 AUTH PLAIN\r\n");
        then(&s, "334 \r\n");
        snprintf(reply, sizeof reply, "%u no\r\n", codes[i]);
        then(&s, reply);
        CHECK_TEXT(said, "QUIT\r\n");
        CHECK_NUMBER(postino_session_error(&s)->code, codes[i]);
        CHECK_NUMBER(postino_session_error(&s)->step, POSTINO_STEP_AUTH);
        then(&s, "221 bye\r\n");
        CHECK_NUMBER(postino_session_finished(&s)->result.outcome, POSTINO_NOT_TRIED);
    }
    static const char *const unexpected[] = {"250 ok\r\n", "220 ok\r\n", "354 go\r\n"};
    for (size_t i = 0; i < sizeof unexpected / sizeof *unexpected; i++) {
        struct postino_session s;
        struct postino_sasl sasl = user(plain_first);
        begin(&s, &sasl, "250-x\r\n250 AUTH PLAIN\r\n");
        then(&s, unexpected[i]);
        CHECK_NUMBER(postino_session_need(&s), POSTINO_NEED_CLOSE);
    }
}

static char traced[1024];

static void keep_line(struct postino_trace *trace, enum postino_direction direction, const char *line, size_t length)
{
    (void)trace;
    if (direction == POSTINO_TO_SERVER)
        snprintf(traced + strlen(traced), sizeof traced - strlen(traced), "%.*s|", (int)length, line);
}

/* attacks 199 */
static void credentials_are_never_traced(void)
{
    struct postino_session s;
    struct postino_trace trace;
    char buffer[512];
    struct postino_sasl sasl = user(plain_first);
    postino_trace_init(&trace, buffer, sizeof buffer, keep_line);
    config.trace = &trace;
    sasl.initial_response = postino_initial_response;
    begin(&s, &sasl, "250-x\r\n250 AUTH PLAIN\r\n");
    then(&s, "334 \r\n");
    CHECK_TEXT(traced, "EHLO c.test|AUTH PLAIN ***|***|");
    config.trace = NULL;
}

/* Every octet and every length, against a table. */
static void responses_are_base64(void)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t length = 1; length <= 255; length++) {
        struct postino_session s;
        struct postino_sasl sasl = user(login_first);
        char name[256], expected[400];
        size_t at = 0;
        for (size_t i = 0; i < length; i++)
            name[i] = (char)(1 + (i * 7 + length) % 255);
        name[length] = '\0';
        for (size_t i = 0; i < length; i += 3) {
            unsigned bits = 0;
            for (size_t j = 0; j < 3; j++)
                bits = bits << 8 | (i + j < length ? (unsigned char)name[i + j] : 0);
            for (size_t j = 0; j < 4; j++)
                expected[at++] = i + j > length ? '=' : digits[bits >> (18 - 6 * j) & 63];
        }
        strcpy(expected + at, "\r\n");
        sasl.user = name;
        begin(&s, &sasl, "250-x\r\n250 AUTH LOGIN\r\n");
        then(&s, "334 \r\n");
        CHECK_TEXT(said, expected);
    }
}

int main(void)
{
    static const struct postino_opening *const forms[] = {&postino_auth_basic, &postino_auth};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        form = forms[i];
        RUN(plain_answers_an_empty_challenge);
        RUN(login_answers_two_prompts_in_order);
        RUN(mechanisms_are_whole_words);
        RUN(without_tls_or_offer_there_is_no_mail);
        RUN(challenges_without_end_are_cancelled);
        RUN(refusals_end_the_session_with_their_code);
        RUN(responses_are_base64);
    }
    RUN(plain_goes_along_with_auth_where_that_is_asked_for);
    RUN(credentials_are_never_traced);
    return CHECK_EXIT();
}
