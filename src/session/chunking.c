/*
 * CHUNKING (3030): the content as chunks whose length stands in front of them, so that nothing in it needs to be
 * stuffed, and nothing of it to be waited for: whole mails are in flight.
 *
 * A chunk is what fits the caller's buffer behind room for its command; leading zeros fill that. It is spoken when its
 * octets are there: what a chunk promises always comes. Where the buffer is too narrow, a chunk is one character.
 *
 * A mail that stands open in the midst of its chunks is left by QUIT, once every reply is in: a server that hears RSET
 * there may go without a word.
 */
#include "internal.h"

enum {
    NARROW = 64,       /* octets of a buffer in which larger chunks are not worth while */
    AHEAD_MAX = 65536, /* octets of a mail ahead of the replies to its recipients */
    IN_FLIGHT_MAX = 8, /* mails, unless the caller says another number */
};

static bool recipients_answered(const struct postino_session *s, const struct postino_mail *mail)
{
    return s->awaited.mail == mail && s->awaited.step == POSTINO_STEP_CONTENT;
}

/* Behind a refusal the flight drains first, and is a short one then: servers count errors. */
static bool has_place_for_another(const struct postino_session *s)
{
    const struct postino_mail *first = s->awaited.mail;
    unsigned most = s->config->mails_in_flight ? s->config->mails_in_flight : IN_FLIGHT_MAX;
    if (s->flight && s->flight < most)
        most = s->flight;
    if (first != s->spoken.mail && (first->command || first->result.outcome != POSTINO_NOT_TRIED))
        return false;
    return (uint16_t)(s->spoken.passed - s->awaited.passed) < most && !s->dirty && !s->spoken.mail->command;
}

static bool may_run_ahead(const struct postino_session *s)
{
    const struct postino_mail *mail = s->spoken.mail;
    if (s->spoken.step == POSTINO_STEP_RSET)
        return has_place_for_another(s);
    if (s->spoken.step != POSTINO_STEP_CONTENT)
        return s->spoken.step == POSTINO_STEP_MAIL && !s->dirty; /* RSET behind a refusal is to be accepted first */
    if (mail->is.chunks == UINT8_MAX || mail->is.failed)         /* its recipients have their own replies first */
        return false;
    if (recipients_answered(s, mail))
        return true;
    return (mail->policy == POSTINO_POLICY_ANY || mail->recipient_count == 1) &&
           s->total - mail->begin + NARROW <= AHEAD_MAX;
}

/* Who refuses RSET may take what stands behind it for a part of the mail before: nothing more is said, and nothing that
 * is said of it believed. Where nothing stands behind it, there is only QUIT to be said. */
static bool refused(struct postino_session *s)
{
    if (s->outstanding == 1 && s->offset == 0)
        return s->failed; /* and QUIT is to be said already */
    postino_flow_fail(s, POSTINO_REASON_PROTOCOL);
    return true;
}

/* Nothing more of this mail is spoken, and no reply is out. */
static size_t leave(struct postino_session *s)
{
    struct postino_mail *mail = s->spoken.mail;
    s->content_ended = s->read_cr = s->spilled = false;
    s->column = 0;
    s->flight = 1;
    if (mail->is.chunked) {
        postino_flow_refuse(s, (enum postino_verdict)mail->result.outcome, (enum postino_reason)mail->result.reason);
        s->error.code = mail->result.code;
    } else {
        s->spoken.step = POSTINO_STEP_DATA; /* it is over without content */
        postino_flow_settle(s);
    }
    return 0;
}

/* A chunk has been written, `length` octets with its command, which the session counts behind this. */
static void chunk_spoken(struct postino_session *s, const char *command, size_t command_length, size_t length,
                         bool last)
{
    struct postino_mail *mail = s->spoken.mail;
    struct postino_trace *trace = s->config->trace;
    if (trace)
        trace->line(trace, POSTINO_TO_SERVER, command, command_length - 2);
    mail->is.chunked = true;
    mail->is.chunks++;
    if (!last) {
        s->outstanding++;
        return;
    }
    s->content_ended = s->read_cr = s->spilled = false;
    postino_flow_spoken(s);
    mail->end += length;
    postino_flow_settle(s);
}

/* Writes the command of a chunk of `length` octets so that it fills `size` of the buffer; zeros may lead the number. */
static void put_command(char *buffer, size_t size, size_t length, bool last)
{
    const char *end = last ? " LAST\r\n" : "\r\n";
    char *at = buffer + size - strlen(end);
    memcpy(at, end, strlen(end));
    for (memcpy(buffer, "BDAT ", 5); at-- > buffer + 5; length /= 10)
        *at = (char)('0' + (int)(length % 10));
}

static size_t digits_of(size_t number)
{
    size_t digits = 1;
    while (number /= 10)
        digits++;
    return digits;
}

/* The source has ended. What is no whole line at its end becomes one, as it does by DATA. Returns the octets for that;
 * there is room for one at least. */
static size_t end_line(struct postino_session *s, char *buffer, size_t size)
{
    s->spoken.mail->is.drained = true;
    if (!s->column)
        return 0;
    s->column = 0;
    buffer[0] = '\r';
    if (size == 1) {
        s->pending = '\n';
        s->spilled = true;
        return 1;
    }
    buffer[1] = '\n';
    return 2;
}

/* What nothing is to be looked for in. */
static bool goes_as_it_is(const struct postino_session *s)
{
    const struct postino_source *source = s->spoken.mail->source;
    return source->binary || (source->canonical && (source->seven_bit || s->offers & POSTINO_OFFERS_8BITMIME));
}

/* `enough` octets of the content, or one more where that is a line end; less where the source has no more for now, or
 * ever: then the content has ended. */
static size_t fill(struct postino_session *s, char *buffer, size_t size, size_t enough)
{
    const struct postino_mail *mail = s->spoken.mail;
    const bool as_it_is = goes_as_it_is(s);
    size_t filled = 0;
    s->not_yet = false;
    while (filled < enough && !s->not_yet && !mail->is.failed && !(mail->is.drained && !s->spilled)) {
        if (as_it_is)
            filled += postino_content_source(s, buffer + filled, enough - filled);
        else
            filled += postino_content_read(s, buffer + filled, size - filled);
        if (s->content_ended)
            filled += end_line(s, buffer + filled, size - filled);
    }
    s->content_ended = mail->is.drained && !s->spilled;
    return filled;
}

/* One character, or the end: what has been begun of it goes on from `offset`, `pending` says which it is, and where
 * each octet is one, `column` whether there is one. */
static size_t speak_narrow(struct postino_session *s, char *buffer, size_t size)
{
    struct postino_writer w = {buffer, size, s->offset, 0, false};
    const bool as_it_is = goes_as_it_is(s);
    char next[3] = "";
    const char *command = "BDAT 1\r\n";
    if (s->offset == 0) {
        size_t length = fill(s, next, 2, 1);
        if (length == 0 && !s->content_ended)
            return 0;
        s->pending = length ? next[0] : '\0';
        s->column = as_it_is ? (uint32_t)length : s->column;
    }
    bool last = as_it_is ? s->column == 0 : s->pending == '\0', line_end = !as_it_is && s->pending == '\r';
    if (last)
        command = "BDAT 0 LAST\r\n";
    else if (line_end)
        command = "BDAT 2\r\n";
    postino_command_put(&w, command);
    if (!last)
        postino_command_put_octet(&w, s->pending);
    if (line_end)
        postino_command_put_octet(&w, '\n');
    s->content_ended = false; /* `pending` knows */
    size_t rest = w.length - s->offset;
    if (rest > size) {
        s->offset += size;
        return size;
    }
    s->offset = 0;
    s->column = as_it_is ? 0 : s->column;
    chunk_spoken(s, command, strlen(command), rest, last);
    return rest;
}

static size_t speak_wide(struct postino_session *s, char *buffer, size_t size)
{
    size_t command = 12 + digits_of(size);
    size_t length = fill(s, buffer + command, size - command, size - command);
    bool last = s->content_ended;
    if (s->spoken.mail->is.failed || (length == 0 && !last))
        return 0;
    s->not_yet = false; /* that is for the next call to find */
    put_command(buffer, command, length, last);
    chunk_spoken(s, buffer, command, command + length, last);
    return command + length;
}

static size_t speak(struct postino_session *s, char *buffer, size_t size)
{
    struct postino_mail *mail = s->spoken.mail;
    if (s->offset == 0 && mail->is.failed && !mail->is.doomed) {
        const enum postino_reason reason = (enum postino_reason)mail->is.failed;
        postino_result_set(s, &mail->result, postino_content_verdict(reason), reason);
        mail->is.doomed = true;
    }
    if (s->offset == 0 && mail->is.doomed)
        return leave(s);
    if (!recipients_answered(s, mail) && size > AHEAD_MAX - (s->total - mail->begin))
        size = AHEAD_MAX - (s->total - mail->begin);
    return s->offset || size < NARROW ? speak_narrow(s, buffer, size) : speak_wide(s, buffer, size);
}

/* An earlier reply has said already what is to become of the mail: then this one changes nothing. But a server that
 * takes the content of a mail that it refused, and a recipient with it, may do anything. */
static bool last_answered(struct postino_session *s, enum postino_verdict verdict)
{
    struct postino_mail *mail = s->awaited.mail;
    if (verdict == POSTINO_VERDICT_ACCEPTED)
        s->flight = (uint16_t)(s->flight * 2);
    if (verdict == POSTINO_VERDICT_ACCEPTED && mail->is.doomed && mail->accepted) {
        mail->result.outcome = POSTINO_UNCERTAIN;
        postino_flow_fail(s, POSTINO_REASON_PROTOCOL);
    }
    return false;
}

static bool answered(struct postino_session *s, enum postino_verdict verdict)
{
    struct postino_mail *mail = s->awaited.mail;
    if (mail->command)
        return false;
    if (verdict != POSTINO_VERDICT_ACCEPTED) {
        s->dirty = true;
        s->flight = 1;
    }
    if (mail->is.chunks) /* in LMTP the last has several replies */
        mail->is.chunks--;
    if (mail->is.ended && mail->is.chunks == 0)
        return last_answered(s, verdict);
    if (verdict != POSTINO_VERDICT_ACCEPTED && !mail->is.doomed) {
        postino_result_set(s, &mail->result, verdict, POSTINO_REASON_REPLY);
        mail->is.doomed = true;
    }
    s->outstanding--;
    postino_flow_settle(s);
    return true;
}

static void heard(struct postino_session *s)
{
    static const struct postino_chunks chunks = {{may_run_ahead, refused}, speak, answered};
    s->chunks = &chunks;
}

const struct postino_extension postino_chunking = {{"CHUNKING", POSTINO_OFFERS_CHUNKING, heard}, NULL, NULL};
