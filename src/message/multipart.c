/*
 * Parts (RFC 2046 5.1.3). The boundary begins with "=_", which neither base64 nor quoted-printable can produce, and a
 * text with a line that begins as the boundary does is not sent as 7bit or 8bit: no content can hold it. A binary part
 * could: there it rests on the randomness.
 */
#include "internal.h"

enum head {
    HEAD = 1,
    TEXT_DELIMITER,
    TEXT_HEADER
}; /* phases of POSTINO_STEP_MIME; fields.c has the one before */

enum phase {
    DELIMITER,
    TYPE,
    CHARSET,
    DISPOSITION,
    FILENAME,
    CONTENT_ID,
    CONTENT,
    NEXT
};

static enum postino_message_error check_type(const struct postino_part *part)
{
    if (part->charset && !postino_token(part->charset, strlen(part->charset)))
        return POSTINO_MESSAGE_CHARSET;
    if (!part->type)
        return POSTINO_MESSAGE_OK;
    const char *slash = strchr(part->type, '/');
    if (!slash || !postino_token(part->type, (size_t)(slash - part->type)) ||
        !postino_token(slash + 1, strlen(slash + 1)))
        return POSTINO_MESSAGE_TYPE;
    size_t length = (size_t)(slash - part->type);
    if ((length == 7 && postino_same(part->type, "message", 7)) ||
        (length == 9 && postino_same(part->type, "multipart", 9)))
        return POSTINO_MESSAGE_COMPOSITE;
    return POSTINO_MESSAGE_OK;
}

static enum postino_message_error check_part(const struct postino_part *part)
{
    if (!part->source)
        return POSTINO_MESSAGE_NO_SOURCE;
    if (part->filename && !postino_filename_valid(part->filename))
        return POSTINO_MESSAGE_FILENAME;
    if (part->content_id && !postino_id_valid(part->content_id))
        return POSTINO_MESSAGE_ID;
    return check_type(part);
}

static enum postino_message_error check(struct postino_message_source *composed, const struct postino_message *message)
{
    composed->wrong_field = "part";
    if (!message->randomness)
        return POSTINO_MESSAGE_NO_RANDOMNESS;
    for (size_t i = 0; i < message->part_count; i++) {
        composed->wrong_item = i;
        enum postino_message_error error = check_part(&message->parts[i]);
        if (error)
            return error;
    }
    return POSTINO_MESSAGE_OK;
}

static void put_boundary(struct postino_message_source *composed)
{
    postino_put(composed, "=_", 2);
    for (size_t i = 0; i < POSTINO_MESSAGE_RANDOMNESS; i++) {
        uint8_t octet = composed->message->randomness[i];
        char text[2] = {"0123456789abcdef"[octet >> 4], "0123456789abcdef"[octet & 15]};
        postino_put(composed, text, 2);
    }
}

static void put_delimiter(struct postino_message_source *composed, const char *end)
{
    postino_put_text(composed, "--");
    put_boundary(composed);
    postino_put_text(composed, end);
}

static void next_head(struct postino_message_source *composed)
{
    switch ((enum head)composed->phase) {
    case HEAD:
        postino_put_text(composed, "Content-Type: multipart/mixed;\r\n boundary=\"");
        put_boundary(composed);
        postino_put_text(composed, "\"\r\n");
        if (composed->source.binary) /* RFC 2045 6.4: as its parts */
            postino_put_text(composed, "Content-Transfer-Encoding: binary\r\n");
        postino_put(composed, "\r\n", 2);
        if (composed->message->text)
            composed->phase = TEXT_DELIMITER;
        else
            postino_next_step(composed);
        return;
    case TEXT_DELIMITER:
        put_delimiter(composed, "\r\n");
        composed->phase = TEXT_HEADER;
        return;
    case TEXT_HEADER:
        if (postino_next_text_header(composed))
            postino_next_step(composed);
        return;
    }
}

static void next_delimiter(struct postino_message_source *composed)
{
    bool last = composed->item == composed->message->part_count;
    if (composed->item || composed->message->text)
        postino_put(composed, "\r\n", 2);
    put_delimiter(composed, last ? "--\r\n" : "\r\n");
    if (last)
        postino_next_step(composed);
}

static void next_type(struct postino_message_source *composed, const struct postino_part *part)
{
    const char *type = part->type ? part->type : "application/octet-stream";
    postino_put_text(composed, "Content-Type: ");
    postino_put_piece(composed, type, strlen(type));
}

static void next_charset(struct postino_message_source *composed, const struct postino_part *part)
{
    if (!part->charset)
        return;
    postino_put_text(composed, ";\r\n charset=");
    postino_put_piece(composed, part->charset, strlen(part->charset));
}

static void next_content_id(struct postino_message_source *composed, const struct postino_part *part)
{
    postino_put(composed, "\r\n", 2);
    if (!part->content_id)
        return;
    postino_put_text(composed, "Content-ID: <");
    postino_put_piece(composed, part->content_id, strlen(part->content_id));
}

static void next(struct postino_message_source *composed)
{
    if (composed->step == POSTINO_STEP_MIME) {
        next_head(composed);
        return;
    }
    const struct postino_part *part = &composed->message->parts[composed->item];
    enum phase phase = (enum phase)composed->phase++;
    switch (phase) {
    case DELIMITER:
        next_delimiter(composed);
        return;
    case TYPE:
        next_type(composed, part);
        return;
    case CHARSET:
        next_charset(composed, part);
        return;
    case DISPOSITION:
        postino_put_text(composed, "\r\nContent-Transfer-Encoding: ");
        postino_put_text(composed, composed->source.binary ? "binary" : "base64");
        postino_put_text(composed, "\r\nContent-Disposition: ");
        postino_put_text(composed, part->disposition == POSTINO_INLINE ? "inline" : "attachment");
        composed->at = composed->stretch = 0;
        return;
    case FILENAME:
        if (part->filename && !postino_next_filename(composed, part->filename))
            composed->phase = FILENAME;
        return;
    case CONTENT_ID:
        next_content_id(composed, part);
        return;
    case CONTENT:
        postino_put_text(composed, part->content_id ? ">\r\n\r\n" : "\r\n");
        postino_begin_content(composed, part->source, composed->source.binary ? POSTINO_BINARY : POSTINO_BASE64);
        return;
    case NEXT:
        composed->item++;
        composed->phase = DELIMITER;
        return;
    }
}

const struct postino_multipart postino_multipart = {check, next};
