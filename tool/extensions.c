/* Extensions of SMTP by their names. */
#include "tool.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    const struct postino_extension *extension;
} known[] = {{"PIPELINING", &postino_pipelining},
             {"CHUNKING", &postino_chunking},
             {"8BITMIME", &postino_8bitmime},
             {"SIZE", &postino_size},
             {"BINARYMIME", &postino_binarymime}};

enum {
    KNOWN = sizeof known / sizeof *known
};

static const struct postino_extension *named(const char *word, size_t length)
{
    for (size_t i = 0; i < KNOWN; i++)
        if (strlen(known[i].name) == length && strncasecmp(known[i].name, word, length) == 0)
            return known[i].extension;
    return NULL;
}

static void leave_out(const struct postino_extension **list, const struct postino_extension *extension)
{
    const struct postino_extension **to = list;
    for (; *list; list++)
        if (*list != extension)
            *to++ = *list;
    *to = NULL;
}

const struct postino_extension *const *postino_extensions_without(const char *list)
{
    size_t count = 0;
    while (postino_extensions[count])
        count++;
    const struct postino_extension **left = postino_grow(NULL, count + 1, sizeof *left);
    memcpy(left, postino_extensions, (count + 1) * sizeof *left);
    for (const char *word = list; *word; word += *word == ',') {
        size_t length = strcspn(word, ",");
        const struct postino_extension *extension = named(word, length);
        if (!extension) {
            postino_complain("--without: '%.*s' is none of PIPELINING, CHUNKING, 8BITMIME, SIZE, BINARYMIME",
                             (int)length, word);
            return NULL;
        }
        leave_out(left, extension);
        word += length;
    }
    return left;
}
