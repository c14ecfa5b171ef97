/* The contract of a session towards its caller. */
#include "internal.h"

#include <postino/parameters.h>

void postino_session_begin(struct postino_session *s, const struct postino_config *config)
{
    static const struct postino_extension *const none[] = {NULL};
    memset(s, 0, sizeof *s);
    s->config = config;
    s->extensions = config->extensions ? config->extensions : none;
    s->last_line = true;          /* the next one begins a reply */
    s->error.text = config->text; /* kept there; a size of 0 says that nothing is copied to it */
    s->awaited.step = s->spoken.step = POSTINO_STEP_GREETING;
    s->outstanding = 1; /* the connection asks for the greeting */
}

enum postino_misuse postino_session_init(struct postino_session *s, const struct postino_config *config)
{
    if (!postino_name_valid(config->name))
        return POSTINO_BAD_NAME;
    postino_session_begin(s, config);
    return POSTINO_OK;
}

static bool path_valid(const struct postino_mail *mail, const char *path)
{
    const struct postino_mail_parameters *p = mail->parameters;
    return p && p->path_valid ? p->path_valid(path) : postino_path_valid(path);
}

enum postino_misuse postino_mail_check(const struct postino_mail *mail)
{
    if (mail->command)
        return mail->command->valid(mail) ? POSTINO_OK : POSTINO_BAD_COMMAND;
    if (!mail->recipient_count || !mail->source)
        return POSTINO_BAD_MAIL;
    if (*mail->reverse_path && !path_valid(mail, mail->reverse_path))
        return POSTINO_BAD_REVERSE_PATH;
    enum postino_misuse misuse = POSTINO_OK;
    for (uint32_t i = 0; i < mail->recipient_count; i++) {
        bool valid = path_valid(mail, mail->recipients[i].address);
        mail->recipients[i].result.outcome = valid ? POSTINO_NOT_TRIED : POSTINO_REFUSED_FOR_GOOD;
        if (!valid)
            misuse = POSTINO_BAD_RECIPIENT;
    }
    return misuse;
}

void postino_session_take(struct postino_session *s, struct postino_mail *mail)
{
    mail->next = NULL;
    mail->accepted = 0;
    mail->is = (struct postino_mail_is){.done = false};
    mail->result.outcome = POSTINO_NOT_TRIED;
    if (s->first)
        s->last->next = mail;
    else
        s->first = mail;
    s->last = mail;
    if (!s->spoken.mail)
        s->spoken.mail = mail;
    if (!s->awaited.mail)
        s->awaited.mail = mail;
    postino_flow_settle(s);
}

enum postino_misuse postino_session_submit(struct postino_session *s, struct postino_mail *mail)
{
    enum postino_misuse misuse = postino_mail_check(mail);
    if (!misuse)
        postino_session_take(s, mail);
    return misuse;
}

enum postino_need postino_session_need(const struct postino_session *s)
{
    if (s->closed)
        return POSTINO_NEED_CLOSE;
    if (s->held)
        return (enum postino_need)s->held;
    if (postino_flow_may_speak(s))
        return s->not_yet ? POSTINO_NEED_CONTENT : POSTINO_NEED_SEND;
    if (s->outstanding || s->unsolicited)
        return POSTINO_NEED_RECEIVE;
    return POSTINO_NEED_MAIL;
}

/* Speaks the step at the cursor, or what fits of it. */
static size_t speak(struct postino_session *s, char *buffer, size_t size)
{
    struct postino_writer writer = {buffer, size, s->offset, 0, false};
    postino_command_render(s, &writer);
    size_t rest = writer.length - s->offset;
    if (s->offset == 0 && (s->spoken.step == POSTINO_STEP_MAIL || s->spoken.step == POSTINO_STEP_COMMAND)) {
        s->spoken.mail->is.begun = true;
        s->spoken.mail->begin = s->total;
    }
    bool done = rest <= size;
    if (!done)
        rest = size;
    s->total += rest;
    s->offset += rest;
    if (done) {
        s->offset = 0;
        if (s->config->trace)
            s->config->trace->spoken(s->config->trace, s);
        postino_flow_spoken(s);
        postino_flow_settle(s);
    }
    return rest;
}

size_t postino_session_output(struct postino_session *s, void *buffer, size_t size)
{
    char *at = buffer;
    size_t room = size;
    while (room && postino_flow_may_speak(s)) {
        size_t length;
        if (s->spoken.step == POSTINO_STEP_CONTENT && !s->content_ended) {
            length = s->chunks ? s->chunks->speak(s, at, room) : postino_content_read(s, at, room);
            s->total += length;
            if (s->not_yet)
                break;
        } else {
            length = speak(s, at, room);
        }
        at += length;
        room -= length;
    }
    return size - room;
}

void postino_session_input(struct postino_session *s, const void *octets, size_t length)
{
    const char *at = octets;
    size_t step;
    for (const char *end = at + length; at < end && !s->closed; at += step) {
        if (s->held == POSTINO_NEED_TLS) { /* 3207 6: nothing said in clear may be taken for secured */
            postino_flow_fail(s, POSTINO_REASON_INJECTION);
            return;
        }
        step = s->config->quick ? s->config->quick->hear(s, at, (size_t)(end - at)) : 0;
        if (step)
            continue;
        if (s->config->trace)
            s->config->trace->heard(s->config->trace, *at);
        if (postino_reply_octet(s, *at))
            postino_flow_answered(s);
        step = 1;
    }
}

void postino_session_secured(struct postino_session *s)
{
    s->held = POSTINO_NEED_SEND;
    s->secured = true;
    s->offers = 0;
    s->size_limit = 0;
    s->chunks = NULL;
}

void postino_session_lost(struct postino_session *s, enum postino_reason why, size_t unsent)
{
    s->unsent = unsent;
    if (s->closed)
        return;
    if (s->spoken.step != POSTINO_STEP_QUIT) /* nothing depends on the reply to QUIT */
        postino_flow_fail(s, why);
    s->closed = true;
}

void postino_session_quit(struct postino_session *s)
{
    s->quitting = true;
    postino_flow_settle(s);
}

struct postino_mail *postino_session_finished(struct postino_session *s)
{
    struct postino_mail *mail = s->first;
    if (mail && s->closed && !mail->is.done)
        postino_result_abandon(s, mail);
    if (!mail || !mail->is.done)
        return NULL;
    s->first = mail->next;
    return mail;
}

/* 5321 4.5.3.2; what it does not name waits as long as most. QUIT is a courtesy. */
unsigned postino_session_timeout_s(const struct postino_session *s)
{
    enum {
        MOST = 300,
        DATA_INITIATION = 120,
        DATA_BLOCK = 180,
        DATA_TERMINATION = 600,
        COURTESY = 5
    };
    enum postino_step step = postino_session_step(s);
    if (postino_session_need(s) == POSTINO_NEED_MAIL)
        return 0;
    if (step == POSTINO_STEP_CONTENT)
        return s->outstanding ? DATA_TERMINATION : DATA_BLOCK;
    if (step == POSTINO_STEP_DATA)
        return DATA_INITIATION;
    if (step == POSTINO_STEP_RSET && s->config->behind_dot)
        return s->config->behind_dot->timeout_s(s);
    return step == POSTINO_STEP_QUIT ? COURTESY : MOST;
}

uint32_t postino_session_replies(const struct postino_session *s)
{
    return s->replies;
}

enum postino_step postino_session_step(const struct postino_session *s)
{
    return (enum postino_step)(s->outstanding ? s->awaited.step : s->spoken.step);
}

unsigned postino_session_offers(const struct postino_session *s)
{
    return s->offers;
}

size_t postino_session_size_limit(const struct postino_session *s)
{
    return s->size_limit;
}

bool postino_session_withdrawn(const struct postino_session *s)
{
    return s->withdrawn || (s->failed && s->config->behind_dot && s->config->behind_dot->was_silence(s));
}

const struct postino_result *postino_session_error(const struct postino_session *s)
{
    return s->failed ? &s->error : NULL;
}
