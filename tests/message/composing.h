/* Composes a message at every buffer size, checks that the octets are the same each time and that the length was right.
 */
#ifndef POSTINO_TESTS_COMPOSING_H
#define POSTINO_TESTS_COMPOSING_H

#include "check.h"
#include "reading.h"

static const struct postino_mailbox composing_ada = {NULL, "a@b.test"};

static inline struct postino_message composing_message(void)
{
    struct postino_message message;
    memset(&message, 0, sizeof message);
    message.from = (struct postino_mailboxes){&composing_ada, 1};
    return message;
}

static inline void composing_again(struct postino_message_source *composed, const struct reading *first, size_t size,
                                   unsigned offers, bool prepare)
{
    CHECK(composed->source.rewind(&composed->source));
    CHECK(!prepare || composed->source.prepare(&composed->source, offers));
    struct reading again = read_all(&composed->source, size);
    CHECK(again.length == first->length && !memcmp(again.octets, first->octets, first->length));
    free(again.octets);
}

/* Returns the message, to be freed; NULL where it cannot be sent. */
static inline char *composed_with(const struct postino_message *message, unsigned offers)
{
    struct postino_message_source composed;
    CHECK_NUMBER(postino_message_open(&composed, message), POSTINO_MESSAGE_OK);
    if (!composed.source.prepare(&composed.source, offers))
        return NULL;
    uint64_t length = composed.source.length;
    struct reading first = read_all(&composed.source, 4096);
    CHECK(!first.failed);
    CHECK(!length || length == first.length);
    for (size_t i = 0; composed.source.rewind && i < READING_SIZES; i++)
        composing_again(&composed, &first, reading_sizes[i], offers, i % 2);
    return first.octets;
}

/* Checks the part of the message that begins at `begin` and ends before `end`. */
static inline void check_between(const char *text, const char *begin, const char *end, const char *expected)
{
    const char *from = strstr(text, begin), *to = from ? strstr(from + strlen(begin), end) : NULL;
    CHECK(from && to);
    if (!from || !to)
        return;
    size_t length = (size_t)(to - from);
    char *part = malloc(length + 1);
    memcpy(part, from, length);
    part[length] = 0;
    CHECK_TEXT(part, expected);
    free(part);
}

#endif
