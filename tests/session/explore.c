/*
 * Every reply in every reachable state, by snapshot and restore in place, breadth first. States are equal when all but
 * absolute counters and the digits of codes is. What must hold in each of them:
 *
 *   1  accepted only if a final 2yz answered the content of that mail, and its MAIL and that RCPT were accepted
 *   2  uncertain if and only if the last octet of the content left, and no final reply and no 421 came
 *   3  not tried if and only if no octet of its MAIL left, or its RSET was refused
 *   4  a refusal is that of MAIL, of RCPT, of DATA or of the content, in that order, with the class of the reply
 *   5  a mail is accepted if a recipient is, else uncertain if one is, else what one of them is
 *   6  a lone dot only where no recipient was accepted, and content only behind a 354
 *   7  MAIL only where no transaction may stand open, else RSET goes before it
 *   8  no more replies outstanding than the window lets, nothing behind the end of a group (2920 3.1), QUIT alone
 *   9  DATA, where all or none is asked for, only when all are accepted; MAIL in clear never where TLS is required
 *  10  a malformed, unexpected or unsolicited reply, and 421, close; nothing else does; then nothing is spoken or heard
 *  11  what is awaited is bounded in time; nothing is sent that is no octet; errors are sticky
 *  12  every mail is handed back once, in order, and in the end
 *  13  where there is a sasl, MAIL only behind a 235 to AUTH, AUTH and its responses in TLS or where clear is
 * permitted, each 334 answered by one response or by `*`, which only 4yz and 5yz may answer; else QUIT, and no mail was
 * tried
 *
 *  14  BDAT only where it is offered, each chunk as long as it says; behind a refused RSET in a flight, and where
 * content is taken that was refused, it closes; ahead of a greeting nothing but QUIT behind an EHLO reply that is
 * another
 *
 * monitor.c holds 6 to 9, 13 and 14 and knows what 1 to 4 allow, from the octets alone.
 */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world world;

static const struct stimulus stimuli[] = {
    {"220 a\r\n", {220}, 0, 0, false},
    {"221 a\r\n", {221}, 0, 0, false},
    {"235 a\r\n", {235}, 0, 0, false},
    {"250 a\r\n", {250}, 0, 0, false},
    {"250-a\r\n250-PIPELINING\r\n250 STARTTLS\r\n", {250}, 0, 0, false},
    {"250-a\r\n250-AUTH FAKE LOGIN PLAIN\r\n250 STARTTLS\r\n", {250}, 0, 0, false},
    {"250-a\r\n250-CHUNKING\r\n250-PIPELINING\r\n250 PIPECONNECT\r\n", {250}, 0, 0, true},
    {"250\r\n", {250}, 0, 0, false},
    {"251 a\r\n", {251}, 0, 0, false},
    {"252 a\r\n", {252}, 0, 0, false},
    {"299 a\r\n", {299}, 0, 0, false},
    {"334 a\r\n", {334}, 0, 0, false},
    {"334 b\r\n", {334}, 0, 0, false},
    {"354 a\r\n", {354}, 0, 0, false},
    {"421 4.3.2 a\r\n", {421}, 0, 0, false},
    {"450 a\r\n", {450}, 0, 0, false},
    {"452 a\r\n", {452}, 0, 0, false},
    {"500 a\r\n", {500}, 0, 0, false},
    {"503 a\r\n", {503}, 0, 0, false},
    {"504 a\r\n", {504}, 0, 0, false},
    {"535 a\r\n", {535}, 0, 0, false},
    {"550 5.1.1 a\r\n", {550}, 0, 0, false},
    {"552 a\r\n", {552}, 0, 0, false},
    {"600 a\r\n", {600}, 0, 0, false},
    {"199 a\r\n", {199}, 0, 0, false},
    {"25\r\n", {1}, 0, 0, false},
    {"hello\r\n", {1}, 0, 0, false},
    {"\r\n", {1}, 0, 0, false},
    {"250-a\r\n550 b\r\n", {1}, 0, 0, false},
    {"250 a\r\n250 b\r\n", {250, 250}, 0, 0, false},
    {"250 a\r\n421 b\r\n", {250, 421}, 0, 0, false},
    {"354 a\r\n354 b\r\n", {354, 354}, 0, 0, false},
    {"25", {0}, 0, 1, false},
    {"250 a\r", {0}, 0, 2, false},
    {"42", {0}, 0, 3, false},
    {"0 a\r\n", {250}, 1, 0, false},
    {"\n", {250}, 2, 0, false},
    {"1 a\r\n", {421}, 3, 0, false},
    {"x", {1}, 1, 0, false},
    {"\rx", {0}, 2, 4, false},
    {"\r\n", {250}, 4, 0, false},
};

static const char *violation;

static void demand(bool holds, const char *rule)
{
    if (!holds && !violation)
        violation = rule;
}

static void check_recipient(int index, uint32_t i, size_t unsent)
{
    unsigned outcome = world.recipients[index][i].result.outcome;
    unsigned allowed = monitor_allows(&world.monitor, index, i, unsent);
    demand(outcome <= POSTINO_UNCERTAIN, "a recipient without an outcome");
    demand(outcome > POSTINO_UNCERTAIN || allowed & 1u << outcome, "the outcome of a recipient");
}

static void check_mail(int index, size_t unsent)
{
    const struct postino_mail *mail = &world.mails[index];
    bool is[8] = {false};
    if (mail->command) {
        demand(monitor_allows(&world.monitor, index, 0, unsent) & 1u << mail->result.outcome, "that of a command");
        return;
    }
    for (uint32_t i = 0; i < world.kind->recipients; i++) {
        check_recipient(index, i, unsent);
        is[world.recipients[index][i].result.outcome & 7] = true;
    }
    demand(is[mail->result.outcome & 7], "the outcome of a mail is none of its recipients'");
    demand(!is[POSTINO_ACCEPTED] || mail->result.outcome == POSTINO_ACCEPTED, "accepted, and not said so");
    demand(is[POSTINO_ACCEPTED] || !is[POSTINO_UNCERTAIN] || mail->result.outcome == POSTINO_UNCERTAIN,
           "uncertain, and not said so");
}

static void take_back(size_t unsent)
{
    for (struct postino_mail *mail; (mail = postino_session_finished(&world.session)) != NULL; world.handed++) {
        demand(mail == &world.mails[world.handed], "the order of mails, or one twice");
        check_mail(world.handed, unsent);
        /* It is the caller's again: the session may not look at it any more. */
        memset(&world.sources[world.handed], 0xA5, sizeof world.sources[0]);
        memset(world.recipients[world.handed], 0xA5, sizeof world.recipients[0]);
        memset(mail, 0xA5, sizeof *mail);
        if (violation)
            return;
    }
}

static void hear(const struct stimulus *stimulus)
{
    postino_session_input(&world.session, stimulus->octets, strlen(stimulus->octets));
    world.partial = stimulus->begins;
    world.monitor.confirms = stimulus->confirms;
    if (world.monitor.handshake)
        monitor_heard(&world.monitor, 1);
    for (int i = 0; i < 2 && stimulus->codes[i]; i++)
        monitor_heard(&world.monitor, stimulus->codes[i]);
}

static void speak(size_t size)
{
    char buffer[4096];
    enum postino_need before = postino_session_need(&world.session);
    size_t length = postino_session_output(&world.session, buffer, size);
    monitor_spoke(&world.monitor, buffer, length);
    enum postino_need after = postino_session_need(&world.session);
    demand(length <= size, "more than its buffer");
    demand(length || before != POSTINO_NEED_SEND || after != POSTINO_NEED_SEND, "need is send, and nothing comes");
}

static void submit(void)
{
    demand(postino_session_submit(&world.session, &world.mails[world.submitted]) == POSTINO_OK, "a mail not taken");
    world.submitted++;
}

/* Closed is closed. */
static void check_closed(void)
{
    static struct world before;
    char buffer[64];
    before = world;
    demand(postino_session_output(&world.session, buffer, sizeof buffer) == 0, "spoken when closed");
    postino_session_input(&world.session, "250 ok\r\n250", 11);
    demand(memcmp(&before, &world, sizeof world) == 0, "heard when closed");
    bool done = world.quit && world.handed == world.submitted; /* nothing depends on QUIT */
    demand(postino_session_error(&world.session) || world.monitor.quit || done, "closed without an error");
}

static void check_state(void)
{
    const struct monitor *m = &world.monitor;
    enum postino_need need = postino_session_need(&world.session);
    demand(!m->violation, m->violation ? m->violation : "");
    demand(!m->must_close || need == POSTINO_NEED_CLOSE, "open, although the server broke the protocol or left");
    demand(m->must_close || need != POSTINO_NEED_CLOSE || world.kind->fails, "closed without a reason");
    demand(m->must_close || m->handshake == (need == POSTINO_NEED_TLS), "need of TLS");
    demand(m->must_close || need != POSTINO_NEED_TIME || world.slices, "computes, and has nothing to compute");
    bool waits = need == POSTINO_NEED_RECEIVE || need == POSTINO_NEED_TLS || need == POSTINO_NEED_CONTENT;
    demand(!waits || postino_session_timeout_s(&world.session) > 0, "waits for ever");
    demand(need != POSTINO_NEED_RECEIVE || m->queued || world.partial, "waits for nothing");
    if (need == POSTINO_NEED_CLOSE)
        check_closed();
    else
        take_back(0);
    demand(need != POSTINO_NEED_MAIL || world.handed == world.submitted, "idle, with a mail in hand");
}

static void check_loss(enum postino_reason why, size_t unsent)
{
    postino_session_lost(&world.session, why, unsent);
    demand(postino_session_need(&world.session) == POSTINO_NEED_CLOSE, "lost, and not closed");
    check_closed();
    take_back(unsent);
    demand(world.handed == world.submitted, "a mail was not handed back");
}

static bool apply(int action)
{
    const struct monitor *m = &world.monitor;
    enum postino_need need = postino_session_need(&world.session);
    const struct postino_result *error = postino_session_error(&world.session);
    struct postino_result before = error ? *error : world.session.error;
    bool speaks = need == POSTINO_NEED_SEND || need == POSTINO_NEED_CONTENT;
    if (need == POSTINO_NEED_CLOSE)
        return false;
    if ((action == ACTION_SPEAK || action == ACTION_SPEAK_5) && speaks) {
        speak(action == ACTION_SPEAK ? 4096 : 5);
    } else if (action == ACTION_SUBMIT && world.submitted < world.kind->mails) {
        submit();
    } else if (action == ACTION_QUIT && !world.quit && world.submitted == world.kind->mails) {
        world.quit = true;
        postino_session_quit(&world.session);
    } else if (action == ACTION_SECURED && m->handshake) {
        postino_session_secured(&world.session);
        monitor_secured(&world.monitor);
    } else if (action == ACTION_WORK && need == POSTINO_NEED_TIME) {
        postino_sasl_compute(&world.session);
    } else if (action >= ACTION_HEAR && stimuli[action - ACTION_HEAR].completes == world.partial) {
        hear(&stimuli[action - ACTION_HEAR]);
    } else {
        return false;
    }
    check_state();
    demand(!error || memcmp(&before, &world.session.error, sizeof before) == 0, "an error that changes");
    return true;
}

const char *explore_apply(int action)
{
    violation = NULL;
    return apply(action) ? violation ? violation : "" : NULL;
}

const char *explore_hear(const char *octets, size_t length, const unsigned *codes, int count, bool partial)
{
    violation = NULL;
    bool handshake = world.monitor.handshake, closed = postino_session_need(&world.session) == POSTINO_NEED_CLOSE;
    postino_session_input(&world.session, octets, length);
    world.partial = partial;
    if (handshake && length)
        monitor_heard(&world.monitor, 1);
    for (int i = 0; i < count && !closed; i++)
        monitor_heard(&world.monitor, codes[i]);
    check_state();
    return violation;
}

const char *explore_lose(enum postino_reason why, size_t unsent)
{
    violation = NULL;
    check_loss(why, unsent);
    return violation;
}

const char *explore_losses(void)
{
    static struct world before;
    const size_t most = world.partial ? 0 : world.monitor.total - world.monitor.answered;
    const size_t unsents[] = {0, 1, 2, 5, most};
    static const enum postino_reason reasons[] = {POSTINO_REASON_LOST, POSTINO_REASON_TIMEOUT};
    before = world;
    violation = NULL;
    for (size_t i = 0; i < 10 && !violation; i++) {
        if (unsents[i / 2] <= most)
            check_loss(reasons[i % 2], unsents[i / 2]);
        world = before;
    }
    return violation;
}

const char *explore_name(int action)
{
    static const char *const names[] = {"output", "output of 5", "submit", "quit", "secured", "work"};
    return action < ACTION_HEAR ? names[action] : stimuli[action - ACTION_HEAR].octets;
}

const int explore_actions = ACTION_HEAR + (int)(sizeof stimuli / sizeof *stimuli);
