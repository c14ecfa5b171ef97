/* Plays a transcript. The session is moved to a fresh allocation before each call, and its old place poisoned. */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ptrdiff_t read_source(struct postino_source *source, void *buffer, size_t size)
{
    struct play_source *self = (struct play_source *)source;
    const struct script_mail *mail = self->mail;
    if (mail->fails >= 0 && self->at >= (size_t)mail->fails)
        return POSTINO_SOURCE_FAILED;
    size_t end = mail->content_length;
    if (self->not_yet < mail->not_yet_count) {
        if (self->at == mail->not_yet[self->not_yet]) {
            self->not_yet++;
            return POSTINO_SOURCE_NOT_YET;
        }
        end = mail->not_yet[self->not_yet];
    }
    if (mail->fails >= 0 && (size_t)mail->fails < end)
        end = (size_t)mail->fails;
    if (size > end - self->at)
        size = end - self->at;
    if (mail->reads && size > mail->reads)
        size = mail->reads;
    memcpy(buffer, mail->content + self->at, size);
    self->at += size;
    return (ptrdiff_t)size;
}

static bool prepare_source(struct postino_source *source, unsigned offers)
{
    (void)offers;
    return !((struct play_source *)source)->mail->refuses;
}

bool play_fails(struct play *p, int line, const char *what, const char *is, const char *expected)
{
    if (!p->failure[0])
        snprintf(p->failure, sizeof p->failure, "line %d: %s is\n#   [%s], not\n#   [%s]", line, what, is, expected);
    return false;
}

/* A context is plain data: what still looked at the old one would find poison. */
static struct postino_session *moved(struct play *p)
{
    struct postino_session *to = malloc(sizeof *to);
    if (!to)
        abort();
    memcpy(to, p->session, sizeof *to);
    memset(p->session, 0xA5, sizeof *to);
    free(p->session);
    return p->session = to;
}

static void submit(struct play *p, int index)
{
    p->misuse[index] = postino_session_submit(moved(p), &p->mails[index]);
    p->submitted[index] = !p->misuse[index];
}

static void room_for(struct postino_result *result, char *text)
{
    memset(result, 0xA5, sizeof *result);
    result->text = text;
    result->text_size = TEXT_ROOM;
    text[0] = '\0';
}

static void make_mail(struct play *p, int index)
{
    const struct script_mail *from = &p->script->mails[index];
    struct postino_mail *mail = &p->mails[index];
    struct play_source *source = &p->sources[index];
    memset(mail, 0xA5, sizeof *mail);
    memset(source, 0, sizeof *source);
    source->mail = from;
    source->source.read = read_source;
    source->source.prepare = prepare_source;
    source->source.length = from->length;
    source->source.seven_bit = from->seven_bit;
    source->source.canonical = from->canonical;
    source->source.binary = from->binary;
    source->source.utf8 = from->utf8;
    mail->command = from->command;
    mail->argument = from->argument;
    mail->reverse_path = from->from;
    mail->recipients = p->recipients[index];
    mail->recipient_count = from->to_count;
    mail->policy = from->all ? POSTINO_POLICY_ALL : POSTINO_POLICY_ANY;
    mail->source = &source->source;
    mail->parameters = from->with_parameters ? &from->parameters : NULL;
    room_for(&mail->result, p->texts[index][RECIPIENTS_MAX]);
    for (uint32_t i = 0; i < from->to_count; i++) {
        p->recipients[index][i].address = from->to[i];
        p->recipients[index][i].parameters = from->recipient_with_parameters[i] ? &from->recipient_parameters[i] : NULL;
        room_for(&p->recipients[index][i].result, p->texts[index][i]);
    }
}

bool play_begin(struct play *p, const struct script *script, const struct play_way *way)
{
    memset(p, 0, sizeof *p);
    p->script = script;
    p->way = *way;
    p->take = SIZE_MAX;
    p->config.name = script->name;
    p->config.text = script->text_room ? p->text : NULL;
    p->config.text_size = script->text_room;
    p->config.window = script->window;
    p->config.mails_in_flight = script->mails_in_flight;
    p->config.unverified = script->unverified;
    p->config.limits = script->basic || script->unlimited ? NULL : &p->limits;
    p->config.behind_dot = script->behind_dot ? &postino_behind_dot : NULL;
    p->config.extensions = script->basic ? NULL : postino_extensions;
    p->config.enhanced = script->basic ? NULL : &postino_enhanced;
    p->config.opening[0] = script->starttls;
    p->config.xclient = script->xclient;
    p->config.lenient = script->lenient ? &postino_lenient : NULL;
    p->config.lmtp = script->lmtp ? &postino_lmtp : NULL;
    p->config.quick = way->input_size == 0 ? &postino_quick : NULL;
    memset(p->text, 'U', sizeof p->text - 1);
    play_auth_begin(&p->auth, &script->auth, &p->config);
    p->session = malloc(sizeof *p->session);
    if (!p->session)
        abort();
    if (postino_session_init(p->session, &p->config)) {
        const char *expected = script_expected(script, "error");
        if (!expected || strcmp(expected, "bad name") != 0)
            play_fails(p, 0, "error", "bad name", expected ? expected : "none");
        return false;
    }
    for (int i = 0; i < script->mail_count; i++) {
        make_mail(p, i);
        if (!script->mails[i].late)
            submit(p, i);
    }
    return true;
}

static void say(struct play *p, const char *octets, size_t length)
{
    if (p->said_length + length > p->said_room) {
        p->said_room = (p->said_length + length) * 2 + 64;
        p->said = realloc(p->said, p->said_room);
    }
    if (length)
        memcpy(p->said + p->said_length, octets, length);
    p->said_length += length;
}

static size_t output(struct play *p)
{
    size_t size = p->way.output_size < p->take ? p->way.output_size : p->take;
    if (!size)
        return 0;
    char *buffer = malloc(size + 1); /* the last octet is a guard, for those who run without ASan */
    if (!buffer)
        abort();
    buffer[size] = 0x5A;
    size_t length = postino_session_output(moved(p), buffer, size);
    if (length > size || buffer[size] != 0x5A)
        play_fails(p, 0, "the length of output", "too large", "within its buffer");
    say(p, buffer, length);
    if (p->take != SIZE_MAX)
        p->take -= length;
    free(buffer);
    return length;
}

void play_drain(struct play *p)
{
    while (postino_session_need(moved(p)) == POSTINO_NEED_TIME)
        postino_sasl_compute(moved(p));
    while (postino_session_need(moved(p)) == POSTINO_NEED_SEND && p->take)
        if (!output(p) && postino_session_need(p->session) == POSTINO_NEED_SEND) {
            play_fails(p, 0, "need", "send", "anything else, since nothing was there to be sent");
            return;
        }
}

void play_take_back(struct play *p)
{
    for (struct postino_mail *mail; (mail = postino_session_finished(moved(p))) != NULL; p->next_finished++) {
        int index = (int)(mail - p->mails);
        while (p->next_finished < index && !p->submitted[p->next_finished])
            p->next_finished++;
        if (index != p->next_finished || p->finished[index])
            play_fails(p, 0, "the order of finished mails", "another", "that of their submission");
        p->finished[index] = true;
    }
}

void play_input(struct play *p, const char *octets, size_t length)
{
    char *exact = malloc(length ? length : 1); /* so that ASan sees a read behind the last octet */
    if (!exact)
        abort();
    memcpy(exact, octets, length);
    postino_session_input(moved(p), exact, length);
    free(exact);
    if (p->way.eager && postino_session_need(p->session) != POSTINO_NEED_CLOSE)
        play_drain(p);
}

void play_lost(struct play *p, enum postino_reason why, size_t unsent)
{
    postino_session_lost(moved(p), why, unsent);
}

/* EHLO must fit, so that the size of output does not count for it. */
static void recall(struct play *p)
{
    char *buffer = malloc(512);
    if (!buffer)
        abort();
    say(p, buffer, postino_session_recall(moved(p), &p->script->known, buffer, 512));
    free(buffer);
}

static void hear(struct play *p, const struct item *item)
{
    size_t step = p->way.input_size ? p->way.input_size : item->length;
    if (p->block++ == p->way.split_block) {
        play_input(p, item->octets, p->way.split_at);
        play_input(p, item->octets + p->way.split_at, item->length - p->way.split_at);
        return;
    }
    for (size_t at = 0; at < item->length; at += step)
        play_input(p, item->octets + at, item->length - at < step ? item->length - at : step);
}

static bool check_flight(struct play *p, const struct item *item)
{
    bool client = item && item->kind == ITEM_CLIENT;
    size_t length = client ? item->length : 0;
    char is[900], expected[900];
    if (p->said_length == length && (!length || memcmp(p->said, item->octets, length) == 0)) {
        p->said_length = 0;
        return true;
    }
    play_escape(is, sizeof is, p->said, p->said_length);
    play_escape(expected, sizeof expected, client ? item->octets : "", length);
    return play_fails(p, item ? item->line : 0, "the flight", is, expected);
}

/* Asked of the session, which is not told anything. */
static bool is_question(const struct item *item)
{
    static const char *const questions[] = {"step-is",    "timeout-is", "need-is", "withdrawn", "size-limit-is",
                                            "offers-are", "permitted",  "changed", "confirmed"};
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (item->kind == ITEM_EVENT && strcmp(item->octets, questions[i]) == 0)
            return true;
    return false;
}

static bool ask(struct play *p, const struct item *item)
{
    const struct postino_session *s = moved(p);
    const char *question = item->octets;
    unsigned long is = (unsigned long)item->number;
    char a[32], b[32];
    if (strcmp(question, "step-is") == 0)
        return strcmp(play_steps[postino_session_step(s)], item->word) == 0 ||
               play_fails(p, item->line, "the step", play_steps[postino_session_step(s)], item->word);
    if (strcmp(question, "need-is") == 0)
        return strcmp(play_needs[postino_session_need(s)], item->word) == 0 ||
               play_fails(p, item->line, "the need", play_needs[postino_session_need(s)], item->word);
    if (strcmp(question, "withdrawn") == 0)
        return postino_session_withdrawn(s) || play_fails(p, item->line, "the permission", "given", "withdrawn");
    if (strcmp(question, "permitted") == 0)
        return !postino_session_withdrawn(s) || play_fails(p, item->line, "the permission", "withdrawn", "given");
    if (strcmp(question, "changed") == 0)
        return postino_session_changed(s) || play_fails(p, item->line, "what was recalled", "confirmed", "changed");
    if (strcmp(question, "confirmed") == 0)
        return !postino_session_changed(s) || play_fails(p, item->line, "what was recalled", "changed", "confirmed");
    if (strcmp(question, "timeout-is") == 0)
        is = postino_session_timeout_s(s);
    else if (strcmp(question, "offers-are") == 0)
        is = postino_session_offers(s);
    else if (strcmp(question, "size-limit-is") == 0)
        is = (unsigned long)postino_session_size_limit(s);
    if (is == (unsigned long)item->number)
        return true;
    snprintf(a, sizeof a, "%lu", is);
    snprintf(b, sizeof b, "%ld", item->number);
    return play_fails(p, item->line, question, a, b);
}

static bool event(struct play *p, const struct item *item)
{
    const char *name = item->octets;
    size_t unsent = item->number > 0 ? (size_t)item->number : 0;
    if (strcmp(name, "lost") == 0 || strcmp(name, "unsent") == 0)
        play_lost(p, POSTINO_REASON_LOST, unsent);
    else if (strcmp(name, "timeout") == 0)
        play_lost(p, POSTINO_REASON_TIMEOUT, unsent);
    else if (strcmp(name, "cancel") == 0)
        play_lost(p, POSTINO_REASON_CANCELLED, unsent);
    else if (strcmp(name, "tls") == 0 && postino_session_need(p->session) != POSTINO_NEED_TLS)
        return play_fails(p, item->line, "need", play_needs[postino_session_need(p->session)], "tls");
    else if (strcmp(name, "tls") == 0 || strcmp(name, "implicit-tls") == 0)
        postino_session_secured(moved(p));
    else if (strcmp(name, "recall") == 0)
        recall(p);
    else if (strcmp(name, "quit") == 0)
        postino_session_quit(moved(p));
    else if (strcmp(name, "submit") == 0)
        submit(p, (int)item->number - 1);
    else if (strcmp(name, "not-yet") == 0 && postino_session_need(p->session) != POSTINO_NEED_CONTENT)
        return play_fails(p, item->line, "need", play_needs[postino_session_need(p->session)], "content");
    else
        output(p);
    return true;
}

bool play_item(struct play *p, const struct item *item)
{
    if (item->kind == ITEM_EVENT && strcmp(item->octets, "take") == 0) {
        p->take = item->number < 0 ? SIZE_MAX : (size_t)item->number;
        return true;
    }
    play_drain(p);
    if (p->failure[0])
        return false;
    if (is_question(item))
        return ask(p, item);
    if (item->kind == ITEM_EVENT && strcmp(item->octets, "anything") == 0) {
        p->said_length = 0;
        return true;
    }
    if (!check_flight(p, item))
        return false;
    if (item->kind == ITEM_SERVER)
        hear(p, item);
    return item->kind != ITEM_EVENT || event(p, item);
}

void play_end(struct play *p)
{
    free(p->session);
    free(p->said);
}
