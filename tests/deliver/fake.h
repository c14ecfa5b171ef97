/* A transport with a server behind it, both in memory; what goes wrong is said beforehand. */
#ifndef POSTINO_TESTS_DELIVER_FAKE_H
#define POSTINO_TESTS_DELIVER_FAKE_H

#include <postino/deliver.h>

#define FAKE_NEVER SIZE_MAX

enum fake_call {
    FAKE_CONNECT,
    FAKE_READ,
    FAKE_WRITE,
    FAKE_WAIT,
    FAKE_CALLS
};

enum {
    FAKE_MAILS = 8
};

struct fake {
    struct postino_transport transport; /* first: see deliver.h */

    /* What goes wrong. */
    size_t fail_at;             /* the call of this number, counted over all of them, returns `failure` */
    int failure;                /* 0: not now; else lost, and for wait: the caller wants it to end */
    size_t piece;               /* octets that a write takes at most */
    size_t lose_behind;         /* octets; the connection is lost behind them */
    const char *mute;           /* the server does not answer the line that begins so; "": no greeting */
    const char *drop;           /* it closes instead of answering it */
    const char *const *replies; /* pairs of a line's beginning and the reply to it, ending with NULL */
    const char *offers;         /* lines of the EHLO reply, or NULL: PIPELINING */
    uint32_t recipients_max;    /* of a mail; 0: no limit */
    bool connects_never;
    bool blocked;             /* writes take nothing */
    bool blocks_while_unread; /* writes take nothing while there is something to read */
    bool floods;              /* reads are full of 'x' */
    int secure_result;        /* of the handshake, behind one "not yet" */

    /* What was seen. */
    uint64_t now_ms;
    size_t calls;
    size_t calls_of[FAKE_CALLS];
    size_t written;
    size_t connections;
    size_t closes;
    size_t stored_count;
    char stored[FAKE_MAILS][256];
    uint32_t stored_recipients[FAKE_MAILS];
    char said[65536]; /* lines of the client, content apart */
    size_t said_length;

    /* The server. */
    char reply[65536];
    size_t reply_begin, reply_end;
    char line[1100];
    size_t line_length;
    char content[256];
    size_t content_length;
    uint32_t recipients;
    bool in_content, silent, closed, open, asked_to_secure;
};

void fake_init(struct fake *fake);

/* A source over a text; `fail_at`: it fails behind that many octets. */
struct text_source {
    struct postino_source source;
    const char *text;
    size_t at;
    size_t fail_at;
    size_t not_yet; /* so many reads say so */
};
void text_source_init(struct text_source *source, const char *text);

/* Everything that a delivery of a few mails to one recipient each needs. */
struct delivering {
    struct fake fake;
    struct postino_delivery_config config;
    struct postino_delivery delivery;
    struct postino_mail mails[FAKE_MAILS];
    struct postino_recipient recipients[FAKE_MAILS];
    struct text_source sources[FAKE_MAILS];
    char text[128];
    char output[65536];
    char input[16384];
};
void delivering_init(struct delivering *d, size_t mails);
void delivering_run(struct delivering *d); /* blocking; init is checked */
/* Whether every outcome is true: what was stored is accepted or uncertain, what was not can be tried again. */
bool delivering_told_the_truth(const struct delivering *d, size_t mails);

#endif
