/* Reads what is to go wrong: STEP[#N[+]|##N[+]][+OCTETS][:ARGUMENT][:rst|:before|:after]…[=VALUE] */
#define _GNU_SOURCE
#include "sink_server.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const sink_steps[] = {
    [SINK_AT_GREETING] = "greeting", [SINK_AT_EHLO] = "ehlo", [SINK_AT_HELO] = "helo", [SINK_AT_LHLO] = "lhlo",
    [SINK_AT_MAIL] = "mail",         [SINK_AT_RCPT] = "rcpt", [SINK_AT_DATA] = "data", [SINK_AT_CONTENT] = "content",
    [SINK_AT_BDAT] = "bdat",         [SINK_AT_RSET] = "rset", [SINK_AT_NOOP] = "noop", [SINK_AT_VRFY] = "vrfy",
    [SINK_AT_EXPN] = "expn",         [SINK_AT_HELP] = "help", [SINK_AT_QUIT] = "quit", [SINK_AT_UNKNOWN] = "unknown",
    [SINK_AT_STARTTLS] = "starttls", [SINK_AT_AUTH] = "auth", [SINK_AT_ANY] = "any",
};

static const char *sink_number(char **at, uint64_t *number)
{
    char *end;

    if (!isdigit((unsigned char)**at))
        return "a number is missing";
    *number = strtoull(*at, &end, 10);
    *at = end;
    if (*number == 0 || *number > UINT64_MAX / 4)
        return "a number is 0 or too large";
    return NULL;
}

/* `#3`: the third on each connection; `##3`: over all of them; a `+` behind it: and all that follow. */
static const char *sink_occurrence(struct postino_sink_fault *fault, char **at)
{
    const char *wrong;

    fault->first = 1;
    fault->last = UINT64_MAX;
    if (**at != '#')
        return NULL;
    ++*at;
    if (**at == '#') {
        fault->over_all = true;
        ++*at;
    }
    wrong = sink_number(at, &fault->first);
    if (wrong)
        return wrong;
    if (**at == '+' && !isdigit((unsigned char)(*at)[1]))
        ++*at;
    else
        fault->last = fault->first;
    return NULL;
}

static const char *sink_octets(struct postino_sink_fault *fault, char **at)
{
    if (**at != '+')
        return NULL;
    if (fault->step != SINK_AT_CONTENT || (fault->kind != SINK_FAULT_DROP && fault->kind != SINK_FAULT_STOP))
        return "only content can be cut at an octet, by --drop or --stop-reading";
    ++*at;
    fault->at_octet = true;
    return sink_number(at, &fault->octets);
}

/* Takes one `:word` from the end. */
static bool sink_suffix(char *text, const char *word)
{
    size_t length = strlen(text), size = strlen(word);

    if (length < size || strcmp(text + length - size, word) != 0)
        return false;
    text[length - size] = '\0';
    return true;
}

static void sink_drop_words(struct postino_sink_fault *fault, char *text)
{
    for (;;) {
        if (sink_suffix(text, ":rst"))
            fault->reset = true;
        else if (sink_suffix(text, ":before"))
            fault->before = true;
        else if (sink_suffix(text, ":after"))
            fault->after = true;
        else
            return;
    }
}

static const char *sink_step(struct postino_sink_fault *fault, char *at)
{
    size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz");
    const char *wrong;
    int step = 0;

    while (step <= SINK_AT_ANY && (strncmp(at, sink_steps[step], length) != 0 || sink_steps[step][length] != '\0'))
        step++;
    if (step > SINK_AT_ANY)
        return "the step is none of greeting ehlo helo lhlo starttls auth mail rcpt data content bdat rset noop vrfy "
               "expn "
               "help quit unknown any";
    fault->step = (enum postino_sink_step)step;
    at += length;
    if (fault->kind == SINK_FAULT_DROP)
        sink_drop_words(fault, at);
    wrong = sink_occurrence(fault, &at);
    if (!wrong)
        wrong = sink_octets(fault, &at);
    if (wrong)
        return wrong;
    if (*at == '\0')
        return NULL;
    if (*at != ':')
        return "behind the step may come #N, ##N, +OCTETS or :ARGUMENT";
    fault->match = strdup(at + 1);
    return fault->match ? NULL : "out of memory";
}

static int sink_digit(char octet)
{
    if (octet >= '0' && octet <= '9')
        return octet - '0';
    octet = (char)(octet | 0x20);
    return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

/* One escape behind its backslash. Octets used; 0 where it is none. */
static size_t sink_escape(const char *text, char *octet)
{
    static const char names[] = "rnt0\\", values[] = "\r\n\t\0\\";
    const char *name = *text ? strchr(names, *text) : NULL;

    if (name) {
        *octet = values[name - names];
        return 1;
    }
    if (*text != 'x' || sink_digit(text[1]) < 0 || sink_digit(text[2]) < 0)
        return 0;
    *octet = (char)(sink_digit(text[1]) * 16 + sink_digit(text[2]));
    return 3;
}

static const char *sink_reply_text(struct postino_sink_fault *fault, const char *text)
{
    bool whole = false;
    size_t used;

    fault->text = malloc(strlen(text) + 3);
    if (!fault->text)
        return "out of memory";
    while (*text) {
        if (strcmp(text, "\\c") == 0) {
            whole = true;
            break;
        }
        used = 0;
        if (*text == '\\' && (used = sink_escape(text + 1, &fault->text[fault->length])) == 0)
            return "a backslash is followed by none of r n t 0 xHH \\, or c at the end";
        if (*text != '\\')
            fault->text[fault->length] = *text;
        text += 1 + used;
        fault->length++;
    }
    if (fault->length > 0 && fault->text[fault->length - 1] != '\n' && !whole) {
        memcpy(fault->text + fault->length, "\r\n", 2);
        fault->length += 2;
    }
    return NULL;
}

static const char *sink_value(struct postino_sink_fault *fault, char *value)
{
    if (fault->kind != SINK_FAULT_REPLY && fault->kind != SINK_FAULT_DELAY)
        return value ? "no = is expected here" : NULL;
    if (!value)
        return "it needs STEP=VALUE";
    if (fault->kind == SINK_FAULT_REPLY)
        return sink_reply_text(fault, value);
    const char *wrong = sink_number(&value, &fault->delay_ms);
    return wrong || *value == '\0' ? wrong : "the delay is not a number of milliseconds";
}

const char *postino_sink_fault_add(struct postino_sink *sink, enum postino_sink_fault_kind kind,
                                   const char *specification)
{
    struct postino_sink_fault *faults = realloc(sink->faults, (sink->fault_count + 1) * sizeof *faults);
    struct postino_sink_fault *fault;
    char *copy = strdup(specification), *value = copy ? strchr(copy, '=') : NULL;
    const char *wrong;

    if (faults)
        sink->faults = faults;
    if (!faults || !copy) {
        free(copy);
        return "out of memory";
    }
    fault = &faults[sink->fault_count++];
    memset(fault, 0, sizeof *fault);
    fault->kind = kind;
    if (value)
        *value++ = '\0';
    wrong = sink_step(fault, copy);
    if (!wrong)
        wrong = sink_value(fault, value);
    free(copy);
    for (int step = 0; step < SINK_STEPS && !fault->at_octet; step++)
        sink->faulty[step] |= fault->step == SINK_AT_ANY || (int)fault->step == step;
    return wrong;
}

void postino_sink_faults_free(struct postino_sink *sink)
{
    for (size_t i = 0; i < sink->fault_count; i++) {
        free(sink->faults[i].match);
        free(sink->faults[i].text);
    }
    free(sink->faults);
}
