/*
 * Delivering: drives sessions over a transport until every mail is done. No heap, no system calls of its own; the
 * transport is the port's.
 *
 * Blocking: postino_delivery_run. From an event loop: call postino_delivery_step until it returns false, and between
 * two calls wait for what it wants (the port says on which descriptors). Thousands of deliveries can be stepped in one
 * thread; one delivery belongs to one thread at a time.
 *
 * Recipients that got 452 (too many for one mail, 5321 4.5.3.1.10) while others of their mail were accepted are tried
 * again on the same connection, as long as each pass has somebody accepted and the source rewinds; they then stand
 * behind the others in the mail's array.
 *
 * Ownership: everything in the configuration is borrowed until the delivery is done, then all mails are the caller's
 * again, each with its result. A delivery that is given up early must be cancelled and stepped once more, so that each
 * mail has its outcome.
 */
#ifndef POSTINO_DELIVER_H
#define POSTINO_DELIVER_H

#include <postino/sasl.h>
#include <postino/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a port gives. Nothing in it blocks but `wait`. The owner embeds it as the first member of a struct of its own.
 * `read` and `write` return the octets moved, 0 for "nothing now", POSTINO_TRANSPORT_LOST for the end of the
 * connection, the orderly one too. `connect` and `secure` are called again until they return something else than 0;
 * positive is done.
 */
#define POSTINO_TRANSPORT_LOST (-1)

struct postino_transport {
    int (*connect)(struct postino_transport *transport);
    ptrdiff_t (*read)(struct postino_transport *transport, void *buffer, size_t size);
    ptrdiff_t (*write)(struct postino_transport *transport, const void *octets, size_t length);
    int (*secure)(struct postino_transport *transport); /* TLS; NULL: the transport has none */
    /* Once it is secured: what binds an authentication to it. NULL: nothing does. */
    void (*bind)(struct postino_transport *transport, struct postino_binding *binding);
    void (*secured)(struct postino_transport *transport); /* called by one above, behind its handshake, or NULL */
    void (*close)(struct postino_transport *transport);   /* may be called at any time, and again */

    /* Blocks until it can be read (and, where `writing`, written), a deadline passes (in the clock of now_ms), or the
     * caller wants it to end: then it returns false, and the delivery is cancelled. */
    bool (*wait)(struct postino_transport *transport, bool writing, uint64_t until_ms);

    uint64_t (*now_ms)(struct postino_transport *transport); /* a monotonic clock */

    /* Once connected: what this end is called in EHLO where no name is configured: its name if that has a dot, else the
     * address literal of this end (5321 4.1.3). */
    const char *(*name)(struct postino_transport *transport);

    bool blocked;     /* set by it: it waits until it can be written to, with what is its own */
    bool starved;     /* set by it: it has to read before it can write */
    uint8_t why;      /* set by `secure` where it fails: POSTINO_REASON_HANDSHAKE or _CERTIFICATE */
    bool unconnected; /* set by it: it had never been connected, so that nothing left; the next attempt may be better */
};

/* What is known of servers, for those that take commands ahead of their greeting (postino_session_recall). The owner
 * embeds it as the first member of a struct of its own. */
struct postino_memory {
    /* A session begins, with its mails: what postino_session_recall returns, with what is known of the server at the
     * other end, or 0. */
    size_t (*recall)(struct postino_memory *memory, struct postino_session *session, void *buffer, size_t size);
    /* It is over: postino_session_remember tells what to keep. Returns false where what was recalled was not confirmed:
     * mails that were not accepted go over a new connection, which recalls nothing. */
    bool (*learn)(struct postino_memory *memory, const struct postino_session *session);
};

/* Mails one after the other for a connection that outlives them. The owner embeds it as the first member of a struct of
 * its own. */
struct postino_feed {
    /* The next mail, which postino_mail_check has found well: it is not asked again. The delivery has the mail until
     * `done`. NULL: none now; step the delivery when there is one. */
    struct postino_mail *(*next)(struct postino_feed *feed);
    /* This mail has its result, and is the owner's again; mostly in the order of `next`. */
    void (*done)(struct postino_feed *feed, struct postino_mail *mail);
    uint16_t ahead;  /* mails that are taken before those before them are done; 1 or more */
    uint16_t idle_s; /* so long a connection is kept for the next mail */
    bool closing;    /* set by the owner: once the mails that it has are done, the connection is left */
};

/* For config.feeding and config.remembering; dropped by the linker where nobody names them. */
extern const struct postino_feeding postino_feeding;
extern const struct postino_remembering postino_remembering;

struct postino_delivery_config {
    struct postino_transport *transport;

    /* As for a session, but `name` may be NULL: then the transport names this end. */
    struct postino_config session;

    /* Borrowed memory. A flight is one write where it fits `output`; 512 octets serve, 64 KiB are fast. */
    void *output;
    size_t output_size;
    void *input;
    size_t input_size;

    /* Time-outs in seconds by enum postino_step, 0 for that of 5321 4.5.3.2; NULL for all of them. Connecting: 30. */
    const uint16_t *timeouts_s;

    uint32_t total_s; /* for everything together; 0: no such limit */

    /* The TLS handshake comes before the greeting (8314 3.3). Needs a transport that can. */
    bool implicit_tls;

    /* &postino_feeding, and whom to ask; behind the mails of postino_delivery_init, which may be none. NULL: no more
     * mails than those. */
    const struct postino_feeding *feeding;
    struct postino_feed *feed;

    /* &postino_remembering, and what is known, for mails whose sources rewind. NULL: each greeting is awaited. */
    const struct postino_remembering *remembering;
    struct postino_memory *memory;
};

enum postino_delivery_state {
    POSTINO_DELIVERY_CONNECTING,
    POSTINO_DELIVERY_SECURING,
    POSTINO_DELIVERY_TALKING,
    POSTINO_DELIVERY_DONE
};

/* Private by rule. */
struct postino_delivery {
    const struct postino_delivery_config *config;
    struct postino_config session_config;
    struct postino_session session;
    struct postino_mail *waiting; /* to be submitted on the next connection */
    struct postino_mail *done;    /* handed back by sessions */
    struct postino_mail **done_end;
    struct postino_mail *examined; /* of those done, the last that was looked at for recipients to try again */
    struct postino_mail again;
    char again_text[128];
    struct postino_result error;
    size_t written; /* of the octets in `output` */
    size_t filled;
    uint64_t deadline_ms; /* of the awaited step */
    uint64_t total_ms;
    uint32_t replies;
    uint8_t state;
    bool cancelled;
    bool expecting; /* the transport may have octets for us */
    bool quitting;
    bool progress;    /* this connection has brought a mail to its end */
    uint32_t fed;     /* mails that the session has */
    uint64_t idle_ms; /* when a connection without a mail is left */
    bool deceived;    /* a connection turned out to have been none, once */
    bool holding;     /* some mails that are done wait for a further pass */
    bool changed;     /* a server was not as it was known: nothing more is recalled */
};

struct postino_wants { /* to read, always */
    bool writing;
    uint64_t until_ms; /* in the clock of the transport; step again by then, whatever happens */
};

/* `mails` is a list by their `next`. Returns what postino_session_submit would: then nothing was begun and nothing
 * needs an end; which recipient was wrong, its result tells. */
enum postino_misuse postino_delivery_init(struct postino_delivery *delivery,
                                          const struct postino_delivery_config *config, struct postino_mail *mails);

/* Does what can be done now. False: all is done, the connection closed, every mail has its result. */
bool postino_delivery_step(struct postino_delivery *delivery, struct postino_wants *wants);

/* Steps and waits until all is done. */
void postino_delivery_run(struct postino_delivery *delivery);

/* Ends it at the next step, with the outcomes that are true then. */
void postino_delivery_cancel(struct postino_delivery *delivery);

/* Why the last connection ended, or NULL where it ended well. */
const struct postino_result *postino_delivery_error(const struct postino_delivery *delivery);

/* What a mail's result comes to for who asked for it to be sent: where nothing was tried, the error tells whether
 * another try is worth while (never POSTINO_NOT_TRIED, unless there was no error). */
enum postino_outcome postino_outcome_of(const struct postino_result *result);

/* Words for people: "refused for now", "RCPT", "connection lost". */
const char *postino_outcome_name(enum postino_outcome outcome);
const char *postino_step_name(enum postino_step step);
const char *postino_reason_name(enum postino_reason reason);

/*
 * Server URLs: scheme://[user@]host[:port], or lmtp:///path/of/a/socket.
 *
 *   smtp        25    STARTTLS where offered, required as soon as there are credentials
 *   smtp+tls    25    STARTTLS required
 *   smtp+notls  25    never TLS
 *   smtps       465   TLS from the start
 *   submission  587   STARTTLS required
 *   lmtp        24    LMTP, over TCP or a Unix socket
 */
enum postino_scheme {
    POSTINO_SCHEME_SMTP,
    POSTINO_SCHEME_SMTP_TLS,
    POSTINO_SCHEME_SMTP_NOTLS,
    POSTINO_SCHEME_SMTPS,
    POSTINO_SCHEME_SUBMISSION,
    POSTINO_SCHEME_LMTP
};

struct postino_url {
    enum postino_scheme scheme;
    uint16_t port;
    char host[256]; /* a name, an IPv4 address, or an IPv6 address without brackets; "" with a socket */
    char path[108]; /* of a Unix socket, or "" */
    char user[256]; /* or "" */
};

/* Returns NULL, or what is wrong with `text`, in a few words. */
const char *postino_url_parse(struct postino_url *url, const char *text);

#ifdef __cplusplus
}
#endif

#endif
