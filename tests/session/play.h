/* Plays a transcript against the engine and says where the two part. */
#ifndef POSTINO_TESTS_PLAY_H
#define POSTINO_TESTS_PLAY_H

#include "script.h"

/* How the octets are handed over; what is said and what comes of it must be the same. */
struct play_way {
    size_t output_size; /* of each call of output */
    size_t input_size;  /* of each call of input; 0: a block at once */
    int split_block;    /* the block of the server that is split in two; -1: none */
    size_t split_at;
    bool eager; /* the client speaks after each piece of input, not only behind a block */
};

enum {
    TEXT_ROOM = 256,
    SESSION_TEXT_ROOM = 12290
};

struct play_source {
    struct postino_source source;
    const struct script_mail *mail;
    size_t at;
    size_t not_yet; /* how many of those were said */
};

struct play {
    const struct script *script;
    struct play_way way;
    struct postino_config config;
    struct postino_limits limits;
    struct postino_session *session; /* moved before each call */
    struct postino_mail mails[MAILS_MAX];
    struct postino_recipient recipients[MAILS_MAX][RECIPIENTS_MAX];
    struct play_source sources[MAILS_MAX];
    enum postino_misuse misuse[MAILS_MAX];
    bool submitted[MAILS_MAX], finished[MAILS_MAX];
    int next_finished; /* mails must come back in order */
    char texts[MAILS_MAX][RECIPIENTS_MAX + 1][TEXT_ROOM];
    char text[SESSION_TEXT_ROOM];
    struct play_auth auth;
    char *said;
    size_t said_length, said_room;
    size_t take; /* how much of the next flight is let out */
    int block;   /* of the server, counted */
    char failure[2048];
};

/* Returns NULL, or what was wrong. */
const char *play(struct play *play, const struct script *script, const struct play_way *way);

/* The parts of a play, for tests that end it elsewhere. */
bool play_begin(struct play *play, const struct script *script, const struct play_way *way);
bool play_item(struct play *play, const struct item *item);
void play_drain(struct play *play);
void play_input(struct play *play, const char *octets, size_t length);
void play_lost(struct play *play, enum postino_reason why, size_t unsent);
void play_take_back(struct play *play);
void play_end(struct play *play);
bool play_fails(struct play *play, int line, const char *what, const char *is, const char *expected);

/* `refused for now at DATA, 451 4.3.0 "text"` */
void play_format(char *to, size_t size, const struct postino_result *result);
/* The octets with escapes of C. */
void play_escape(char *to, size_t size, const char *octets, size_t length);

extern const char *const play_steps[], *const play_needs[], *const play_outcomes[];

#endif
