/* Several mails, several connections, several deliveries at once (attacks 43, 51, 208, 223 to 225). */
#include "check.h"
#include "fake.h"

static struct delivering d, other;

static void outcomes(size_t mails, const uint8_t *expected)
{
    for (size_t i = 0; i < mails; i++)
        CHECK_NUMBER(d.mails[i].result.outcome, expected[i]);
}

static void mails_go_over_one_connection(void)
{
    delivering_init(&d, 5);
    delivering_run(&d);
    outcomes(5, (uint8_t[]){1, 1, 1, 1, 1});
    CHECK_NUMBER(d.fake.connections, 1);
    CHECK_TEXT(d.fake.stored[0], "one\r\n.\r\n");
    CHECK_TEXT(d.fake.stored[2], "three\r\n");
    CHECK(postino_delivery_error(&d.delivery) == NULL);
    CHECK(strstr(d.fake.said, "EHLO [192.0.2.1]\r\n") == d.fake.said);
    size_t i = 0;
    for (struct postino_mail *mail = d.delivery.done; mail; mail = mail->next)
        CHECK(mail == &d.mails[i++]);
    CHECK_NUMBER(i, 5);
}

/* Attacks 223: the connection of a source that failed is dropped; what stood behind goes over a new one. */
static void mails_behind_a_source_that_fails_go_over_a_new_connection(void)
{
    for (size_t failing = 0; failing < 3; failing++)
        for (size_t octets = 0; octets < 4; octets++) {
            delivering_init(&d, 3);
            d.sources[failing].fail_at = octets;
            delivering_run(&d);
            for (size_t i = 0; i < 3; i++)
                CHECK_NUMBER(d.mails[i].result.outcome, i == failing ? POSTINO_REFUSED_FOR_NOW : POSTINO_ACCEPTED);
            CHECK_NUMBER(d.mails[failing].result.reason, POSTINO_REASON_SOURCE);
            CHECK_NUMBER(d.fake.connections, failing == 2 ? 1 : 2);
            CHECK_NUMBER(d.fake.stored_count, 2);
        }
}

static void mails_behind_421_go_over_a_new_connection(void)
{
    delivering_init(&d, 3);
    d.mails[0].reverse_path = "refused@x.test";
    static const char *const refuse[] = {"MAIL FROM:<refused", "550 no\r\n", "RSET", "421 enough\r\n", NULL};
    d.fake.replies = refuse;
    delivering_run(&d);
    CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_REFUSED_FOR_GOOD);
    CHECK(d.fake.connections >= 1);
    for (size_t i = 1; i < 3; i++)
        CHECK(d.mails[i].result.outcome == POSTINO_ACCEPTED || d.mails[i].result.outcome == POSTINO_REFUSED_FOR_NOW);
}

/* It comes to an end where no connection brings a mail further. */
static void a_server_that_never_takes_a_mail_is_given_up(void)
{
    delivering_init(&d, 5);
    d.fake.drop = "EHLO";
    delivering_run(&d);
    outcomes(5, (uint8_t[]){0, 0, 0, 0, 0});
    CHECK_NUMBER(d.fake.connections, 1);
    CHECK_NUMBER(postino_outcome_of(&d.mails[4].result), POSTINO_REFUSED_FOR_NOW);
}

/* What went with a SYN that nobody took (7413): one further connection, and nothing is uncertain. */
static void a_connection_that_was_none_is_made_anew_once(void)
{
    delivering_init(&d, 2);
    d.fake.transport.unconnected = true;
    d.fake.drop = "EHLO";
    delivering_run(&d);
    outcomes(2, (uint8_t[]){0, 0});
    CHECK_NUMBER(d.fake.connections, 2);
}

static void a_server_that_takes_one_mail_a_connection(void)
{
    static const char *const replies[] = {".\r\n", "421 one is enough\r\n", NULL};
    delivering_init(&d, 4);
    d.fake.replies = replies;
    delivering_run(&d);
    for (size_t i = 0; i < 4; i++)
        CHECK_NUMBER(d.mails[i].result.outcome, POSTINO_REFUSED_FOR_NOW);
    CHECK(d.fake.connections <= 4);
}

static void recipients_that_were_too_many_are_tried_again(void)
{
    static struct postino_recipient many[10];
    static const char *const addresses[] = {"0@x.test", "1@x.test", "2@x.test", "3@x.test", "4@x.test",
                                            "5@x.test", "6@x.test", "7@x.test", "8@x.test", "9@x.test"};
    for (uint32_t most = 1; most < 11; most++) {
        delivering_init(&d, 2);
        for (size_t i = 0; i < 10; i++)
            many[i] = (struct postino_recipient){.address = addresses[i]};
        d.mails[0].recipients = many;
        d.mails[0].recipient_count = most < 2 ? 5 : 10;
        d.fake.recipients_max = most;
        delivering_run(&d);
        uint32_t left = d.mails[0].recipient_count;
        for (uint32_t i = 0; i < d.mails[0].recipient_count; i++)
            CHECK_NUMBER(many[i].result.outcome, POSTINO_ACCEPTED);
        for (size_t i = 0; i < d.fake.stored_count; i++) {
            bool second = strcmp(d.fake.stored[i], "two\r\n") == 0;
            CHECK(second || strcmp(d.fake.stored[i], "one\r\n.\r\n") == 0);
            left -= second ? 0 : d.fake.stored_recipients[i];
        }
        CHECK_NUMBER(left, 0);
        CHECK_NUMBER(d.mails[1].result.outcome, POSTINO_ACCEPTED);
    }
}

/* A source that cannot be read twice is not: the recipients keep their 452. */
static void without_rewind_nothing_is_tried_again(void)
{
    static struct postino_recipient two[] = {{.address = "0@x.test"}, {.address = "1@x.test"}};
    delivering_init(&d, 1);
    d.mails[0].recipients = two;
    d.mails[0].recipient_count = 2;
    d.sources[0].source.rewind = NULL;
    d.fake.recipients_max = 1;
    delivering_run(&d);
    CHECK_NUMBER(two[0].result.outcome, POSTINO_ACCEPTED);
    CHECK_NUMBER(two[1].result.outcome, POSTINO_REFUSED_FOR_NOW);
    CHECK_NUMBER(two[1].result.code, 452);
    CHECK_NUMBER(d.fake.stored_count, 1);
}

/* Attacks 224, 225: after a connection that did not bear an envelope behind the dot, none is sent there again. */
static void behind_dot_is_withdrawn_for_the_next_connection(void)
{
    delivering_init(&d, 4);
    d.config.session.behind_dot = &postino_behind_dot;
    d.fake.mute = "RSET";
    delivering_run(&d);
    CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_ACCEPTED);
    CHECK(d.delivery.session_config.behind_dot == NULL);
    CHECK(d.fake.stored_count >= 1);
    for (size_t i = 1; i < 4; i++) {
        bool stored = false;
        for (size_t j = 0; j < d.fake.stored_count; j++)
            stored = stored || strncmp(d.fake.stored[j], d.sources[i].text, 3) == 0;
        CHECK_NUMBER(d.mails[i].result.outcome == POSTINO_ACCEPTED, stored);
    }
    CHECK(d.fake.now_ms - 1000000 <= 31000); /* one short time-out, not one for each mail */
}

/* Attacks 208. */
static void two_deliveries_are_stepped_in_turns(void)
{
    struct postino_wants wants;
    delivering_init(&d, 3);
    delivering_init(&other, 3);
    d.fake.piece = 1;
    other.fake.piece = 2;
    other.mails[1].reverse_path = "refused@x.test";
    static const char *const refuse[] = {"MAIL FROM:<refused", "550 no\r\n", NULL};
    other.fake.replies = refuse;
    CHECK_NUMBER(postino_delivery_init(&d.delivery, &d.config, d.mails), POSTINO_OK);
    CHECK_NUMBER(postino_delivery_init(&other.delivery, &other.config, other.mails), POSTINO_OK);
    bool one = true, two = true;
    for (int i = 0; i < 10000 && (one || two); i++) {
        one = one && postino_delivery_step(&d.delivery, &wants);
        two = two && postino_delivery_step(&other.delivery, &wants);
    }
    CHECK(!one && !two);
    outcomes(3, (uint8_t[]){1, 1, 1});
    CHECK_NUMBER(other.mails[0].result.outcome, POSTINO_ACCEPTED);
    CHECK_NUMBER(other.mails[1].result.outcome, POSTINO_REFUSED_FOR_GOOD);
    CHECK_NUMBER(other.mails[2].result.outcome, POSTINO_ACCEPTED);
    CHECK_TEXT(other.fake.stored[1], "three\r\n");
}

static void misuse_is_told_before_there_is_a_connection(void)
{
    delivering_init(&d, 2);
    d.config.session.name = "two words";
    CHECK_NUMBER(postino_delivery_init(&d.delivery, &d.config, d.mails), POSTINO_BAD_NAME);
    delivering_init(&d, 2);
    d.mails[1].reverse_path = "a@x.test> SIZE=1";
    CHECK_NUMBER(postino_delivery_init(&d.delivery, &d.config, d.mails), POSTINO_BAD_REVERSE_PATH);
    delivering_init(&d, 2);
    d.recipients[1].address = "b@x.test>\r\nRCPT TO:<c@x.test";
    CHECK_NUMBER(postino_delivery_init(&d.delivery, &d.config, d.mails), POSTINO_BAD_RECIPIENT);
    CHECK_NUMBER(d.recipients[1].result.outcome, POSTINO_REFUSED_FOR_GOOD);
    delivering_init(&d, 2);
    d.mails[0].recipient_count = 0;
    CHECK_NUMBER(postino_delivery_init(&d.delivery, &d.config, d.mails), POSTINO_BAD_MAIL);
    CHECK_NUMBER(d.fake.calls, 0);
}

static void implicit_tls_comes_before_the_greeting(void)
{
    delivering_init(&d, 1);
    d.config.implicit_tls = true;
    delivering_run(&d);
    CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_ACCEPTED);
    for (int no_handshake = 0; no_handshake < 2; no_handshake++) {
        delivering_init(&d, 1);
        d.config.implicit_tls = true;
        d.fake.secure_result = POSTINO_TRANSPORT_LOST;
        if (no_handshake)
            d.fake.transport.secure = NULL;
        delivering_run(&d);
        CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_NOT_TRIED);
        CHECK_NUMBER(d.mails[0].result.reason, POSTINO_REASON_NO_TLS);
        CHECK_TEXT(d.fake.said, "");
    }
}

static void starttls_is_a_handshake_or_no_mail(void)
{
    for (int stands = 0; stands < 2; stands++) {
        delivering_init(&d, 1);
        d.config.session.opening[0] = &postino_starttls_required;
        d.fake.offers = "250-fake\r\n250 STARTTLS\r\n";
        static const char *const go[] = {"STARTTLS", "220 go\r\n", NULL};
        d.fake.replies = go;
        d.fake.secure_result = stands ? 1 : POSTINO_TRANSPORT_LOST;
        delivering_run(&d);
        CHECK_NUMBER(d.mails[0].result.outcome, stands ? POSTINO_ACCEPTED : POSTINO_NOT_TRIED);
        CHECK_NUMBER(strstr(d.fake.said, "MAIL") != NULL, stands);
    }
}

int main(void)
{
    RUN(mails_go_over_one_connection);
    RUN(mails_behind_a_source_that_fails_go_over_a_new_connection);
    RUN(mails_behind_421_go_over_a_new_connection);
    RUN(a_server_that_never_takes_a_mail_is_given_up);
    RUN(a_connection_that_was_none_is_made_anew_once);
    RUN(a_server_that_takes_one_mail_a_connection);
    RUN(recipients_that_were_too_many_are_tried_again);
    RUN(without_rewind_nothing_is_tried_again);
    RUN(behind_dot_is_withdrawn_for_the_next_connection);
    RUN(two_deliveries_are_stepped_in_turns);
    RUN(misuse_is_told_before_there_is_a_connection);
    RUN(implicit_tls_comes_before_the_greeting);
    RUN(starttls_is_a_handshake_or_no_mail);
    return CHECK_EXIT();
}
