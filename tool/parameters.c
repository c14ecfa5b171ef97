/* What a sender asks of the server beyond taking the mail, in the words of options. */
#define _GNU_SOURCE
#include "tool.h"

#include <stdlib.h>
#include <string.h>

/* The first of `words`, which ends with NULL, that `argument` begins with as a whole item of a list; its index, or -1.
 */
static int item_of(const char *const *words, const char **argument)
{
    size_t length = strcspn(*argument, ",");
    for (int i = 0; words[i]; i++)
        if (strlen(words[i]) == length && strncasecmp(words[i], *argument, length) == 0) {
            *argument += length + ((*argument)[length] == ',');
            return i;
        }
    return -1;
}

static bool wrong(const char *option, const char *argument, const char *wanted)
{
    postino_complain("%s: '%s' is not %s", option, argument, wanted);
    return false;
}

static bool take_notify(struct postino_submission *submission, const char *option, const char *argument)
{
    static const char *const events[] = {"never", "success", "failure", "delay", NULL};
    uint8_t notify = 0;
    for (const char *at = argument; *at;) {
        int event = item_of(events, &at);
        if (event < 0)
            return wrong(option, argument, "a list of success, failure and delay, or never");
        notify |= (uint8_t)(1u << event);
    }
    if (!notify || (notify & POSTINO_NOTIFY_NEVER && notify != POSTINO_NOTIFY_NEVER))
        return wrong(option, argument, "a list of success, failure and delay, or never");
    submission->notify = notify;
    return true;
}

static bool take_return(struct postino_submission *submission, const char *option, const char *argument)
{
    static const char *const words[] = {"full", "headers", "hdrs", NULL};
    const char *at = argument;
    int word = item_of(words, &at);
    if (word < 0 || *at)
        return wrong(option, argument, "full or headers");
    submission->parameters.returns = word == 0 ? POSTINO_RETURN_FULL : POSTINO_RETURN_HEADERS;
    return true;
}

static bool take_envelope_id(struct postino_submission *submission, const char *option, const char *argument)
{
    size_t length = strlen(argument);
    for (const char *at = argument; *at; at++)
        if (*at < ' ' || *at > '~')
            length = 0;
    if (length == 0 || length > 100)
        return wrong(option, argument, "1 to 100 characters of printable ASCII");
    submission->parameters.envelope_id = argument;
    return true;
}

static bool take_deliver_by(struct postino_submission *submission, const char *option, const char *argument)
{
    static const char *const words[] = {"notify", "return", "trace", NULL};
    static const char wanted[] = "SECONDS, then notify (by default) or return, and trace, with commas between them";
    struct postino_mail_parameters *parameters = &submission->parameters;
    char *end;
    long seconds = strtol(argument, &end, 10);
    const char *at = end + (*end == ',');
    parameters->by = POSTINO_BY_NOTIFY;
    if (end == argument || (*end && *end != ',') || seconds > 999999999 || seconds < -999999999)
        return wrong(option, argument, wanted);
    while (*at) {
        int word = item_of(words, &at);
        if (word < 0)
            return wrong(option, argument, wanted);
        if (word == 2)
            parameters->by_trace = true;
        else
            parameters->by = word == 0 ? POSTINO_BY_NOTIFY : POSTINO_BY_RETURN;
    }
    parameters->by_s = (int32_t)seconds;
    if (parameters->by == POSTINO_BY_RETURN && seconds <= 0)
        return wrong(option, argument, "a time to come, behind which a mail can be returned");
    return true;
}

static bool take_priority(struct postino_submission *submission, const char *option, const char *argument)
{
    char *end;
    long priority = strtol(argument, &end, 10);
    if (end == argument || *end || priority < -9 || priority > 9)
        return wrong(option, argument, "a number from -9 to 9");
    submission->parameters.prioritized = true;
    submission->parameters.priority = (int8_t)priority;
    return true;
}

static bool take_hold(struct postino_submission *submission, const char *option, const char *argument)
{
    struct postino_mail_parameters *parameters = &submission->parameters;
    size_t digits = strspn(argument, "0123456789"), length = strlen(argument);
    parameters->hold_for_s = 0;
    parameters->hold_until = NULL;
    if (length && digits == length && length < 10) {
        parameters->hold_for_s = (uint32_t)strtoul(argument, NULL, 10);
        return parameters->hold_for_s || wrong(option, argument, "a time");
    }
    if (digits != 4 || length > 35 || strspn(argument, "0123456789-:.+TZ") != length)
        return wrong(option, argument, "a number of seconds, or a date as 2026-12-24T18:00:00Z");
    parameters->hold_until = argument;
    return true;
}

static bool take_require_tls(struct postino_submission *submission, const char *option, const char *argument)
{
    (void)option;
    (void)argument;
    return submission->parameters.require_tls = true;
}

bool postino_parameter_take(struct postino_submission *submission, enum postino_parameter parameter, const char *option,
                            const char *argument)
{
    static bool (*const takes[])(struct postino_submission *, const char *, const char *) = {
        [POSTINO_PARAMETER_NOTIFY] = take_notify,           [POSTINO_PARAMETER_RETURN] = take_return,
        [POSTINO_PARAMETER_ENVELOPE_ID] = take_envelope_id, [POSTINO_PARAMETER_DELIVER_BY] = take_deliver_by,
        [POSTINO_PARAMETER_PRIORITY] = take_priority,       [POSTINO_PARAMETER_HOLD] = take_hold,
        [POSTINO_PARAMETER_REQUIRE_TLS] = take_require_tls,
    };
    return takes[parameter](submission, option, argument);
}
