/* LIMITS (9422): how many mails a connection takes, and domains of recipients, and how many recipients a mail. */
#include "internal.h"

enum {
    NONE,
    MAILS,
    RECIPIENTS,
    DOMAINS
};

enum {
    TOLD_APART = sizeof((struct postino_limits *)NULL)->domains / sizeof(uint32_t)
};

/* Words in turns: the name of a limit, and its number. */
static void heard(struct postino_session *s)
{
    struct postino_limits *limits = s->config->limits;
    uint32_t number = postino_ehlo_number(s);
    if (!limits) {
        s->word_length = POSTINO_WORDS_IGNORED;
    } else if (!*s->word) {
        *limits = (struct postino_limits){0};
    } else if (limits->next == NONE) {
        limits->next = (uint8_t)(strcmp(s->word, "MAILMAX") == 0         ? MAILS
                                 : strcmp(s->word, "RCPTMAX") == 0       ? RECIPIENTS
                                 : strcmp(s->word, "RCPTDOMAINMAX") == 0 ? DOMAINS
                                                                         : NONE);
    } else {
        *(limits->next == MAILS     ? &limits->mails_max
          : limits->next == DOMAINS ? &limits->domains_max
                                    : &limits->recipients_max) = number;
        limits->next = NONE;
    }
}

/* Those that are too many stand behind the others, refused for now. */
static void cut(struct postino_mail *mail, uint32_t most)
{
    for (uint32_t i = most; i < mail->recipient_count; i++) {
        struct postino_result *result = &mail->recipients[i].result;
        result->outcome = POSTINO_REFUSED_FOR_NOW;
        result->step = POSTINO_STEP_RCPT;
        result->reason = POSTINO_REASON_LIMITS;
        result->code = result->subject = result->detail = 0;
    }
    mail->is.cut = true;
    mail->left_out = mail->recipient_count - most;
    mail->recipient_count = most;
}

/* A mail that is one too many for the connection, and those behind it, are left for the next one: QUIT follows the
 * mails before it. */
static enum postino_reason leave(struct postino_session *s)
{
    s->spoken.mail = NULL;
    s->quitting = true;
    s->error.step = POSTINO_STEP_MAIL; /* why these were not tried */
    s->error.reason = POSTINO_REASON_LIMITS;
    s->error.text = NULL; /* no reply says so */
    return POSTINO_REASON_REPLY;
}

/* Two domains that have the same number by chance are left to the server. */
static uint32_t domain_of(const char *address)
{
    uint32_t hash = 0;
    for (address = strrchr(address, '@'); address && *address; address++)
        hash = (hash ^ ((uint8_t)*address & 0xDFu)) * 16777619u;
    return hash;
}

/* How many of the first `most` recipients keep within the domains that a connection takes, with those it has had. */
static uint32_t within(struct postino_limits *limits, const struct postino_mail *mail, uint32_t most)
{
    uint8_t limit = limits->domains_max < TOLD_APART ? (uint8_t)limits->domains_max : TOLD_APART;
    for (uint32_t i = 0; limit && i < most; i++) {
        uint32_t domain = domain_of(mail->recipients[i].address);
        uint8_t at = 0;
        while (at < limits->domain_count && limits->domains[at] != domain)
            at++;
        if (at == limit)
            return i;
        if (at == limits->domain_count)
            limits->domains[limits->domain_count++] = domain;
    }
    return most;
}

static enum postino_reason fits(struct postino_session *s, struct postino_mail *mail)
{
    struct postino_limits *limits = s->config->limits;
    if (!limits || !(s->offers & POSTINO_OFFERS_LIMITS))
        return POSTINO_REASON_REPLY;
    if (limits->mails_max && limits->mails++ >= limits->mails_max)
        return leave(s);
    uint32_t most = mail->recipient_count, had = limits->domain_count;
    if (limits->recipients_max && most > limits->recipients_max)
        most = limits->recipients_max;
    if (mail->policy == POSTINO_POLICY_ALL && most < mail->recipient_count)
        return POSTINO_REASON_LIMITS;
    uint32_t kept = within(limits, mail, most);
    if (kept < most && had && (kept == 0 || mail->policy == POSTINO_POLICY_ALL))
        return leave(s);
    if (kept < most && mail->policy == POSTINO_POLICY_ALL) {
        limits->domain_count = 0;
        return POSTINO_REASON_LIMITS;
    }
    if (kept < mail->recipient_count)
        cut(mail, kept);
    return POSTINO_REASON_REPLY;
}

const struct postino_extension postino_limits = {{"LIMITS", POSTINO_OFFERS_LIMITS, heard}, fits, NULL};
