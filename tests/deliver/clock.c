/* Time-outs of each step, the total, and cancelling: by a clock that is turned by hand (attacks 28, 141, 168 to 170).
 */
#include "check.h"
#include "fake.h"

static struct delivering d;

static const struct {
    const char *mute; /* NULL: never connected */
    enum postino_step step;
    unsigned seconds; /* 5321 4.5.3.2 */
    enum postino_outcome outcome;
} steps[] = {
    {NULL, POSTINO_STEP_CONNECT, 30, POSTINO_REFUSED_FOR_NOW},
    {"", POSTINO_STEP_GREETING, 300, POSTINO_REFUSED_FOR_NOW},
    {"EHLO", POSTINO_STEP_EHLO, 300, POSTINO_REFUSED_FOR_NOW},
    {"MAIL", POSTINO_STEP_MAIL, 300, POSTINO_REFUSED_FOR_NOW},
    {"RCPT", POSTINO_STEP_RCPT, 300, POSTINO_REFUSED_FOR_NOW},
    {"DATA", POSTINO_STEP_DATA, 120, POSTINO_REFUSED_FOR_NOW},
    {".\r\n", POSTINO_STEP_CONTENT, 600, POSTINO_UNCERTAIN},
    {"QUIT", POSTINO_STEP_QUIT, 5, POSTINO_ACCEPTED},
};
#define STEPS (sizeof steps / sizeof *steps)

static void begin(size_t i)
{
    delivering_init(&d, 1);
    d.fake.mute = steps[i].mute;
    d.fake.connects_never = !steps[i].mute;
    d.fake.offers = "250 fake\r\n"; /* in lock-step */
}

/* `reason` where it was not accepted. */
static void ended(size_t i, enum postino_reason reason)
{
    enum postino_outcome outcome = postino_outcome_of(&d.mails[0].result);
    if (outcome != steps[i].outcome)
        printf("# at %s\n", postino_step_name(steps[i].step));
    CHECK_NUMBER(outcome, steps[i].outcome);
    if (outcome == POSTINO_ACCEPTED)
        return;
    CHECK_NUMBER(d.mails[0].result.step, steps[i].step);
    CHECK_NUMBER(d.mails[0].result.reason, reason);
    CHECK_NUMBER(d.mails[0].result.code, 0);
    CHECK(postino_delivery_error(&d.delivery) && postino_delivery_error(&d.delivery)->reason == reason);
}

static void each_step_has_its_time_out(void)
{
    for (size_t i = 0; i < STEPS; i++) {
        begin(i);
        delivering_run(&d);
        ended(i, POSTINO_REASON_TIMEOUT);
        CHECK_NUMBER(d.fake.now_ms - 1000000, 1000 * steps[i].seconds);
    }
}

static void each_time_out_can_be_set(void)
{
    uint16_t timeouts_s[POSTINO_STEP_COMMAND + 1] = {0};
    for (size_t i = 0; i < STEPS; i++) {
        begin(i);
        memset(timeouts_s, 0, sizeof timeouts_s);
        timeouts_s[steps[i].step] = 7;
        d.config.timeouts_s = timeouts_s;
        delivering_run(&d);
        ended(i, POSTINO_REASON_TIMEOUT);
        CHECK_NUMBER(d.fake.now_ms - 1000000, 7000);
    }
}

static void the_total_ends_each_step(void)
{
    for (size_t i = 0; i < STEPS; i++) {
        begin(i);
        d.config.total_s = 3;
        delivering_run(&d);
        ended(i, POSTINO_REASON_TIMEOUT);
        CHECK_NUMBER(d.fake.now_ms - 1000000, 3000);
    }
}

/* By the steps of an event loop. */
static void each_step_can_be_cancelled(void)
{
    struct postino_wants wants;
    for (size_t i = 0; i < STEPS; i++) {
        begin(i);
        CHECK_NUMBER(postino_delivery_init(&d.delivery, &d.config, d.mails), POSTINO_OK);
        for (int step = 0; step < 30; step++)
            CHECK(postino_delivery_step(&d.delivery, &wants));
        CHECK_NUMBER(wants.until_ms, 1000000 + 1000 * steps[i].seconds);
        postino_delivery_cancel(&d.delivery);
        CHECK(!postino_delivery_step(&d.delivery, &wants));
        CHECK(!postino_delivery_step(&d.delivery, &wants)); /* and again */
        ended(i, POSTINO_REASON_CANCELLED);
        CHECK_NUMBER(d.fake.now_ms, 1000000);
        CHECK(d.fake.closes > 0);
    }
}

static void cancelled_before_anything(void)
{
    struct postino_wants wants;
    delivering_init(&d, 3);
    CHECK_NUMBER(postino_delivery_init(&d.delivery, &d.config, d.mails), POSTINO_OK);
    postino_delivery_cancel(&d.delivery);
    CHECK(!postino_delivery_step(&d.delivery, &wants));
    for (size_t i = 0; i < 3; i++) {
        CHECK_NUMBER(d.mails[i].result.outcome, POSTINO_NOT_TRIED);
        CHECK_NUMBER(postino_outcome_of(&d.mails[i].result), POSTINO_REFUSED_FOR_NOW);
        CHECK_NUMBER(d.recipients[i].result.reason, POSTINO_REASON_CANCELLED);
    }
    CHECK_NUMBER(d.fake.connections, 0);
}

/* Attacks 168: an octet now and then is no reply. */
static void octets_that_drip_do_not_turn_the_clock_back(void)
{
    struct postino_wants wants;
    delivering_init(&d, 1);
    d.fake.mute = "";
    CHECK_NUMBER(postino_delivery_init(&d.delivery, &d.config, d.mails), POSTINO_OK);
    bool going = postino_delivery_step(&d.delivery, &wants);
    for (int i = 0; i < 400 && going; i++) {
        d.fake.now_ms += 1000;
        d.fake.reply[d.fake.reply_end++] = "220-x\r\n"[i < 4 ? i : 4];
        going = postino_delivery_step(&d.delivery, &wants);
    }
    CHECK(!going);
    CHECK_NUMBER(d.fake.now_ms, 1000000 + 300000);
    CHECK_NUMBER(d.mails[0].result.reason, POSTINO_REASON_TIMEOUT);
}

/* A server that takes nothing any more (attacks 141), and a source that has nothing yet. */
static void a_block_of_content_has_its_time(void)
{
    struct postino_wants wants;
    delivering_init(&d, 1);
    CHECK_NUMBER(postino_delivery_init(&d.delivery, &d.config, d.mails), POSTINO_OK);
    d.sources[0].not_yet = 3;
    while (!strstr(d.fake.said, "DATA"))
        CHECK(postino_delivery_step(&d.delivery, &wants));
    CHECK(postino_delivery_step(&d.delivery, &wants)); /* the reply comes, the source has nothing */
    CHECK(wants.until_ms <= d.fake.now_ms + 100);      /* it is asked again soon */
    d.fake.blocked = true;
    for (int i = 0; i < 5; i++)
        CHECK(postino_delivery_step(&d.delivery, &wants));
    CHECK(wants.writing);
    CHECK_NUMBER(wants.until_ms, 1000000 + 180000);
    d.fake.now_ms = wants.until_ms;
    CHECK(!postino_delivery_step(&d.delivery, &wants));
    CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_REFUSED_FOR_NOW);
    CHECK_NUMBER(d.mails[0].result.step, POSTINO_STEP_CONTENT);
    CHECK_NUMBER(d.mails[0].result.reason, POSTINO_REASON_TIMEOUT);
}

/* A program that was stopped, or an event loop that comes late: what the server has said by then counts. */
static void a_reply_that_has_come_counts_however_late(void)
{
    for (int cancel = 0; cancel < 2; cancel++) {
        struct postino_wants wants;
        delivering_init(&d, 1);
        CHECK_NUMBER(postino_delivery_init(&d.delivery, &d.config, d.mails), POSTINO_OK);
        while (!d.fake.stored_count)
            CHECK(postino_delivery_step(&d.delivery, &wants));
        if (cancel)
            postino_delivery_cancel(&d.delivery);
        else
            d.fake.now_ms += 3600000;
        for (int i = 0; i < 5 && postino_delivery_step(&d.delivery, &wants); i++)
            continue;
        CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_ACCEPTED);
    }
}

static void a_source_that_waits_does_not_turn_round(void)
{
    delivering_init(&d, 1);
    d.sources[0].not_yet = 50;
    delivering_run(&d);
    CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_ACCEPTED);
    CHECK(d.fake.now_ms > 1000000 && d.fake.now_ms <= 1000000 + 50 * 10);
    CHECK(d.fake.calls_of[FAKE_WAIT] < 100);
}

int main(void)
{
    RUN(each_step_has_its_time_out);
    RUN(each_time_out_can_be_set);
    RUN(the_total_ends_each_step);
    RUN(each_step_can_be_cancelled);
    RUN(cancelled_before_anything);
    RUN(octets_that_drip_do_not_turn_the_clock_back);
    RUN(a_block_of_content_has_its_time);
    RUN(a_reply_that_has_come_counts_however_late);
    RUN(a_source_that_waits_does_not_turn_round);
    return CHECK_EXIT();
}
