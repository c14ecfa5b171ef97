/*
 * Messages: a composer (RFC 5322, MIME), and sources, filters and parsers for messages that exist already.
 *
 * `struct postino_message` says what the mail is; zeroed, it is an empty one. `postino_message_open` checks all of it
 * and makes it a source that the mail is sent from:
 *
 *     static const struct postino_mailbox from = {"Ada", "ada@example.test"}, to = {NULL, "bob@example.test"};
 *     struct postino_memory_source text;
 *     struct postino_message_source composed;
 *     struct postino_message message = {.from = {&from, 1}, .to = {&to, 1}, .subject = "Grüße", .text = &text.source};
 *     postino_memory_source_open(&text, "Hello\n", 6);
 *     if (postino_message_open(&composed, &message) == POSTINO_MESSAGE_OK)
 *         ... send &composed.source ...
 *
 * Ownership: everything pointed at is borrowed, and must live and stay the same until the mail has been handed back.
 * Nothing is allocated, so nothing is closed. The structs marked private may be moved while they are not being read.
 * Threads: none; two composed messages share nothing, unless they share a source.
 * Units: octets. Texts are UTF-8 and end with NUL. NULL, and a count of 0, leave the item out.
 *
 * Refused, not mended: what would break the message, or mean something else than it says, is an error that names the
 * item. Text that is not UTF-8 is refused, and so are controls (CR and LF above all); a tab may stand in a subject and
 * in a header's value. A C text cannot hold NUL: who has texts with a length must refuse NUL before.
 *
 * Bcc is never in the headers: blind recipients belong in the envelope only, and there is no field for them here.
 *
 * Sent again, a message is the same, octet for octet, as long as the server offers the same and all its sources rewind.
 */
#ifndef POSTINO_MESSAGE_H
#define POSTINO_MESSAGE_H

#include "postino/source.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Ready sources ---- */

struct postino_memory_source {
    struct postino_source source;
    const uint8_t *octets; /* private from here on */
    size_t size;
    size_t at;
};

/* Octets in memory as text or attachment. It rewinds; its length is `size`, line ends as they stand. */
void postino_memory_source_open(struct postino_memory_source *memory, const void *octets, size_t size);

/* Octets in memory that are a whole message, to be sent as they are: reads them once, so that `length` counts each line
 * end as CR LF whatever it is (RFC 1870 3), and `seven_bit` and `canonical` are known. */
void postino_memory_source_open_message(struct postino_memory_source *memory, const void *octets, size_t size);

/* ---- What a message is ---- */

struct postino_mailbox {
    const char *name;    /* as people read it; NULL or "": none */
    const char *address; /* local-part@domain, without < >. Non-ASCII ones need SMTPUTF8 of the server. */
};

struct postino_mailboxes {
    const struct postino_mailbox *items;
    size_t count;
};

struct postino_date {
    int64_t seconds;      /* since 1970-01-01 00:00:00 UTC; the years 1900 to 9999 */
    int16_t zone_minutes; /* local time minus UTC; less than a day */
};

/* A header field of the caller's own. ASCII values go out as they are, folded at their white space (so that structured
 * fields stay right); others are text and become encoded words (RFC 2047). */
struct postino_header {
    const char *name;
    const char *value;
};

enum postino_disposition {
    POSTINO_ATTACHMENT,
    POSTINO_INLINE
};

/* A part behind the text. It is base64, or binary where the server offers BINARYMIME and CHUNKING (RFC 3030), so that
 * its octets arrive as they are. */
struct postino_part {
    struct postino_source *source; /* `length`, where it is not 0, is what will be read, or the reading fails */
    const char *filename;          /* only what follows the last / and \ is told to others */
    const char *type;              /* as in "text/csv", no parameters; NULL: "application/octet-stream" */
    const char *charset;           /* of text types */
    const char *content_id;        /* as left@right, without < > */
    enum postino_disposition disposition;
};

/* The code for parts. It is reached through `multipart` only, so that the linker drops it from programs without. */
struct postino_multipart;
extern const struct postino_multipart postino_multipart;

#define POSTINO_MESSAGE_RANDOMNESS 16

struct postino_message {
    struct postino_mailboxes from;     /* one at least (RFC 5322 3.6.2) */
    struct postino_mailboxes sender;   /* one where `from` has several, else none or one */
    struct postino_mailboxes reply_to; /* the header fields, not the envelope: recipients are told to the mail, too */
    struct postino_mailboxes to;
    struct postino_mailboxes cc;
    const char *subject;
    const struct postino_date *date; /* NULL: no Date line, which is for devices without a clock: no date is better */
                                     /* than a wrong one, and the first server adds it (RFC 6409 8.2) */
    const char *message_id;          /* as left@right, without < >; NULL: no Message-ID line */

    /* Date, Message-ID and MIME-Version of these replace ours. They, References and In-Reply-To may stand once. */
    const struct postino_header *headers;
    size_t header_count;

    /* The text. Line ends may be LF, CR or CR LF; it goes out with CR LF, its last line ended. The encoding is the
     * smallest that fits text and server (7bit, 8bit, quoted-printable, base64), which takes reading it before; a
     * source that does not rewind is not read before, and goes as quoted-printable with unknown length. */
    struct postino_source *text;
    const char *text_type;    /* NULL: "text/plain" */
    const char *text_charset; /* NULL: "utf-8" */

    const struct postino_part *parts;
    size_t part_count;
    const struct postino_multipart *multipart; /* &postino_multipart where there are parts */
    const uint8_t *randomness; /* POSTINO_MESSAGE_RANDOMNESS octets for the boundary, where there are parts. That no */
                               /* content can hold the boundary rests on them where parts are binary, else not. */
};

enum postino_message_error {
    POSTINO_MESSAGE_OK,
    POSTINO_MESSAGE_NO_FROM,
    POSTINO_MESSAGE_SENDER,        /* several From need a Sender; more than one Sender */
    POSTINO_MESSAGE_ADDRESS,       /* not local-part@domain (RFC 5321 4.1.2), or longer than RFC 5321 4.5.3.1 allows */
    POSTINO_MESSAGE_TEXT,          /* a control, or not UTF-8, in a name, subject or value */
    POSTINO_MESSAGE_DATE,          /* year or zone out of range */
    POSTINO_MESSAGE_ID,            /* message_id or content_id is not left@right (RFC 5322 3.6.4) */
    POSTINO_MESSAGE_HEADER_NAME,   /* not 1 to 70 printable ASCII octets without colon */
    POSTINO_MESSAGE_HEADER_TAKEN,  /* a field that struct postino_message has its own place for, or that MIME needs */
    POSTINO_MESSAGE_HEADER_TWICE,  /* a field that may stand once only (RFC 5322 3.6) */
    POSTINO_MESSAGE_HEADER_BCC,    /* Bcc and Resent-Bcc are never sent */
    POSTINO_MESSAGE_TYPE,          /* not type/subtype, each a token (RFC 2045 5.1); text_type: not text/… */
    POSTINO_MESSAGE_COMPOSITE,     /* message/… or multipart/… part: base64 is not allowed there (RFC 2045 6.4) */
    POSTINO_MESSAGE_CHARSET,       /* not a token */
    POSTINO_MESSAGE_FILENAME,      /* empty, "." or ".." after its last separator; a control; not UTF-8 */
    POSTINO_MESSAGE_NO_SOURCE,     /* a part without source */
    POSTINO_MESSAGE_NO_MULTIPART,  /* parts, but `multipart` is NULL */
    POSTINO_MESSAGE_NO_RANDOMNESS, /* parts, but `randomness` is NULL */
};

#define POSTINO_MESSAGE_STAGE 128

struct postino_encoder { /* private */
    uint16_t line;       /* octets on the line */
    uint16_t longest;    /* line so far; stops at UINT16_MAX */
    uint8_t column;      /* of the encoded line */
    uint8_t carry[2];
    uint8_t carry_length;
    uint8_t held; /* white space that may turn out to end its line */
    uint8_t seen; /* all octets, or-ed */
    uint8_t from; /* how much of "From" the line began with */
    uint8_t marker;
    bool after_cr;
    bool nul;
    bool delimiter; /* a line begins as our boundaries do */
};

struct postino_message_source {
    struct postino_source source; /* send this */

    const char *wrong_field; /* after a refusal: where, as in "To"; for parts "part", for headers their name */
    size_t wrong_item;       /* and which, from 0 */

    const struct postino_message *message; /* private from here on */
    struct postino_source *content;        /* that is being read, if any */
    const char *piece;
    size_t piece_length;
    size_t item;
    size_t at;
    size_t stretch;
    uint64_t text_length; /* as encoded; 0: not known */
    uint64_t text_octets; /* as read when it was scanned */
    uint64_t taken;       /* of the content */
    uint64_t expected;    /* of the content, where known */
    uint64_t produced;
    struct postino_encoder encoder;
    uint16_t column;
    uint8_t stage_at;
    uint8_t stage_end;
    uint8_t step;
    uint8_t phase;
    uint8_t encoding;
    uint8_t text_encoding;
    uint8_t replaced; /* by headers of the caller */
    bool exact;       /* `expected` holds */
    bool text_exact;
    bool prepared;
    bool failed;
    bool opaque;
    bool fresh; /* nothing but the name stands in the field */
    bool wide;  /* an address is not ASCII */
    uint8_t stage[POSTINO_MESSAGE_STAGE];
};

/* Checks all of `message` and makes `composed` read it. An error leaves a source that fails. `source.length` and
 * `source.seven_bit` are set by `prepare` (which the session calls; a read without it acts as for a server that offers
 * nothing). `length` is known where the text rewinds and each part's length is known (0 counts as unknown); then what
 * is read is exactly as long, or the reading fails, as it does when text or part changed in between. */
enum postino_message_error postino_message_open(struct postino_message_source *composed,
                                                const struct postino_message *message);

/* What an error means, as half a sentence in English. */
const char *postino_message_error_text(enum postino_message_error error);

/* Stores "RANDOMNESS@domain" for `message_id`, with its NUL. Returns false where `domain` is not a domain name or
 * literal, or `size` is too small (34 octets and the domain suffice). */
bool postino_message_id(char *buffer, size_t size, const uint8_t randomness[POSTINO_MESSAGE_RANDOMNESS],
                        const char *domain);

/* ---- The smallest composer, for devices that say what they know in ASCII ---- */

/* A message of a text and, perhaps, one attachment, in a sixth of the code. No names are encoded, no lines folded, no
 * date is written (the first server adds it, RFC 6409 8.2): what does not fit is refused. The caller fills in the first
 * members; strings are borrowed, none but those that go with `attachment` may be NULL. */
struct postino_small_message {
    struct postino_source source; /* send this */
    const char *from;             /* an address, or "Boiler 7 <boiler@example.test>"; as it stands in the field */
    const char *to;               /* as that; several with commas between them */
    const char *subject;
    const char *message_id;            /* left@right, without < > */
    const char *text;                  /* lines of ASCII, ended by LF or CR LF */
    struct postino_source *attachment; /* or NULL */
    const char *filename;              /* without a path */
    const char *type;                  /* as in "text/csv" */

    size_t at; /* private from here on */
    uint8_t piece;
    uint8_t staged;
    uint8_t taken;
    uint8_t stage[80];
};

/* False: a value is empty, longer than 900 octets or not printable ASCII; a line of the text begins with "--=_". */
bool postino_small_message_open(struct postino_small_message *plain);

/* ---- Addresses in header text (RFC 5322 3.4), as in `sendmail -t` ---- */

struct postino_address {
    const char *name; /* as it stands, not decoded; NULL: none */
    size_t name_length;
    const char *address; /* as it stands, without < >. Without "@" where a lone word stood, as in "To: root". */
    size_t address_length;
};

struct postino_addresses { /* private, but for `at` */
    const char *at;        /* where the list is wrong, once it is */
    const char *end;
    bool group;
    bool separated;
    bool wrong;
};

enum postino_addresses_found {
    POSTINO_ADDRESSES_END,
    POSTINO_ADDRESSES_MAILBOX,
    POSTINO_ADDRESSES_WRONG
};

/* Begins a list; line ends and folds in it are white space. Comments of any depth and groups are understood. Wrong, so
 * that nobody can take an address for another, are: white space or comments inside an address, routes, controls. */
void postino_addresses_begin(struct postino_addresses *list, const char *text, size_t length);
enum postino_addresses_found postino_addresses_next(struct postino_addresses *list, struct postino_address *found);

/* ---- Headers of a message that exists ---- */

#define POSTINO_HEADER_HOLD 24

/* Passes a message on as it is, but for its Bcc and Resent-Bcc fields. `prepare` makes `source.length` that of the
 * inner source less what is left out, where the inner one is known and rewinds. A field is one whatever ends its lines,
 * CR and LF alone included, because that is how the session reads it; a lone CR before a field that is left out becomes
 * CRLF. */
struct postino_header_filter {
    struct postino_source source;
    struct postino_source *inner; /* private from here on */
    uint64_t removed;
    uint8_t hold[POSTINO_HEADER_HOLD];
    uint8_t held;
    uint8_t given;
    uint8_t state;
    bool dropping;
    bool after_cr;
    bool lone_cr;
    bool begun;
    bool ended;
};
void postino_header_filter_open(struct postino_header_filter *filter, struct postino_source *inner);

/* ---- Messages that exist, for servers without 8BITMIME ---- */

#define POSTINO_BOUNDARY_MAX    70 /* RFC 2046 5.1.1 */
#define POSTINO_DOWNGRADE_DEPTH 8  /* multiparts within each other that are looked into */
#define POSTINO_DOWNGRADE_HOLD  96
#define POSTINO_DOWNGRADE_STAGE 384

struct postino_boundary { /* private */
    uint8_t octets[POSTINO_BOUNDARY_MAX];
    uint8_t length;
    bool digest;
};

enum postino_entity_kind { /* private, too */
    POSTINO_ENTITY_LEAF,
    POSTINO_ENTITY_MULTIPART,
    POSTINO_ENTITY_MESSAGE,
    POSTINO_ENTITY_SEALED /* signed, encrypted, or of another kind that nobody may change */
};

struct postino_entity { /* private: what a header section says of its body */
    struct postino_boundary boundary;
    char word[24];
    uint8_t word_length;
    uint8_t kind;
    uint8_t at;
    uint8_t comments;
    bool digest;
    bool typed;
    bool twice;
    bool broken;
    bool takes_boundary;
    bool value_began;
    bool escaped;
};

/*
 * Passes a message on as it is to servers with 8BITMIME (RFC 6152). For others, what it declares as 8bit becomes
 * quoted-printable, part by part, also in messages that it holds; `prepare` makes `length` and `seven_bit` those of the
 * result, where the inner source rewinds: it is read once for that. Left alone, so that the session refuses the mail
 * where they hold octets above 127: parts that are signed or encrypted, parts that do not declare 8bit, header fields,
 * what stands around the parts, and multiparts whose boundary cannot be told or that lie deeper than
 * POSTINO_DOWNGRADE_DEPTH. What is changed has CR LF as its line ends.
 */
struct postino_downgrade {
    struct postino_source source;
    struct postino_source *inner; /* private from here on */
    struct postino_entity entity;
    struct postino_encoder encoder;
    uint16_t staged;
    uint16_t given;
    uint8_t state;
    uint8_t field; /* that the line before belongs to */
    uint8_t depth;
    uint8_t held;
    bool works;
    bool begun;
    bool ended;
    bool after_cr;
    bool in_header;
    bool quoting;
    bool eight_bit; /* the header section says so */
    bool seven_bit; /* or so */
    bool other;     /* or something else, or both */
    uint8_t hold[POSTINO_DOWNGRADE_HOLD];
    uint8_t stage[POSTINO_DOWNGRADE_STAGE];
    struct postino_boundary boundaries[POSTINO_DOWNGRADE_DEPTH];
};
void postino_downgrade_open(struct postino_downgrade *downgrade, struct postino_source *inner);

enum postino_header_found {
    POSTINO_HEADER_END,      /* the header section is over */
    POSTINO_HEADER_FIELD,    /* `name` says which, `length` octets are at `value` */
    POSTINO_HEADER_TOO_LONG, /* `name` says which; its value is longer than `size` and lost. Going on is possible. */
    POSTINO_HEADER_NOT_YET,  /* the source said so; call again with the same buffer */
    POSTINO_HEADER_FAILED,
};

/* Hands out the values of the fields that are named in `names`, in any order and number. It reads ahead: rewind the
 * source afterwards. */
struct postino_header_scanner {
    size_t name;   /* of the field found: the index in `names` */
    size_t length; /* of its value: unfolded, without the white space around it */

    struct postino_source *source; /* private from here on */
    const char *const *names;
    size_t name_count;
    uint64_t alive; /* names that still match */
    size_t column;
    uint8_t buffer[64];
    uint8_t at;
    uint8_t end;
    uint8_t state;
    bool after_cr;
    bool too_long;
    bool collecting;
};

/* `names` are up to 64 field names in lower case. */
void postino_header_scanner_open(struct postino_header_scanner *scanner, struct postino_source *source,
                                 const char *const *names, size_t name_count);
enum postino_header_found postino_header_scanner_next(struct postino_header_scanner *scanner, char *value, size_t size);

#ifdef __cplusplus
}
#endif

#endif
