/* Drives a session over a transport, and sessions one after the other, until every mail is done. */
#include "internal.h"

#include <string.h>

enum {
    CONNECT_TIMEOUT_S = 30,
    IDLE_MORE_S = 60 /* by then the feed has said QUIT */
};

static struct postino_transport *transport_of(const struct postino_delivery *d)
{
    return d->config->transport;
}

static uint64_t now_ms(const struct postino_delivery *d)
{
    return transport_of(d)->now_ms(transport_of(d));
}

static unsigned step_timeout_s(const struct postino_delivery *d, enum postino_step step, unsigned standard)
{
    unsigned set = d->config->timeouts_s ? d->config->timeouts_s[step] : 0;
    return set ? set : standard;
}

/* The clock of the awaited step starts anew. */
static void restart_clock(struct postino_delivery *d)
{
    enum postino_step step = POSTINO_STEP_CONNECT;
    unsigned seconds = CONNECT_TIMEOUT_S;
    if (d->state == POSTINO_DELIVERY_TALKING) {
        step = postino_session_step(&d->session);
        seconds = postino_session_timeout_s(&d->session);
    }
    if (seconds)
        seconds = step_timeout_s(d, step, seconds);
    else if (d->config->feed) /* it has no mail, so that nothing is awaited */
        seconds = d->config->feed->idle_s + IDLE_MORE_S;
    d->deadline_ms = now_ms(d) + 1000u * (uint64_t)seconds;
}

static void enter(struct postino_delivery *d, enum postino_delivery_state state)
{
    d->state = (uint8_t)state;
    restart_clock(d);
}

enum postino_misuse postino_delivery_init(struct postino_delivery *d, const struct postino_delivery_config *config,
                                          struct postino_mail *mails)
{
    memset(d, 0, sizeof *d);
    d->config = config;
    d->session_config = config->session;
    if (config->session.name && !postino_name_valid(config->session.name))
        return POSTINO_BAD_NAME;
    for (struct postino_mail *mail = mails; mail; mail = mail->next) {
        enum postino_misuse misuse = postino_mail_check(mail);
        if (misuse)
            return misuse;
    }
    d->waiting = mails;
    d->done_end = &d->done;
    if (config->total_s)
        d->total_ms = now_ms(d) + 1000u * (uint64_t)config->total_s;
    enter(d, POSTINO_DELIVERY_CONNECTING);
    return POSTINO_OK;
}

static void take_back(struct postino_delivery *d, struct postino_mail *mail)
{
    mail->next = NULL;
    postino_delivery_make_whole(mail);
    if (mail == &d->again) /* our own */
        return;
    *d->done_end = mail;
    d->done_end = &mail->next;
}

/* Nothing was spoken on this connection: each mail waiting hears why. */
static void give_up(struct postino_delivery *d, enum postino_step step, enum postino_reason reason)
{
    memset(&d->error, 0, sizeof d->error);
    d->error.outcome = POSTINO_REFUSED_FOR_NOW;
    d->error.step = (uint8_t)step;
    d->error.reason = (uint8_t)reason;
    while (d->waiting) {
        struct postino_mail *mail = d->waiting;
        d->waiting = mail->next;
        postino_mail_end(mail, &d->error);
        take_back(d, mail);
    }
    transport_of(d)->close(transport_of(d));
    d->state = POSTINO_DELIVERY_DONE;
}

static void begin_session(struct postino_delivery *d)
{
    if (!d->config->session.name)
        d->session_config.name = transport_of(d)->name(transport_of(d));
    if (postino_session_init(&d->session, &d->session_config)) {
        give_up(d, POSTINO_STEP_EHLO, POSTINO_REASON_PROTOCOL);
        return;
    }
    d->filled = d->written = 0;
    d->replies = d->fed = 0;
    d->holding = false;
    d->expecting = true;
    if (d->config->implicit_tls)
        postino_session_secured(&d->session);
    while (d->waiting) {
        struct postino_mail *mail = d->waiting;
        d->waiting = mail->next;
        d->fed += mail != &d->again;
        if (postino_session_submit(&d->session, mail)) {
            take_back(d, mail); /* checked before: changed under us by its owner */
            d->fed--;
        }
    }
    if (d->config->remembering)
        d->config->remembering->say_ahead(d);
    d->quitting = d->progress = false;
    enter(d, POSTINO_DELIVERY_TALKING);
}

static void connecting(struct postino_delivery *d)
{
    int connected = transport_of(d)->connect(transport_of(d));
    if (connected < 0)
        give_up(d, POSTINO_STEP_CONNECT, POSTINO_REASON_LOST);
    else if (connected && d->config->implicit_tls)
        enter(d, POSTINO_DELIVERY_SECURING);
    else if (connected)
        begin_session(d);
}

/* Runs the handshake on. Returns 1, 0 for not yet, or a negative number with the reason in `why`. */
static int handshake(struct postino_delivery *d, enum postino_reason *why)
{
    struct postino_transport *transport = transport_of(d);
    const struct postino_sasl *sasl = d->config->session.sasl;
    int secured = transport->secure ? transport->secure(transport) : POSTINO_TRANSPORT_LOST;
    *why = transport->why ? (enum postino_reason)transport->why : POSTINO_REASON_NO_TLS;
    if (secured > 0 && transport->bind && sasl && sasl->work)
        transport->bind(transport, &sasl->work->binding);
    return secured;
}

/* Once, a connection that turns out to have been none is made anew. */
static bool was_none(struct postino_delivery *d)
{
    bool again = transport_of(d)->unconnected && !d->deceived;
    d->deceived |= again;
    return again;
}

static void securing(struct postino_delivery *d)
{
    enum postino_reason why;
    int secured = handshake(d, &why);
    if (secured < 0 && was_none(d)) {
        transport_of(d)->close(transport_of(d));
        enter(d, POSTINO_DELIVERY_CONNECTING);
    } else if (secured < 0) {
        give_up(d, POSTINO_STEP_STARTTLS, why);
    } else if (secured) {
        begin_session(d);
    }
}

static void lost(struct postino_delivery *d, enum postino_reason why)
{
    postino_session_lost(&d->session, why, transport_of(d)->unconnected ? SIZE_MAX : d->filled - d->written);
}

/* The connection is over. Mails that were not tried go over a new one if this one has brought another mail to its end:
 * so this comes to an end, too. */
static void session_ended(struct postino_delivery *d)
{
    const struct postino_result *error = postino_session_error(&d->session);
    struct postino_mail *mail, **end = &d->waiting;
    const struct postino_remembering *remembering = d->config->remembering;
    bool progress = d->progress || was_none(d), changed = remembering && remembering->has_changed(d);
    lost(d, POSTINO_REASON_LOST);
    transport_of(d)->close(transport_of(d));
    if (postino_session_withdrawn(&d->session))
        d->session_config.behind_dot = NULL;
    memset(&d->error, 0, sizeof d->error);
    if (error)
        d->error = *error;
    while ((mail = postino_session_finished(&d->session)) != NULL) {
        bool again = changed ? remembering->goes_again(mail) : mail->result.outcome == POSTINO_NOT_TRIED && progress;
        again = again && !d->cancelled;
        progress = progress || mail->result.outcome != POSTINO_NOT_TRIED;
        mail->next = NULL;
        if (again) {
            postino_delivery_make_whole(mail);
            *end = mail;
            end = &mail->next;
        } else {
            take_back(d, mail);
        }
    }
    enter(d, d->waiting ? POSTINO_DELIVERY_CONNECTING : POSTINO_DELIVERY_DONE);
}

/* Takes what has come; a second call to read only where the first filled the buffer. What comes behind the end of the
 * session is left where it is, so that nobody can keep us here. */
static void receive(struct postino_delivery *d)
{
    ptrdiff_t got = (ptrdiff_t)d->config->input_size;
    while ((size_t)got == d->config->input_size && postino_session_need(&d->session) != POSTINO_NEED_CLOSE) {
        got = transport_of(d)->read(transport_of(d), d->config->input, d->config->input_size);
        if (got < 0)
            lost(d, POSTINO_REASON_LOST);
        if (got > 0)
            postino_session_input(&d->session, d->config->input, (size_t)got);
    }
    if (d->replies != postino_session_replies(&d->session)) {
        d->replies = postino_session_replies(&d->session);
        restart_clock(d);
    }
}

/* Fills the output buffer where it is empty. Returns whether there is something to write. */
static bool fill(struct postino_delivery *d)
{
    bool ask_again = postino_session_need(&d->session) == POSTINO_NEED_CONTENT;
    while (d->written == d->filled && (ask_again || postino_session_need(&d->session) == POSTINO_NEED_SEND)) {
        d->written = 0;
        d->filled = postino_session_output(&d->session, d->config->output, d->config->output_size);
        ask_again = false;
    }
    return d->written < d->filled && postino_session_need(&d->session) != POSTINO_NEED_CLOSE;
}

/* Writes what may go now, and hears a server that speaks in its midst. Returns whether the transport takes more. */
static bool send_flight(struct postino_delivery *d)
{
    while (fill(d)) {
        const char *octets = d->config->output;
        ptrdiff_t put = transport_of(d)->write(transport_of(d), octets + d->written, d->filled - d->written);
        if (put < 0) { /* the server may have said why */
            receive(d);
            lost(d, POSTINO_REASON_LOST);
        }
        if (put <= 0)
            return false;
        d->written += (size_t)put;
        restart_clock(d);
        if (d->written == d->filled && postino_session_step(&d->session) == POSTINO_STEP_AUTH)
            postino_wipe(d->config->output, d->filled); /* credentials have left */
        if (d->written < d->filled || postino_session_need(&d->session) == POSTINO_NEED_SEND)
            receive(d);
    }
    return true;
}

/* What comes now is for the transport alone. */
static bool handshaking(const struct postino_delivery *d)
{
    return postino_session_need(&d->session) == POSTINO_NEED_TLS;
}

/* Returns whether TLS stands, so that the conversation goes on. */
static bool secure(struct postino_delivery *d)
{
    enum postino_reason why;
    int secured = handshake(d, &why);
    if (secured < 0)
        lost(d, why);
    if (secured > 0)
        postino_session_secured(&d->session);
    return secured > 0;
}

void postino_delivery_collect(struct postino_delivery *d)
{
    struct postino_mail *mail;
    while ((mail = postino_session_finished(&d->session)) != NULL) {
        if (mail == &d->again)
            continue;
        d->progress = true;
        d->fed--;
        take_back(d, mail);
    }
}

/* Every mail that was submitted is done: another pass, or QUIT. Returns whether there is something to say. */
static bool all_said(struct postino_delivery *d)
{
    postino_delivery_collect(d);
    if (!d->quitting && !postino_delivery_try_again(d)) {
        d->quitting = true;
        postino_session_quit(&d->session);
    }
    return postino_session_need(&d->session) == POSTINO_NEED_SEND;
}

/* Is there more to send behind the flight that has gone? */
static bool go_on(struct postino_delivery *d)
{
    enum postino_need need = postino_session_need(&d->session);
    if (need == POSTINO_NEED_TIME) { /* a slice of it at a time: others may wait in this thread */
        postino_sasl_compute(&d->session);
        return postino_session_need(&d->session) == POSTINO_NEED_SEND;
    }
    if (need == POSTINO_NEED_MAIL && d->config->feeding)
        return false; /* which comes with the next step */
    return (need == POSTINO_NEED_TLS && secure(d)) || (need == POSTINO_NEED_MAIL && all_said(d));
}

static void talking(struct postino_delivery *d, struct postino_wants *wants)
{
    if (d->expecting && !handshaking(d))
        receive(d);
    if (d->config->feeding && postino_session_need(&d->session) != POSTINO_NEED_CLOSE)
        d->config->feeding->feed(d);
    do
        wants->writing = !send_flight(d);
    while (go_on(d));
    d->expecting = true;
    if (postino_session_need(&d->session) == POSTINO_NEED_CLOSE)
        session_ended(d);
}

/* Is it to end? Then `why` says why. */
static bool is_over(const struct postino_delivery *d, enum postino_reason *why)
{
    uint64_t now = now_ms(d);
    *why = d->cancelled ? POSTINO_REASON_CANCELLED : POSTINO_REASON_TIMEOUT;
    return d->cancelled || now >= d->deadline_ms || (d->total_ms && now >= d->total_ms);
}

/* A reply that has come already counts, however late we look. */
static void check_clock(struct postino_delivery *d)
{
    enum postino_reason why;
    bool in_session = d->state == POSTINO_DELIVERY_TALKING;
    if (!is_over(d, &why))
        return;
    if (in_session && !handshaking(d)) {
        receive(d);
        if (!is_over(d, &why))
            return;
    }
    if (in_session)
        lost(d, why);
    else if (d->state != POSTINO_DELIVERY_DONE)
        give_up(d, d->state == POSTINO_DELIVERY_SECURING ? POSTINO_STEP_STARTTLS : POSTINO_STEP_CONNECT, why);
}

static uint64_t wake_up_ms(const struct postino_delivery *d)
{
    enum {
        ASK_SOURCE_AGAIN_MS = 10
    };
    uint64_t until = d->deadline_ms;
    if (d->total_ms && d->total_ms < until)
        until = d->total_ms;
    if (d->state != POSTINO_DELIVERY_TALKING)
        return until;
    enum postino_need need = postino_session_need(&d->session);
    if (need == POSTINO_NEED_MAIL)
        until = d->idle_ms;
    if (need == POSTINO_NEED_CONTENT && until > now_ms(d) + ASK_SOURCE_AGAIN_MS)
        until = now_ms(d) + ASK_SOURCE_AGAIN_MS;
    return need == POSTINO_NEED_TIME ? now_ms(d) : until;
}

bool postino_delivery_step(struct postino_delivery *d, struct postino_wants *wants)
{
    enum postino_delivery_state before;
    wants->writing = false;
    check_clock(d);
    do {
        before = (enum postino_delivery_state)d->state;
        switch (before) {
        case POSTINO_DELIVERY_CONNECTING:
            connecting(d);
            break;
        case POSTINO_DELIVERY_SECURING:
            securing(d);
            break;
        case POSTINO_DELIVERY_TALKING:
            talking(d, wants);
            break;
        case POSTINO_DELIVERY_DONE:
            break;
        }
    } while ((enum postino_delivery_state)d->state != before);
    if (d->state == POSTINO_DELIVERY_DONE && d->config->feeding)
        d->config->feeding->release(d);
    wants->writing = (wants->writing && !transport_of(d)->starved) || transport_of(d)->blocked;
    wants->until_ms = wake_up_ms(d);
    return d->state != POSTINO_DELIVERY_DONE;
}

void postino_delivery_run(struct postino_delivery *d)
{
    struct postino_wants wants;
    while (postino_delivery_step(d, &wants))
        if (!transport_of(d)->wait(transport_of(d), wants.writing, wants.until_ms))
            postino_delivery_cancel(d);
}

void postino_delivery_cancel(struct postino_delivery *d)
{
    d->cancelled = true;
}

const struct postino_result *postino_delivery_error(const struct postino_delivery *d)
{
    return d->error.outcome == POSTINO_NOT_TRIED ? NULL : &d->error;
}
