/*
 * CHUNKING against a server that keeps what it is sent and refuses by chance: chance is a seed, or octets of a fuzzer.
 */
#ifndef POSTINO_TESTS_CHUNK_WORLD_H
#define POSTINO_TESTS_CHUNK_WORLD_H

#include <postino/session.h>

enum {
    MAILS = 6,
    RECIPIENTS = 3,
    CONTENT_MAX = 3000,
    WIRE_MAX = 1 << 18
};

struct content {
    struct postino_source source; /* first */
    char raw[CONTENT_MAX];
    size_t length, at;
    bool fails, waits;
};

struct server {
    bool pipelining, gone, quit;
    bool recalled, invites; /* what it was known for is recalled; it takes what comes ahead of its greeting */
    int refusals;           /* one of so many commands; 0: none */
    bool greeted, open, in_chunks, last;
    char line[1200];
    size_t line_length, chunk_left;
    bool chunk_sound;
    int sender;
    bool taken[RECIPIENTS];
    char body[2 * CONTENT_MAX + 16];
    size_t body_length;
    char replies[WIRE_MAX];
    size_t said, heard;
    int delivered[MAILS][RECIPIENTS];
    bool wrong_body, strange;
    int commands, chunks, deliveries;
};

extern struct content contents[MAILS];
extern struct postino_mail mails[MAILS];
extern struct server server;
extern int waits;    /* for replies, until all was done */
extern bool patient; /* nothing is read before that */

/* What comes next is told by these octets, and by the seed where they are used up. */
void chance(const uint8_t *octets, size_t length, uint32_t seed);
void make_mails(bool may_fail);
/* `dies`: after so many octets that the server took; 0: never. Returns NULL, or what was wrong. */
const char *play(unsigned buffer_size, unsigned split, size_t dies, unsigned in_flight);
/* All by chance. */
const char *play_by_chance(void);

#endif
