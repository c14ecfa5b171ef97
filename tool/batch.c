/*
 * Many mails from a list, a line of JSON for each. They go in groups, each over one connection, and what became of a
 * line is told by a line, in the order of the list.
 *
 * The journal holds those lines, too, and names a group's mails before they are sent. So whoever is killed knows what
 * is uncertain: what was named and has no line. A line of the list is known again by a digest of it, and by how many
 * like it stood before.
 */
#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    GROUP_MAX = 256, /* mails over a connection */
    FILES_MAX = 400, /* that a group may have open */
    KEY_DIGITS = 32
};

struct entry {
    size_t line;
    char key[KEY_DIGITS + 24];
    json_t *json;
    const json_t *before; /* what the journal tells of it, or NULL */
    bool from_of_all;     /* `from` is that of the batch */
    struct postino_request request;
    struct postino_letter letter;
    struct postino_outgoing outgoing;
};

struct batch {
    const struct postino_request *common;
    struct postino_courier courier;
    FILE *list;
    FILE *journal; /* or NULL */
    json_t *known; /* keys in the journal, with the last line of each */
    json_t *seen;  /* digests in the list, and how often */
    struct entry *group[GROUP_MAX];
    size_t count, files;
    size_t line, told[5], wrong, passed_over;
    bool stopped;
    int code; /* why it stopped */
};

static int cannot(const char *option, const char *path)
{
    postino_complain("%s: %s: %s", option, path, strerror(errno));
    return EX_NOINPUT;
}

/* ---- The journal ---- */

/* Recipients of an earlier line that a later one does not tell of: there was nothing left to do for them. */
static void keep_recipients(json_t *line, const json_t *before)
{
    json_t *told = json_object_get(line, "recipients");
    const json_t *old = json_object_get(before, "recipients");
    size_t count = json_array_size(told);
    for (size_t i = 0; i < json_array_size(old); i++) {
        json_t *recipient = json_array_get(old, i), *address = json_object_get(recipient, "address");
        bool known = false;
        for (size_t k = 0; k < count && !known; k++)
            known = json_equal(json_object_get(json_array_get(told, k), "address"), address);
        if (!known)
            json_array_append(told, recipient);
    }
}

static void remember(struct batch *b, json_t *line)
{
    const char *key = json_string_value(json_object_get(line, "key"));
    const json_t *sending = json_object_get(line, "sending");
    if (key) {
        keep_recipients(line, json_object_get(b->known, key));
        json_object_set(b->known, key, line);
    }
    for (size_t i = 0; i < json_array_size(sending); i++) {
        const char *name = json_string_value(json_array_get(sending, i));
        json_t *before = name ? json_object_get(b->known, name) : NULL;
        json_t *doubtful = before ? json_copy(before) : json_object();
        json_object_set_new(doubtful, "outcome", json_string("uncertain"));
        if (name)
            json_object_set_new(b->known, name, doubtful);
        else
            json_decref(doubtful);
    }
}

/* A line that was cut by whatever ended the program before is none. The lock goes with the process. */
static bool open_journal(struct batch *b)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length, last = -1;
    b->journal = fopen(b->common->journal, "a+e");
    if (!b->journal || flock(fileno(b->journal), LOCK_EX | LOCK_NB) != 0) /* two runs would send twice */
        return false;
    rewind(b->journal);
    while ((length = getline(&line, &size, b->journal)) > 0) {
        json_t *json = json_loadb(line, (size_t)length, 0, NULL);
        remember(b, json);
        json_decref(json);
        last = line[length - 1];
    }
    free(line);
    if (last >= 0 && last != '\n')
        fputc('\n', b->journal);
    return !ferror(b->journal);
}

static bool keep(struct batch *b)
{
    if (!b->journal || (fflush(b->journal) == 0 && fdatasync(fileno(b->journal)) == 0))
        return true;
    postino_complain("--journal: %s: %s; the batch stops", b->common->journal, strerror(errno));
    return false;
}

/* Names the group before a word of it is said. */
static bool announce(struct batch *b)
{
    if (!b->journal)
        return true;
    for (size_t i = 0; i < b->count; i++)
        fprintf(b->journal, "%s\"%s\"", i ? ", " : "{\"sending\": [", b->group[i]->key);
    fputs("]}\n", b->journal);
    return keep(b);
}

/* ---- What became of them ---- */

static bool is(const json_t *told, const char *outcome)
{
    const char *text = json_string_value(json_object_get(told, "outcome"));
    return text && strcmp(text, outcome) == 0;
}

/* Of all its recipients: what is to be tried again comes before what is not. */
static enum postino_outcome outcome_of(const struct postino_mail *mail)
{
    static const enum postino_outcome order[] = {POSTINO_UNCERTAIN, POSTINO_REFUSED_FOR_NOW, POSTINO_REFUSED_FOR_GOOD};
    if (mail->result.outcome == POSTINO_NOT_TRIED)
        return POSTINO_NOT_TRIED;
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (uint32_t i = 0; i < mail->recipient_count; i++)
            if (postino_outcome_of(&mail->recipients[i].result) == order[k])
                return order[k];
    return POSTINO_ACCEPTED;
}

static void tell(struct batch *b, const struct entry *e, const struct postino_mail *mail, enum postino_outcome outcome,
                 const char *problem)
{
    char *begin = NULL;
    size_t size;
    const char *id = json_string_value(json_object_get(e->json, "id"));
    FILE *text = open_memstream(&begin, &size);
    if (!text)
        exit(EX_OSERR);
    fprintf(text, "\"line\": %zu, \"key\": \"%s\", ", e->line, e->key);
    if (id) {
        fputs("\"id\": ", text);
        postino_print_json_string(text, id);
        fputs(", ", text);
    }
    fclose(text);
    postino_report_json(stdout, begin, &b->common->submission, mail, outcome, problem);
    if (b->journal)
        postino_report_json(b->journal, begin, &b->common->submission, mail, outcome, problem);
    free(begin);
    b->told[outcome]++;
}

static void show_progress(const struct batch *b, bool last)
{
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r%zu lines: %zu done before, %zu accepted, %zu refused for good, %zu not yet, %zu uncertain%s",
            b->line, b->passed_over, b->told[POSTINO_ACCEPTED], b->told[POSTINO_REFUSED_FOR_GOOD],
            b->told[POSTINO_REFUSED_FOR_NOW] + b->told[POSTINO_NOT_TRIED], b->told[POSTINO_UNCERTAIN],
            last ? "\n" : "");
}

static void free_entry(struct entry *e)
{
    postino_outgoing_free(&e->outgoing);
    postino_letter_close(&e->letter);
    if (e->from_of_all)
        e->request.from = (struct postino_people){NULL, 0};
    postino_request_free(&e->request);
    json_decref(e->json);
    free(e);
}

/* Sends the group, tells, and lets go of it. A group of which no mail was tried ends the batch: the next would fare no
 * better. */
static void send_group(struct batch *b)
{
    bool tried = b->count == 0;
    enum postino_outcome outcome;
    if (b->count && announce(b)) {
        for (size_t i = 0; i + 1 < b->count; i++)
            b->group[i]->outgoing.mail.next = &b->group[i + 1]->outgoing.mail;
        outcome = postino_courier_deliver(&b->courier, &b->common->submission, &b->group[0]->outgoing.mail);
        for (size_t i = 0; i < b->count; i++) {
            const struct postino_mail *mail = &b->group[i]->outgoing.mail;
            bool not_tried = mail->result.outcome == POSTINO_NOT_TRIED;
            tried = tried || !not_tried;
            tell(b, b->group[i], mail, outcome_of(mail), not_tried ? b->courier.options.problem : "");
        }
        if (!tried) {
            b->code = postino_exit_code(outcome, &b->group[0]->outgoing.mail);
            postino_complain("%s; the batch stops", b->courier.options.problem);
        }
        fflush(stdout);
    }
    b->stopped = b->stopped || !tried || postino_interrupted || !keep(b);
    for (size_t i = 0; i < b->count; i++)
        free_entry(b->group[i]);
    b->count = b->files = 0;
    show_progress(b, false);
}

/* ---- A line ---- */

/* A digest, and how many such lines stood before. */
static void name_line(struct batch *b, struct entry *e, const char *text, size_t length)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_length;
    if (!EVP_Digest(text, length, digest, &digest_length, EVP_sha256(), NULL))
        exit(EX_OSERR);
    for (int i = 0; i < KEY_DIGITS / 2; i++)
        snprintf(e->key + 2 * i, 3, "%02x", digest[i]);
    json_int_t before = json_integer_value(json_object_get(b->seen, e->key));
    json_object_set_new(b->seen, e->key, json_integer(before + 1));
    if (before)
        snprintf(e->key + KEY_DIGITS, sizeof e->key - KEY_DIGITS, "-%lld", (long long)before + 1);
}

static bool take_value(struct postino_request *request, json_t *object, const char *name, json_t *value)
{
    if (json_is_string(value))
        return postino_request_take(request, name, json_string_value(value));
    if (json_is_true(value))
        return postino_request_take(request, name, NULL);
    if (json_is_integer(value)) { /* kept by the object, whose texts are borrowed */
        json_t *text = json_sprintf("%lld", (long long)json_integer_value(value));
        json_object_set_new(object, name, text);
        return postino_request_take(request, name, json_string_value(text));
    }
    postino_complain("%s: neither a text, a number, true nor a list of texts", name);
    return false;
}

static bool take_members(struct entry *e)
{
    const char *name;
    json_t *member;
    void *next;
    bool right = true;
    json_object_foreach_safe(e->json, next, name, member)
    {
        if (strcmp(name, "id") == 0)
            continue;
        if (!json_is_array(member)) {
            right = take_value(&e->request, e->json, name, member) && right;
            continue;
        }
        for (size_t i = 0; i < json_array_size(member); i++) {
            json_t *item = json_array_get(member, i);
            right = take_value(&e->request, e->json, name, json_is_string(item) ? item : NULL) && right;
        }
    }
    return right;
}

/* Recipients of whom the journal knows that nothing is left to do. */
static void leave_out_done(struct postino_people *recipients, const json_t *before, bool again)
{
    const json_t *all = json_object_get(before, "recipients");
    size_t left = 0;
    for (size_t k = 0; k < recipients->count; k++) {
        bool done = false;
        for (size_t i = 0; i < json_array_size(all); i++) {
            const json_t *told = json_array_get(all, i);
            const char *address = json_string_value(json_object_get(told, "address"));
            if (address && strcmp(address, recipients->items[k].address) == 0)
                done = is(told, "accepted") || is(told, "refused for good") || (is(told, "uncertain") && !again);
        }
        if (!done)
            recipients->items[left++] = recipients->items[k];
    }
    recipients->count = left;
}

/* Returns EX_OK, or an exit code, having said what is wrong. */
static int understand(struct batch *b, struct entry *e, const char *text, size_t length)
{
    json_error_t error;
    e->json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(e->json)) {
        postino_complain("not an object of JSON: %s", e->json ? "something else" : error.text);
        return EX_DATAERR;
    }
    if (!take_members(e))
        return EX_DATAERR;
    e->from_of_all = e->request.from.count == 0 && !e->request.null_sender;
    if (e->from_of_all)
        e->request.from = b->common->from;
    if (!postino_request_complete(&e->request))
        return EX_DATAERR;
    leave_out_done(&e->request.submission.recipients, e->before, b->common->again);
    return postino_letter_open(&e->letter, &e->request);
}

static void take_line(struct batch *b, const char *text, size_t length)
{
    struct entry *e = postino_grow(NULL, 1, sizeof *e);
    memset(e, 0, sizeof *e);
    e->line = b->line;
    e->request.submission = b->common->submission;
    e->request.batch = b->common->batch;
    name_line(b, e, text, length);
    e->before = json_object_get(b->known, e->key);
    if (is(e->before, "accepted") || is(e->before, "refused for good")) {
        b->passed_over++;
        free_entry(e);
        return;
    }
    if (is(e->before, "uncertain") && !b->common->again) {
        tell(b, e, &e->outgoing.mail, POSTINO_UNCERTAIN, "sent before, and it is not known what became of it");
        free_entry(e);
        return;
    }
    const char *program = postino_program;
    char where[300];
    snprintf(where, sizeof where, "%s: %s:%zu", program, b->common->batch, b->line);
    postino_program = where;
    int code = understand(b, e, text, length);
    postino_program = program;
    if (code != EX_OK) {
        b->wrong++;
        tell(b, e, &e->outgoing.mail, POSTINO_NOT_TRIED, "the line is wrong, or names what cannot be read");
        free_entry(e);
        return;
    }
    if (e->request.submission.recipients.count == 0) { /* each of them was done before */
        b->passed_over++;
        free_entry(e);
        return;
    }
    postino_outgoing_make(&e->outgoing, &e->request.submission);
    b->group[b->count++] = e;
    b->files += e->letter.file_count + e->letter.with_text_file;
    if (b->count == GROUP_MAX || b->files >= FILES_MAX)
        send_group(b);
}

static int code_of(const struct batch *b)
{
    if (b->code)
        return b->code;
    if (b->told[POSTINO_UNCERTAIN])
        return POSTINO_EX_UNCERTAIN;
    if (b->wrong)
        return EX_DATAERR;
    if (b->told[POSTINO_REFUSED_FOR_GOOD])
        return EX_UNAVAILABLE;
    return b->told[POSTINO_REFUSED_FOR_NOW] || b->told[POSTINO_NOT_TRIED] || b->stopped ? EX_TEMPFAIL : EX_OK;
}

static void take_lines(struct batch *b)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    while (!b->stopped && !postino_interrupted && (length = getline(&line, &size, b->list)) > 0) {
        b->line++;
        if (line[length - 1] == '\n')
            length--;
        if (strspn(line, " \t\r") < (size_t)length)
            take_line(b, line, (size_t)length);
    }
    free(line);
    int error = ferror(b->list) ? errno : 0;
    send_group(b);
    show_progress(b, true);
    if (error && !postino_interrupted) {
        errno = error;
        b->code = cannot("--batch", b->common->batch);
    }
}

int postino_batch(const struct postino_request *request)
{
    struct batch *b = postino_grow(NULL, 1, sizeof *b);
    memset(b, 0, sizeof *b);
    b->common = request;
    b->list = strcmp(request->batch, "-") == 0 ? stdin : fopen(request->batch, "re");
    if (!b->list)
        return cannot("--batch", request->batch);
    b->known = json_object();
    b->seen = json_object();
    if (request->journal && !open_journal(b))
        return cannot("--journal", request->journal);
    int code = postino_courier_open(&b->courier, &request->submission);
    if (code == EX_OK) {
        b->courier.options.wipe = NULL; /* each group needs the secret; closing wipes it */
        take_lines(b);
        postino_courier_close(&b->courier);
        code = code_of(b);
    }
    if (b->journal)
        fclose(b->journal);
    json_decref(b->known);
    json_decref(b->seen);
    free(b);
    return code;
}
