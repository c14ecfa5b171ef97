/* The world of the exploration: all that there is, in one place, so that it can be put back. */
#ifndef POSTINO_TESTS_EXPLORE_H
#define POSTINO_TESTS_EXPLORE_H

#include "monitor.h"

#include <postino/sasl.h>

struct stimulus {
    const char *octets;
    uint16_t codes[2]; /* of the replies that it completes; 1: malformed */
    uint8_t completes; /* which half reply it goes with; 0: none */
    uint8_t begins;    /* which half reply it leaves */
    bool confirms;     /* it offers what was known of the server */
};

enum {
    ACTION_SPEAK,
    ACTION_SPEAK_5,
    ACTION_SUBMIT,
    ACTION_QUIT,
    ACTION_SECURED,
    ACTION_WORK,
    ACTION_HEAR /* and those behind it: a stimulus each */
};

struct world_source {
    struct postino_source source;
    size_t at;
    bool said_not_yet;
};

struct world {
    struct postino_session session;
    struct postino_mail mails[WORLD_MAILS];
    struct postino_recipient recipients[WORLD_MAILS][WORLD_RECIPIENTS];
    struct world_source sources[WORLD_MAILS];
    struct postino_sasl sasl;
    char text[8]; /* of a reply; where there is a sasl */
    struct monitor monitor;
    const struct world_kind *kind;
    int submitted, handed;
    bool quit;
    uint8_t partial;
    uint8_t slices; /* that the mechanism has still to work */
};

extern struct world world;
extern const int explore_actions;

extern const struct world_kind world_kinds[];
extern const int world_kind_count;
/* Puts the world to its beginning; where its opening is not what is looked at, behind that. */
void world_make(const struct world_kind *kind);

/* Does it, where it can be done here: NULL where not, "" where all held, else the rule that did not. */
const char *explore_apply(int action);
/* What the server says: the codes of the replies that it completes, 1 for a malformed one. */
const char *explore_hear(const char *octets, size_t length, const unsigned *codes, int count, bool partial);
const char *explore_lose(enum postino_reason why, size_t unsent);
/* Loses the connection here in every way; returns the rule that did not hold, or NULL. */
const char *explore_losses(void);
const char *explore_name(int action);

#endif
