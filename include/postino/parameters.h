/*
 * Parameters of MAIL and RCPT: what a sender may ask of a server beyond taking the mail. Each goes with an extension
 * that stands in config.extensions; a mail that asks for what the server does not offer is refused by ourselves, before
 * a word of it is spoken, with the reason.
 *
 * Strings are borrowed as those of a mail are. Zeroed, a struct asks for nothing.
 */
#ifndef POSTINO_PARAMETERS_H
#define POSTINO_PARAMETERS_H

#include <postino/session.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const struct postino_extension postino_dsn;           /* 3461 */
extern const struct postino_extension postino_deliverby;     /* 2852 */
extern const struct postino_extension postino_mt_priority;   /* 6710 */
extern const struct postino_extension postino_futurerelease; /* 4865 */
extern const struct postino_extension postino_requiretls;    /* 8689 */

/* As postino_path_valid, but for letters that may be of any script, in UTF-8. */
bool postino_utf8_path_valid(const char *path);

/* What a report of failure brings back (3461 4.3). */
enum postino_returns {
    POSTINO_RETURN_ANY, /* as the server likes */
    POSTINO_RETURN_FULL,
    POSTINO_RETURN_HEADERS
};

/* What the server does when the time is up (2852 4). */
enum postino_by {
    POSTINO_BY_NONE,   /* no time is asked for */
    POSTINO_BY_NOTIFY, /* reports the delay, and goes on */
    POSTINO_BY_RETURN  /* gives up, and reports that */
};

struct postino_mail_parameters {
    const char *envelope_id; /* ENVID of reports: 1 to 100 characters of printable ASCII; NULL: none (3461 4.4) */
    uint8_t returns;         /* enum postino_returns */
    uint8_t by;              /* enum postino_by */
    bool by_trace;           /* each relay reports (2852 4) */
    bool prioritized;        /* `priority` is one: -9 to 9, 0 is that of mails without (6710 5) */
    int8_t priority;
    bool require_tls;       /* on the whole way; over verified TLS only (8689 2) */
    int32_t by_s;           /* seconds from now, at most 999,999,999; over 0 where the mail is to be returned */
    uint32_t hold_for_s;    /* the server keeps it for so long, at most 999,999,999; 0: not (4865 4) */
    const char *hold_until; /* or until then: "2026-12-24T18:00:00Z"; NULL: not */
    /* Which addresses there are. NULL: postino_path_valid, those of ASCII. postino_utf8_path_valid: others, too, where
     * &postino_smtputf8 is among the extensions (6531 3.3). */
    bool (*path_valid)(const char *path);
};

/* Of which events the server reports (3461 4.1). */
#define POSTINO_NOTIFY_NEVER   0x01u /* alone */
#define POSTINO_NOTIFY_SUCCESS 0x02u
#define POSTINO_NOTIFY_FAILURE 0x04u
#define POSTINO_NOTIFY_DELAY   0x08u

struct postino_recipient_parameters {
    const char *original; /* ORCPT: to whom the mail was sent in the first place; NULL: nothing is said of it */
    const char
        *original_type; /* of that address; NULL: "rfc822" (3461 4.2), or "utf-8" where it is not ASCII (6533 3) */
    uint8_t notify;     /* POSTINO_NOTIFY_…; 0: as the server likes */
};

#ifdef __cplusplus
}
#endif

#endif
