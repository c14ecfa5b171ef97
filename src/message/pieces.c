/* What goes out next: some octets in the stage, then perhaps a piece that stands elsewhere. */
#include "internal.h"

#define WORD_OVERHEAD 12 /* =?UTF-8?Q??= */
#define WORD_LIMIT    75 /* RFC 2047 2 */

void postino_put(struct postino_message_source *composed, const char *text, size_t length)
{
    memcpy(composed->stage + composed->stage_end, text, length);
    composed->stage_end = (uint8_t)(composed->stage_end + length);
    composed->column = (uint16_t)(length >= 2 && text[length - 1] == '\n' ? 0 : composed->column + length);
}

void postino_put_text(struct postino_message_source *composed, const char *text)
{
    postino_put(composed, text, strlen(text));
}

void postino_put_piece(struct postino_message_source *composed, const char *text, size_t length)
{
    composed->piece = text;
    composed->piece_length = length;
    composed->column = (uint16_t)(composed->column + length);
}

void postino_put_field_name(struct postino_message_source *composed, const char *name)
{
    postino_put_text(composed, name);
    postino_put(composed, ":", 1);
    composed->fresh = true;
}

void postino_put_separator(struct postino_message_source *composed, size_t width)
{
    /* Not behind the field's name: parsers are known that take the fold for part of the value. */
    if (!composed->fresh && composed->column + 1 + width > POSTINO_FOLD)
        postino_put(composed, "\r\n", 2);
    composed->fresh = false;
    postino_put(composed, " ", 1);
}

void postino_next_step(struct postino_message_source *composed)
{
    composed->step++;
    composed->phase = 0;
    composed->item = composed->at = composed->stretch = 0;
}

void postino_begin_content(struct postino_message_source *composed, struct postino_source *content,
                           enum postino_encoding encoding)
{
    memset(&composed->encoder, 0, sizeof composed->encoder);
    composed->content = content;
    composed->encoding = (uint8_t)encoding;
    composed->taken = 0;
    composed->expected = encoding >= POSTINO_BASE64 ? content->length : composed->text_octets;
    composed->exact = encoding >= POSTINO_BASE64 ? content->length != 0 : composed->text_exact;
}

/* What "Q" leaves as it is: in a phrase RFC 2047 5 (3) names it, elsewhere 4.2 does. A space becomes "_". */
static bool plain(unsigned char c, bool phrase)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ')
        return true;
    if (phrase)
        return c && strchr("!*+-/", c);
    return c > ' ' && c < 0x7f && c != '=' && c != '?' && c != '_';
}

struct word {
    size_t octets; /* of the text */
    size_t width;  /* of the word */
    bool base64;
};

/* The longest beginning of `text`, in whole characters, that fits a word of `room` octets; of B and Q the one that
 * takes more of it, else the shorter. */
static struct word fit(const char *text, size_t length, size_t room, bool phrase)
{
    struct word q = {0, 0, false}, b = {0, 0, true};
    size_t q_width = WORD_OVERHEAD, b_width = WORD_OVERHEAD;
    for (size_t i = 0; i < length && (q_width <= room || b_width <= room);) {
        for (size_t past = i + postino_utf8(text + i, length - i); i < past; i++)
            q_width += plain((unsigned char)text[i], phrase) ? 1 : 3;
        b_width = WORD_OVERHEAD + (i + 2) / 3 * 4;
        if (q_width <= room)
            q = (struct word){i, q_width, false};
        if (b_width <= room)
            b = (struct word){i, b_width, true};
    }
    return b.octets > q.octets || (b.octets == q.octets && b.width < q.width) ? b : q;
}

static void put_base64(struct postino_message_source *composed, const char *text, size_t length)
{
    char encoded[WORD_LIMIT];
    struct postino_encoder encoder;
    memset(&encoder, 0, sizeof encoder);
    size_t written = postino_base64(&encoder, (const uint8_t *)text, length, (uint8_t *)encoded);
    written += postino_base64_end(&encoder, (uint8_t *)encoded + written);
    postino_put(composed, encoded, written);
}

static void put_q(struct postino_message_source *composed, const char *text, size_t length, bool phrase)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        char hex[3] = {'=', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};
        if (c == ' ')
            postino_put(composed, "_", 1);
        else if (plain(c, phrase))
            postino_put(composed, text + i, 1);
        else
            postino_put(composed, hex, 3);
    }
}

void postino_put_word(struct postino_message_source *composed, const char *text, bool phrase)
{
    size_t length = composed->stretch - composed->at;
    size_t room = composed->column + 1u < POSTINO_FOLD ? POSTINO_FOLD - composed->column - 1u : 0;
    text += composed->at;
    struct word word = fit(text, length, room < WORD_LIMIT ? room : WORD_LIMIT, phrase);
    bool fold = word.octets < length && room < WORD_LIMIT / 2;
    if (fold) {
        word = fit(text, length, WORD_LIMIT, phrase);
        composed->fresh = false;
    }
    postino_put_separator(composed, fold ? POSTINO_FOLD : word.width);
    postino_put_text(composed, word.base64 ? "=?UTF-8?B?" : "=?UTF-8?Q?");
    if (word.base64)
        put_base64(composed, text, word.octets);
    else
        put_q(composed, text, word.octets, phrase);
    postino_put_text(composed, "?=");
    composed->at += word.octets;
}
