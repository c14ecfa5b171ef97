/* What a mail holds: a message that exists, or one composed from options. */
#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static int cannot_read(const char *option, const char *path)
{
    if (postino_interrupted)
        return postino_say_interrupted();
    postino_complain("%s: %s: %s", option, path, strerror(errno));
    return EX_NOINPUT;
}

static int open_existing(struct postino_letter *letter, struct postino_request *request)
{
    const char *path = request->message_file;
    letter->with_text_file = postino_spool_open(&letter->text_file, path, POSTINO_SPOOL_FILE);
    if (!letter->with_text_file)
        return cannot_read("--message", path);
    struct postino_measure measure = postino_measure_source(&letter->text_file.source);
    if (measure.failed)
        return cannot_read("--message", path);
    if (measure.bad) {
        postino_complain("--message: %s: line %llu: %s; it was not sent", path, (unsigned long long)measure.bad_line,
                         measure.bad);
        return EX_DATAERR;
    }
    letter->text_file.source.length = (size_t)measure.length;
    letter->text_file.source.seven_bit = measure.seven_bit;
    postino_header_filter_open(&letter->filter, &letter->text_file.source);
    postino_downgrade_open(&letter->downgrade, &letter->filter.source);
    request->submission.source = &letter->downgrade.source;
    return EX_OK;
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".txt", "text/plain"},        {".log", "text/plain"},      {".csv", "text/csv"},
        {".html", "text/html"},        {".htm", "text/html"},       {".md", "text/markdown"},
        {".json", "application/json"}, {".xml", "application/xml"}, {".pdf", "application/pdf"},
        {".zip", "application/zip"},   {".gz", "application/gzip"}, {".png", "image/png"},
        {".jpg", "image/jpeg"},        {".jpeg", "image/jpeg"},     {".gif", "image/gif"},
        {".svg", "image/svg+xml"},     {".webp", "image/webp"},     {".mp3", "audio/mpeg"},
        {".mp4", "video/mp4"},         {".ics", "text/calendar"},   {".tar", "application/x-tar"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(dot, types[i][0]) == 0)
            return types[i][1];
    return NULL;
}

static int open_parts(struct postino_letter *letter, const struct postino_request *request)
{
    letter->parts = postino_grow(NULL, request->attached_count + 1, sizeof *letter->parts);
    letter->files = postino_grow(NULL, request->attached_count + 1, sizeof *letter->files);
    for (size_t i = 0; i < request->attached_count; i++) {
        const char *path = request->attached[i];
        struct postino_file_source *file = &letter->files[i];
        if (!postino_spool_open(file, path, POSTINO_SPOOL_FILE))
            return cannot_read("--attach", path);
        letter->file_count++;
        file->cancelled = &postino_interrupted;
        file->source.length = (size_t)file->size;
        const char *name = strcmp(path, "-") == 0 ? "standard-input" : path;
        letter->parts[i] = (struct postino_part){.source = &file->source, .filename = name, .type = type_of(path)};
    }
    return EX_OK;
}

static int compose(struct postino_letter *letter, struct postino_request *request, struct postino_source *text)
{
    const char *at = strchr(request->from.items[0].address, '@');
    int zone_minutes, code = open_parts(letter, request);
    if (code)
        return code;
    postino_posix_date(&letter->date.seconds, &zone_minutes);
    letter->date.zone_minutes = (int16_t)zone_minutes;
    if (!postino_posix_random(letter->randomness, sizeof letter->randomness)) {
        postino_complain("the system gives no randomness");
        return EX_OSERR;
    }
    bool named = postino_message_id(letter->message_id, sizeof letter->message_id, letter->randomness[0],
                                    at ? at + 1 : "localhost");
    letter->message = (struct postino_message){
        .from = {request->from.items, request->from.count},
        .reply_to = {request->reply_to.items, request->reply_to.count},
        .to = {request->to.items, request->to.count},
        .cc = {request->cc.items, request->cc.count},
        .subject = request->subject,
        .date = &letter->date,
        .message_id = named ? letter->message_id : NULL,
        .headers = request->headers,
        .header_count = request->header_count,
        .text = text,
        .parts = letter->parts,
        .part_count = request->attached_count,
        .multipart = &postino_multipart,
        .randomness = letter->randomness[1],
    };
    enum postino_message_error error = postino_message_open(&letter->composed, &letter->message);
    if (error) {
        char item[32] = "";
        if (letter->composed.wrong_item)
            snprintf(item, sizeof item, ", number %zu", letter->composed.wrong_item + 1);
        postino_complain("%s%s: %s; nothing was sent", letter->composed.wrong_field, item,
                         postino_message_error_text(error));
        return EX_USAGE;
    }
    request->submission.source = &letter->composed.source;
    return EX_OK;
}

int postino_letter_open(struct postino_letter *letter, struct postino_request *request)
{
    const char *path = request->text_file ? request->text_file : "-";
    letter->parts = NULL;
    letter->files = NULL;
    letter->file_count = 0;
    letter->with_text_file = false;
    if (request->message_file)
        return open_existing(letter, request);
    if (request->text) {
        postino_memory_source_open(&letter->memory, request->text, strlen(request->text));
        return compose(letter, request, &letter->memory.source);
    }
    if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO))
        fputs("Type the text; end it with Ctrl-D on a line of its own.\n", stderr);
    letter->with_text_file = postino_spool_open(&letter->text_file, path, POSTINO_SPOOL_FILE);
    if (!letter->with_text_file)
        return cannot_read("--text-file", path);
    letter->text_file.cancelled = &postino_interrupted;
    return compose(letter, request, &letter->text_file.source);
}

void postino_letter_close(struct postino_letter *letter)
{
    if (letter->with_text_file)
        postino_file_source_close(&letter->text_file);
    for (size_t i = 0; i < letter->file_count; i++)
        postino_file_source_close(&letter->files[i]);
    free(letter->parts);
    free(letter->files);
}
