/* What the files of the session share. */
#ifndef POSTINO_SESSION_INTERNAL_H
#define POSTINO_SESSION_INTERNAL_H

#include <postino/session.h>
#include <string.h>

/* Of a session. */
enum {
    POSTINO_CLOSED = 1 << 0,         /* nothing more is spoken or heard */
    POSTINO_HANDSHAKE = 1 << 1,      /* STARTTLS was accepted, TLS does not stand yet */
    POSTINO_SECURED = 1 << 2,        /* TLS stands */
    POSTINO_QUITTING = 1 << 3,       /* the caller wants QUIT */
    POSTINO_DIRTY = 1 << 4,          /* the server may hold an open transaction: RSET before the next MAIL */
    POSTINO_WITHDRAWN = 1 << 5,      /* an envelope behind the dot was refused */
    POSTINO_UNSOLICITED = 1 << 6,    /* the reply that comes in belongs to no command */
    POSTINO_LAST_LINE = 1 << 7,      /* of a reply: the separator was a space, or there was none */
    POSTINO_HEARD_CR = 1 << 8,       /* the last octet of the line that comes in */
    POSTINO_READ_CR = 1 << 9,        /* the last octet of the content, whose line end has been written */
    POSTINO_SPILLED = 1 << 10,       /* `pending` holds an octet that found no room */
    POSTINO_CONTENT_ENDED = 1 << 11, /* only the terminator is still to be spoken */
    POSTINO_NOT_YET = 1 << 12,       /* said the source */
    POSTINO_FAILED = 1 << 13         /* `error` says why; QUIT may follow */
};

/* Of a mail. */
enum {
    POSTINO_PREPARED = 1 << 0, /* it was held against what the server offers */
    POSTINO_BEGUN = 1 << 1,    /* `begin` is where its MAIL stands in the octets of the session */
    POSTINO_OPEN = 1 << 2,     /* its MAIL was accepted */
    POSTINO_DOOMED = 1 << 3,   /* its result stands; what is still answered changes nothing */
    POSTINO_UNSPOKEN = 1 << 4, /* its RSET was refused: what was spoken behind it counts as not spoken */
    POSTINO_ENDED = 1 << 5,    /* `end` is where its content ended in the octets of the session */
    POSTINO_DONE = 1 << 6      /* can be handed back */
};

/* The outcome of a recipient that was accepted by the reply to RCPT, until the mail is done. */
#define POSTINO_PENDING 0xFFu

/* What a reply means; the first three are outcomes. */
enum postino_verdict {
    POSTINO_VERDICT_ACCEPTED = POSTINO_ACCEPTED,
    POSTINO_VERDICT_FOR_NOW = POSTINO_REFUSED_FOR_NOW,
    POSTINO_VERDICT_FOR_GOOD = POSTINO_REFUSED_FOR_GOOD,
    POSTINO_VERDICT_CLOSING,
    POSTINO_VERDICT_PROTOCOL
};

/* A window of `size` octets onto a text that is written from its start each time. */
struct postino_writer {
    char *buffer;
    size_t size;
    size_t from;   /* where in the text the window stands */
    size_t length; /* of the text so far */
};

struct postino_starttls {
    bool required;
    /* Hears EHLO's and HELO's reply behind the session, and may choose another step to be spoken next. */
    void (*hello_answered)(struct postino_session *session, enum postino_verdict verdict);
    void (*answered)(struct postino_session *session, enum postino_verdict verdict);
};

struct postino_lmtp {
    char hello[6];
    /* Takes one final reply; returns whether another is awaited. */
    bool (*answered)(struct postino_session *session, enum postino_verdict verdict);
};

struct postino_command {
    bool (*valid)(const struct postino_mail *mail);
    void (*render)(const struct postino_session *session, struct postino_writer *writer);
    char verb[8];
};

/* verdict.c */
enum postino_verdict postino_verdict_of(enum postino_step step, unsigned code);

/* reply.c: one octet in; returns true when a reply is complete, or broken (then code is 0). */
bool postino_reply_octet(struct postino_session *session, char octet);

/* ehlo.c: one octet of a line of the EHLO reply behind its code; LF at the line's end. */
void postino_ehlo_octet(struct postino_session *session, char octet);

/* command.c */
void postino_command_put(struct postino_writer *writer, const char *text);
void postino_command_render(const struct postino_session *session, struct postino_writer *writer);

/* content.c: reads the source into the caller's buffer, with line ends normalised and dots stuffed. */
size_t postino_content_read(struct postino_session *session, char *buffer, size_t size);

/* flow.c: which step may be spoken, and which comes next. */
bool postino_flow_may_speak(const struct postino_session *session);
void postino_flow_spoken(struct postino_session *session);
void postino_flow_answered(struct postino_session *session);
void postino_flow_settle(struct postino_session *session);
void postino_flow_refuse(struct postino_session *session, enum postino_verdict verdict, enum postino_reason reason);
void postino_flow_fail(struct postino_session *session, enum postino_reason reason);

/* result.c */
void postino_result_set(const struct postino_session *session, struct postino_result *result,
                        enum postino_verdict verdict, enum postino_reason reason);
void postino_result_share(struct postino_mail *mail, const struct postino_result *result);
void postino_result_abandon(const struct postino_session *session, struct postino_mail *mail);

#endif
