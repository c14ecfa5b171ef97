/* What the files of the session share. */
#ifndef POSTINO_SESSION_INTERNAL_H
#define POSTINO_SESSION_INTERNAL_H

#include <postino/session.h>
#include <string.h>

/* The outcome of a recipient that was accepted by the reply to RCPT, until the mail is done. */
#define POSTINO_PENDING 0xFFu

/* `word_length` where the rest of the line is nothing to us. */
#define POSTINO_WORDS_IGNORED 0xFFu

/* What a reply means; three of them are outcomes. */
enum postino_verdict {
    POSTINO_VERDICT_NONE, /* nothing to its step (struct postino_judge) */
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
    bool masked;   /* for eyes that must not see credentials */
};

/* What begins a line of the EHLO reply. */
struct postino_keyword {
    const char *name; /* in capitals */
    uint32_t offers;  /* POSTINO_OFFERS_… */
    /* May be NULL. What stands behind the keyword, in capitals: `word` of the session, empty as it begins, then one
     * after the other, until `word_length` is POSTINO_WORDS_IGNORED. */
    void (*heard)(struct postino_session *session);
};

struct postino_extension {
    struct postino_keyword keyword;
    /* Each may be NULL. May the mail go to this server? POSTINO_REASON_REPLY: yes. Asked whether or not the server
     * offers it. LIMITS cuts the mail down to what fits. */
    enum postino_reason (*fits)(struct postino_session *session, struct postino_mail *mail);
    /* Parameters of MAIL and of RCPT, as `spoken` says. Where the server offers it. */
    void (*put)(const struct postino_session *session, struct postino_writer *writer);
};

struct postino_enhanced {
    void (*read)(struct postino_result *result, const char *text);
};

/* What stands behind the content of a mail before that is answered. */
struct postino_ahead {
    /* Is the next step to be spoken ahead of replies? */
    bool (*may_run_ahead)(const struct postino_session *session);
    /* The RSET in front of a mail was refused. Returns whether that is dealt with. */
    bool (*refused)(struct postino_session *session);
};

/* The content by BDAT (3030). */
struct postino_chunks {
    struct postino_ahead ahead; /* first */
    /* Speaks what fits of a chunk, or some of it. */
    size_t (*speak)(struct postino_session *session, char *buffer, size_t size);
    /* Takes the reply to a chunk; returns whether another is awaited. */
    bool (*answered)(struct postino_session *session, enum postino_verdict verdict);
};

struct postino_behind_dot {
    struct postino_ahead ahead; /* first */
    void (*speak_again)(struct postino_session *session);
    /* While RSET is awaited. */
    unsigned (*timeout_s)(const struct postino_session *session);
    /* Did the session end because nothing answered what stood behind a dot? */
    bool (*was_silence)(const struct postino_session *session);
};

/* A step between EHLO and the first mail. */
struct postino_opening {
    struct postino_keyword keyword;
    /* Hears that the step before it is done, well or not, and may choose another step to be spoken next. Returns why it
     * does not go on, or POSTINO_REASON_REPLY. */
    enum postino_reason (*next)(struct postino_session *session);
    /* Returns whether the session goes on. */
    bool (*answered)(struct postino_session *session, enum postino_verdict verdict);
    void (*render)(const struct postino_session *session, struct postino_writer *writer);
};

/* For replies to what may not stand as it was spoken. */
struct postino_judge {
    /* Returns what the reply means then. */
    enum postino_verdict (*judge)(struct postino_session *session, enum postino_verdict verdict);
};

/* For servers that a drop-in must live with. */
struct postino_lenient {
    bool (*skips)(const struct postino_session *session, char octet); /* at the start of a reply's line */
    bool (*bears)(enum postino_reason reason);                        /* in content */
};

struct postino_lmtp {
    char hello[6];
    /* Takes one final reply; returns whether another is awaited. */
    bool (*answered)(struct postino_session *session, enum postino_verdict verdict);
};

/* Octets of a line of content, without its end (5321 4.5.3.1.6). */
#define POSTINO_CONTENT_LINE_MAX 998u

/* Content on its way to the caller's buffer, whose far end it stands in. */
struct postino_expansion {
    const char *in, *end;
    char *out;
};

struct postino_quick {
    /* Expands some of it, as the engine does by octets. */
    void (*expand)(struct postino_session *session, struct postino_expansion *expansion);
    /* Takes some of what was heard; returns how many octets. 0: let the engine take one. */
    size_t (*hear)(struct postino_session *session, const char *octets, size_t length);
};

struct postino_command {
    bool (*valid)(const struct postino_mail *mail);
    void (*render)(const struct postino_session *session, struct postino_writer *writer);
    char verb[8];
};

/* session.c: what postino_session_init does behind its check */
void postino_session_begin(struct postino_session *session, const struct postino_config *config);

/* verdict.c */
enum postino_verdict postino_verdict_of(enum postino_step step, unsigned code);

/* reply.c: one octet in; returns true when a reply is complete, or broken (then code is 0). */
bool postino_reply_octet(struct postino_session *session, char octet);

/* ehlo.c: one octet of a line of the EHLO reply behind its code; LF at the line's end. */
void postino_ehlo_octet(struct postino_session *session, char octet);

/* Of a word in such a line: what is no letter becomes none. */
static inline char postino_ehlo_capital(char octet)
{
    return octet >= 'a' ? (char)(octet - 'a' + 'A') : octet;
}

/* number.c: the word that was heard as a number; 0 where it is none, or too large. */
uint32_t postino_ehlo_number(const struct postino_session *session);

/* command.c */
void postino_command_put_octet(struct postino_writer *writer, char octet);
void postino_command_put(struct postino_writer *writer, const char *text);
void postino_command_put_number(struct postino_writer *writer, size_t number); /* number.c */
void postino_command_render(const struct postino_session *session, struct postino_writer *writer);

/* smtputf8.c: what stands behind the character at `text` (3629 4), NULL where it is none. */
const char *postino_utf8_past(const char *text);
bool postino_utf8_none(const char *text); /* all of it is ASCII */

/* What the failure of content makes of its mail. */
static inline enum postino_verdict postino_content_verdict(enum postino_reason reason)
{
    return reason == POSTINO_REASON_SOURCE ? POSTINO_VERDICT_FOR_NOW : POSTINO_VERDICT_FOR_GOOD;
}

/* content.c: reads up to `room` octets as they are; returns how many, and notes how the source ended. */
size_t postino_content_source(struct postino_session *session, char *buffer, size_t room);

/* content.c: reads the source into the caller's buffer, with line ends normalised and dots stuffed. */
size_t postino_content_read(struct postino_session *session, char *buffer, size_t size);

/* flow.c: which step may be spoken, and which comes next. */
bool postino_flow_may_speak(const struct postino_session *session);
void postino_flow_spoken(struct postino_session *session);
void postino_flow_answered(struct postino_session *session);
void postino_flow_settle(struct postino_session *session);
void postino_flow_refuse(struct postino_session *session, enum postino_verdict verdict, enum postino_reason reason);
void postino_flow_open(struct postino_session *session);
void postino_flow_fail(struct postino_session *session, enum postino_reason reason);

/* result.c */
void postino_result_set(const struct postino_session *session, struct postino_result *result,
                        enum postino_verdict verdict, enum postino_reason reason);
void postino_result_share(struct postino_mail *mail, const struct postino_result *result);
void postino_result_abandon(const struct postino_session *session, struct postino_mail *mail);

#endif
