/* What the files of the message room share. */
#ifndef POSTINO_MESSAGE_INTERNAL_H
#define POSTINO_MESSAGE_INTERNAL_H

#include "postino/message.h"

#include <string.h>

/* RFC 2047 2 limits lines with encoded words to 76 octets, RFC 5322 2.1.1 wants 78 at most: one limit serves both. */
#define POSTINO_FOLD 76

/* Octets of a line without its line end (RFC 5322 2.1.1). */
#define POSTINO_LINE_MAX 998

/* Longest word of a header value that goes out as it is: with name or fold it stays below 998 (RFC 5322 2.1.1). */
#define POSTINO_LONGEST_WORD 900

enum postino_message_step { /* in the order of the message */
    POSTINO_STEP_DATE,
    POSTINO_STEP_FROM,
    POSTINO_STEP_SENDER,
    POSTINO_STEP_REPLY_TO,
    POSTINO_STEP_TO,
    POSTINO_STEP_CC,
    POSTINO_STEP_MESSAGE_ID,
    POSTINO_STEP_SUBJECT,
    POSTINO_STEP_HEADERS,
    POSTINO_STEP_MIME,
    POSTINO_STEP_TEXT,
    POSTINO_STEP_PARTS,
    POSTINO_STEP_END,
};

enum postino_encoding {
    POSTINO_7BIT,
    POSTINO_8BIT,
    POSTINO_QUOTED_PRINTABLE,
    POSTINO_BASE64_TEXT,
    POSTINO_BASE64, /* of parts, as what follows */
    POSTINO_BINARY
};

/* Bits of `replaced`. */
#define POSTINO_REPLACED_DATE       0x01u
#define POSTINO_REPLACED_MESSAGE_ID 0x02u
#define POSTINO_REPLACED_VERSION    0x04u

struct postino_multipart {
    /* Checks the parts alone. */
    enum postino_message_error (*check)(struct postino_message_source *composed, const struct postino_message *message);
    /* Puts the next piece of the header's end (POSTINO_STEP_MIME) or of the parts. */
    void (*next)(struct postino_message_source *composed);
};

/* pieces.c: what goes out next is the stage and then one piece of foreign octets; both are empty when these are called.
 */
void postino_put(struct postino_message_source *composed, const char *text, size_t length);
void postino_put_text(struct postino_message_source *composed, const char *text);
void postino_put_piece(struct postino_message_source *composed, const char *text, size_t length);
/* The name with its colon. */
void postino_put_field_name(struct postino_message_source *composed, const char *name);
/* A space, or a fold where `width` octets more do not fit the line. */
void postino_put_separator(struct postino_message_source *composed, size_t width);
void postino_next_step(struct postino_message_source *composed);
/* The next encoded word of `text`, from `at` to `stretch`. */
void postino_put_word(struct postino_message_source *composed, const char *text, bool phrase);

void postino_begin_content(struct postino_message_source *composed, struct postino_source *content,
                           enum postino_encoding encoding);

/* date.c */
bool postino_date_valid(const struct postino_date *date);
void postino_put_date(struct postino_message_source *composed, const struct postino_date *date);

/* fields.c: the next piece of the message, whatever it is. */
void postino_next_field(struct postino_message_source *composed);
/* Content-Type and the like of the text, up to the empty line. Returns whether that was the last piece. */
bool postino_next_text_header(struct postino_message_source *composed);

/* mailbox.c */
void postino_next_mailbox(struct postino_message_source *composed, const char *field,
                          const struct postino_mailboxes *boxes);

/* unstructured.c */
/* Returns whether that was the last piece. `opaque` values go out as they are. */
bool postino_next_unstructured(struct postino_message_source *composed, const char *name, const char *value,
                               bool opaque);
/* The value can go out as it is. */
bool postino_value_opaque(const char *value);

/* check.c */
enum postino_message_error postino_message_check(struct postino_message_source *composed,
                                                 const struct postino_message *message);

/* characters.c */
bool postino_atext(unsigned char c);
/* Octets of the character at `text`, 0 where it is not UTF-8 (RFC 3629 4). */
size_t postino_utf8(const char *text, size_t length);
/* UTF-8 without controls, but for tabs where they are allowed. */
bool postino_text_clean(const char *text, bool tabs);
bool postino_token(const char *text, size_t length);
bool postino_ascii(const char *text);
/* Is `text` `name`, which is in lower case, whatever the case? */
bool postino_same(const char *text, const char *name, size_t length);

/* addrspec.c: these return where what they know ends, NULL where it is wrong. */
const char *postino_dot_atom(const char *at, const char *end);
const char *postino_domain(const char *at, const char *end);
const char *postino_quoted_string(const char *at, const char *end);
const char *postino_addr_spec(const char *at, const char *end);
bool postino_id_valid(const char *id);

/* filename.c */
bool postino_filename_valid(const char *filename);
/* Returns whether that was the last piece. */
bool postino_next_filename(struct postino_message_source *composed, const char *filename);

/* base64.c: octets may stand behind those that they become, in the same memory. The end is the padding, without CR LF.
 */
size_t postino_base64(struct postino_encoder *encoder, const uint8_t *octets, size_t length, uint8_t *out);
size_t postino_base64_end(struct postino_encoder *encoder, uint8_t *out);

/* encode.c: as above. */
/* `out` may be NULL: it counts then. */
size_t postino_lines(struct postino_encoder *encoder, const uint8_t *octets, size_t length, uint8_t *out);
/* Of `encoder`, quoted-printable keeps but whether a line is open in `line`. */
size_t postino_quoted_printable(struct postino_encoder *encoder, const uint8_t *octets, size_t length, uint8_t *out);
/* How many octets can be read to the end of `size` octets and be encoded forward from their beginning. */
size_t postino_encode_room(enum postino_encoding encoding, size_t size);
size_t postino_encode(enum postino_encoding encoding, struct postino_encoder *encoder, uint8_t *octets, size_t length,
                      uint8_t *out);
size_t postino_encode_end(enum postino_encoding encoding, struct postino_encoder *encoder, uint8_t *out);

/* entity.c */
void postino_entity_begin(struct postino_entity *entity);
/* The value of Content-Type, unfolded. */
void postino_entity_type_begin(struct postino_entity *entity);
void postino_entity_type_octet(struct postino_entity *entity, uint8_t octet);
void postino_entity_type_end(struct postino_entity *entity);
/* The value of a Content-Transfer-Encoding is "7bit" or "8bit", whichever is asked for. */
bool postino_entity_is_encoded(const uint8_t *value, size_t length, const char *encoding);

/* scan.c: the first chooses the encoding of the text, and returns false where the text failed. */
bool postino_text_scan(struct postino_message_source *composed, unsigned offers);
/* What went through postino_lines can stand as 7bit or 8bit. */
bool postino_text_fits(const struct postino_message_source *composed, bool eight_bit);
/* Octets of a part as base64; 0: not known. */
uint64_t postino_part_length(const struct postino_source *source);

#endif
