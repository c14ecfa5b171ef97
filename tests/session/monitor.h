/*
 * A second opinion: reads what the engine speaks as a server would, hears what it hears, and knows from these alone
 * what must become of each mail. It shares nothing with the engine but the octets.
 */
#ifndef POSTINO_TESTS_MONITOR_H
#define POSTINO_TESTS_MONITOR_H

#include <postino/session.h>

enum {
    WORLD_MAILS = 2,
    WORLD_RECIPIENTS = 2
};

/* A mechanism as a server sees it: its name, and the responses that answer a 334 each. */
struct watched_mechanism {
    const char *name;
    const char *responses[2];
    bool client_first;
    bool proves; /* the server must: 235 counts behind its last response only, and a challenge may be cancelled */
};

struct world_kind {
    const char *name;
    uint32_t recipients;
    int mails;
    int command; /* which of the mails is a NOOP; -1: none */
    int late;    /* how many of them are submitted while the session goes on */
    uint16_t window;
    bool pipelining, chunking, recalled, behind_dot, lmtp, all, not_yet, fails, opening;
    const struct postino_opening *starttls;
    bool starttls_required;
    const struct postino_opening *auth;
    const struct postino_mechanism *const *mechanisms;
    struct watched_mechanism watched[2]; /* the same ones */
    bool initial_response, in_clear;
};

enum spoken_kind {
    SPOKEN_GREETING,
    SPOKEN_HELLO,
    SPOKEN_STARTTLS,
    SPOKEN_AUTH,
    SPOKEN_RESPONSE,
    SPOKEN_CANCEL,
    SPOKEN_RSET,
    SPOKEN_MAIL,
    SPOKEN_RCPT,
    SPOKEN_DATA,
    SPOKEN_CHUNK, /* and not the last one */
    SPOKEN_CONTENT,
    SPOKEN_COMMAND,
    SPOKEN_QUIT
};

struct spoken {
    uint8_t kind, mail, recipient;
    bool ignored; /* behind a RSET that was refused */
    size_t end;
};

/* Classes: 0 where there was no reply, else 2, 4 or 5. */
struct watched {
    bool begun, dot, spoken_before;
    bool strange;       /* its content was taken, although it had been refused */
    uint8_t mail, data; /* data: of a chunk, too */
    uint8_t recipients[WORLD_RECIPIENTS], finals[WORLD_RECIPIENTS];
    size_t begin, end;
};

struct monitor {
    const struct world_kind *kind;
    const char *violation;
    struct spoken queue[16];
    uint8_t queued;
    struct watched mails[WORLD_MAILS];
    char line[64];
    uint8_t line_length;
    uint8_t current, content_mail;
    bool content, lone, secured, handshake, must_close, denied, open, ignoring, quit;
    bool confirms; /* the reply that comes offers what was recalled */
    bool changed;  /* the one to EHLO did not */
    uint8_t content_octets;
    size_t chunk_left; /* octets of a chunk that are still to come */
    bool chunk_last;
    uint8_t most;                              /* replies that were outstanding at once */
    uint8_t tried;                             /* mechanisms */
    uint8_t responses;                         /* of this one that were spoken */
    bool asked, authenticated, next_mechanism; /* what the last reply to AUTH said */
    size_t line_begin, total, answered;
};

void monitor_init(struct monitor *monitor, const struct world_kind *kind);
void monitor_spoke(struct monitor *monitor, const char *octets, size_t length);
/* One reply; code 0: a malformed one. */
void monitor_heard(struct monitor *monitor, unsigned code);
void monitor_secured(struct monitor *monitor);
/* Bits 1 << enum postino_outcome that a recipient of a mail may have when `unsent` octets never left. */
unsigned monitor_allows(const struct monitor *monitor, int mail, uint32_t recipient, size_t unsent);
uint32_t monitor_accepted(const struct monitor *monitor, int mail);

#endif
