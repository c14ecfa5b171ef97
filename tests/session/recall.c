/* What a server offered, kept for the next session with it (PIPECONNECT). */
#define _DEFAULT_SOURCE
#include "check.h"
#include "talk.h"

static const char hello[] = "EHLO c.test\r\n";
static const struct postino_known known = {.offers = POSTINO_OFFERS_PIPECONNECT | POSTINO_OFFERS_PIPELINING |
                                                     POSTINO_OFFERS_CHUNKING};
static char lines[256];

static void note(struct postino_trace *trace, enum postino_direction direction, const char *line, size_t length)
{
    (void)trace;
    if (direction == POSTINO_TO_SERVER)
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%.*s|", (int)length, line);
}

static void begin(struct postino_session *s)
{
    postino_session_init(s, &config);
    CHECK_NUMBER(postino_session_submit(s, new_mail()), POSTINO_OK);
}

static void ehlo_must_fit(void)
{
    struct postino_session s;
    char buffer[sizeof hello];
    begin(&s);
    CHECK_NUMBER(postino_session_recall(&s, &known, buffer, strlen(hello) - 1), 0);
    CHECK_NUMBER(postino_session_offers(&s), 0);
    CHECK_NUMBER(postino_session_need(&s), POSTINO_NEED_RECEIVE);
    CHECK(!postino_session_changed(&s));
    CHECK_NUMBER(postino_session_recall(&s, &known, buffer, strlen(hello)), strlen(hello));
    CHECK(memcmp(buffer, hello, strlen(hello)) == 0);
    CHECK(postino_session_changed(&s));
    CHECK_NUMBER(postino_session_need(&s), POSTINO_NEED_SEND);
}

static void what_this_session_does_without_is_not_recalled(void)
{
    static const struct postino_extension *const few[] = {&postino_pipelining, &postino_chunking, &postino_pipeconnect,
                                                          NULL};
    static const struct postino_known more = {.offers = ~POSTINO_OFFERS_LIMITS};
    struct postino_session s;
    char buffer[64];
    config.extensions = few;
    begin(&s);
    CHECK_NUMBER(postino_session_recall(&s, &more, buffer, sizeof buffer), strlen(hello));
    CHECK_NUMBER(postino_session_offers(&s), known.offers);
    config.extensions = postino_extensions;
}

static void it_is_for_the_beginning(void)
{
    struct postino_session s;
    char buffer[64];
    postino_session_init(&s, &config);
    CHECK_NUMBER(postino_session_recall(&s, &known, buffer, sizeof buffer), 0); /* no mail */
    CHECK_NUMBER(postino_session_submit(&s, new_mail()), POSTINO_OK);
    CHECK_NUMBER(postino_session_recall(&s, &known, buffer, sizeof buffer), strlen(hello));
    CHECK_NUMBER(postino_session_recall(&s, &known, buffer, sizeof buffer), 0); /* again */
    begin(&s);
    say(&s, "220 x\r\n");
    CHECK_NUMBER(postino_session_recall(&s, &known, buffer, sizeof buffer), 0); /* greeted */
}

static void it_is_traced(void)
{
    struct postino_session s;
    struct postino_trace trace;
    char buffer[64], room[256];
    postino_trace_init(&trace, room, sizeof room, note);
    config.trace = &trace;
    begin(&s);
    CHECK_NUMBER(postino_session_recall(&s, &known, buffer, sizeof buffer), strlen(hello));
    CHECK_TEXT(lines, "EHLO c.test|");
    config.trace = NULL;
}

/* What was learnt, and whether it is of use. */
static bool learn(const char *ehlo, bool secured, struct postino_known *learnt)
{
    struct postino_session s;
    begin(&s);
    if (secured)
        postino_session_secured(&s);
    say(&s, "220 x\r\n");
    char buffer[64];
    spoken(&s, buffer, sizeof buffer - 1);
    say(&s, ehlo);
    memset(learnt, 0xA5, sizeof *learnt);
    return postino_session_remember(&s, learnt);
}

static void what_is_offered_is_remembered(void)
{
    struct postino_known learnt;
    CHECK(!learn("250-x\r\n250-CHUNKING\r\n250 SIZE 10\r\n", false, &learnt));
    CHECK(learn("250-x\r\n250-SIZE 1000\r\n250-DELIVERBY 60\r\n250-FUTURERELEASE 70 2030-01-01T00:00:00Z\r\n"
                "250-PIPECONNECT\r\n250-PIPELINING\r\n250 CHUNKING\r\n",
                true, &learnt));
    CHECK_NUMBER(learnt.offers,
                 known.offers | POSTINO_OFFERS_SIZE | POSTINO_OFFERS_DELIVERBY | POSTINO_OFFERS_FUTURERELEASE);
    CHECK_NUMBER(learnt.size_limit, 1000);
    CHECK_NUMBER(learnt.by_min_s, 60);
    CHECK_NUMBER(learnt.hold_max_s, 70);
    CHECK(learnt.secured);
    CHECK(learn("250-x\r\n250 PIPECONNECT\r\n", false, &learnt));
    CHECK_NUMBER(learnt.offers, POSTINO_OFFERS_PIPECONNECT);
    CHECK(!learnt.secured);
}

static void what_is_not_confirmed_is_not_remembered(void)
{
    struct postino_known learnt;
    struct postino_session s;
    char buffer[512];
    begin(&s);
    postino_session_recall(&s, &known, buffer, sizeof buffer);
    CHECK(!postino_session_remember(&s, &learnt));
    say(&s, "220 x\r\n250-x\r\n250-PIPECONNECT\r\n250 CHUNKING\r\n");
    CHECK(!postino_session_remember(&s, &learnt));
    begin(&s);
    postino_session_recall(&s, &known, buffer, sizeof buffer);
    say(&s, "220 x\r\n250-x\r\n250-PIPECONNECT\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    CHECK(postino_session_remember(&s, &learnt));
}

int main(void)
{
    RUN(ehlo_must_fit);
    RUN(what_this_session_does_without_is_not_recalled);
    RUN(it_is_for_the_beginning);
    RUN(it_is_traced);
    RUN(what_is_offered_is_remembered);
    RUN(what_is_not_confirmed_is_not_remembered);
    return CHECK_EXIT();
}
