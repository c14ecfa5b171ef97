/* Tables: paths, names, verdicts, enhanced codes, time-outs, misuse. Each text ends at an unreadable page. */
#define _DEFAULT_SOURCE
#include "check.h"
#include "guard.h"
#include "internal.h"

#include <postino/parameters.h>

static char *repeated(char octet, size_t count)
{
    static char text[512];
    memset(text, octet, count);
    text[count] = '\0';
    return text;
}

static bool path(const char *text)
{
    size_t size = strlen(text) + 1;
    return postino_path_valid(memcpy(guarded(size), text, size));
}

static bool utf8_path(const char *text)
{
    size_t size = strlen(text) + 1;
    return postino_utf8_path_valid(memcpy(guarded(size), text, size));
}

static bool name(const char *text)
{
    size_t size = strlen(text) + 1;
    return postino_name_valid(memcpy(guarded(size), text, size));
}

static void what_xclient_may_say(void)
{
    static const char *const valid[] = {
        "A=b", "NAME=mx.example.test ADDR=192.0.2.1", "A=", "A= B=c", "A==", "A=~!\"=", "A=b B=+20"};
    static const char *const not_valid[] = {"",
                                            " ",
                                            "A",
                                            "=",
                                            "=b",
                                            "A B=c",
                                            "A=b ",
                                            "A=b  B=c",
                                            " A=b",
                                            "A=b C",
                                            "A=b\r\nMAIL FROM:<>",
                                            "A=\x01",
                                            "A=\x7f",
                                            "A=\xc3\xa9",
                                            "A=b\tB=c",
                                            "A=b =c"};
    char longest[504];
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        CHECK(postino_xclient_valid(valid[i]));
    for (size_t i = 0; i < sizeof not_valid / sizeof *not_valid; i++)
        CHECK(!postino_xclient_valid(not_valid[i]));
    memset(longest, 'x', sizeof longest);
    longest[1] = '=';
    longest[503] = '\0';
    CHECK(!postino_xclient_valid(longest)); /* "XCLIENT ", it and a line end: 513 octets */
    longest[502] = '\0';
    CHECK(postino_xclient_valid(longest));
}

/* 5321 4.1.2, 4.1.3. */
static void paths_that_are_valid(void)
{
    static const char *const paths[] = {
        "a@b",         "a@b.c",          "a.b@c.d",         "a+b@c",          "!#$%&'*+-/=?^_`{|}~@x.test",
        "0@0",         "a@b-c.d--e",     "a@1.2.3.4",       "\"\"@x.test",    "\"a b\"@x.test",
        "\"a>b\"@x.t", "\"a\\\"b\"@x.t", "\"\\\\\"@x",      "\"a@b\"@x.test", "a@[192.0.2.1]",
        "a@[x]",       "a@[IPv6:::]",    "A@XN--MNCHEN.de", "a@[tag:x-y]",    "\".\"@x",
        "Z@Z",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        CHECK(path(paths[i]));
        if (!path(paths[i]))
            printf("# %s\n", paths[i]);
    }
}

/* attacks 117, 119, 121 */
static void paths_that_are_not(void)
{
    static const char *const paths[] = {
        "",           "a",        "@",          "a@",         "@b",         "a@@b",     "a@b@c",           ".a@b",
        "a.@b",       "a..b@c",   "a b@c",      "a@b c",      "a@b.",       "a@.b",     "a@b..c",          "a@-b",
        "a@b-",       "a@b-.c",   "a@b_c",      "a@b\r",      "a\r@b",      "a@b\n",    "a\n@b",           "a@b>",
        "<a@b>",      "a@b> X",   "a<b@c",      "a>b@c",      "\"a@b",      "\"a\"b@c", "a\"b\"@c",        "\"a\n\"@b",
        "\"a\\\n\"@", "\"\\",     "\"",         "\"\x7f\"@b", "\"\xe4\"@b", "\xe4@b",   "a@\xe4",          "a@[",
        "a@[]",       "a@[x",     "a@[x]y",     "a@[x y]",    "a@[x[y]",    "a@[x\\y]", "a@[x>]",          "a@[<x]",
        "a@[x\r]",    "a@[\xe4]", "a@[x\x7f]",  "(a)@b",      "a,b@c",      "a:b@c",    "@a,@b:c@d",       "a;b@c",
        "a@b\t",      "a\x01@b",  "postmaster", "\"a\"",      "a@b/c",      "a@b:25",   "\"a\r\nDATA\"@b", "a@[[x]]",
        "a@b;",       "a@b,c@d",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        CHECK(!path(paths[i]));
        if (path(paths[i]))
            printf("# %s\n", paths[i]);
    }
}

/* 6531 3.3: UTF-8 where letters are, and nowhere else. attacks 127 */
static void paths_of_utf8(void)
{
    static const char *const valid[] = {
        "a@b",
        "\xc3\xa4@b",
        "a.\xc3\xa4\xc3\xb6.b@x",
        "\"\xc3\xa4 b@\"@x",
        ("a@b\xc3\xbc"
         "cher.example"),
        "\xe7\x94\xb2@\xe4\xbe\x8b.\xe6\xb5\x8b\xe8\xaf\x95",
        "\xf0\x9f\x93\xae@x",
        "\xc2\xa0@x",
        "\xed\x9f\xbf@x",
        "\xee\x80\x80@x",
        "\xe0\xa0\x80\xf4\x8f\xbf\xbf@x",
        "\xc3\xa4@[192.0.2.1]",
        "\xc3\xa4@[IPv6:2001:db8::1]",
    };
    static const char *const wrong[] = {
        "",
        "\xc3\xa4",
        "\x80@x",
        "\xc3\xa4@",
        "\xc3\xa4@\xc3\xa4@x",
        "\xc3\xa4@x.",
        "\xc3\xa4@.x",
        "\xc3\xa4@-x",
        "\xc3\xa4 @x",
        "\xc3\xa4>@x",
        "\xc3\xa4\r\n@x",
        "\xc3\xa4@x>",
        ".\xc3\xa4@x",
        "\xc3@x",
        "\xc3",
        "\xa4@x",
        "\xe4@x",
        "\xc0\xaf@x",
        "\xc1\xbf@x",
        "\xe0\x9f\xbf@x",
        "\xed\xa0\x80@x",
        "\xf0\x8f\xbf\xbf@x",
        "\xf4\x90\x80\x80@x",
        "\xf5\x80\x80\x80@x",
        "\xff@x",
        "\xe7\x94@x",
        "\xc2\x80@x",
        "\xc2\x9f@x",
        "a@\xc3",
        "a@[\xc3\xa4",
        "a@[\xc3\xa4]",
        "\x7f\xc3\xa4@x",
    };
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        CHECK_TEXT(utf8_path(valid[i]) ? "" : valid[i], "");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_TEXT(utf8_path(wrong[i]) ? wrong[i] : "", "");
}

/* 5321 4.5.3.1, in octets; a label is what fits DNS, however it is written. */
static void lengths_of_paths_of_utf8(void)
{
    char text[600];
    for (size_t local = 60; local <= 66; local++) {
        memset(text, 'a', local);
        memcpy(text, "\xc3\xa4", 2);
        memcpy(text + local, "@x", 3);
        CHECK_NUMBER(utf8_path(text), local <= 64);
    }
    for (size_t label = 60; label <= 66; label++) { /* in characters */
        memcpy(text, "\xc3\xa4@", 3);
        memset(text + 3, 'a', label + 2);
        memcpy(text + 3, "\xe7\x94\xb2", 3);
        memcpy(text + 3 + label + 2, ".x", 3);
        CHECK_NUMBER(utf8_path(text), label <= 63);
        memset(text, 'b', 2);
        CHECK_NUMBER(utf8_path(text), label <= 63);
        memset(text + 3, 'a', 3);
        CHECK(utf8_path(text)); /* as postino_path_valid has it */
    }
    for (size_t length = 250; length <= 258; length++) {
        for (size_t i = 0; i < length; i++)
            text[i] = i % 30 == 29 ? '.' : 'a';
        memcpy(text, "\xc3\xa4@", 3);
        text[length - 1] = 'a';
        text[length] = '\0';
        CHECK_NUMBER(utf8_path(text), length <= 254);
    }
}

static void every_octet_of_a_path_is_judged(void)
{
    for (int octet = 1; octet < 256; octet++) {
        char c = (char)octet;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bool atext = letter || (octet < 128 && strchr("!#$%&'*+-/=?^_`{|}~", c));
        bool printable = c >= ' ' && c <= '~';
        bool dcontent = c > ' ' && c <= '~' && !strchr("[]\\<>", c);
        char bare[] = {'x', c, 'x', '@', 'b', '\0'}, quoted[] = {'"', c, '"', '@', 'b', '\0'};
        char escaped[] = {'"', '\\', c, '"', '@', 'b', '\0'}, domain[] = {'a', '@', 'b', c, 'd', '\0'};
        char literal[] = {'a', '@', '[', 'b', c, 'd', ']', '\0'};
        CHECK_NUMBER(path(bare), atext || c == '.');
        CHECK_NUMBER(path(quoted), printable && c != '"' && c != '\\');
        CHECK_NUMBER(path(escaped), printable);
        CHECK_NUMBER(path(domain), letter || c == '-' || c == '.');
        CHECK_NUMBER(path(literal), dcontent);
    }
}

/* 5321 4.5.3.1, attacks 125: never cut, always refused. */
static void lengths_of_paths(void)
{
    char text[600];
    for (size_t local = 62; local <= 66; local++) {
        snprintf(text, sizeof text, "%s@b", repeated('a', local));
        CHECK_NUMBER(path(text), local <= 64);
        snprintf(text, sizeof text, "\"%s\"@b", repeated('a', local - 2));
        CHECK_NUMBER(path(text), local <= 64);
    }
    for (size_t whole = 250; whole <= 260; whole++) {
        snprintf(text, sizeof text, "a@%s", repeated('b', whole - 2));
        CHECK_NUMBER(path(text), whole <= 254);
        CHECK_NUMBER(name(repeated('b', whole)), whole <= 255);
        snprintf(text, sizeof text, "[%s]", repeated('b', whole - 2));
        CHECK_NUMBER(name(text), whole <= 255);
        snprintf(text, sizeof text, "a@[%s]", repeated('b', whole - 4));
        CHECK_NUMBER(path(text), whole <= 254);
    }
}

/* attacks 122 */
static void names_of_clients(void)
{
    static const char *const good[] = {"a", "a.b", "client.example.test", "[192.0.2.1]", "[IPv6:::1]", "1.2", "A-b.c"};
    static const char *const bad[] = {"",           " ",   "a b",   "a\r\nMAIL FROM:<x>",
                                      "a.",         ".a",  "-a",    "a-",
                                      "a_b",        "[]",  "[a",    "a]",
                                      "[a]b",       "a<",  "a>b",   "\"",
                                      "a@b",        "[ ]", "[a\n]", "a..b",
                                      "\xc3\xa4.de"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(name(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!name(bad[i]));
}

static enum postino_verdict due(enum postino_step step, unsigned code)
{
    static const unsigned moves[] = {1, 220, 250, 250, 220, 235, 200, 250, 250, 250, 354, 250, 250};
    if (code == 421)
        return POSTINO_VERDICT_CLOSING;
    if (code >= 400 && code <= 499)
        return POSTINO_VERDICT_FOR_NOW;
    if (code >= 500)
        return step == POSTINO_STEP_RCPT && code == 552 ? POSTINO_VERDICT_FOR_NOW : POSTINO_VERDICT_FOR_GOOD;
    bool final = step == POSTINO_STEP_CONTENT || step == POSTINO_STEP_COMMAND;
    bool accepted = code == moves[step] || (final && code >= 200 && code <= 299);
    accepted = accepted || (step == POSTINO_STEP_RCPT && (code == 251 || code == 252));
    accepted = accepted || (step == POSTINO_STEP_AUTH && code == 334); /* 4954 4: and goes on */
    return accepted ? POSTINO_VERDICT_ACCEPTED : POSTINO_VERDICT_PROTOCOL;
}

/* attacks 30, 33, 34, 40, 41, 42, 44, 46 */
static void verdicts_on_every_code_at_every_step(void)
{
    for (int step = POSTINO_STEP_GREETING; step <= POSTINO_STEP_COMMAND; step++)
        for (unsigned code = 200; code <= 599; code++)
            CHECK_NUMBER(postino_verdict_of((enum postino_step)step, code), due((enum postino_step)step, code));
    for (int step = POSTINO_STEP_GREETING; step <= POSTINO_STEP_COMMAND; step++)
        CHECK_NUMBER(postino_verdict_of((enum postino_step)step, 0), POSTINO_VERDICT_PROTOCOL);
}

/* 3463 2 */
static void enhanced_codes(void)
{
    static const struct {
        uint16_t code;
        const char *text;
        uint16_t subject, detail;
    } rows[] = {
        {550, "5.1.1 no", 1, 1},
        {550, "5.1.1", 1, 1},
        {550, "5.1.1\nx", 1, 1},
        {500, "5.5.1 x", 5, 1},
        {400, "4.1.1 x", 1, 1},
        {200, "2.1.1 x", 1, 1},
        {250, "2.123.456 x", 123, 456},
        {250, "2.0.0 ok", 0, 0},
        {450, "4.999.999 x", 999, 999},
        {550, "4.1.1 class", 0, 0},
        {550, "5.1.1x", 0, 0},
        {550, "5.1.1.1 x", 0, 0},
        {550, "5.1234.1 x", 0, 0},
        {550, "5.1.1234 x", 0, 0},
        {550, "5..1 x", 0, 0},
        {550, "5.1. x", 0, 0},
        {550, "5.1 x", 0, 0},
        {550, "", 0, 0},
        {550, "5", 0, 0},
        {550, "5.", 0, 0},
        {550, " 5.1.1 x", 0, 0},
        {550, "5.-1.1 x", 0, 0},
        {550, "5.1.+1 x", 0, 0},
        {550, "511 x", 0, 0},
        {550, "5.99999999999.1 x", 0, 0},
        {550, "5-1-1 x", 0, 0},
        {550, "5.1.1-x", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t size = strlen(rows[i].text) + 1;
        struct postino_result result = {.code = rows[i].code, .text = memcpy(guarded(size), rows[i].text, size)};
        postino_enhanced.read(&result, result.text);
        CHECK_NUMBER(result.subject, rows[i].subject);
        CHECK_NUMBER(result.detail, rows[i].detail);
    }
}

static struct postino_source source = {.length = 0};
static struct postino_config config = {.name = "c.test"};

/* 5321 4.5.3.2, attacks 170 */
static void timeouts_of_the_steps(void)
{
    static const unsigned seconds[] = {300, 300, 300, 300, 300, 300, 5, 300, 300, 300, 120, 600, 300};
    struct postino_session s;
    CHECK_NUMBER(postino_session_init(&s, &config), POSTINO_OK);
    for (int step = POSTINO_STEP_GREETING; step <= POSTINO_STEP_COMMAND; step++) {
        s.awaited.step = s.spoken.step = (uint8_t)step;
        s.dirty = true; /* the RSET that cleans up, not one behind a dot */
        CHECK_NUMBER(postino_session_timeout_s(&s), seconds[step]);
    }
    s.awaited.step = POSTINO_STEP_RSET;
    s.dirty = false;
    config.behind_dot = &postino_behind_dot;
    CHECK_NUMBER(postino_session_timeout_s(&s), 30); /* attacks 225 */
    config.behind_dot = NULL;
}

static void submission_names_what_is_wrong(void)
{
    char argument[510];
    struct postino_recipient recipients[3] = {{.address = "a@b"}, {.address = "a b@c"}, {.address = "d@e"}};
    struct postino_mail mail = {
        .reverse_path = "x@y", .recipients = recipients, .recipient_count = 3, .source = &source};
    struct postino_session s;
    postino_session_init(&s, &config);
    recipients[2].result.outcome = POSTINO_ACCEPTED;
    CHECK_NUMBER(postino_session_submit(&s, &mail), POSTINO_BAD_RECIPIENT);
    CHECK_NUMBER(recipients[0].result.outcome, POSTINO_NOT_TRIED);
    CHECK_NUMBER(recipients[1].result.outcome, POSTINO_REFUSED_FOR_GOOD);
    CHECK_NUMBER(recipients[2].result.outcome, POSTINO_NOT_TRIED);
    mail.reverse_path = "x y";
    CHECK_NUMBER(postino_mail_check(&mail), POSTINO_BAD_REVERSE_PATH);
    mail.source = NULL;
    CHECK_NUMBER(postino_mail_check(&mail), POSTINO_BAD_MAIL);
    mail.source = &source;
    mail.recipient_count = 0;
    CHECK_NUMBER(postino_mail_check(&mail), POSTINO_BAD_MAIL);
    mail.command = &postino_vrfy;
    for (size_t length = 498; length <= 503; length++) {
        mail.argument = repeated('x', length);
        CHECK_NUMBER(postino_mail_check(&mail), length <= 500 ? POSTINO_OK : POSTINO_BAD_COMMAND);
    }
    for (int octet = 1; octet < 256; octet++) {
        snprintf(argument, sizeof argument, "a%cb", octet);
        mail.argument = argument;
        CHECK_NUMBER(postino_mail_check(&mail), octet >= ' ' && octet <= '~' ? POSTINO_OK : POSTINO_BAD_COMMAND);
    }
    CHECK(postino_session_finished(&s) == NULL);
}

static void a_mail_that_no_session_had_is_not_tried(void)
{
    char text[16] = "old";
    struct postino_recipient recipients[2] = {{.address = "a@b"}, {.address = "d@e"}};
    struct postino_mail mail = {
        .reverse_path = "x@y", .recipients = recipients, .recipient_count = 2, .policy = POSTINO_POLICY_ALL};
    struct postino_result why = {
        .outcome = POSTINO_REFUSED_FOR_NOW, .step = POSTINO_STEP_RCPT, .reason = POSTINO_REASON_LOST};
    memset(&mail.is, 1, sizeof mail.is); /* of a session before */
    recipients[1].result.text = text;
    recipients[1].result.text_size = sizeof text;
    postino_mail_end(&mail, &why);
    CHECK_NUMBER(mail.result.outcome, POSTINO_NOT_TRIED);
    CHECK_NUMBER(recipients[0].result.outcome, POSTINO_NOT_TRIED);
    CHECK_NUMBER(recipients[1].result.reason, POSTINO_REASON_LOST);
    CHECK_TEXT(text, "");
}

int main(void)
{
    RUN(paths_that_are_valid);
    RUN(paths_that_are_not);
    RUN(paths_of_utf8);
    RUN(lengths_of_paths_of_utf8);
    RUN(every_octet_of_a_path_is_judged);
    RUN(lengths_of_paths);
    RUN(names_of_clients);
    RUN(what_xclient_may_say);
    RUN(verdicts_on_every_code_at_every_step);
    RUN(enhanced_codes);
    RUN(timeouts_of_the_steps);
    RUN(submission_names_what_is_wrong);
    RUN(a_mail_that_no_session_had_is_not_tried);
    return CHECK_EXIT();
}
