/* Every call of a transport fails once, and the connection is lost behind every octet: what the caller is told is what
 * the server knows (attacks 50, 175, 178, 207). */
#include "check.h"
#include "fake.h"

static struct delivering d;

static size_t run_with(size_t mails, size_t fail_at, int failure, size_t piece, size_t output_size)
{
    delivering_init(&d, mails);
    d.fake.fail_at = fail_at;
    d.fake.failure = failure;
    d.fake.piece = piece;
    d.config.output_size = output_size;
    delivering_run(&d);
    CHECK(delivering_told_the_truth(&d, mails));
    return d.fake.calls;
}

static void each_call_is_lost_once(void)
{
    static const size_t output_sizes[] = {1, 7, 512, 65536};
    for (size_t size = 0; size < 4; size++) {
        size_t call = 0;
        while (run_with(3, call, POSTINO_TRANSPORT_LOST, FAKE_NEVER, output_sizes[size]) > call)
            call++;
        CHECK(call > 10);
        CHECK_NUMBER(d.mails[2].result.outcome, POSTINO_ACCEPTED); /* none failed in the last run */
    }
}

/* A wait that fails is a cancel. */
static void each_wait_is_cancelled_once(void)
{
    size_t cancelled = 0, call = 0;
    for (; run_with(3, call, POSTINO_TRANSPORT_LOST, 5, 64) > call; call++)
        for (size_t i = 0; i < 3; i++)
            cancelled += d.mails[i].result.reason == POSTINO_REASON_CANCELLED;
    CHECK(cancelled > 0);
}

static void each_call_says_not_now_once(void)
{
    for (size_t call = 0; run_with(3, call, 0, 3, 512) > call; call++) {
        for (size_t i = 0; i < 3; i++)
            CHECK_NUMBER(d.mails[i].result.outcome, POSTINO_ACCEPTED);
        CHECK_NUMBER(d.fake.stored_count, 3);
        CHECK_NUMBER(d.fake.now_ms, 1000000);
    }
}

static void writes_of_any_piece_send_the_same(void)
{
    char said[sizeof d.fake.said];
    run_with(3, FAKE_NEVER, 0, FAKE_NEVER, 65536);
    memcpy(said, d.fake.said, sizeof said);
    for (size_t piece = 1; piece < 40; piece++)
        for (size_t size = 1; size < 40; size += 4) {
            run_with(3, FAKE_NEVER, 0, piece, size);
            CHECK_TEXT(d.fake.said, said);
            CHECK_NUMBER(d.mails[2].result.outcome, POSTINO_ACCEPTED);
        }
}

/* Behind every octet; with whole writes and with writes of one octet. */
static void lost_behind_each_octet(void)
{
    static const size_t pieces[] = {FAKE_NEVER, 1};
    for (size_t p = 0; p < 2; p++) {
        size_t uncertain = 0, last = 0;
        for (size_t octets = 0; octets < 1000; octets++) {
            delivering_init(&d, 1);
            d.fake.lose_behind = octets;
            d.fake.piece = pieces[p];
            delivering_run(&d);
            CHECK(delivering_told_the_truth(&d, 1));
            if (d.mails[0].result.outcome == POSTINO_UNCERTAIN)
                last = octets;
            uncertain += d.mails[0].result.outcome == POSTINO_UNCERTAIN;
            if (d.mails[0].result.outcome == POSTINO_ACCEPTED)
                break;
        }
        CHECK_NUMBER(uncertain, 1); /* behind the final LF, and nowhere else: then comes QUIT */
        CHECK(last > 0);
    }
}

static void a_terminator_that_leaves_in_part_is_not_uncertain(void)
{
    delivering_init(&d, 1);
    delivering_run(&d);
    size_t whole = d.fake.written - strlen("QUIT\r\n");
    for (size_t missing = 0; missing < 6; missing++) {
        delivering_init(&d, 1);
        d.fake.lose_behind = whole - missing;
        delivering_run(&d);
        CHECK_NUMBER(d.mails[0].result.outcome, missing ? POSTINO_REFUSED_FOR_NOW : POSTINO_UNCERTAIN);
        CHECK_NUMBER(d.mails[0].result.step, POSTINO_STEP_CONTENT);
        CHECK_NUMBER(d.mails[0].result.reason, POSTINO_REASON_LOST);
    }
}

/* Attacks 19 and 174: what comes behind the end of the session is not read for ever. */
static void a_flood_is_read_no_longer_than_the_session_lasts(void)
{
    delivering_init(&d, 1);
    d.fake.floods = true;
    d.config.input_size = 64;
    delivering_run(&d);
    CHECK_NUMBER(d.mails[0].result.reason, POSTINO_REASON_PROTOCOL);
    CHECK(d.fake.calls_of[FAKE_READ] <= POSTINO_REPLY_LINE_MAX / 64 + 2);
}

/* Attacks 160: the server takes nothing while its replies are unread. */
static void replies_are_read_while_a_flight_is_written(void)
{
    static struct postino_recipient many[500];
    delivering_init(&d, 1);
    d.fake.blocks_while_unread = true;
    d.fake.piece = 50;
    d.mails[0].recipients = many;
    d.mails[0].recipient_count = 500;
    for (size_t i = 0; i < 500; i++)
        many[i] = (struct postino_recipient){.address = "b@x.test"};
    delivering_run(&d);
    CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_ACCEPTED);
    CHECK_NUMBER(d.fake.now_ms, 1000000);
    CHECK_NUMBER(d.fake.stored_recipients[0], 500);
}

int main(void)
{
    RUN(each_call_is_lost_once);
    RUN(each_wait_is_cancelled_once);
    RUN(each_call_says_not_now_once);
    RUN(writes_of_any_piece_send_the_same);
    RUN(lost_behind_each_octet);
    RUN(a_terminator_that_leaves_in_part_is_not_uncertain);
    RUN(a_flood_is_read_no_longer_than_the_session_lasts);
    RUN(replies_are_read_while_a_flight_is_written);
    return CHECK_EXIT();
}
