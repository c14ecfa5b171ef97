/* What a server sees of the engine, and what follows from it. */
#include "monitor.h"

#include <stdlib.h>
#include <string.h>

void monitor_init(struct monitor *m, const struct world_kind *kind)
{
    memset(m, 0, sizeof *m);
    m->kind = kind;
    m->queued = 1; /* the greeting is awaited */
}

static void demand(struct monitor *m, bool holds, const char *rule)
{
    if (!holds && !m->violation)
        m->violation = rule;
}

uint32_t monitor_accepted(const struct monitor *m, int mail)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < m->kind->recipients; i++)
        count += m->mails[mail].recipients[i] == 2;
    return count;
}

static bool refused_one(const struct watched *mail)
{
    return mail->recipients[0] > 2 || mail->recipients[1] > 2;
}

/* Whether a transaction may stand open where the next command arrives. */
static bool open_behind_queue(const struct monitor *m)
{
    bool open = m->open;
    for (int i = 0; i < m->queued; i++) {
        if (m->queue[i].kind == SPOKEN_MAIL)
            open = true;
        if (m->queue[i].kind == SPOKEN_RSET || (m->queue[i].kind == SPOKEN_CONTENT && !m->kind->chunking))
            open = false;
    }
    return open;
}

/* 2920 3.1: what ends a group; the dot does so unless the caller permits more. */
static bool ends_group(const struct monitor *m, const struct spoken *last)
{
    if (m->kind->recalled && last->kind <= SPOKEN_HELLO)
        return false;
    if (last->kind == SPOKEN_CONTENT || last->kind == SPOKEN_CHUNK)
        return !m->kind->behind_dot && !m->kind->chunking;
    return last->kind != SPOKEN_RSET && last->kind != SPOKEN_MAIL && last->kind != SPOKEN_RCPT;
}

static struct spoken *push(struct monitor *m, enum spoken_kind kind)
{
    unsigned window = m->kind->window ? m->kind->window : 256;
    demand(m, m->queued < window, "more replies are outstanding than the window lets");
    demand(m, m->queued == 0 || m->kind->pipelining, "pipelined where that was not offered");
    demand(m, m->queued == 0 || !ends_group(m, &m->queue[m->queued - 1]), "spoken behind the end of a group");
    demand(m, m->queued < 16, "the queue of the monitor");
    demand(m, !m->quit, "spoken behind QUIT");
    demand(m, !m->changed || kind == SPOKEN_QUIT, "spoken to another server than was known");
    struct spoken *spoken = &m->queue[m->queued++];
    memset(spoken, 0, sizeof *spoken);
    spoken->kind = (uint8_t)kind;
    spoken->mail = m->current;
    spoken->ignored = m->ignoring;
    spoken->end = m->total;
    if (m->queued > m->most)
        m->most = m->queued;
    return spoken;
}

/* 4954 4. The mechanisms are tried in the order of the list, the next one only behind 504. */
static void spoke_auth(struct monitor *m)
{
    const struct watched_mechanism *mechanism = m->kind->watched;
    size_t length = strcspn(m->line + 5, " ");
    demand(m, m->kind->auth && (m->secured || m->kind->in_clear), "AUTH in clear, or although there is no sasl");
    demand(m, m->tried == 0 || m->next_mechanism, "AUTH again");
    while (mechanism->name && (strncmp(m->line + 5, mechanism->name, length) != 0 || mechanism->name[length]))
        mechanism++;
    demand(m, mechanism->name && mechanism - m->kind->watched >= m->tried, "a mechanism that is none, or once more");
    if (m->violation)
        return;
    bool initial = m->kind->initial_response && mechanism->client_first;
    demand(m, m->line[5 + length] == (initial ? ' ' : '\0'), "with a first response, or without");
    demand(m, !initial || strcmp(m->line + 6 + length, mechanism->responses[0]) == 0, "the first response");
    m->tried = (uint8_t)(mechanism - m->kind->watched + 1);
    m->responses = initial && mechanism->responses[1];
    m->next_mechanism = false;
    push(m, SPOKEN_AUTH);
}

/* Whatever answers a 334. */
static void spoke_response(struct monitor *m)
{
    const struct watched_mechanism *mechanism = &m->kind->watched[m->tried - 1];
    const char *due = m->responses < 2 ? mechanism->responses[m->responses] : NULL;
    bool cancel = strcmp(m->line, "*") == 0;
    m->asked = false;
    demand(m, m->secured || m->kind->in_clear, "a response in clear");
    demand(m, cancel ? !due || mechanism->proves : due && strcmp(m->line, due) == 0, "a response to a challenge");
    m->responses++;
    push(m, cancel ? SPOKEN_CANCEL : SPOKEN_RESPONSE);
}

static void spoke_mail(struct monitor *m)
{
    int index = m->line[11] - '1';
    struct watched *mail = &m->mails[index];
    /* Where RSET was refused while this line was half spoken, its rest had to follow. */
    demand(m, m->ignoring || !open_behind_queue(m), "MAIL while a transaction may be open");
    demand(m, !m->kind->starttls_required || m->secured, "MAIL in clear where TLS is required");
    demand(m, !m->kind->auth || m->authenticated, "MAIL before AUTH was accepted");
    demand(m, !mail->begun || mail->spoken_before, "a mail is spoken twice");
    bool before = mail->spoken_before;
    memset(mail, 0, sizeof *mail);
    mail->spoken_before = before;
    mail->begun = true;
    mail->begin = m->line_begin;
    m->current = (uint8_t)index;
    push(m, SPOKEN_MAIL);
}

static void demand_all(struct monitor *m)
{
    bool all = m->kind->all && m->kind->recipients > 1;
    demand(m, !all || monitor_accepted(m, m->current) == m->kind->recipients, "content before all are accepted");
}

static void spoke_data(struct monitor *m)
{
    demand(m, !m->kind->chunking, "DATA where BDAT is offered");
    demand_all(m);
    push(m, SPOKEN_DATA);
}

static void chunk_ended(struct monitor *m)
{
    struct watched *mail = &m->mails[m->current];
    if (m->chunk_last) {
        mail->dot = true;
        mail->end = m->total;
    }
    push(m, m->chunk_last ? SPOKEN_CONTENT : SPOKEN_CHUNK);
}

/* 3030 2: BDAT, its octets in decimal, LAST where it is. */
static void spoke_bdat(struct monitor *m)
{
    char *end;
    demand(m, m->kind->chunking, "BDAT where it is not offered");
    demand(m, !m->mails[m->current].dot, "a chunk behind the last one");
    demand_all(m);
    m->chunk_left = strtoul(m->line + 5, &end, 10);
    m->chunk_last = strcmp(end, " LAST") == 0;
    demand(m, end > m->line + 5 && (m->chunk_last || !*end), "BDAT as 3030 does not have it");
    demand(m, m->chunk_left || m->chunk_last, "an empty chunk that is not the last");
    if (m->chunk_left == 0)
        chunk_ended(m);
}

static void spoke_command(struct monitor *m)
{
    const char *line = m->line;
    if (m->asked) {
        spoke_response(m);
    } else if (strncmp(line, "AUTH ", 5) == 0) {
        spoke_auth(m);
    } else if (strncmp(line, "EHLO ", 5) == 0 || strncmp(line, "HELO ", 5) == 0 || strncmp(line, "LHLO ", 5) == 0) {
        push(m, SPOKEN_HELLO);
    } else if (strncmp(line, "MAIL FROM:<", 11) == 0) {
        spoke_mail(m);
    } else if (strncmp(line, "RCPT TO:<", 9) == 0) {
        push(m, SPOKEN_RCPT)->recipient = (uint8_t)(line[9] - 'a');
    } else if (strcmp(line, "DATA") == 0) {
        spoke_data(m);
    } else if (strncmp(line, "BDAT ", 5) == 0) {
        spoke_bdat(m);
    } else if (strcmp(line, "RSET") == 0) {
        push(m, SPOKEN_RSET);
    } else if (strcmp(line, "STARTTLS") == 0) {
        push(m, SPOKEN_STARTTLS);
    } else if (strcmp(line, "NOOP") == 0) {
        m->current = (uint8_t)m->kind->command;
        m->mails[m->current].begun = true;
        m->mails[m->current].begin = m->line_begin;
        push(m, SPOKEN_COMMAND);
    } else if (strcmp(line, "QUIT") == 0) {
        demand(m, m->queued == 0, "QUIT in a flight");
        push(m, SPOKEN_QUIT);
        m->quit = true;
    } else {
        demand(m, false, "a command that is none");
    }
}

static void spoke_content(struct monitor *m)
{
    struct watched *mail = &m->mails[m->content_mail];
    demand(m, !m->lone || strcmp(m->line, ".") == 0, "content for nobody");
    if (strcmp(m->line, ".") != 0) {
        m->content_octets++;
        return;
    }
    demand(m, m->lone == (m->content_octets == 0), "a lone dot although a recipient was accepted");
    m->content = false;
    mail->dot = true;
    mail->end = m->total;
    m->current = m->content_mail;
    push(m, SPOKEN_CONTENT);
}

void monitor_spoke(struct monitor *m, const char *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (m->line_length == 0)
            m->line_begin = m->total;
        m->total++;
        demand(m, !m->must_close && !m->handshake, "spoken on a connection that is to be closed");
        demand(m, !m->kind->recalled || !m->queued || m->queue[0].kind != SPOKEN_HELLO,
               "spoken while EHLO is answered");
        if (m->chunk_left) {
            if (--m->chunk_left == 0)
                chunk_ended(m);
            continue;
        }
        if (octets[i] != '\n') {
            demand(m, m->line_length < sizeof m->line - 1u, "a long line");
            m->line[m->line_length++] = octets[i];
            continue;
        }
        demand(m, m->line_length && m->line[m->line_length - 1] == '\r', "a lone LF");
        m->line[m->line_length ? m->line_length - 1 : 0] = '\0';
        if (m->content)
            spoke_content(m);
        else
            spoke_command(m);
        m->line_length = 0;
    }
}

static bool expected(enum spoken_kind kind, unsigned code)
{
    static const uint16_t codes[] = {220, 250, 220, 235, 235, 0, 250, 250, 250, 354};
    if (kind >= SPOKEN_CHUNK)
        return code >= 200 && code <= 299;
    if (code == 334)
        return kind == SPOKEN_AUTH || kind == SPOKEN_RESPONSE;
    return code == codes[kind] || (kind == SPOKEN_RCPT && (code == 251 || code == 252));
}

static void heard_auth(struct monitor *m, unsigned code)
{
    const struct watched_mechanism *mechanism = &m->kind->watched[m->tried - 1];
    m->asked = code == 334;
    m->authenticated = code == 235 && (!mechanism->proves || m->responses == 2);
    m->next_mechanism = code == 504 && m->queue[0].kind == SPOKEN_AUTH && m->tried == 1;
}

static void heard_rset(struct monitor *m, uint8_t class)
{
    if (class == 2) {
        m->open = false;
        return;
    }
    if (m->kind->chunking) { /* what stands behind it may be taken for the mail before */
        m->must_close = m->queued > 1 || m->line_length || m->chunk_left;
        return;
    }
    m->ignoring = m->queued > 1 || m->line_length;
    for (int i = 1; i < m->queued; i++)
        m->queue[i].ignored = true;
}

static void heard_data(struct monitor *m, struct watched *mail, unsigned code, uint8_t class)
{
    uint32_t accepted = monitor_accepted(m, m->queue[0].mail);
    if (code == 503 && mail->mail == 2 && accepted) { /* out of step */
        m->must_close = true;
        return;
    }
    if (class > 2) {
        mail->data = class;
        return;
    }
    m->content = true;
    m->content_mail = m->queue[0].mail;
    m->content_octets = 0;
    m->lone = mail->mail != 2 || !accepted;
    m->must_close = m->lone && (accepted || m->kind->lmtp);
}

/* The reply to a chunk, to the last one, too. */
static void heard_chunk(struct monitor *m, struct watched *mail, uint8_t class, bool last)
{
    bool refused = mail->mail > 2 || mail->data > 2;
    if (class == 2 && last)
        m->open = false;
    mail->strange = class == 2 && last && refused && monitor_accepted(m, m->queue[0].mail);
    m->must_close = mail->strange;
    if (class > 2 && !last && !mail->data)
        mail->data = class;
}

/* Returns whether another reply to the same content is awaited (2033 4.2). */
static bool heard_content(struct monitor *m, struct watched *mail, uint8_t class)
{
    bool more = false;
    if (m->kind->chunking)
        heard_chunk(m, mail, class, true);
    else if (!m->lone || class == 2)
        m->open = false;
    if (m->lone)
        return false;
    for (uint32_t i = 0, told = 0; i < m->kind->recipients; i++) {
        if (mail->recipients[i] != 2 || mail->finals[i])
            continue;
        more = told && m->kind->lmtp;
        if (!told || !m->kind->lmtp)
            mail->finals[i] = class;
        told++;
    }
    return more;
}

static void heard_ignored(struct monitor *m, const struct spoken *front, uint8_t class)
{
    if (class == 2 && front->kind == SPOKEN_MAIL)
        m->open = true;
    if (class == 2 && front->kind == SPOKEN_DATA)
        m->must_close = true;
    m->mails[front->mail].spoken_before = true;
}

/* Where commands went ahead of the greeting: who refuses that has taken none of them. */
static void heard_greeting(struct monitor *m, uint8_t class)
{
    m->denied = m->must_close = m->kind->recalled && class > 2;
}

static void heard_hello(struct monitor *m)
{
    m->changed = m->kind->recalled && !m->confirms;
    m->must_close = m->changed && (m->line_length || m->chunk_left); /* QUIT cannot be said */
}

/* Returns whether the step stays. */
static bool heard_step(struct monitor *m, struct spoken *front, unsigned code, uint8_t class)
{
    struct watched *mail = &m->mails[front->mail];
    switch ((enum spoken_kind)front->kind) {
    case SPOKEN_GREETING:
        heard_greeting(m, class);
        break;
    case SPOKEN_HELLO:
        heard_hello(m);
        break;
    case SPOKEN_QUIT:
        break;
    case SPOKEN_STARTTLS:
        m->handshake = class == 2;
        break;
    case SPOKEN_AUTH:
    case SPOKEN_RESPONSE:
    case SPOKEN_CANCEL:
        heard_auth(m, code);
        break;
    case SPOKEN_RSET:
        heard_rset(m, class);
        break;
    case SPOKEN_MAIL:
        mail->mail = class;
        m->open = m->open || class == 2;
        break;
    case SPOKEN_RCPT:
        mail->recipients[front->recipient] = code == 552 ? 4 : class;
        break;
    case SPOKEN_DATA:
        heard_data(m, mail, code, class);
        break;
    case SPOKEN_CHUNK:
        heard_chunk(m, mail, class, false);
        break;
    case SPOKEN_CONTENT:
        return heard_content(m, mail, class);
    case SPOKEN_COMMAND:
        mail->finals[0] = class;
        break;
    }
    return false;
}

void monitor_heard(struct monitor *m, unsigned code)
{
    struct spoken *front = &m->queue[0];
    uint8_t class = (uint8_t)(code >= 400 ? code / 100 : 2);
    if (m->changed && class == 5 && m->queued && front->kind >= SPOKEN_MAIL)
        class = 4; /* it was refused what another server would have taken */
    if (m->must_close)
        return;
    if (m->queued && front->kind == SPOKEN_QUIT) {
        m->must_close = true;
        return;
    }
    if (m->queued && !m->handshake)
        m->answered = front->end;
    m->denied = code == 421;
    m->must_close = m->handshake || m->queued == 0 || code < 200 || code > 599 || code == 421 ||
                    (code < 400 && !expected((enum spoken_kind)front->kind, code));
    if (m->must_close)
        return;
    if (front->ignored) {
        heard_ignored(m, front, class);
    } else if (heard_step(m, front, code, class)) {
        return;
    }
    memmove(m->queue, m->queue + 1, sizeof *m->queue * --m->queued);
    if (m->queued == 0 && m->line_length == 0)
        m->ignoring = false;
}

void monitor_secured(struct monitor *m)
{
    m->handshake = false;
    m->secured = true;
}

static unsigned allowed(const struct monitor *m, int index, uint32_t recipient, size_t unsent)
{
    static const unsigned of_class[] = {
        0, 0, 1u << POSTINO_ACCEPTED, 0, 1u << POSTINO_REFUSED_FOR_NOW, 1u << POSTINO_REFUSED_FOR_GOOD};
    const struct watched *mail = &m->mails[index];
    size_t left = m->total - unsent;
    if (mail->strange && (mail->mail > 2 || mail->recipients[recipient] == 2))
        return 1u << POSTINO_UNCERTAIN;
    if (mail->mail > 2)
        return of_class[mail->mail];
    if (mail->recipients[recipient] > 2)
        return of_class[mail->recipients[recipient]];
    if (mail->data > 2)
        return of_class[mail->data];
    if (mail->finals[recipient])
        return of_class[mail->finals[recipient]];
    if (m->kind->all && refused_one(mail))
        return of_class[4] | of_class[5];
    if (mail->dot && left >= mail->end && !m->denied)
        return 1u << POSTINO_UNCERTAIN;
    if (mail->spoken_before) /* what stood behind a refused RSET counts as not spoken */
        return of_class[4] | 1u << POSTINO_NOT_TRIED;
    /* Its MAIL may be half spoken: then the line is at its first octets. */
    bool half = !m->content && m->line_length && (m->line[0] == 'M' || m->line[0] == 'N') && left > m->line_begin;
    for (int i = 0; half && i < index; i++)
        half = m->mails[i].begun;
    if ((mail->begun && left > mail->begin) || (!mail->begun && half))
        return of_class[4];
    return 1u << POSTINO_NOT_TRIED;
}

unsigned monitor_allows(const struct monitor *m, int index, uint32_t recipient, size_t unsent)
{
    /* The source of the second may have failed before a chunk of it was spoken. */
    bool failed = m->kind->fails && m->kind->chunking && index == 1;
    return allowed(m, index, recipient, unsent) | (failed ? 1u << POSTINO_REFUSED_FOR_NOW : 0);
}
