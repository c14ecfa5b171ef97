/* DSN (3461): reports are asked for, and what they are to say. */
#include "internal.h"

#include <postino/parameters.h>

enum {
    ENVELOPE_ID_MAX = 100, /* 3461 4.4 */
    ORIGINAL_MAX = 500,    /* 3461 4.2, in xtext with its type */
    NOTIFY_MAX = POSTINO_NOTIFY_SUCCESS | POSTINO_NOTIFY_FAILURE | POSTINO_NOTIFY_DELAY
};

/* 3461 4: `+`, `=` and what is not printable as +HH. */
static void put_xtext(struct postino_writer *w, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *text; text++) {
        unsigned char octet = (unsigned char)*text;
        if (octet > ' ' && octet <= '~' && octet != '+' && octet != '=') {
            postino_command_put_octet(w, *text);
            continue;
        }
        postino_command_put_octet(w, '+');
        postino_command_put_octet(w, digits[octet >> 4]);
        postino_command_put_octet(w, digits[octet & 15]);
    }
}

/* 6533 3: UTF-8 as it is, for a server that offers SMTPUTF8. */
static void put_unitext(struct postino_writer *w, const char *text)
{
    for (; *text; text++) {
        if (*text != '+' && *text != '=' && *text != '\\' && *text != ' ') {
            postino_command_put_octet(w, *text);
            continue;
        }
        postino_command_put(w, *text == '+'   ? "\\x{2B}"
                               : *text == '=' ? "\\x{3D}"
                               : *text == ' ' ? "\\x{20}"
                                              : "\\x{5C}");
    }
}

static void put_original(struct postino_writer *w, const struct postino_recipient_parameters *p)
{
    bool ascii = postino_utf8_none(p->original);
    const char *type = p->original_type ? p->original_type : ascii ? "rfc822" : "utf-8";
    postino_command_put(w, type);
    postino_command_put(w, ";");
    if (ascii)
        put_xtext(w, p->original);
    else
        put_unitext(w, p->original);
}

static bool is_atom(const char *text)
{
    const char *at = text;
    while (*at > ' ' && *at <= '~' && !strchr("()<>[]:;@\\,.\"+=", *at))
        at++;
    return at > text && !*at;
}

static bool printable(const char *text)
{
    while (*text >= ' ' && *text <= '~')
        text++;
    return !*text;
}

static bool printable_utf8(const char *text)
{
    while (text && *text)
        text = (unsigned char)*text < ' ' || *text == 0x7F ? NULL : postino_utf8_past(text);
    return text != NULL;
}

/* `utf8`: the server takes it. */
static bool original_fits(const struct postino_recipient_parameters *p, bool utf8)
{
    struct postino_writer measure = {NULL, 0, 0, 0, false};
    if (!p->original)
        return true;
    put_original(&measure, p);
    if (!utf8 && !postino_utf8_none(p->original))
        return false;
    return (!p->original_type || is_atom(p->original_type)) && printable_utf8(p->original) &&
           measure.length <= ORIGINAL_MAX;
}

static bool recipients_fit(const struct postino_mail *mail, bool utf8, bool *asked)
{
    for (uint32_t i = 0; i < mail->recipient_count; i++) {
        const struct postino_recipient_parameters *p = mail->recipients[i].parameters;
        if (!p)
            continue;
        *asked = *asked || p->notify || p->original;
        if ((p->notify > POSTINO_NOTIFY_NEVER && p->notify & POSTINO_NOTIFY_NEVER) || p->notify > NOTIFY_MAX)
            return false;
        if (!original_fits(p, utf8))
            return false;
    }
    return true;
}

static enum postino_reason fits(struct postino_session *s, struct postino_mail *mail)
{
    const struct postino_mail_parameters *p = mail->parameters;
    const char *id = p ? p->envelope_id : NULL;
    bool asked = id || (p && p->returns);
    if (!recipients_fit(mail, s->offers & POSTINO_OFFERS_SMTPUTF8, &asked))
        return POSTINO_REASON_PARAMETER;
    if (id && (!*id || !printable(id) || strlen(id) > ENVELOPE_ID_MAX))
        return POSTINO_REASON_PARAMETER;
    return asked && !(s->offers & POSTINO_OFFERS_DSN) ? POSTINO_REASON_NO_DSN : POSTINO_REASON_REPLY;
}

static void put_of_mail(const struct postino_mail_parameters *p, struct postino_writer *w)
{
    if (p->returns)
        postino_command_put(w, p->returns == POSTINO_RETURN_FULL ? " RET=FULL" : " RET=HDRS");
    if (p->envelope_id) {
        postino_command_put(w, " ENVID=");
        put_xtext(w, p->envelope_id);
    }
}

static void put_of_recipient(const struct postino_recipient_parameters *p, struct postino_writer *w)
{
    static const char *const events[] = {"NEVER", "SUCCESS", "FAILURE", "DELAY"};
    const char *before = " NOTIFY=";
    for (unsigned i = 0; p->notify >> i; i++)
        if (p->notify >> i & 1) {
            postino_command_put(w, before);
            postino_command_put(w, events[i]);
            before = ",";
        }
    if (p->original) {
        postino_command_put(w, " ORCPT=");
        put_original(w, p);
    }
}

static void put(const struct postino_session *s, struct postino_writer *w)
{
    const struct postino_mail *mail = s->spoken.mail;
    const struct postino_recipient *recipient = &mail->recipients[s->spoken.recipient];
    if (s->spoken.step == POSTINO_STEP_MAIL && mail->parameters)
        put_of_mail(mail->parameters, w);
    if (s->spoken.step == POSTINO_STEP_RCPT && recipient->parameters)
        put_of_recipient(recipient->parameters, w);
}

const struct postino_extension postino_dsn = {{"DSN", POSTINO_OFFERS_DSN, NULL}, fits, put};
