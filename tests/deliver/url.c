/* Server URLs: what is taken, what is refused, what becomes of it. */
#include "check.h"

#include <postino/deliver.h>

static void taken(const char *text, enum postino_scheme scheme, const char *host, unsigned port, const char *path,
                  const char *user)
{
    struct postino_url url;
    const char *wrong = postino_url_parse(&url, text);
    CHECK_TEXT(wrong ? wrong : "", "");
    if (wrong)
        return;
    CHECK_NUMBER(url.scheme, scheme);
    CHECK_TEXT(url.host, host);
    CHECK_NUMBER(url.port, port);
    CHECK_TEXT(url.path, path);
    CHECK_TEXT(url.user, user);
}

static void url_schemes_and_their_ports(void)
{
    taken("smtp://x.test", POSTINO_SCHEME_SMTP, "x.test", 25, "", "");
    taken("smtp+tls://x.test", POSTINO_SCHEME_SMTP_TLS, "x.test", 25, "", "");
    taken("smtp+notls://x.test", POSTINO_SCHEME_SMTP_NOTLS, "x.test", 25, "", "");
    taken("smtps://x.test", POSTINO_SCHEME_SMTPS, "x.test", 465, "", "");
    taken("submission://x.test", POSTINO_SCHEME_SUBMISSION, "x.test", 587, "", "");
    taken("lmtp://x.test", POSTINO_SCHEME_LMTP, "x.test", 24, "", "");
}

static void url_hosts_ports_users_and_paths(void)
{
    taken("smtp://x.test/", POSTINO_SCHEME_SMTP, "x.test", 25, "", "");
    taken("smtp://x.test:2525", POSTINO_SCHEME_SMTP, "x.test", 2525, "", "");
    taken("smtp://x.test:2525/", POSTINO_SCHEME_SMTP, "x.test", 2525, "", "");
    taken("smtp://x.test:1", POSTINO_SCHEME_SMTP, "x.test", 1, "", "");
    taken("smtp://x.test:65535", POSTINO_SCHEME_SMTP, "x.test", 65535, "", "");
    taken("smtp://192.0.2.1", POSTINO_SCHEME_SMTP, "192.0.2.1", 25, "", "");
    taken("smtp://[2001:db8::1]:26/", POSTINO_SCHEME_SMTP, "2001:db8::1", 26, "", "");
    taken("smtp://[::FFFF:192.0.2.1]", POSTINO_SCHEME_SMTP, "::FFFF:192.0.2.1", 25, "", "");
    taken("smtp://user@x.test", POSTINO_SCHEME_SMTP, "x.test", 25, "", "user");
    taken("smtps://user%40y.test@x.test:1", POSTINO_SCHEME_SMTPS, "x.test", 1, "", "user@y.test");
    taken("smtp://a@b@x.test", POSTINO_SCHEME_SMTP, "x.test", 25, "", "a@b");
    taken("lmtp:///var/run/lmtp", POSTINO_SCHEME_LMTP, "", 24, "/var/run/lmtp", "");
    taken("lmtp:///a%20b@c:d", POSTINO_SCHEME_LMTP, "", 24, "/a b@c:d", "");
    taken("smtp://under_score-1.test", POSTINO_SCHEME_SMTP, "under_score-1.test", 25, "", "");
}

static void url_that_is_none(void)
{
    static const char *const bad[] = {
        "",
        "x",
        "smtp",
        "smtp:",
        "smtp:/",
        "smtp://",
        "smtp:///",
        "smtp:///x",
        "://x.test",
        "http://x.test",
        "SMTP://x.test",
        " smtp://x.test",
        "smtp ://x.test",
        "smtp+x://x.test",
        "smtp://:25",
        "smtp://x:",
        "smtp://x:0",
        "smtp://x:65536",
        "smtp://x:100000",
        "smtp://x:-1",
        "smtp://x:+1",
        "smtp://x:1x",
        "smtp://x: 1",
        "smtp://x:1 ",
        "smtp://x:1/x",
        "smtp://x:1//",
        "smtp://x:/",
        "smtp://x/y",
        "smtp://x//",
        "smtp://x?y",
        "smtp://x#y",
        "smtp://x y",
        "smtp://x\r\nDATA",
        "smtp://x%0d%0aDATA",
        "smtp://x%41",
        "smtp://[]",
        "smtp://[::1",
        "smtp://::1]",
        "smtp://[::1]x",
        "smtp://[::1]:",
        "smtp://[x.test]",
        "smtp://[192.0.2.1]",
        "smtp://[:%3a1]",
        "smtp://[[::1]]",
        "smtp://::1",
        "smtp://u:p@x.test",
        "smtp://%0d@x.test",
        "smtp://%0@x.test",
        "smtp://%@x.test",
        "smtp://%zz@x.test",
        "smtp://%00@x.test",
        "smtp://%7f@x.test",
        "smtp://a\tb@x.test",
        "smtp://u@",
        "lmtp://",
        "lmtp:///a%0ab",
        "lmtp:///a\nb",
        "lmtp:///a%",
        "smtp://.x.test",
        "smtp://m\xC3\xBCnchen\x7F.test",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct postino_url url;
        const char *wrong = postino_url_parse(&url, bad[i]);
        if (!wrong)
            printf("# taken: %s as host [%s] port %u\n", bad[i], url.host, url.port);
        CHECK(wrong && *wrong);
    }
}

/* What is too long is refused, never cut. */
static void url_parts_up_to_their_room(void)
{
    char text[600];
    struct postino_url url;
    for (size_t length = 250; length < 262; length++) {
        snprintf(text, sizeof text, "smtp://%0*d", (int)length, 7);
        CHECK((postino_url_parse(&url, text) == NULL) == (length < sizeof url.host));
        snprintf(text, sizeof text, "smtp://%0*d@x.test", (int)length, 7);
        CHECK((postino_url_parse(&url, text) == NULL) == (length < sizeof url.user));
    }
    for (size_t length = 100; length < 112; length++) {
        snprintf(text, sizeof text, "lmtp:///%0*d", (int)length - 1, 7);
        CHECK((postino_url_parse(&url, text) == NULL) == (length < sizeof url.path));
    }
}

int main(void)
{
    RUN(url_schemes_and_their_ports);
    RUN(url_hosts_ports_users_and_paths);
    RUN(url_that_is_none);
    RUN(url_parts_up_to_their_room);
    return CHECK_EXIT();
}
