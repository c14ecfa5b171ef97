/* Reads a transcript. */
#define _POSIX_C_SOURCE 200809L
#include "script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct script *script;
    const char *path;
    int line;
    bool bad;
};

static void wrong(struct reader *r, const char *why)
{
    printf("# %s:%d: %s\n", r->path, r->line, why);
    r->bad = true;
}

static void *copy(const char *octets, size_t length)
{
    char *to = malloc(length + 1);
    if (!to)
        abort();
    memcpy(to, octets, length);
    to[length] = '\0';
    return to;
}

static int hexadecimal(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : 0;
}

/* Undoes the escapes of C in place; returns the length. */
static size_t unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++) {
        if (*at != '\\') {
            *to++ = *at;
            continue;
        }
        static const char names[] = "nrt0\"\\a", octets[] = "\n\r\t\0\"\\\a";
        const char *name = strchr(names, *++at);
        if (*at == 'x') {
            *to++ = (char)(hexadecimal(at[1]) * 16 + hexadecimal(at[2]));
            at += 2;
        } else if (name && *name) {
            *to++ = octets[name - names];
        }
    }
    *to = '\0';
    return (size_t)(to - text);
}

static struct item *new_item(struct reader *r, enum item_kind kind)
{
    struct script *s = r->script;
    if (s->item_count == ITEMS_MAX) {
        wrong(r, "too many items");
        s->item_count--;
    }
    struct item *item = &s->items[s->item_count++];
    memset(item, 0, sizeof *item);
    item->kind = kind;
    item->line = r->line;
    item->number = -1;
    return item;
}

/* `S: text`, `S| octets`, `S*3: text`; joined with the item before where that is of the same side. */
static void read_octets(struct reader *r, char *text)
{
    struct script *s = r->script;
    enum item_kind kind = *text == 'S' ? ITEM_SERVER : ITEM_CLIENT;
    long times = text[1] == '*' ? strtol(text + 2, &text, 10) : (text++, 1);
    bool line = *text++ == ':';
    char *octets = copy(text + (*text == ' '), strlen(text + (*text == ' ')));
    size_t length = unescape(octets);
    struct item *item = s->item_count ? &s->items[s->item_count - 1] : NULL;
    if (!item || item->kind != kind)
        item = new_item(r, kind);
    item->octets = realloc(item->octets, item->length + (length + 2) * (size_t)times + 1);
    for (; times > 0; times--) {
        memcpy(item->octets + item->length, octets, length);
        item->length += length;
        if (line) {
            memcpy(item->octets + item->length, "\r\n", 2);
            item->length += 2;
        }
    }
    free(octets);
}

static struct script_mail *mail_at(struct reader *r, const char *number)
{
    struct script *s = r->script;
    int index = number ? atoi(number) : 0;
    if (index < 1 || index > MAILS_MAX || index > s->mail_count + 1) {
        wrong(r, "no such mail");
        index = 1;
    }
    if (index > s->mail_count) {
        s->mail_count = index;
        s->mails[index - 1].fails = -1;
    }
    return &s->mails[index - 1];
}

static char *word(const char *text)
{
    char *to = copy(text, strlen(text));
    unescape(to);
    return to;
}

static void read_mail(struct reader *r, char *save)
{
    struct script_mail *mail = mail_at(r, strtok_r(NULL, " ", &save));
    bool to = false;
    for (char *at; (at = strtok_r(NULL, " ", &save)) != NULL;) {
        if (strcmp(at, "from") == 0 && (at = strtok_r(NULL, " ", &save)) != NULL)
            mail->from = word(strcmp(at, "<>") == 0 ? "" : at);
        else if (strcmp(at, "to") == 0)
            to = true;
        else if (strcmp(at, "all") == 0)
            mail->all = true;
        else if (strcmp(at, "seven-bit") == 0)
            mail->seven_bit = true;
        else if (strcmp(at, "canonical") == 0)
            mail->canonical = true;
        else if (strcmp(at, "binary") == 0)
            mail->binary = true;
        else if (strcmp(at, "utf8") == 0)
            mail->utf8 = true;
        else if (strcmp(at, "late") == 0)
            mail->late = true;
        else if (strcmp(at, "length") == 0 && (at = strtok_r(NULL, " ", &save)) != NULL)
            mail->length = (size_t)strtoull(at, NULL, 10);
        else if (to && mail->to_count < RECIPIENTS_MAX)
            mail->to[mail->to_count++] = word(at);
        else
            wrong(r, "not a word of a mail");
    }
}

static const struct postino_command *command(struct reader *r, const char *verb)
{
    if (strcmp(verb, "VRFY") == 0)
        return &postino_vrfy;
    if (strcmp(verb, "EXPN") == 0)
        return &postino_expn;
    if (strcmp(verb, "ETRN") == 0)
        return &postino_etrn;
    if (strcmp(verb, "NOOP") != 0)
        wrong(r, "not a command");
    return &postino_noop;
}

static void read_command(struct reader *r, char *save)
{
    struct script_mail *mail = mail_at(r, strtok_r(NULL, " ", &save));
    for (char *at; (at = strtok_r(NULL, " ", &save)) != NULL;) {
        if (strcmp(at, "late") == 0)
            mail->late = true;
        else if (!mail->command)
            mail->command = command(r, at);
        else
            mail->argument = word(at);
    }
}

static void read_content(struct reader *r, char *save)
{
    struct script_mail *mail = mail_at(r, strtok_r(NULL, " ", &save));
    char *end = save ? strrchr(save, '"') : NULL;
    if (!end || *save != '"' || end == save) {
        wrong(r, "content without quotes");
        return;
    }
    long times = end[1] == ' ' && end[2] == 'x' ? atol(end + 3) : 1;
    *end = '\0';
    size_t length = unescape(++save);
    mail->content = realloc(mail->content, mail->content_length + length * (size_t)times + 1);
    for (; times > 0; times--) {
        memcpy(mail->content + mail->content_length, save, length);
        mail->content_length += length;
    }
}

static void read_source(struct reader *r, char *save)
{
    struct script_mail *mail = mail_at(r, strtok_r(NULL, " ", &save));
    const char *how = strtok_r(NULL, " ", &save);
    const char *at = strtok_r(NULL, " ", &save);
    if (!how)
        wrong(r, "a source that does nothing");
    else if (strcmp(how, "refuses") == 0)
        mail->refuses = true;
    else if (strcmp(how, "fails") == 0 && at)
        mail->fails = atol(at);
    else if (strcmp(how, "reads") == 0 && at)
        mail->reads = (size_t)atol(at);
    else if (strcmp(how, "not-yet") == 0)
        for (; at && mail->not_yet_count < NOT_YETS_MAX; at = strtok_r(NULL, " ", &save))
            mail->not_yet[mail->not_yet_count++] = (size_t)atol(at);
    else
        wrong(r, "not a behaviour of a source");
}

static void read_by(struct postino_mail_parameters *parameters, const char *seconds, const char *mode)
{
    parameters->by_s = (int32_t)atol(seconds);
    parameters->by = *mode == 'R' ? POSTINO_BY_RETURN : POSTINO_BY_NOTIFY;
    parameters->by_trace = mode[1] == 'T';
}

static void read_parameters(struct reader *r, char *save)
{
    struct script_mail *mail = mail_at(r, strtok_r(NULL, " ", &save));
    struct postino_mail_parameters *parameters = &mail->parameters;
    mail->with_parameters = true;
    for (char *key; (key = strtok_r(NULL, " ", &save)) != NULL;) {
        if (strcmp(key, "requiretls") == 0) {
            parameters->require_tls = true;
            continue;
        }
        if (strcmp(key, "utf8-paths") == 0) {
            parameters->path_valid = postino_utf8_path_valid;
            continue;
        }
        const char *value = strtok_r(NULL, " ", &save);
        if (!value)
            wrong(r, "a parameter without a value");
        else if (strcmp(key, "envid") == 0)
            parameters->envelope_id = word(value);
        else if (strcmp(key, "ret") == 0)
            parameters->returns = strcmp(value, "full") == 0 ? POSTINO_RETURN_FULL : POSTINO_RETURN_HEADERS;
        else if (strcmp(key, "by") == 0)
            read_by(parameters, value, strtok_r(NULL, " ", &save));
        else if (strcmp(key, "priority") == 0)
            parameters->prioritized = true, parameters->priority = (int8_t)atoi(value);
        else if (strcmp(key, "holdfor") == 0)
            parameters->hold_for_s = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(key, "holduntil") == 0)
            parameters->hold_until = word(value);
        else
            wrong(r, "not a parameter of MAIL");
    }
}

static uint8_t read_notify(const char *list)
{
    static const char *const names[] = {"never", "success", "failure", "delay"};
    uint8_t notify = 0;
    for (unsigned i = 0; i < 4; i++)
        if (strstr(list, names[i]))
            notify |= (uint8_t)(1u << i);
    return notify;
}

static void read_parameters_of(struct reader *r, char *save)
{
    struct script_mail *mail = mail_at(r, strtok_r(NULL, " ", &save));
    const char *address = strtok_r(NULL, " ", &save);
    uint32_t i = 0;
    while (address && i < mail->to_count && strcmp(mail->to[i], address) != 0)
        i++;
    if (!address || i == mail->to_count) {
        wrong(r, "not a recipient of the mail");
        return;
    }
    struct postino_recipient_parameters *parameters = &mail->recipient_parameters[i];
    mail->recipient_with_parameters[i] = true;
    for (char *key; (key = strtok_r(NULL, " ", &save)) != NULL;) {
        const char *value = strtok_r(NULL, " ", &save);
        if (!value)
            wrong(r, "a parameter without a value");
        else if (strcmp(key, "notify") == 0)
            parameters->notify = read_notify(value);
        else if (strcmp(key, "orcpt") == 0)
            parameters->original = word(value);
        else if (strcmp(key, "type") == 0)
            parameters->original_type = word(value);
        else
            wrong(r, "not a parameter of RCPT");
    }
}

/* `known PIPELINING SIZE 1000 tls`: in which extensions, and whether in TLS. */
static void read_known(struct reader *r, char *save)
{
    static const struct {
        const char *name;
        uint32_t offers;
    } names[] = {{"PIPECONNECT", POSTINO_OFFERS_PIPECONNECT},     {"PIPELINING", POSTINO_OFFERS_PIPELINING},
                 {"CHUNKING", POSTINO_OFFERS_CHUNKING},           {"SIZE", POSTINO_OFFERS_SIZE},
                 {"8BITMIME", POSTINO_OFFERS_8BITMIME},           {"DSN", POSTINO_OFFERS_DSN},
                 {"STARTTLS", POSTINO_OFFERS_STARTTLS},           {"DELIVERBY", POSTINO_OFFERS_DELIVERBY},
                 {"FUTURERELEASE", POSTINO_OFFERS_FUTURERELEASE}, {"LIMITS", POSTINO_OFFERS_LIMITS}};
    struct postino_known *known = &r->script->known;
    uint32_t last = 0;
    for (char *at; (at = strtok_r(NULL, " ", &save)) != NULL;) {
        size_t i = 0;
        while (i < sizeof names / sizeof *names && strcmp(names[i].name, at) != 0)
            i++;
        if (i < sizeof names / sizeof *names)
            known->offers |= last = names[i].offers;
        else if (strcmp(at, "tls") == 0)
            known->secured = true;
        else if (last == POSTINO_OFFERS_SIZE)
            known->size_limit = (size_t)atol(at);
        else if (last == POSTINO_OFFERS_DELIVERBY)
            known->by_min_s = (uint32_t)atol(at);
        else if (last == POSTINO_OFFERS_FUTURERELEASE)
            known->hold_max_s = (uint32_t)atol(at);
        else
            wrong(r, "not what a server is known for");
    }
}

static bool read_option(struct reader *r, const char *first, const char *second)
{
    struct script *s = r->script;
    if (strcmp(first, "window") == 0)
        s->window = (uint16_t)atoi(second);
    else if (strcmp(first, "buffer") == 0)
        s->buffer = (size_t)atoi(second);
    else if (strcmp(first, "mails-in-flight") == 0)
        s->mails_in_flight = (uint16_t)atoi(second);
    else if (strcmp(first, "unverified") == 0)
        s->unverified = true;
    else if (strcmp(first, "text-room") == 0)
        s->text_room = (uint16_t)atoi(second);
    else if (strcmp(first, "behind-dot") == 0)
        s->behind_dot = true;
    else if (strcmp(first, "basic") == 0)
        s->basic = true;
    else if (strcmp(first, "lenient") == 0)
        s->lenient = true;
    else if (strcmp(first, "lmtp") == 0)
        s->lmtp = true;
    else if (strcmp(first, "unlimited") == 0)
        s->unlimited = true;
    else if (strcmp(first, "together") == 0)
        s->together = true;
    else if (strcmp(first, "tls") == 0 && strcmp(second, "offered") == 0)
        s->starttls = &postino_starttls_offered;
    else if (strcmp(first, "tls") == 0 && strcmp(second, "required") == 0)
        s->starttls = &postino_starttls_required;
    else if (strcmp(first, "xclient") == 0) {
        s->starttls = &postino_xclient;
        free(s->xclient);
        s->xclient = copy(second, strlen(second));
    } else if (strcmp(first, "name") == 0) {
        free(s->name);
        s->name = word(second);
    } else {
        return script_auth_read(&s->auth, first, second);
    }
    return true;
}

/* `lost unsent 5` and the like: a name, a word and a number, in any order behind the name. */
static void read_event(struct reader *r, const char *first, char *save)
{
    static const char *const events[] = {
        "lost",       "timeout",       "cancel",   "tls",        "implicit-tls", "quit",      "submit",
        "not-yet",    "take",          "step-is",  "timeout-is", "need-is",      "withdrawn", "unsent",
        "offers-are", "size-limit-is", "anything", "permitted",  "recall",       "changed",   "confirmed"};
    size_t known = 0;
    while (known < sizeof events / sizeof *events && strcmp(events[known], first) != 0)
        known++;
    if (known == sizeof events / sizeof *events)
        wrong(r, "not an event");
    struct item *item = new_item(r, ITEM_EVENT);
    item->octets = copy(first, strlen(first));
    for (char *at; (at = strtok_r(NULL, " ", &save)) != NULL;) {
        char *end;
        item->number = strtol(at, &end, 10);
        if (*end)
            snprintf(item->word, sizeof item->word, "%s", at);
    }
}

static bool read_expectation(struct reader *r, char *text)
{
    struct script *s = r->script;
    char *colon = strstr(text, ": ");
    bool known = strncmp(text, "mail ", 5) == 0 || strncmp(text, "error: ", 7) == 0 || strncmp(text, "need: ", 6) == 0;
    if (!colon || !known || s->expectation_count == EXPECTATIONS_MAX)
        return false;
    struct expectation *e = &s->expectations[s->expectation_count++];
    e->key = copy(text, (size_t)(colon - text));
    e->value = copy(colon + 2, strlen(colon + 2));
    return true;
}

static void read_line(struct reader *r, char *text)
{
    if ((*text == 'S' || *text == 'C') && strchr(":|*", text[1])) {
        read_octets(r, text);
        return;
    }
    if (*text == '#' || *text == '\0' || read_expectation(r, text))
        return;
    char *save = NULL;
    const char *rest = strchr(text, ' ');
    rest = rest ? rest + 1 : "";
    char *second = copy(rest, strlen(rest));
    const char *first = strtok_r(text, " ", &save);
    if (strcmp(first, "mail") == 0)
        read_mail(r, save);
    else if (strcmp(first, "command") == 0)
        read_command(r, save);
    else if (strcmp(first, "content") == 0)
        read_content(r, save);
    else if (strcmp(first, "source") == 0)
        read_source(r, save);
    else if (strcmp(first, "parameters") == 0)
        read_parameters(r, save);
    else if (strcmp(first, "parameters-of") == 0)
        read_parameters_of(r, save);
    else if (strcmp(first, "known") == 0)
        read_known(r, save);
    else if (!read_option(r, first, second))
        read_event(r, first, save);
    free(second);
}

static void complete(struct reader *r)
{
    struct script *s = r->script;
    for (int i = 0; i < s->mail_count; i++) {
        struct script_mail *mail = &s->mails[i];
        if (!mail->content)
            mail->content = copy("hello\r\n", mail->content_length = 7);
        if (!mail->from && !mail->command)
            wrong(r, "a mail without a reverse-path");
    }
    for (int i = 0; i < s->item_count; i++)
        if (s->items[i].kind == ITEM_SERVER)
            s->server_octets += s->items[i].length;
    if (!s->expectation_count)
        wrong(r, "a transcript that expects nothing");
}

bool script_read(struct script *s, const char *path)
{
    memset(s, 0, sizeof *s);
    s->name = copy("client.example.test", 19);
    s->text_room = 256;
    struct reader r = {s, path, 0, false};
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;
    if (!file)
        wrong(&r, "cannot be read");
    for (ssize_t length; file && (length = getline(&text, &size, file)) >= 0;) {
        r.line++;
        if (length && text[length - 1] == '\n')
            text[length - 1] = '\0';
        if (r.line == 1 && strncmp(text, "# RFC ", 6) != 0 && strncmp(text, "# attacks ", 10) != 0)
            wrong(&r, "the first line cites no clause");
        read_line(&r, text);
    }
    free(text);
    if (file)
        fclose(file);
    complete(&r);
    return !r.bad;
}

void script_free(struct script *s)
{
    for (int i = 0; i < s->mail_count; i++) {
        struct script_mail *mail = &s->mails[i];
        for (uint32_t j = 0; j < mail->to_count; j++) {
            free(mail->to[j]);
            free((char *)mail->recipient_parameters[j].original);
            free((char *)mail->recipient_parameters[j].original_type);
        }
        free((char *)mail->parameters.envelope_id);
        free((char *)mail->parameters.hold_until);
        free(mail->from);
        free(mail->argument);
        free(mail->content);
    }
    for (int i = 0; i < s->item_count; i++)
        free(s->items[i].octets);
    for (int i = 0; i < s->expectation_count; i++) {
        free(s->expectations[i].key);
        free(s->expectations[i].value);
    }
    free(s->name);
    free(s->xclient);
    script_auth_free(&s->auth);
}

const char *script_expected(const struct script *s, const char *key)
{
    for (int i = 0; i < s->expectation_count; i++)
        if (strcmp(s->expectations[i].key, key) == 0)
            return s->expectations[i].value;
    return NULL;
}
