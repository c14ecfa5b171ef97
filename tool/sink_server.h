/*
 * What the files of the sink share. One thread, one epoll instance, one read buffer and one batch of replies serve all
 * connections; a connection keeps only what it could not process or send. It knows nothing of the client's code, so
 * that it can judge it.
 */
#ifndef POSTINO_TOOL_SINK_SERVER_H
#define POSTINO_TOOL_SINK_SERVER_H

#include "sink_secure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SINK_READ_SIZE        (256u * 1024u)
#define SINK_BATCH_LIMIT      (256u * 1024u) /* replies gathered before they are sent in any case */
#define SINK_LINE_SIZE        4096u          /* of a command, its line end included */
#define SINK_AUTH_LINE_SIZE   12290u         /* of AUTH and of a response: RFC 4954 4 */
#define SINK_RECIPIENTS_LIMIT 1000000u
#define SINK_ENVELOPE_LIMIT   (128u * 1024u * 1024u)
#define SINK_LISTENERS        16
#define SINK_HELO_SIZE        256

enum postino_sink_extension {
    SINK_PIPELINING = 1 << 0,
    SINK_SIZE = 1 << 1,
    SINK_8BITMIME = 1 << 2,
    SINK_ENHANCEDSTATUSCODES = 1 << 3,
    SINK_CHUNKING = 1 << 4,
    SINK_BINARYMIME = 1 << 5,
    SINK_SMTPUTF8 = 1 << 6,
    SINK_DSN = 1 << 7,
    SINK_HELP = 1 << 8,
    SINK_STARTTLS = 1 << 9,
    SINK_AUTH = 1 << 10,
    SINK_PIPECONNECT = 1 << 11,
    SINK_ALL_EXTENSIONS = (1 << 12) - 1
};

/* What a fault can be tied to. */
enum postino_sink_step {
    SINK_AT_GREETING,
    SINK_AT_EHLO,
    SINK_AT_HELO,
    SINK_AT_LHLO,
    SINK_AT_MAIL,
    SINK_AT_RCPT,
    SINK_AT_DATA,
    SINK_AT_CONTENT, /* the final reply, one for each recipient in LMTP */
    SINK_AT_BDAT,
    SINK_AT_RSET,
    SINK_AT_NOOP,
    SINK_AT_VRFY,
    SINK_AT_EXPN,
    SINK_AT_HELP,
    SINK_AT_QUIT,
    SINK_AT_STARTTLS,
    SINK_AT_AUTH, /* each reply of an exchange */
    SINK_AT_UNKNOWN,
    SINK_STEPS,
    SINK_AT_ANY = SINK_STEPS
};

enum postino_sink_reply {
    SINK_SAY_GREETING,
    SINK_SAY_EHLO,
    SINK_SAY_HELO,
    SINK_SAY_MAIL,
    SINK_SAY_RCPT,
    SINK_SAY_DATA,
    SINK_SAY_ACCEPTED,
    SINK_SAY_CHUNK,
    SINK_SAY_RSET,
    SINK_SAY_NOOP,
    SINK_SAY_VRFY,
    SINK_SAY_HELP,
    SINK_SAY_QUIT,
    SINK_SAY_UNKNOWN,
    SINK_SAY_LINE_TOO_LONG,
    SINK_SAY_BARE_LINE,
    SINK_SAY_BAD_OCTET,
    SINK_SAY_SYNTAX,
    SINK_SAY_BAD_SENDER,
    SINK_SAY_BAD_RECIPIENT,
    SINK_SAY_NEEDS_SMTPUTF8,
    SINK_SAY_EXPN,
    SINK_SAY_SEQUENCE,
    SINK_SAY_EARLY,
    SINK_SAY_NEEDS_BDAT,
    SINK_SAY_NO_RECIPIENTS,
    SINK_SAY_PARAMETER,
    SINK_SAY_TOO_LARGE,
    SINK_SAY_TOO_MANY,
    SINK_SAY_NO_ROOM,
    SINK_SAY_NOT_STORED,
    SINK_SAY_BARE_CONTENT,
    SINK_SAY_EHLO_TLS, /* EHLO's, over TLS */
    SINK_SAY_STARTTLS,
    SINK_SAY_NOT_LAST,
    SINK_SAY_CHALLENGE, /* its text is the exchange's own */
    SINK_SAY_AUTHENTICATED,
    SINK_SAY_CREDENTIALS,
    SINK_SAY_CANCELLED,
    SINK_SAY_BASE64,
    SINK_SAY_BAD_RESPONSE,
    SINK_SAY_NO_INITIAL,
    SINK_SAY_MECHANISM,
    SINK_SAY_NEEDS_TLS,
    SINK_SAY_NEEDS_AUTH,
    SINK_SAY_AUTH_TOO_LONG,
    SINK_REPLIES,
    SINK_SAY_LATER /* the reply comes when the chunk has been read */
};

struct postino_sink_text {
    const char *text;
    size_t length;
};

enum postino_sink_fault_kind {
    SINK_FAULT_REPLY,
    SINK_FAULT_DELAY,
    SINK_FAULT_DROP,
    SINK_FAULT_MUTE,
    SINK_FAULT_STOP
};

/* One of --reply, --delay, --drop, --mute and --stop-reading. */
struct postino_sink_fault {
    enum postino_sink_fault_kind kind;
    enum postino_sink_step step;
    uint64_t first, last; /* occurrences, from 1 */
    bool over_all;        /* counted over all connections, not on each */
    char *match;          /* the argument it is for; NULL for all */
    bool at_octet;        /* in mid-content, after `octets` of it */
    uint64_t octets;
    char *text;
    size_t length;
    uint64_t delay_ms;
    bool reset, before, after;
    uint64_t seen; /* over all connections */
};

/* What the faults make of one reply. A `text` of NULL leaves the server's own. */
struct postino_sink_answer {
    const char *text;
    size_t length;
    uint64_t delay_ms;
    bool mute, stop, drop, reset, before, after;
    bool refuses; /* 4yz or 5yz: the command has no effect */
    bool closes;  /* 421 */
};

/* The first member of everything that epoll points at. */
enum postino_sink_kind {
    SINK_LISTENER,
    SINK_PEER,
    SINK_SIGNAL
};

struct postino_sink_listener {
    enum postino_sink_kind kind;
    int fd;
    const char *address;   /* as given */
    const char *unix_path; /* NULL for TCP; unlinked at the end */
    bool tls;              /* from the start */
};

enum postino_sink_phase {
    SINK_COMMAND,
    SINK_DATA,
    SINK_CHUNK,
    SINK_FINAL,     /* LMTP: replies for recipients are still to be given (RFC 2033 4.2) */
    SINK_AUTH_LINE, /* the client's response to a challenge */
    SINK_HANDSHAKE, /* of TLS, or what was said before it is still to be sent */
    SINK_DRAIN      /* our side is closed; what the client still says is read and forgotten */
};

/* Where DATA's content stands in its line (RFC 5321 4.5.2): only CR LF starts a line. */
enum postino_sink_line {
    SINK_LINE_START,
    SINK_LINE_DOT,
    SINK_LINE_DOT_CR,
    SINK_LINE_MIDDLE,
    SINK_LINE_CR
};

struct postino_sink_peer {
    enum postino_sink_kind kind;
    int fd;
    struct postino_sink *sink;
    struct postino_sink_peer *next, *previous;
    uint64_t number;
    uint32_t interest;

    enum postino_sink_phase phase;
    bool greeted;     /* EHLO, HELO or LHLO was accepted */
    bool extended;    /* by EHLO or LHLO: extensions may be used */
    bool turned_away; /* the greeting was 4yz or 5yz: only QUIT is obeyed (RFC 5321 3.1) */
    bool skipping;    /* within a line that is too long */
    bool skips_auth;  /* and it is AUTH's */
    bool more;        /* came behind the command that is being judged */
    bool muted, stopped, closing, dead;
    bool torn; /* by a fault: TLS does not say that it closes */
    uint64_t mails;
    uint64_t *seen; /* for each fault how often its step came; NULL without faults */
    char helo[SINK_HELO_SIZE];
    struct postino_sink_tls *tls;   /* NULL: in clear */
    struct postino_sink_auth *auth; /* the last exchange */
    char *user;                     /* authenticated */

    /* The reply that waits for its time; then `held` goes on where it stopped. */
    bool holding;
    struct postino_sink_answer held;
    uint64_t hold_until_ms;  /* 0: no timer */
    uint64_t piece_after_ms; /* --split: when the next piece goes; 0: no timer */

    char *input; /* read and not processed */
    size_t input_length, input_size;
    char *output; /* said and not sent */
    size_t output_at, output_length, output_size;

    /* The mail that is being taken. The envelope holds `address NUL parameters NUL` for the sender, then for each
     * recipient. */
    bool in_mail, chunking, binary, utf8, broken, over, bare, not_stored, accepted;
    uint32_t recipients;
    char *envelope;
    size_t envelope_length, envelope_size;
    size_t candidate; /* octets behind it of the command that is being judged */
    size_t first_recipient, next_recipient;
    enum postino_sink_reply verdict;
    enum postino_sink_line line;
    unsigned char last_octet;
    uint64_t octets; /* after unstuffing */
    uint64_t wire;   /* as they came */
    const struct postino_sink_fault *cut;
    uint64_t cut_at;
    uint64_t chunk_left, chunk_length;
    bool chunk_last;
    enum postino_sink_reply chunk_reply;
    int file;
    uint64_t file_number;
};

struct postino_sink {
    /* From the options. */
    struct postino_sink_listener listeners[SINK_LISTENERS];
    size_t listener_count;
    bool lmtp, trace, json_stats, allow_bare, help;
    const char *maildir;
    struct postino_sink_tls_config tls;
    struct postino_sink_auth_config auth;
    uint64_t count_wanted;
    uint64_t size_limit; /* 0: none */
    uint32_t recipients_limit;
    uint32_t offered;
    uint32_t split;
    struct postino_sink_fault *faults;
    size_t fault_count;
    bool faulty[SINK_STEPS]; /* some fault may hold at this step */

    struct postino_sink_text replies[SINK_REPLIES];
    int epoll, signals;
    struct postino_sink_peer *peers;
    uint64_t peer_count;
    bool timed;            /* some peer may have a timer */
    uint64_t accept_at_ms; /* accepting again after descriptors ran out; 0: is accepting */
    bool ending;
    int new_folder, tmp_folder, envelopes_folder;
    uint64_t name;  /* of the last mail stored */
    uint64_t files; /* begun, for their names in tmp */

    char *read_buffer; /* SINK_AUTH_LINE_SIZE + SINK_READ_SIZE */
    char *store_buffer;
    size_t store_length;
    char *batch; /* replies of the peer that is being served */
    size_t batch_length;

    uint64_t mails, recipients, octets, connections;
};

/* sink_options.c: returns 0 or an exit code, with a message. */
int postino_sink_options(struct postino_sink *sink, int argc, char **argv);
bool postino_sink_wants_tls(const struct postino_sink *sink);
void postino_sink_help(void);

/* sink_faults.c: `specification` is STEP or STEP=VALUE. Returns NULL or what is wrong with it. */
const char *postino_sink_fault_add(struct postino_sink *sink, enum postino_sink_fault_kind kind,
                                   const char *specification);
void postino_sink_faults_free(struct postino_sink *sink);

/* sink_inject.c */
void postino_sink_fault_find(struct postino_sink_peer *peer, enum postino_sink_step step,
                             struct postino_sink_text argument, struct postino_sink_answer *answer);
void postino_sink_fault_cut(struct postino_sink_peer *peer);
void postino_sink_fault_hit(struct postino_sink_peer *peer);
void postino_sink_say(struct postino_sink_peer *peer, enum postino_sink_reply reply);
void postino_sink_give(struct postino_sink_peer *peer, const struct postino_sink_answer *answer);
void postino_sink_give_held(struct postino_sink_peer *peer);
void postino_sink_drop(struct postino_sink_peer *peer, bool reset);

/* sink_replies.c */
bool postino_sink_replies_prepare(struct postino_sink *sink);
void postino_sink_replies_free(struct postino_sink *sink);
bool postino_sink_positive(const struct postino_sink *sink, enum postino_sink_reply reply);
const char *postino_sink_extension_name(size_t index);

/* sink_path.c */
struct postino_sink_path {
    struct postino_sink_text address; /* without <>, and without a source route */
    bool has_domain, eight_bit;
};
size_t postino_sink_path_parse(const char *text, size_t length, struct postino_sink_path *path);
bool postino_sink_utf8(const char *text, size_t length);

/* sink_parameters.c */
struct postino_sink_parameters {
    uint32_t offered; /* extensions */
    uint32_t seen;    /* parameters, against a second one */
    uint64_t size;
    bool binary, utf8;
};
enum postino_sink_reply postino_sink_parameters_parse(enum postino_sink_step step, uint32_t offered,
                                                      struct postino_sink_text text,
                                                      struct postino_sink_parameters *parameters);

/* sink_smtp.c, sink_envelope.c: octets used; 0 where more are needed. */
size_t postino_sink_command(struct postino_sink_peer *peer, const char *text, size_t length);
void postino_sink_greet(struct postino_sink_peer *peer);
enum postino_sink_reply postino_sink_mail(struct postino_sink_peer *peer, struct postino_sink_text argument);
enum postino_sink_reply postino_sink_rcpt(struct postino_sink_peer *peer, struct postino_sink_text argument);
void postino_sink_mail_taken(struct postino_sink_peer *peer, struct postino_sink_text argument);
void postino_sink_rcpt_taken(struct postino_sink_peer *peer, struct postino_sink_text argument);
void postino_sink_mail_reset(struct postino_sink_peer *peer);
struct postino_sink_text postino_sink_path_argument(struct postino_sink_text argument);

/* sink_content.c */
enum postino_sink_reply postino_sink_data(struct postino_sink_peer *peer, struct postino_sink_text argument);
void postino_sink_data_begin(struct postino_sink_peer *peer, struct postino_sink_text argument);
enum postino_sink_reply postino_sink_bdat(struct postino_sink_peer *peer, struct postino_sink_text argument);
size_t postino_sink_content(struct postino_sink_peer *peer, const char *text, size_t length);

/* sink_final.c */
void postino_sink_content_end(struct postino_sink_peer *peer);
void postino_sink_chunk_end(struct postino_sink_peer *peer);
void postino_sink_final_next(struct postino_sink_peer *peer);

/* sink_store.c */
int postino_sink_store_prepare(struct postino_sink *sink);
void postino_sink_store_begin(struct postino_sink_peer *peer);
void postino_sink_store_take(struct postino_sink_peer *peer, const void *octets, size_t length);
void postino_sink_store_flush(struct postino_sink_peer *peer);
bool postino_sink_store_accept(struct postino_sink_peer *peer);
void postino_sink_store_discard(struct postino_sink_peer *peer);

/* sink_json.c: false with errno. */
bool postino_sink_envelope_write(const struct postino_sink_peer *peer, int folder, const char *name);

/* sink_output.c */
void postino_sink_append(struct postino_sink_peer *peer, const char *text, size_t length);
void postino_sink_flush(struct postino_sink_peer *peer);
void postino_sink_send(struct postino_sink_peer *peer);
void postino_sink_trace(const struct postino_sink_peer *peer, char who, const char *text, size_t length);
void postino_sink_trace_content(const struct postino_sink_peer *peer, uint64_t octets);

/* sink_auth.c */
enum postino_sink_reply postino_sink_auth(struct postino_sink_peer *peer, struct postino_sink_text argument);
void postino_sink_auth_response(struct postino_sink_peer *peer, struct postino_sink_text line,
                                enum postino_sink_reply verdict);
void postino_sink_auth_forget(struct postino_sink_peer *peer);

/* sink_peer.c */
void postino_sink_peer_accept(struct postino_sink *sink, int fd, bool tls);
void postino_sink_peer_run(struct postino_sink_peer *peer, bool readable);
void postino_sink_peer_close(struct postino_sink_peer *peer);

/* sink_listen.c: 0 or an exit code, with a message. */
int postino_sink_listen(struct postino_sink *sink, struct postino_sink_listener *listener);
void postino_sink_accept(struct postino_sink *sink, struct postino_sink_listener *listener);
void postino_sink_accept_again(struct postino_sink *sink);
void postino_sink_listeners_close(struct postino_sink *sink);

/* sink_loop.c */
/* From now on a signal that asks for the end is heard by the loop. Returns false with errno set. */
bool postino_sink_signals(struct postino_sink *sink);
void postino_sink_loop(struct postino_sink *sink);
uint64_t postino_sink_now_ms(void);

#endif
