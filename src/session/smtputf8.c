/* SMTPUTF8 (6531): addresses and header fields of UTF-8, at a server that says that it takes them. */
#include "internal.h"

#include <postino/parameters.h>

const char *postino_utf8_past(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned char low = 0x80, high = 0xBF; /* the bounds of its second octet */
    int more = 1;
    if (*at < 0x80)
        return text + 1;
    if (*at < 0xC2 || *at > 0xF4)
        return NULL;
    if (*at >= 0xE0)
        more = *at >= 0xF0 ? 3 : 2;
    if (*at == 0xE0)
        low = 0xA0;
    else if (*at == 0xED)
        high = 0x9F; /* surrogates */
    else if (*at == 0xF0)
        low = 0x90;
    else if (*at == 0xF4)
        high = 0x8F;
    for (at++; more > 0; more--, at++, low = 0x80, high = 0xBF)
        if (*at < low || *at > high)
            return NULL;
    return (const char *)at;
}

bool postino_utf8_none(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return !*text;
}

enum {
    LOCAL_PART_MAX = 64,
    LABEL_MAX = 63, /* characters: with fewer octets in DNS it cannot be written */
    PATH_MAX_INSIDE = 254
};

/* A part of an address, with an `a` for each character that is not ASCII, between what makes it an address of ASCII:
 * nothing but such characters is new to 5321 4.1.2. */
static bool piece_valid(const char *before, const char *at, const char *end, const char *behind)
{
    char ascii[sizeof "a@" + LOCAL_PART_MAX + sizeof "@a"];
    size_t length = strlen(before), most = length + (length ? LABEL_MAX : LOCAL_PART_MAX);
    memcpy(ascii, before, length);
    while (at < end && length < most) {
        const char *next = postino_utf8_past(at);
        bool control = *at == '\xC2' && (unsigned char)at[1] < 0xA0; /* U+0080 to U+009F */
        if (!next || control)
            return false;
        ascii[length++] = next == at + 1 ? *at : 'a';
        at = next;
    }
    memcpy(ascii + length, behind, strlen(behind) + 1);
    return at == end && postino_path_valid(ascii);
}

bool postino_utf8_path_valid(const char *path)
{
    const char *domain = strrchr(path, '@');
    if (postino_utf8_none(path))
        return postino_path_valid(path);
    if (!domain || domain - path > LOCAL_PART_MAX || strlen(path) > PATH_MAX_INSIDE)
        return false;
    bool valid = piece_valid("", path, domain++, "@a");
    if (*domain == '[')
        return valid && postino_utf8_none(domain) && piece_valid("a@", domain, domain + strlen(domain), "");
    while (valid) {
        const char *end = domain + strcspn(domain, ".");
        valid = piece_valid("a@", domain, end, "");
        if (!*end)
            break;
        domain = end + 1;
    }
    return valid;
}

/* Paths that nobody else has looked at are of ASCII (postino_path_valid). */
static bool needed(const struct postino_mail *mail)
{
    const bool may_be = mail->parameters && mail->parameters->path_valid;
    bool is = mail->source->utf8 || (may_be && !postino_utf8_none(mail->reverse_path));
    for (uint32_t i = 0; i < mail->recipient_count && !is; i++) {
        const struct postino_recipient *recipient = &mail->recipients[i];
        const char *original = recipient->parameters ? recipient->parameters->original : NULL;
        is = (may_be && !postino_utf8_none(recipient->address)) || (original && !postino_utf8_none(original));
    }
    return is;
}

static enum postino_reason fits(struct postino_session *s, struct postino_mail *mail)
{
    bool offered = s->offers & POSTINO_OFFERS_SMTPUTF8;
    return offered || !needed(mail) ? POSTINO_REASON_REPLY : POSTINO_REASON_NO_SMTPUTF8;
}

static void put(const struct postino_session *s, struct postino_writer *w)
{
    if (s->spoken.step == POSTINO_STEP_MAIL && needed(s->spoken.mail))
        postino_command_put(w, " SMTPUTF8");
}

const struct postino_extension postino_smtputf8 = {{"SMTPUTF8", POSTINO_OFFERS_SMTPUTF8, NULL}, fits, put};
