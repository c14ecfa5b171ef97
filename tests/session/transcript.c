/*
 * Plays each transcript of a folder, or those that are named: whole, one octet per input, split in two at every
 * position of every block, and with the client speaking after every octet that it hears; each at output buffers of 1,
 * 2, 7, 64 and 4,096 octets.
 *
 * usage: transcript [-q] FOLDER|FILE...      -q: not split, and at buffers of 1 and 4,096 octets
 */
#define _POSIX_C_SOURCE 200809L
#include "play.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    EVERY_POSITION = 3000 /* octets of a transcript that are split at every position; of more, some are */
};

static const size_t output_sizes[] = {1, 2, 7, 64, 4096};
static unsigned long plays;
static bool quick; /* not split, and at two sizes of output */

static const char *play_once(struct play *p, const struct script *script, struct play_way way)
{
    plays++;
    return play(p, script, &way);
}

/* Some positions of a long block: its ends and every so many between. */
static size_t stride(const struct script *script, size_t at, size_t length)
{
    if (script->server_octets <= EVERY_POSITION || at < 40 || at + 40 >= length)
        return 1;
    return length / 37 + 1;
}

static const char *play_splits(struct play *p, const struct script *script, size_t output_size)
{
    int block = 0;
    for (int i = 0; i < script->item_count; i++) {
        const struct item *item = &script->items[i];
        if (item->kind != ITEM_SERVER)
            continue;
        for (size_t at = 1; at < item->length; at += stride(script, at, item->length)) {
            struct play_way way = {output_size, 0, block, at, false};
            const char *why = play_once(p, script, way);
            if (why)
                return why;
        }
        block++;
    }
    return NULL;
}

static bool play_all(struct play *p, const struct script *script)
{
    for (size_t i = 0; i < sizeof output_sizes / sizeof *output_sizes; i += quick ? 4 : 1) {
        size_t size = script->buffer ? script->buffer : output_sizes[i];
        const char *why = play_once(p, script, (struct play_way){size, 0, -1, 0, false});
        const char *how = "whole";
        if (!why && (how = "by octets"))
            why = play_once(p, script, (struct play_way){size, 1, -1, 0, false});
        if (!why && !script->together && (how = "eagerly"))
            why = play_once(p, script, (struct play_way){size, 1, -1, 0, true});
        if (!why && !quick && (how = "split"))
            why = play_splits(p, script, size);
        if (!why && script->buffer)
            break;
        if (!why)
            continue;
        printf("# played %s at an output of %zu octets: %s\n", how, size, why);
        return false;
    }
    return true;
}

static bool test(const char *path, const char *name)
{
    static struct play p; /* large */
    struct script *script = malloc(sizeof *script);
    if (!script)
        abort();
    bool good = script_read(script, path) && play_all(&p, script);
    script_free(script);
    free(script);
    printf("%s %.*s\n", good ? "ok" : "not ok", (int)(strcspn(name, ".")), name);
    return good;
}

static int is_transcript(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".txt") == 0;
}

static int test_folder(const char *folder)
{
    struct dirent **entries;
    int failed = 0, count = scandir(folder, &entries, is_transcript, alphasort);
    if (count <= 0) {
        printf("not ok transcripts in %s: none\n", folder);
        return 1;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        failed += !test(path, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        struct stat about;
        const char *slash = strrchr(argv[i], '/');
        if (strcmp(argv[i], "-q") == 0)
            quick = true;
        else if (stat(argv[i], &about) == 0 && S_ISDIR(about.st_mode))
            failed += test_folder(argv[i]);
        else
            failed += !test(argv[i], slash ? slash + 1 : argv[i]);
    }
    printf("# %lu plays\n", plays);
    return failed != 0;
}
