/* Header values that are text: folded, and encoded where they must be (RFC 5322 2.2.1, RFC 2047). */
#include "internal.h"

static bool white(char c)
{
    return c == ' ' || c == '\t';
}

/* Where the white space at `at` and the word behind it end. */
static size_t token_end(const char *value, size_t at)
{
    while (white(value[at]))
        at++;
    while (value[at] && !white(value[at]))
        at++;
    return at;
}

bool postino_value_opaque(const char *value)
{
    size_t length = strlen(value);
    if (!postino_ascii(value) || (length && (white(value[0]) || white(value[length - 1]))))
        return false;
    for (size_t at = 0, past; value[at]; at = past) {
        past = token_end(value, at);
        if (past - at > POSTINO_LONGEST_WORD)
            return false;
    }
    return true;
}

/* Words are parted by a single space. Any other white space belongs to a word, which is encoded for it: so nobody on
 * the way can change it, and no line is ever white space only (RFC 5322 3.2.2). */
static size_t word_end(const char *value, size_t at)
{
    for (size_t i = at; value[i]; i++)
        if (value[i] == ' ' && i > at && value[i - 1] != ' ' && value[i + 1] != ' ' && value[i + 1])
            return i;
    return strlen(value);
}

static bool word_plain(const struct postino_message_source *composed, const char *value, size_t at, size_t past)
{
    if (past - at + (composed->fresh ? composed->column : 0u) >= POSTINO_FOLD)
        return false;
    for (size_t i = at; i < past; i++)
        if (value[i] <= ' ' || value[i] >= 0x7f || (value[i] == '=' && value[i + 1] == '?'))
            return false;
    return true;
}

static void next_opaque(struct postino_message_source *composed, const char *value)
{
    size_t past = token_end(value, composed->at), width = past - composed->at;
    if (!composed->at)
        postino_put_separator(composed, width);
    else if (composed->column + width > POSTINO_FOLD)
        postino_put(composed, "\r\n", 2);
    postino_put_piece(composed, value + composed->at, width);
    composed->at = past;
}

static void next_text(struct postino_message_source *composed, const char *value)
{
    if (composed->at >= composed->stretch) {
        if (composed->at)
            composed->at++;
        size_t past = word_end(value, composed->at);
        if (word_plain(composed, value, composed->at, past)) {
            postino_put_separator(composed, past - composed->at);
            postino_put_piece(composed, value + composed->at, past - composed->at);
            composed->at = past;
            return;
        }
        /* White space between encoded words is not shown (RFC 2047 6.2), so that between ours is encoded with them. */
        do {
            composed->stretch = past;
            past = value[past] ? word_end(value, past + 1) : past;
        } while (value[composed->stretch] && !word_plain(composed, value, composed->stretch + 1, past));
    }
    postino_put_word(composed, value, false);
}

bool postino_next_unstructured(struct postino_message_source *composed, const char *name, const char *value,
                               bool opaque)
{
    if (composed->phase == 0) {
        composed->phase = 1;
        postino_put_field_name(composed, name);
        return false;
    }
    if (!value[composed->at]) {
        postino_put(composed, "\r\n", 2);
        composed->phase = 0;
        composed->at = composed->stretch = 0;
        return true;
    }
    if (opaque)
        next_opaque(composed, value);
    else
        next_text(composed, value);
    return false;
}
