/*
 * The POSIX port: sockets, names, files, and the one call that sends a mail.
 *
 *     struct postino_recipient to[] = {{.address = "bob@example.test"}};
 *     struct postino_mail mail = {.reverse_path = "alice@example.test", .recipients = to, .recipient_count = 1,
 *                                 .source = &message.source};
 *     struct postino_send_options options = {0};
 *     if (postino_send("smtp://mail.example.test", &mail, &options) != POSTINO_ACCEPTED)
 *         fprintf(stderr, "%s\n", options.problem);
 *
 * Every socket is non-blocking and closed on exec; no signal is raised or caught; names are looked up by c-ares,
 * without blocking, in the order and pace of RFC 8305.
 */
#ifndef POSTINO_POSIX_H
#define POSTINO_POSIX_H

#include <netinet/in.h>
#include <poll.h>
#include <postino/deliver.h>
#include <postino/openssl.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    POSTINO_POSIX_ADDRESSES_MAX = 16,
    POSTINO_POSIX_POLL_MAX = 40
};

union postino_posix_name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct postino_posix_address {
    union postino_posix_name as;
    int fd; /* of the attempt to connect to it, -1 before and after */
};

/* One connection to a server. Private but for the options, which follow a zeroed struct. */
struct postino_posix {
    struct postino_transport transport;
    const struct postino_url *url;
    const char *local_address; /* address to connect from, numeric; NULL: any */
    int cancel_fd;             /* a descriptor that can be read once the caller wants the delivery to end, or -1 */
    bool fast_open;            /* what is written first goes with the SYN (7413), where the system can */

    int fd;
    uint32_t made;                 /* connections, one after the other */
    bool opening;                  /* the SYN waits for what is written first */
    union postino_posix_name peer; /* once connected; a family of 0 where it is no address */
    int error;                     /* errno of the last attempt, or 0 */
    void *resolver;
    int resolver_status;
    int questions; /* to name servers, not answered yet */
    int address_count;
    int attempt_count; /* begun */
    uint64_t next_attempt_ms;
    struct postino_posix_address *addresses; /* while connecting; NULL else */
    char end_name[256];
};

/* Prepares a transport to the server of `url`, which is borrowed. Connects nothing yet. */
void postino_posix_init(struct postino_posix *posix, const struct postino_url *url);

/* For an event loop: the descriptors to poll between two steps, POSTINO_POSIX_POLL_MAX at most; `writing` as the
 * delivery wants. Returns how many. */
int postino_posix_poll(struct postino_posix *posix, bool writing, struct pollfd *fds);

/* How many milliseconds to poll them for, until the delivery wants to be stepped. */
int postino_posix_poll_ms(struct postino_posix *posix, uint64_t until_ms);

/* Why connecting failed, for people: "connection refused", "no such host". */
const char *postino_posix_problem(const struct postino_posix *posix);

/* A file as a source. A regular file is held to the length that it had when it was opened: one that changes while it is
 * sent fails, and the mail is not half-sent. */
struct postino_file_source {
    struct postino_source source;
    int fd;
    bool regular;
    uint64_t size;
    uint64_t at;
    const volatile bool *cancelled; /* looked at where a signal interrupts a read, or NULL */
    size_t begin;                   /* what was read ahead */
    size_t end;
    char buffer[32768];
};

/* Opens `path`; "-" is standard input. Returns false with errno set. */
bool postino_file_source_open(struct postino_file_source *file, const char *path);
void postino_file_source_close(struct postino_file_source *file);

/* Seconds since 1970 and the zone in minutes east of UTC, for Date. */
void postino_posix_date(int64_t *seconds, int *zone_minutes);

/* Fills `octets` with randomness of the system. Returns false where there is none. */
bool postino_posix_random(void *octets, size_t length);

struct postino_send_options {
    const char *name;           /* for EHLO; NULL: the host's name if it has a dot, else the address literal */
    const char *local_address;  /* to connect from, numeric; NULL: any */
    uint32_t total_s;           /* 0: no limit on the whole */
    const uint16_t *timeouts_s; /* by enum postino_step, see struct postino_delivery_config */
    bool behind_dot;            /* see struct postino_config */
    uint16_t window;            /* see struct postino_config */
    uint16_t mails_in_flight;   /* see struct postino_config */
    const struct postino_extension *const *extensions; /* that may be used; NULL: postino_extensions */
    const char *memory_file; /* where it is kept what servers offer: to those that offered PIPECONNECT, mails that can
                              * be read twice go ahead of the greeting. For one user; NULL: nothing is kept */
    bool fast_open; /* what is said first goes with the SYN, where the system and the server can (7413): a network that
                     * repeats that may deliver a mail twice, where memory_file makes it the mail */
    const char *xclient; /* see struct postino_config; in clear, or over TLS from the start; NULL: not. Nothing is kept
                          * in memory_file then, or read from it */
    bool with_cancel_fd; /* `cancel_fd` is one: once it can be read, the send ends, with its outcome */
    int cancel_fd;
    struct postino_trace *trace; /* or NULL */

    /* Who we are. With credentials TLS is required and the server verified, whatever the URL says, but for smtp+notls
     * and sockets of this machine; without, smtp:// takes TLS where it is offered, from anybody. */
    const char *user;     /* NULL: that of the URL */
    const char *password; /* NULL: none */
    const char *token;    /* of OAuth 2, instead of a password; NULL: none */
    char *wipe; /* where that stands in memory of the caller's, to be overwritten once it is needed no more; or NULL */
    const char *identity;   /* whom to act for, where that is not the user; or NULL */
    const char *mechanisms; /* the only ones to be used, by their names with commas between them, in this order; NULL:
                             * what goes with the credentials, the strongest first */
    struct postino_provider
        *provider; /* who computes the mechanisms that are not ours, where they are named; or NULL */
    struct postino_openssl_options tls; /* `host` and `unverified` are set by the call */
    /* NULL, or called once TLS stands: with what, and for whom. */
    void (*secured)(const struct postino_send_options *options, const char *summary);

    char problem[1280]; /* set where not everything was accepted: what, where, and what to do */
};

/* Sends the mails (a list by their `next`, one as a rule) to the server of a URL, and returns when each has its result.
 * Returns POSTINO_ACCEPTED where every recipient was accepted, else the worst of the outcomes (uncertain, refused for
 * good, refused for now): the results tell which. POSTINO_NOT_TRIED: an argument was wrong, `problem` says which. */
enum postino_outcome postino_send(const char *server, struct postino_mail *mails, struct postino_send_options *options);

/*
 * A pool of connections to one server, for many mails from one thread. It starts no thread and blocks in
 * postino_pool_step alone; from an event loop, wait for postino_pool_fd to be readable, postino_pool_wait_ms at most.
 *
 *     struct postino_pool *pool = postino_pool_open("smtp://mail.example.test", &options, NULL);
 *     while (more mails) postino_pool_submit(pool, mail);
 *     postino_pool_finish(pool);
 *     while (postino_pool_step(pool, -1))
 *         while ((mail = postino_pool_finished(pool)) != NULL) ...
 *     postino_pool_close(pool);
 */
struct postino_pool;

struct postino_pool_options {
    uint32_t connections;          /* at once, at most; 0: 4. A server that takes fewer is believed */
    uint32_t mails_per_connection; /* 0: as many as it takes */
    uint32_t mails_per_minute;     /* that are begun, on all connections; 0: no limit */
    uint32_t idle_s;               /* so long a connection is kept without a mail; up to 65,535 */
    size_t output_size;            /* of the buffers of a connection, 512 or more; 0: large and fast ones */
    size_t input_size;
};

/* `limits` may be NULL. `server` and `options` are borrowed until the pool is closed; the password, too, since each
 * connection needs it, and `options->wipe` is to be NULL. Mails that ask for REQUIRETLS need a URL that requires TLS.
 * Returns NULL with `options->problem` set. */
struct postino_pool *postino_pool_open(const char *server, struct postino_send_options *options,
                                       const struct postino_pool_options *limits);

/* Borrows a mail until postino_pool_finished returns it. POSTINO_BAD_…: it was not taken. */
enum postino_misuse postino_pool_submit(struct postino_pool *pool, struct postino_mail *mail);

/* Does what can be done, waiting up to `wait_ms` (-1: as long as it takes) for something to do. Returns whether mails
 * are under way, or, once it is to finish, connections. */
bool postino_pool_step(struct postino_pool *pool, int wait_ms);
int postino_pool_fd(const struct postino_pool *pool);
int postino_pool_wait_ms(const struct postino_pool *pool);

/* The next mail that has its result, the caller's again; or NULL. In no order. Those that were not tried because no
 * connection stood say why; `options->problem` then says it for people. */
struct postino_mail *postino_pool_finished(struct postino_pool *pool);

/* No more mails come: connections that have none are left. */
void postino_pool_finish(struct postino_pool *pool);

/* Ends it all now, with the outcomes that are true now; finished mails can still be taken. */
void postino_pool_cancel(struct postino_pool *pool);

/* Cancels what is under way. Mails that were not taken back before are the caller's with this call. */
void postino_pool_close(struct postino_pool *pool);

/* An address whose domain is in letters of any script, in UTF-8, with the domain as DNS has it (5890 2.3.2.1, IDNA
 * 2008): "ada@bücher.example" is "ada@xn--bcher-kva.example", which goes to every server. What is ASCII already stays
 * as it is, and so does an address with a local-part that is not ASCII: that needs SMTPUTF8. To be freed. NULL: no such
 * domain can be, or no memory is left. */
char *postino_address_to_ascii(const char *address);

#ifdef __cplusplus
}
#endif

#endif
