/* The parameters of MAIL and RCPT (RFC 5321 4.1.2). */
#define _GNU_SOURCE
#include "sink_server.h"

#include <string.h>
#include <strings.h>

static bool sink_is(struct postino_sink_text text, const char *word)
{
    return text.length == strlen(word) && strncasecmp(text.text, word, text.length) == 0;
}

/* RFC 1870 5: at most 20 digits. */
static bool sink_size(struct postino_sink_text value, struct postino_sink_parameters *parameters)
{
    uint64_t size = 0;

    if (value.length == 0 || value.length > 20)
        return false;
    for (size_t i = 0; i < value.length; i++) {
        unsigned digit = (unsigned)((unsigned char)value.text[i] - '0');

        if (digit > 9)
            return false;
        size = size > (UINT64_MAX - digit) / 10 ? UINT64_MAX : size * 10 + digit;
    }
    parameters->size = size;
    return true;
}

static bool sink_body(struct postino_sink_text value, struct postino_sink_parameters *parameters)
{
    parameters->binary = sink_is(value, "BINARYMIME");
    return parameters->binary || sink_is(value, "7BIT") || sink_is(value, "8BITMIME");
}

static bool sink_smtputf8(struct postino_sink_text value, struct postino_sink_parameters *parameters)
{
    parameters->utf8 = true;
    return value.text == NULL;
}

static bool sink_ret(struct postino_sink_text value, struct postino_sink_parameters *parameters)
{
    (void)parameters;
    return sink_is(value, "FULL") || sink_is(value, "HDRS");
}

/* RFC 3461 4: xtext; `+` is followed by two upper-case hexadecimal digits. */
static bool sink_xtext(struct postino_sink_text value, struct postino_sink_parameters *parameters)
{
    static const char digits[] = "0123456789ABCDEF";

    (void)parameters;
    for (size_t i = 0; i < value.length; i++) {
        if (value.text[i] != '+')
            continue;
        if (value.length - i < 3 || !memchr(digits, value.text[i + 1], 16) || !memchr(digits, value.text[i + 2], 16))
            return false;
    }
    return value.length > 0;
}

static bool sink_orcpt(struct postino_sink_text value, struct postino_sink_parameters *parameters)
{
    const char *type_end = value.text ? memchr(value.text, ';', value.length) : NULL;
    struct postino_sink_text address;

    if (!type_end || type_end == value.text)
        return false;
    address.text = type_end + 1;
    address.length = value.length - (size_t)(address.text - value.text);
    return sink_xtext(address, parameters);
}

static bool sink_notify(struct postino_sink_text value, struct postino_sink_parameters *parameters)
{
    (void)parameters;
    if (sink_is(value, "NEVER"))
        return true;
    while (value.length > 0) {
        const char *comma = memchr(value.text, ',', value.length);
        struct postino_sink_text word = {value.text, comma ? (size_t)(comma - value.text) : value.length};

        if (!sink_is(word, "SUCCESS") && !sink_is(word, "FAILURE") && !sink_is(word, "DELAY"))
            return false;
        if (!comma)
            return true;
        value.text = comma + 1;
        value.length -= word.length + 1;
    }
    return false;
}

static const struct sink_parameter {
    const char *name;
    enum postino_sink_step step;
    uint32_t extension;
    bool (*judge)(struct postino_sink_text value, struct postino_sink_parameters *parameters);
} sink_known[] = {
    {"SIZE", SINK_AT_MAIL, SINK_SIZE, sink_size},
    {"BODY", SINK_AT_MAIL, SINK_8BITMIME | SINK_BINARYMIME, sink_body},
    {"SMTPUTF8", SINK_AT_MAIL, SINK_SMTPUTF8, sink_smtputf8},
    {"RET", SINK_AT_MAIL, SINK_DSN, sink_ret},
    {"ENVID", SINK_AT_MAIL, SINK_DSN, sink_xtext},
    {"AUTH", SINK_AT_MAIL, SINK_AUTH, sink_xtext}, /* RFC 4954 5; nothing is made of it */
    {"NOTIFY", SINK_AT_RCPT, SINK_DSN, sink_notify},
    {"ORCPT", SINK_AT_RCPT, SINK_DSN, sink_orcpt},
};

#define SINK_KNOWN (sizeof sink_known / sizeof *sink_known)

static enum postino_sink_reply sink_one(enum postino_sink_step step, struct postino_sink_text text,
                                        struct postino_sink_parameters *parameters)
{
    const char *equals = memchr(text.text, '=', text.length);
    struct postino_sink_text name = {text.text, equals ? (size_t)(equals - text.text) : text.length};
    struct postino_sink_text value = {NULL, 0};
    size_t i = 0;

    if (equals) {
        value.text = equals + 1;
        value.length = text.length - name.length - 1;
        if (value.length == 0 || memchr(value.text, '=', value.length))
            return SINK_SAY_SYNTAX;
    }
    while (i < SINK_KNOWN && (sink_known[i].step != step || !sink_is(name, sink_known[i].name)))
        i++;
    if (i == SINK_KNOWN || !(sink_known[i].extension & parameters->offered))
        return SINK_SAY_PARAMETER;
    if ((parameters->seen & 1u << i) || !sink_known[i].judge(value, parameters))
        return SINK_SAY_SYNTAX;
    parameters->seen |= 1u << i;
    return SINK_SAY_MAIL;
}

/* `text` begins behind the path. Returns SINK_SAY_MAIL where all is well. */
enum postino_sink_reply postino_sink_parameters_parse(enum postino_sink_step step, uint32_t offered,
                                                      struct postino_sink_text text,
                                                      struct postino_sink_parameters *parameters)
{
    memset(parameters, 0, sizeof *parameters);
    parameters->offered = offered;
    while (text.length > 0) {
        struct postino_sink_text word = {text.text + 1, 0};
        enum postino_sink_reply reply;
        const char *space;

        if (text.text[0] != ' ' || text.length == 1)
            return SINK_SAY_SYNTAX;
        space = memchr(word.text, ' ', text.length - 1);
        word.length = space ? (size_t)(space - word.text) : text.length - 1;
        if (word.length == 0)
            return SINK_SAY_SYNTAX;
        reply = sink_one(step, word, parameters);
        if (reply != SINK_SAY_MAIL)
            return reply;
        text.text += 1 + word.length;
        text.length -= 1 + word.length;
    }
    if (parameters->binary && (~offered & (SINK_BINARYMIME | SINK_CHUNKING)))
        return SINK_SAY_PARAMETER;
    return SINK_SAY_MAIL;
}
