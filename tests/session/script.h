/*
 * Transcripts: text that a mail administrator can read. The first line cites the clause. Then
 *
 *   window N | mails-in-flight N | behind-dot | basic | lenient | lmtp | tls offered | tls required | name NAME |
 *   text-room N | unverified | unlimited     the configuration; basic: without the extensions that it does not need
 *   buffer N                             for this size of output alone: chunks are as large as it is
 *   mail 1 from A to B C [all] [length N] [seven-bit] [late]       a mail; `<>` is the null reverse-path
 *   command 2 VRFY [ARGUMENT] [late]                               a command
 *   content 1 "TEXT" [xN]                its content, appended; without: "hello\r\n"
 *   source 1 not-yet N... | fails N | refuses | reads N            how its source behaves, at which octets
 *   parameters 1 [envid TEXT] [ret full|hdrs] [by SECONDS R|RT|N|NT] [priority N] [holdfor N] [holduntil TEXT]
 *   [requiretls]                         of MAIL
 *   parameters-of 1 A [notify LIST] [orcpt TEXT] [type TEXT]       of RCPT
 *
 * auth MECHANISM..., user, password, identity TEXT, initial-response, in-clear, nonce BASE64, binding TYPE HEX,
 * iterations-max N, slice N, unlisted MECHANISM, unoffered MECHANISM        who the client is
 *
 * known EXTENSION [N]... [tls]         what the event `recall` recalls of an earlier session
 *
 * and the conversation: `S:` lines with line end, `S|` octets without, `S*N:` a line N times; `C:` and `C|` alike.
 * Consecutive C lines are one flight: what is spoken without hearing anything in between, and not an octet more.
 * Escapes are those of C. Between them stand events (lost, timeout, cancel, each with `unsent N`; tls, implicit-tls,
 * quit, submit N, not-yet, take N, anything, recall) and questions (timeout-is N, step-is STEP, need-is NEED,
 * offers-are N, size-limit-is N, withdrawn, permitted, changed, confirmed). `take N` lets N octets out and no more
 * until `take`; what leaves in front of `anything` is not looked at. `together` among the options: the replies of a
 * block arrive before the client speaks between them. At the end
 *
 *   mail 1: refused for now at DATA, 451 4.3.0 "text"    a recipient without a line of its own shares the mail's
 *   mail 1 to 2: accepted at CONTENT, 250
 *   error: ...                                           absent: none
 *   need: close                                          absent: close
 */
#ifndef POSTINO_TESTS_SCRIPT_H
#define POSTINO_TESTS_SCRIPT_H

#include "play_auth.h"

#include <postino/parameters.h>

enum {
    MAILS_MAX = 16,
    RECIPIENTS_MAX = 16,
    ITEMS_MAX = 512,
    EXPECTATIONS_MAX = 64,
    NOT_YETS_MAX = 8
};

enum item_kind {
    ITEM_SERVER,
    ITEM_CLIENT,
    ITEM_EVENT
};

struct item {
    enum item_kind kind;
    char *octets; /* of an event: its name */
    size_t length;
    long number; /* of an event; -1 where there is none */
    char word[32];
    int line;
};

struct script_mail {
    char *from;
    char *to[RECIPIENTS_MAX];
    uint32_t to_count;
    const struct postino_command *command;
    char *argument;
    char *content;
    size_t content_length;
    size_t length;
    size_t not_yet[NOT_YETS_MAX];
    size_t not_yet_count;
    long fails;
    size_t reads;
    bool all, seven_bit, canonical, binary, utf8, late, refuses;
    bool with_parameters, recipient_with_parameters[RECIPIENTS_MAX];
    struct postino_mail_parameters parameters;
    struct postino_recipient_parameters recipient_parameters[RECIPIENTS_MAX];
};

struct expectation {
    char *key;
    char *value;
};

struct script {
    char *name; /* argument of EHLO */
    char *xclient;
    uint16_t window, mails_in_flight;
    size_t buffer; /* the only size of output; 0: all of them */
    uint16_t text_room;
    const struct postino_opening *starttls;
    bool unlimited, behind_dot, basic, lenient, lmtp, together, unverified;
    struct postino_known known;
    struct script_auth auth;
    struct script_mail mails[MAILS_MAX];
    int mail_count;
    struct item items[ITEMS_MAX];
    int item_count;
    struct expectation expectations[EXPECTATIONS_MAX];
    int expectation_count;
    size_t server_octets;
};

/* Reads a transcript; says on standard output what is wrong with it and returns false. */
bool script_read(struct script *script, const char *path);
void script_free(struct script *script);
const char *script_expected(const struct script *script, const char *key);

#endif
