/*
 * The SMTP conversation: octets in, octets out. No heap, no I/O, no clock, no globals.
 *
 * The caller owns the connection and asks what the session needs (postino_session_need):
 *
 *   POSTINO_NEED_SEND     n = postino_session_output(session, buffer, size), then write those n octets
 *   POSTINO_NEED_RECEIVE  read, then postino_session_input(session, octets, n); input is legal at any time
 *   POSTINO_NEED_TLS      run the handshake, then postino_session_secured(session)
 *   POSTINO_NEED_CONTENT  the source of the message said "not yet": call output again when it has more
 *   POSTINO_NEED_TIME     a mechanism of authentication computes in slices: postino_sasl_compute(session), again and
 * again POSTINO_NEED_MAIL     everything is done: submit another mail, or postino_session_quit(session)
 *   POSTINO_NEED_CLOSE    close the connection, then take the mails back with postino_session_finished(session)
 *
 * Ownership. Everything passed by pointer (configuration, mails, recipients, sources, buffers) is borrowed: the
 * configuration until the session is closed, a mail until postino_session_finished has returned it. The session itself
 * is plain data: it may be copied and moved, holds no pointer into itself, and needs no clean-up.
 *
 * NULL is allowed only where a comment says so. Strings end with NUL. One session belongs to one thread at a time; two
 * sessions share nothing. Calls out: the source, the trace; neither may call the session.
 *
 * Errors are three things. What the server said of a mail or recipient is in its `result`. Why the session ended is in
 * postino_session_error, sticky. Misuse by the caller is what postino_session_init and _submit return.
 *
 * Sizes and lengths are octets; seconds are named `_s`. A clause such as `5321 4.5.3.2` is a section of that RFC.
 */
#ifndef POSTINO_SESSION_H
#define POSTINO_SESSION_H

#include <postino/source.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The steps of a conversation in the order in which they come, and the phases that a result names. */
enum postino_step {
    POSTINO_STEP_CONNECT,  /* of the caller: address, connection */
    POSTINO_STEP_GREETING, /* 5321 3.1 */
    POSTINO_STEP_EHLO,     /* 5321 4.1.1.1; LHLO in LMTP */
    POSTINO_STEP_HELO,
    POSTINO_STEP_STARTTLS, /* 3207 4 */
    POSTINO_STEP_AUTH,     /* 4954 4 */
    POSTINO_STEP_QUIT,     /* the end; up to here each step is alone, behind it stand those of a mail */
    POSTINO_STEP_RSET,
    POSTINO_STEP_MAIL,
    POSTINO_STEP_RCPT,
    POSTINO_STEP_DATA,
    POSTINO_STEP_CONTENT, /* the message, its final dot and the reply to it */
    POSTINO_STEP_COMMAND  /* NOOP, VRFY, EXPN, ETRN */
};

/* What became of a mail, and of each of its recipients. */
enum postino_outcome {
    POSTINO_NOT_TRIED,        /* no octet of its MAIL left */
    POSTINO_ACCEPTED,         /* the final reply was 2yz */
    POSTINO_REFUSED_FOR_NOW,  /* 4yz, or the connection ended before the last octet of its content left */
    POSTINO_REFUSED_FOR_GOOD, /* 5yz, or by ourselves before it was sent whole */
    POSTINO_UNCERTAIN         /* the last octet of its content left, and no complete final reply came */
};

/* Why, where code 0 says that it was not (only) the server's word. */
enum postino_reason {
    POSTINO_REASON_REPLY,     /* the server's reply */
    POSTINO_REASON_PROTOCOL,  /* the server broke the protocol: a reply that is malformed, too long, or not expected */
    POSTINO_REASON_LOST,      /* end of file or reset */
    POSTINO_REASON_TIMEOUT,   /* no complete reply in time */
    POSTINO_REASON_CANCELLED, /* by the caller */
    POSTINO_REASON_INJECTION, /* octets came in clear behind the reply to STARTTLS */
    POSTINO_REASON_NO_TLS,    /* TLS is required and the server does not offer it */
    POSTINO_REASON_NO_AUTH,   /* there are credentials, and the server offers no mechanism for them (4954) */
    POSTINO_REASON_UNPROVED,  /* the server took our credentials and did not prove that it knows them (5802 3) */
    POSTINO_REASON_HANDSHAKE, /* TLS failed */
    POSTINO_REASON_CERTIFICATE, /* the server's is not trusted, or is not its own (9525) */
    POSTINO_REASON_TOO_LARGE,   /* larger than the server's SIZE (1870 6.1) */
    POSTINO_REASON_SOURCE,      /* the source of the message failed */
    POSTINO_REASON_NUL,         /* a NUL in the content (5321 4.5.2 in its text) */
    POSTINO_REASON_LONG_LINE,   /* a line of more than 998 octets (5321 4.5.3.1.6) */
    POSTINO_REASON_8BIT,        /* octets above 127 where the server offers no 8BITMIME (6152) */
    POSTINO_REASON_PARAMETER,   /* one of MAIL or RCPT is out of its bounds (parameters.h), for RFC or server */
    POSTINO_REASON_NO_DSN,      /* what the mail asks for, and the server does not offer (parameters.h) */
    POSTINO_REASON_NO_DELIVERBY,
    POSTINO_REASON_NO_MT_PRIORITY,
    POSTINO_REASON_NO_FUTURERELEASE,
    POSTINO_REASON_NO_REQUIRETLS,
    POSTINO_REASON_NO_BINARYMIME, /* what the message needs, and the server does not offer (3030) */
    POSTINO_REASON_NO_SMTPUTF8,   /* what an address or the message needs (6531) */
    POSTINO_REASON_NO_XCLIENT,    /* we were to say whom we speak for */
    POSTINO_REASON_LIMITS,        /* more mails or recipients than the server takes at once (9422) */
    POSTINO_REASON_CHANGED,       /* the server does not offer what it was known to offer (postino_session_recall) */
    POSTINO_REASON_POLICY         /* another recipient was refused, and the policy is all or none */
};

struct postino_result {
    uint8_t outcome;  /* enum postino_outcome */
    uint8_t step;     /* enum postino_step that decided */
    uint8_t reason;   /* enum postino_reason */
    uint16_t code;    /* of the reply, or 0 where there was none */
    uint16_t subject; /* of the enhanced code (3463) with class code / 100; `5.1.2`: subject 1, detail 2; else 0 */
    uint16_t detail;
    uint16_t text_size; /* of `text` */
    char *text; /* the caller's, or NULL: gets the reply's text, cut to fit, ending with NUL, controls as `?`, lines
                 * joined by LF */
};

struct postino_recipient_parameters;

struct postino_recipient {
    const char *address; /* forward-path without `<` and `>`; ASCII, but see `path_valid` in parameters.h */
    struct postino_result result;
    const struct postino_recipient_parameters *parameters; /* NULL: none; see parameters.h */
};

enum postino_policy {
    POSTINO_POLICY_ANY, /* deliver to those recipients that are accepted */
    POSTINO_POLICY_ALL  /* deliver to all or to none */
};

/* Private by rule: where a mail stands. */
struct postino_mail_is {
    bool prepared;  /* held against what the server offers */
    bool begun;     /* `begin` is where its MAIL stands in the octets of the session */
    bool doomed;    /* its result stands; what is still answered changes nothing */
    bool unspoken;  /* its RSET was refused: what was spoken behind that counts as not spoken */
    bool open;      /* its MAIL was accepted */
    bool ended;     /* `end` is where its content ended in the octets of the session */
    bool done;      /* can be handed back */
    bool chunked;   /* a chunk of its content was spoken */
    bool drained;   /* its source has ended */
    bool cut;       /* `left_out` recipients were not spoken, and `recipient_count` is so many less */
    uint8_t chunks; /* spoken and not answered */
    uint8_t failed; /* enum postino_reason why its content ends before its end */
};

struct postino_mail_parameters;

/* One mail, or one command. The caller fills it, submits it, and leaves it alone until it is handed back. */
struct postino_mail {
    const char *reverse_path; /* without `<` and `>`; "" is the null reverse-path of 5321 4.5.5 */
    struct postino_recipient *recipients;
    uint32_t recipient_count;     /* 1 or more */
    struct postino_mail_is is;    /* the session's */
    uint8_t policy;               /* enum postino_policy */
    struct postino_result result; /* of the mail: accepted when one recipient is */
    struct postino_source *source;
    const struct postino_mail_parameters *parameters; /* NULL: none; see parameters.h */

    const struct postino_command
        *command;         /* not NULL: no mail, but this command; only `argument` is used, and `result` */
    const char *argument; /* of the command, or NULL */

    struct postino_mail *next; /* the rest is the session's */
    size_t begin;
    size_t end;
    uint32_t accepted;
    uint32_t left_out; /* where `is.cut`: recipients behind the others, refused for now (9422) */
};

/* What LIMITS says (9422), and what was used of it; the session's. */
struct postino_limits {
    uint32_t mails_max; /* 0: not told */
    uint32_t recipients_max;
    uint32_t domains_max; /* of recipients, on a connection; more than 8 count as 8 */
    uint32_t mails;
    uint32_t domains[8];
    uint8_t domain_count;
    uint8_t next;
};

struct postino_session;
struct postino_sasl;
struct postino_trace;

/* Features that the linker drops where nobody names them. */
extern const struct postino_opening postino_starttls_required; /* config.opening: STARTTLS, or no mail (3207) */
extern const struct postino_opening postino_starttls_offered;  /* where offered; a refusal goes on in clear (7435) */
extern const struct postino_opening postino_xclient; /* XCLIENT of config.xclient, or no mail; in place of STARTTLS */
extern const struct postino_opening postino_auth;    /* AUTH (4954), with config.sasl; see sasl.h */
extern const struct postino_opening postino_auth_basic; /* less of it: PLAIN, LOGIN, ANONYMOUS, one try, in steps */
/* config.lenient: NULs and spaces in front of a reply's line are skipped; 8-bit text without 8BITMIME and lines of any
 * length are sent. For devices whose servers were always spoken to like that. */
extern const struct postino_lenient postino_lenient;
extern const struct postino_lmtp postino_lmtp;             /* config.lmtp: LMTP (2033) */
extern const struct postino_enhanced postino_enhanced;     /* config.enhanced: codes such as 5.1.1 (3463) */
extern const struct postino_behind_dot postino_behind_dot; /* config.behind_dot */
extern const struct postino_quick postino_quick;           /* config.quick; of gcc and clang */

/* Extensions for config.extensions, which is a list of such pointers with NULL at its end. */
extern const struct postino_extension postino_pipelining; /* 2920: commands are spoken ahead of replies */
extern const struct postino_extension postino_8bitmime;   /* 6152 */
extern const struct postino_extension
    postino_chunking;                               /* 3030: BDAT instead of DATA; with PIPELINING mails in flight */
extern const struct postino_extension postino_size; /* 1870: checked before a mail is begun */
extern const struct postino_extension postino_binarymime;          /* 3030: content that goes as it is, with CHUNKING */
extern const struct postino_extension postino_smtputf8;            /* 6531: UTF-8 in addresses and header fields */
extern const struct postino_extension postino_limits;              /* 9422, with config.limits */
extern const struct postino_extension postino_pipeconnect;         /* Exim's: see postino_session_recall */
extern const struct postino_extension *const postino_extensions[]; /* every one that there is */
extern const struct postino_command postino_noop;                  /* mail.command: 5321 4.1.1.9 */
extern const struct postino_command postino_vrfy;                  /* 5321 4.1.1.6, with an argument */
extern const struct postino_command postino_expn;                  /* 5321 4.1.1.7, with an argument */
extern const struct postino_command postino_etrn;                  /* 1985: send what waits for this domain */

/* Zeroed but for `name` it is the safe choice. */
struct postino_config {
    const char *name; /* argument of EHLO: a domain with a dot, or an address literal (5321 4.1.3) */

    /* Where texts of replies are kept: the text of the last one, and of the one that ended the session. 12 octets are
     * needed for enhanced codes, 128 tell a reader what happened. NULL: none. */
    char *text;
    uint16_t text_size;

    /* Replies that may be outstanding where the server offers PIPELINING (2920). 0 means 65,536; 1 is lock-step. */
    uint16_t window;

    /* Mails that may be under way at once where the server offers CHUNKING and PIPELINING, each with up to 64 KiB of
     * its content ahead of the replies to its recipients. All of them are uncertain where the connection dies. Behind
     * a refusal there is one, and with each mail that is accepted twice as many again: servers count refusals, and end
     * what has too many. 0 means 8. */
    uint16_t mails_in_flight;

    /* The extensions that are made use of, as postino_extensions. NULL: none, each reply is awaited. */
    const struct postino_extension *const *extensions;

    /* &postino_behind_dot: the content, its dot and the next mail's RSET, MAIL, RCPT and DATA may share a flight
     * (2920 3.1). Only for servers that are known to bear it. */
    const struct postino_behind_dot *behind_dot;

    const struct postino_enhanced *enhanced; /* &postino_enhanced: enhanced codes are read out of texts. NULL: not */
    /* Steps between EHLO and the first mail: { &postino_starttls_…, &postino_auth }, each or both NULL. Without
     * STARTTLS the caller has no TLS, or the connection has it from the start. */
    const struct postino_opening *opening[2];
    /* What &postino_xclient says, for test benches that a server trusts: "NAME=mx.example.test ADDR=192.0.2.1". Values
     * as Postfix has them, in xtext (3461 4). */
    const char *xclient;
    struct postino_sasl *sasl; /* who we are, for &postino_auth */

    /* Room for what LIMITS says. More mails than a connection takes, or domains of recipients, are left for another
     * one; a mail of more recipients than the server takes is cut: those behind are refused for now, `recipient_count`
     * is less by `left_out`, for the caller to send them once more. NULL: the server has to refuse them. */
    struct postino_limits *limits;

    bool unverified; /* TLS is taken from anybody: what needs to know whom it speaks to (8689) is refused */

    const struct postino_quick *quick;     /* &postino_quick: fewer instructions for more code, on hosts. NULL: not */
    const struct postino_lmtp *lmtp;       /* NULL: SMTP */
    const struct postino_lenient *lenient; /* NULL: strict */
    struct postino_trace *trace;           /* sees whole lines. NULL: nobody does */
};

/* What the server offered in its last EHLO reply, of the extensions in the configuration; see also source.h. */
#define POSTINO_OFFERS_PIPELINING          0x0008u  /* 2920 */
#define POSTINO_OFFERS_SIZE                0x0010u  /* 1870 */
#define POSTINO_OFFERS_ENHANCEDSTATUSCODES 0x0020u  /* 2034 */
#define POSTINO_OFFERS_STARTTLS            0x0040u  /* 3207 */
#define POSTINO_OFFERS_DSN                 0x0100u  /* 3461 */
#define POSTINO_OFFERS_AUTH                0x0200u  /* 4954 */
#define POSTINO_OFFERS_DELIVERBY           0x0400u  /* 2852 */
#define POSTINO_OFFERS_MT_PRIORITY         0x0800u  /* 6710 */
#define POSTINO_OFFERS_FUTURERELEASE       0x1000u  /* 4865 */
#define POSTINO_OFFERS_REQUIRETLS          0x2000u  /* 8689 */
#define POSTINO_OFFERS_PIPECONNECT         0x4000u  /* of Exim; in no RFC */
#define POSTINO_OFFERS_LIMITS              0x8000u  /* 9422 */
#define POSTINO_OFFERS_XCLIENT             0x10000u /* of Postfix; in no RFC */

/* Limits that bound what a server can make us do (5321 4.5.3.1.5 asks for 512). */
#define POSTINO_REPLY_LINE_MAX  2048u /* octets of a line without its line end; 64 times as much of a challenge */
#define POSTINO_REPLY_LINES_MAX 1024u /* lines of a reply */

/* Private by rule; complete so that the caller can give it room. */
struct postino_cursor {
    uint8_t step;
    uint16_t passed; /* mails; it wraps */
    struct postino_mail *mail;
    uint32_t recipient;
};

struct postino_session {
    /* Small members first: short instructions reach them on small processors. */
    bool closed;        /* nothing more is spoken or heard */
    uint8_t held;       /* POSTINO_NEED_…: nothing is spoken until that has been done */
    bool unsolicited;   /* the reply that comes in belongs to no command */
    bool failed;        /* `error` says why; QUIT may follow */
    bool quitting;      /* the caller wants QUIT */
    bool secured;       /* TLS stands */
    bool dirty;         /* the server may hold an open transaction: RSET before the next MAIL */
    bool withdrawn;     /* an envelope behind the dot was refused */
    bool last_line;     /* of a reply: the separator was a space, or there was none */
    bool read_cr;       /* the last octet of the content, whose line end has been written */
    bool spilled;       /* `pending` holds an octet that found no room */
    bool content_ended; /* only the terminator is still to be spoken */
    bool not_yet;       /* said the source */
    char pending;
    char heard; /* the last octet */
    uint8_t word_length;
    struct postino_cursor spoken;
    struct postino_cursor awaited;
    uint32_t offers;
    uint32_t outstanding;
    uint32_t code;
    uint32_t line_code;
    uint32_t line_length;
    uint32_t lines;
    uint32_t text_length;
    uint32_t column;
    const struct postino_config *config;
    const struct postino_extension *const *extensions;
    const struct postino_keyword *keyword;
    const struct postino_chunks *chunks; /* where the server offered it */
    const struct postino_judge *judge;   /* of replies, while what was spoken may not stand; or NULL */
    struct postino_mail *first;
    struct postino_mail *last;
    size_t offset;
    size_t total;
    size_t unsent;
    size_t size_limit;
    uint32_t replies;
    uint32_t by_min_s;   /* of DELIVERBY */
    uint32_t hold_max_s; /* of FUTURERELEASE */
    uint32_t unheard;    /* of what was recalled, what was not offered again */
    struct postino_result error;
    uint16_t flight; /* behind a refusal, how many mails may be under way; 0: as many as may be */
    char word[21];
    bool denied; /* by 421: what was not answered before it was not taken */
};

enum postino_need {
    POSTINO_NEED_SEND,
    POSTINO_NEED_RECEIVE,
    POSTINO_NEED_TLS,
    POSTINO_NEED_CONTENT,
    POSTINO_NEED_TIME,
    POSTINO_NEED_MAIL,
    POSTINO_NEED_CLOSE
};

/* What the caller did wrong. Nothing was sent for it. */
enum postino_misuse {
    POSTINO_OK,
    POSTINO_BAD_NAME,         /* `name` is neither a domain nor an address literal */
    POSTINO_BAD_REVERSE_PATH, /* not as 5321 4.1.2 asks */
    POSTINO_BAD_RECIPIENT,    /* the outcome of the wrong ones is POSTINO_REFUSED_FOR_GOOD, of the others NOT_TRIED */
    POSTINO_BAD_COMMAND,      /* a control character in a command or its argument, or too long */
    POSTINO_BAD_MAIL          /* no recipient, or no source */
};

/* Holds a mail against 5321 4.1.2, as postino_session_submit does, before there is a session. */
enum postino_misuse postino_mail_check(const struct postino_mail *mail);

/* Gives a mail that no session has, and its recipients, the result `why`, as not tried. */
void postino_mail_end(struct postino_mail *mail, const struct postino_result *why);

/* Begins a session on a connection that stands. POSTINO_BAD_NAME: the session must not be used. */
enum postino_misuse postino_session_init(struct postino_session *session, const struct postino_config *config);

/* Adds a mail behind those that were submitted before. Legal at any time; the mails end in the order of submission.
 * POSTINO_BAD_…: the mail was not taken and remains the caller's. */
enum postino_misuse postino_session_submit(struct postino_session *session, struct postino_mail *mail);

/* The same of a mail that postino_mail_check has just found well, and nobody has changed since: it is not looked at
 * again. */
void postino_session_take(struct postino_session *session, struct postino_mail *mail);

enum postino_need postino_session_need(const struct postino_session *session);

/* Writes up to `size` octets (1 or more) that may go out now; returns how many. 0: see postino_session_need. */
size_t postino_session_output(struct postino_session *session, void *buffer, size_t size);

/* Takes everything, at any time, however it is split. */
void postino_session_input(struct postino_session *session, const void *octets, size_t length);

/* TLS stands. For implicit TLS: before the first input. Forgets what the server offered in clear (3207 4.2). */
void postino_session_secured(struct postino_session *session);

/* The connection is gone, or the caller gives it up. `unsent` of the octets taken by output surely never left. After
 * POSTINO_NEED_CLOSE the error stands, and the call only tells `unsent`. To be called once, before _finished. */
void postino_session_lost(struct postino_session *session, enum postino_reason why, size_t unsent);

/* Says QUIT when the last submitted mail is done. A mail that is submitted behind this call may not be tried. */
void postino_session_quit(struct postino_session *session);

/* The next mail that is done, with its results, the caller's again; or NULL. */
struct postino_mail *postino_session_finished(struct postino_session *session);

/* How long the caller waits, in seconds, from the last complete reply or the last octet that left, whichever came later
 * (5321 4.5.3.2); 0: nothing is awaited. */
unsigned postino_session_timeout_s(const struct postino_session *session);

/* Changes with each complete reply: the time to restart that clock. */
uint32_t postino_session_replies(const struct postino_session *session);

/* The step whose reply is awaited, or that is being spoken. */
enum postino_step postino_session_step(const struct postino_session *session);

/* POSTINO_OFFERS_… of the last EHLO reply; 0 after HELO. */
unsigned postino_session_offers(const struct postino_session *session);

/* The server's limit on a message, 0 where it names none (1870 3). */
size_t postino_session_size_limit(const struct postino_session *session);

/* The server refused an envelope behind the dot (config.behind_dot): do not permit it again for this server. */
bool postino_session_withdrawn(const struct postino_session *session);

/*
 * What a server offered, for the next session with it: the caller keeps it by the server's address and TLS, for a day
 * at most, and drops it once it is not confirmed.
 */
struct postino_known {
    uint32_t offers; /* POSTINO_OFFERS_… */
    size_t size_limit;
    uint32_t by_min_s;
    uint32_t hold_max_s;
    bool secured; /* it offers that in TLS */
};

/* Once the session is over: what its server offered. Returns whether the next one may begin with it. */
bool postino_session_remember(const struct postino_session *session, struct postino_known *known);

/*
 * Begins a session at a server that is known to take commands ahead of its greeting (PIPECONNECT), by BDAT: a mail is
 * accepted one round trip behind the connection. To be called behind the submission of mails, and behind
 * postino_session_secured, before anything else. Writes EHLO to `buffer`, where it must fit `size`; behind it stands
 * what postino_session_output gives, in the same write. Returns how many octets; 0: nothing was begun, and the greeting
 * is awaited as ever: there are credentials, XCLIENT or STARTTLS to come first, the server is not known to take it,
 * EHLO does not fit.
 *
 * Where the server is another than it was, its refusals of what was spoken are for now, and QUIT follows; what the
 * session itself says of mails rests on what was recalled. Mails that were not accepted then go over a new connection,
 * which recalls nothing. Only a server that takes no BDAT any more, and still PIPECONNECT, would take a mail's content
 * for commands: who cannot trust it with that does not recall.
 */
size_t postino_session_recall(struct postino_session *session, const struct postino_known *known, void *buffer,
                              size_t size);

/* What was recalled has not been confirmed: where the session ends like that, drop it, and believe no refusal. */
bool postino_session_changed(const struct postino_session *session);

/* Why the session ended, or NULL where it has not, or ended well. */
const struct postino_result *postino_session_error(const struct postino_session *session);

/* 5321 4.1.2: Mailbox as in MAIL and RCPT, without `<` and `>`: "local@domain" or "local@[literal]". */
bool postino_path_valid(const char *path);

/* Words NAME=value with a space between them, of printable ASCII, that fit a line: what config.xclient may be. */
bool postino_xclient_valid(const char *attributes);

/* A domain or an address literal, as in EHLO (5321 4.1.1.1). */
bool postino_name_valid(const char *name);

enum postino_direction {
    POSTINO_FROM_SERVER,
    POSTINO_TO_SERVER
};

/* Sees each line of the conversation once it is whole, without its line end, cut to `size` octets, with controls as
 * they came: escape them before a terminal sees them. Content is not traced, credentials never. `size` octets at
 * `buffer` are used for both directions in halves. */
struct postino_trace {
    void (*line)(struct postino_trace *trace, enum postino_direction direction, const char *line, size_t length);
    char *buffer;
    size_t size;

    void (*heard)(struct postino_trace *trace, char octet); /* set by postino_trace_init */
    void (*spoken)(struct postino_trace *trace, const struct postino_session *session);
    size_t length;
};

void postino_trace_init(struct postino_trace *trace, void *buffer, size_t size,
                        void (*line)(struct postino_trace *trace, enum postino_direction direction, const char *line,
                                     size_t length));

#ifdef __cplusplus
}
#endif

#endif
