/* Mails one after the other over a connection that outlives them. */
#include "check.h"
#include "fake.h"

enum {
    IDLE_S = 30
};

static struct delivering d;

/* The mails of `d`, of which the first `ready` are there. */
struct feeder {
    struct postino_feed feed; /* first */
    size_t count, ready, given, done;
    size_t most_given; /* and not done, at once */
    struct postino_mail *last;
};

static struct feeder feeder;

static struct postino_mail *next_mail(struct postino_feed *feed)
{
    struct feeder *self = (struct feeder *)feed;
    if (self->given == self->ready) {
        feed->closing = self->given == self->count;
        return NULL;
    }
    struct postino_mail *mail = &d.mails[self->given++];
    size_t under_way = self->given - self->done;
    self->most_given = under_way > self->most_given ? under_way : self->most_given;
    return mail;
}

static void mail_done(struct postino_feed *feed, struct postino_mail *mail)
{
    struct feeder *self = (struct feeder *)feed;
    self->done++;
    self->last = mail;
}

static void begin(size_t count, size_t ready, uint16_t ahead)
{
    delivering_init(&d, count);
    feeder = (struct feeder){.feed = {next_mail, mail_done, ahead, IDLE_S, false}, .count = count, .ready = ready};
    d.config.feeding = &postino_feeding;
    d.config.feed = &feeder.feed;
    CHECK_NUMBER(postino_delivery_init(&d.delivery, &d.config, NULL), POSTINO_OK);
}

/* Steps until nothing more can be done without time. Returns whether it goes on. */
static bool settle(void)
{
    struct postino_wants wants;
    for (int i = 0; i < 100; i++)
        if (!postino_delivery_step(&d.delivery, &wants))
            return false;
    return true;
}

static void all_accepted(size_t count)
{
    CHECK_NUMBER(feeder.done, count);
    CHECK_NUMBER(d.fake.stored_count, count);
    for (size_t i = 0; i < count; i++)
        CHECK_NUMBER(d.mails[i].result.outcome, POSTINO_ACCEPTED);
}

static void mails_are_taken_as_they_are_needed(void)
{
    for (uint16_t ahead = 1; ahead < 6; ahead++) {
        begin(5, 5, ahead);
        postino_delivery_run(&d.delivery);
        all_accepted(5);
        CHECK_NUMBER(d.fake.connections, 1);
        CHECK_NUMBER(feeder.most_given, ahead);
        CHECK(feeder.last == &d.mails[4]);
    }
}

static void a_connection_waits_for_the_next_mail(void)
{
    begin(3, 1, 4);
    for (size_t i = 1; i <= 3; i++) {
        feeder.ready = i;
        CHECK(settle() == (i < 3));
        CHECK_NUMBER(feeder.done, i);
        d.fake.now_ms += 1000 * (IDLE_S - 1);
    }
    all_accepted(3);
    CHECK_NUMBER(d.fake.connections, 1);
    CHECK(strstr(d.fake.said, "QUIT\r\n") != NULL);
    CHECK(postino_delivery_error(&d.delivery) == NULL);
}

static void an_idle_connection_is_left_in_time(void)
{
    begin(2, 1, 4);
    CHECK(settle());
    struct postino_wants wants;
    postino_delivery_step(&d.delivery, &wants);
    CHECK_NUMBER(wants.until_ms, d.fake.now_ms + 1000 * IDLE_S);
    d.fake.now_ms += 1000 * IDLE_S;
    CHECK(!settle());
    CHECK(strstr(d.fake.said, "QUIT\r\n") != NULL);
    CHECK_NUMBER(feeder.given, 1);
    CHECK(postino_delivery_error(&d.delivery) == NULL);
}

static void a_server_that_hangs_up_on_an_idle_connection(void)
{
    begin(2, 1, 4);
    CHECK(settle());
    d.fake.closed = true;
    CHECK(!settle());
    CHECK_NUMBER(feeder.done, 1);
    CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_ACCEPTED);
}

/* What was not tried goes over a second connection, whose mails come from the feed, too. */
static void a_lost_connection_is_made_again(void)
{
    begin(4, 4, 2);
    d.sources[1].fail_at = 1;
    postino_delivery_run(&d.delivery);
    CHECK_NUMBER(feeder.done, 4);
    CHECK_NUMBER(d.fake.connections, 2);
    for (size_t i = 0; i < 4; i++)
        CHECK_NUMBER(d.mails[i].result.outcome, i == 1 ? POSTINO_REFUSED_FOR_NOW : POSTINO_ACCEPTED);
}

static void mails_come_back_where_there_is_no_server(void)
{
    begin(3, 3, 2);
    d.fake.connects_never = true;
    postino_delivery_run(&d.delivery);
    CHECK_NUMBER(feeder.given, 0);
    CHECK(postino_delivery_error(&d.delivery) != NULL);
    begin(3, 3, 2);
    d.fake.drop = "EHLO";
    postino_delivery_run(&d.delivery);
    CHECK_NUMBER(feeder.done, 2);
    CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_NOT_TRIED);
}

/* Recipients that were too many are tried again before another mail is taken. */
static void a_further_pass_comes_first(void)
{
    static struct postino_recipient many[5];
    static const char *const addresses[] = {"0@x.test", "1@x.test", "2@x.test", "3@x.test", "4@x.test"};
    begin(2, 2, 1);
    for (size_t i = 0; i < 5; i++)
        many[i] = (struct postino_recipient){.address = addresses[i]};
    d.mails[0].recipients = many;
    d.mails[0].recipient_count = 5;
    d.fake.recipients_max = 2;
    postino_delivery_run(&d.delivery);
    CHECK_NUMBER(feeder.done, 2);
    for (size_t i = 0; i < 5; i++)
        CHECK_NUMBER(many[i].result.outcome, POSTINO_ACCEPTED);
    CHECK_NUMBER(d.fake.stored_count, 4);
    CHECK_TEXT(d.fake.stored[3], "two\r\n");
}

static void cancelling_gives_all_mails_back(void)
{
    begin(4, 4, 3);
    d.fake.mute = "MAIL";
    CHECK(settle());
    postino_delivery_cancel(&d.delivery);
    CHECK(!settle());
    CHECK_NUMBER(feeder.done, 3);
    CHECK_NUMBER(d.mails[0].result.reason, POSTINO_REASON_CANCELLED);
}

int main(void)
{
    RUN(mails_are_taken_as_they_are_needed);
    RUN(a_connection_waits_for_the_next_mail);
    RUN(an_idle_connection_is_left_in_time);
    RUN(a_server_that_hangs_up_on_an_idle_connection);
    RUN(a_lost_connection_is_made_again);
    RUN(mails_come_back_where_there_is_no_server);
    RUN(a_further_pass_comes_first);
    RUN(cancelling_gives_all_mails_back);
    return CHECK_EXIT();
}
