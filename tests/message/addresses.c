/* Address lists of header text (RFC 5322 3.4). Each list ends at a guard page. */
#include "check.h"
#include "reading.h"

/* Writes what the parser finds as "name=address|…", with "!" and the offset where it is wrong. */
static const char *parsed(const char *text)
{
    static char out[4096];
    size_t length = strlen(text), at = 0;
    const char *copy = guarded(text, length);
    struct postino_addresses list;
    struct postino_address found;
    enum postino_addresses_found what;
    postino_addresses_begin(&list, copy, length);
    while ((what = postino_addresses_next(&list, &found)) == POSTINO_ADDRESSES_MAILBOX)
        at += (size_t)snprintf(out + at, sizeof out - at, "%.*s%s%.*s|", (int)found.name_length,
                               found.name ? found.name : "", found.name ? "=" : "", (int)found.address_length,
                               found.address);
    if (what == POSTINO_ADDRESSES_WRONG)
        at += (size_t)snprintf(out + at, sizeof out - at, "!%d", (int)(list.at - copy));
    out[at] = 0;
    return out;
}

static void mailboxes_are_found(void)
{
    CHECK_TEXT(parsed(""), "");
    CHECK_TEXT(parsed(" \r\n "), "");
    CHECK_TEXT(parsed("a@b.test"), "a@b.test|");
    CHECK_TEXT(parsed("a@b.test, c@d.test"), "a@b.test|c@d.test|");
    CHECK_TEXT(parsed("a@b.test,\r\n\tc@d.test\r\n"), "a@b.test|c@d.test|");
    CHECK_TEXT(parsed("<a@b.test>"), "a@b.test|");
    CHECK_TEXT(parsed("Ada <a@b.test>"), "Ada=a@b.test|");
    CHECK_TEXT(parsed("\"Doe, J\" <a@b.test>, Bob <b@c.test>"), "\"Doe, J\"=a@b.test|Bob=b@c.test|");
    CHECK_TEXT(parsed("John Q. Public <a@b.test>"), "John Q. Public=a@b.test|");
    CHECK_TEXT(parsed("=?UTF-8?Q?J=C3=B6rg?= <a@b.test>"), "=?UTF-8?Q?J=C3=B6rg?==a@b.test|");
    CHECK_TEXT(parsed("J\xc3\xb6rg <a@b.test>"), "J\xc3\xb6rg=a@b.test|");
    CHECK_TEXT(parsed("a@[192.0.2.1]"), "a@[192.0.2.1]|");
    CHECK_TEXT(parsed("\"a b\"@c.test"), "\"a b\"@c.test|");
    CHECK_TEXT(parsed("\"a\\\"b\"@c.test"), "\"a\\\"b\"@c.test|");
    CHECK_TEXT(parsed(",, a@b.test,,c@d.test,"), "a@b.test|c@d.test|");
}

static void a_lone_word_is_a_local_user(void)
{
    CHECK_TEXT(parsed("root"), "root|");
    CHECK_TEXT(parsed("root, a.b"), "root|a.b|");
    CHECK_TEXT(parsed("root user"), "!0");
    CHECK_TEXT(parsed("\"root\""), "!0");
    CHECK_TEXT(parsed("a..b"), "!0");
}

static void comments_are_skipped(void)
{
    CHECK_TEXT(parsed("(x) a@b.test (y (z)), (\\)) <c@d.test>(e)"), "a@b.test|c@d.test|");
    CHECK_TEXT(parsed("Ada (of) B <(x)a@b.test(y)>"), "Ada (of) B=a@b.test|");
    CHECK_TEXT(parsed("(a@b.test)"), "");
    CHECK_TEXT(parsed("(a@b.test"), "!0");
    CHECK_TEXT(parsed("a@b.test (x\\"), "!8");
    CHECK_TEXT(parsed("a@b.test)"), "!8");
}

static void groups_are_opened(void)
{
    CHECK_TEXT(parsed("Team: a@b.test, Bob <c@d.test>;"), "a@b.test|Bob=c@d.test|");
    CHECK_TEXT(parsed("undisclosed-recipients:;"), "");
    CHECK_TEXT(parsed("A:a@b.test;, B:;, c@d.test"), "a@b.test|c@d.test|");
    CHECK_TEXT(parsed("A: B: a@b.test;;"), "!4");
    CHECK_TEXT(parsed("A: a@b.test"), "a@b.test|!11");
    CHECK_TEXT(parsed("a@b.test;"), "!8");
    CHECK_TEXT(parsed(":a@b.test;"), "!0");
    CHECK_TEXT(parsed("A:; a@b.test"), "!4");
}

/* An address that could be taken for another is wrong, whole: nothing of it is handed out. */
static void ambiguous_addresses_are_wrong(void)
{
    CHECK_TEXT(parsed("\"xclow3n@gmail.com x\"@internal.test"), "\"xclow3n@gmail.com x\"@internal.test|");
    CHECK_TEXT(parsed("a@b@c"), "!3");
    CHECK_TEXT(parsed("a@b.test c@d.test"), "!9");
    CHECK_TEXT(parsed("a@b.test <c@d.test>"), "!9");
    CHECK_TEXT(parsed("<a@b.test> c@d.test"), "!11");
    CHECK_TEXT(parsed("<a@b.test><c@d.test>"), "!10");
    CHECK_TEXT(parsed("<@x.test,@y.test:a@b.test>"), "!1");
    CHECK_TEXT(parsed("a @b.test"), "!2");
    CHECK_TEXT(parsed("a@ b.test"), "!0");
    CHECK_TEXT(parsed("a(c)@b.test"), "!4");
    CHECK_TEXT(parsed("a@(c)b.test"), "!0");
    CHECK_TEXT(parsed("a@b.test(c).evil.test"), "!11");
    CHECK_TEXT(parsed("a@b."), "!0");
    CHECK_TEXT(parsed("a@.b"), "!0");
    CHECK_TEXT(parsed(".a@b"), "!0");
    CHECK_TEXT(parsed("a@"), "!0");
    CHECK_TEXT(parsed("@b"), "!0");
    CHECK_TEXT(parsed("<>"), "!1");
    CHECK_TEXT(parsed("<a@b.test"), "!1");
    CHECK_TEXT(parsed("a@b.test>"), "!8");
    CHECK_TEXT(parsed("\"a@b.test"), "!0");
    CHECK_TEXT(parsed("\"a\\"), "!0");
    CHECK_TEXT(parsed("\"a\r\n b\"@c.test"), "!0");
    CHECK_TEXT(parsed("a\x01@b.test"), "!1");
    CHECK_TEXT(parsed("a@b.test\x7f"), "!8");
    CHECK_TEXT(parsed("a@[192.0.2.1"), "!0");
    CHECK_TEXT(parsed("a@[1 2]"), "!0");
    CHECK_TEXT(parsed("a@b.test, \"x"), "a@b.test|!10");
}

static void nul_is_wrong(void)
{
    const char text[] = "a@b.test\0,c@d.test";
    struct postino_addresses list;
    struct postino_address found;
    postino_addresses_begin(&list, guarded(text, sizeof text - 1), sizeof text - 1);
    CHECK_NUMBER(postino_addresses_next(&list, &found), POSTINO_ADDRESSES_WRONG);
    CHECK_NUMBER(postino_addresses_next(&list, &found), POSTINO_ADDRESSES_WRONG);
    postino_addresses_begin(&list, "\0", 1);
    CHECK_NUMBER(postino_addresses_next(&list, &found), POSTINO_ADDRESSES_WRONG);
}

static const char *address_of(size_t local, size_t domain)
{
    static char text[1024];
    memset(text, 'a', local);
    text[local] = '@';
    memset(text + local + 1, 'b', domain);
    text[local + 1 + domain] = 0;
    return parsed(text);
}

static void lengths_are_those_of_rfc_5321(void)
{
    CHECK(address_of(64, 10)[0] == 'a');
    CHECK_TEXT(address_of(65, 10), "!0");
    CHECK(address_of(64, 189)[0] == 'a');
    CHECK_TEXT(address_of(64, 190), "!0");
    CHECK_TEXT(address_of(1, 256), "!0");
}

/* Row 128: deep nesting costs no stack and no more time than its length. */
static void deep_comments_are_bounded(void)
{
    size_t depth = 1000000, length = 2 * depth + 8;
    char *text = malloc(length);
    memset(text, '(', depth);
    memset(text + depth, ')', depth);
    memcpy(text + 2 * depth, "a@b.test", 8);
    struct postino_addresses list;
    struct postino_address found;
    postino_addresses_begin(&list, text, length);
    CHECK_NUMBER(postino_addresses_next(&list, &found), POSTINO_ADDRESSES_MAILBOX);
    CHECK_NUMBER(found.address_length, 8);
    CHECK_NUMBER(postino_addresses_next(&list, &found), POSTINO_ADDRESSES_END);
    postino_addresses_begin(&list, text, 2 * depth - 1);
    CHECK_NUMBER(postino_addresses_next(&list, &found), POSTINO_ADDRESSES_WRONG);
    free(text);
}

int main(void)
{
    RUN(mailboxes_are_found);
    RUN(a_lone_word_is_a_local_user);
    RUN(comments_are_skipped);
    RUN(groups_are_opened);
    RUN(ambiguous_addresses_are_wrong);
    RUN(nul_is_wrong);
    RUN(lengths_are_those_of_rfc_5321);
    RUN(deep_comments_are_bounded);
    return CHECK_EXIT();
}
