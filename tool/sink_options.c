#define _GNU_SOURCE
#include "sink_server.h"

#include <ctype.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

/* Each takes the option's value and returns NULL, or what to do about it. */
static const char *sink_listen(struct postino_sink *sink, const char *value)
{
    struct postino_sink_listener *listener = &sink->listeners[sink->listener_count];

    if (sink->listener_count == SINK_LISTENERS)
        return "at most 16 listeners";
    listener->kind = SINK_LISTENER;
    listener->fd = -1;
    listener->address = value;
    listener->tls = strncmp(value, "tls:", 4) == 0;
    sink->listener_count++;
    return NULL;
}

static const char *sink_whole(const char *value, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;

    if (!isdigit((unsigned char)*value) || strlen(value) > 18)
        return "give a whole number";
    *number = strtoull(value, &end, 10);
    if (*end != '\0')
        return "give a whole number";
    return *number < least || *number > most ? "the number is out of range" : NULL;
}

static const char *sink_count(struct postino_sink *sink, const char *value)
{
    return sink_whole(value, 1, UINT64_MAX / 2, &sink->count_wanted);
}

static const char *sink_size(struct postino_sink *sink, const char *value)
{
    return sink_whole(value, 0, UINT64_MAX / 2, &sink->size_limit);
}

static const char *sink_recipients(struct postino_sink *sink, const char *value)
{
    uint64_t number = 0;
    const char *wrong = sink_whole(value, 1, SINK_RECIPIENTS_LIMIT, &number);

    sink->recipients_limit = (uint32_t)number;
    return wrong;
}

static const char *sink_pieces(struct postino_sink *sink, const char *value)
{
    uint64_t number = 0;
    const char *wrong = sink_whole(value, 1, SINK_BATCH_LIMIT, &number);

    sink->split = (uint32_t)number;
    return wrong;
}

static const char *sink_maildir(struct postino_sink *sink, const char *value)
{
    sink->maildir = value;
    return *value && strlen(value) < 4000 ? NULL : "give the path of a folder";
}

static const char *sink_hide(struct postino_sink *sink, const char *value)
{
    while (*value) {
        size_t length = strcspn(value, ","), i = 0;
        const char *name;

        while ((name = postino_sink_extension_name(i)) &&
               (strlen(name) != length || strncasecmp(name, value, length) != 0))
            i++;
        if (!name)
            return "give a list of PIPELINING SIZE 8BITMIME ENHANCEDSTATUSCODES CHUNKING BINARYMIME SMTPUTF8 DSN HELP "
                   "STARTTLS AUTH PIPECONNECT, with commas";
        sink->offered &= ~(1u << i);
        value += length + (value[length] == ',');
    }
    return NULL;
}

static const char *sink_reply(struct postino_sink *sink, const char *value)
{
    return postino_sink_fault_add(sink, SINK_FAULT_REPLY, value);
}

static const char *sink_delay(struct postino_sink *sink, const char *value)
{
    return postino_sink_fault_add(sink, SINK_FAULT_DELAY, value);
}

static const char *sink_drop(struct postino_sink *sink, const char *value)
{
    return postino_sink_fault_add(sink, SINK_FAULT_DROP, value);
}

static const char *sink_mute(struct postino_sink *sink, const char *value)
{
    return postino_sink_fault_add(sink, SINK_FAULT_MUTE, value);
}

static const char *sink_stop(struct postino_sink *sink, const char *value)
{
    return postino_sink_fault_add(sink, SINK_FAULT_STOP, value);
}

static const char *sink_file(const char **file, const char *value)
{
    *file = value;
    return *value ? NULL : "give the path of a file";
}

static const char *sink_certificate(struct postino_sink *sink, const char *value)
{
    return sink_file(&sink->tls.certificate, value);
}

static const char *sink_key(struct postino_sink *sink, const char *value)
{
    return sink_file(&sink->tls.key, value);
}

static const char *sink_ca_out(struct postino_sink *sink, const char *value)
{
    return sink_file(&sink->tls.ca_out, value);
}

static const char *sink_client_ca(struct postino_sink *sink, const char *value)
{
    return sink_file(&sink->tls.client_ca, value);
}

static const char *sink_ciphers(struct postino_sink *sink, const char *value)
{
    sink->tls.ciphers = value;
    return *value ? NULL : "give a list of ciphers";
}

static const char *sink_version(const char *value, int *version)
{
    if (strlen(value) != 3 || strncmp(value, "1.", 2) != 0 || value[2] < '0' || value[2] > '3')
        return "give 1.0, 1.1, 1.2 or 1.3";
    *version = TLS1_VERSION + (value[2] - '0');
    return NULL;
}

static const char *sink_least(struct postino_sink *sink, const char *value)
{
    return sink_version(value, &sink->tls.least);
}

static const char *sink_most(struct postino_sink *sink, const char *value)
{
    return sink_version(value, &sink->tls.most);
}

static const char *sink_user(struct postino_sink *sink, const char *value)
{
    return postino_sink_account_add(sink, value, false);
}

static const char *sink_token(struct postino_sink *sink, const char *value)
{
    return postino_sink_account_add(sink, value, true);
}

static const char *sink_iterations(struct postino_sink *sink, const char *value)
{
    return sink_whole(value, 1, 100000000, &sink->auth.iterations);
}

static const char *sink_flag(struct postino_sink *sink, const char *name)
{
    sink->lmtp |= strcmp(name, "lmtp") == 0;
    sink->tls.starttls |= strcmp(name, "tls") == 0;
    sink->auth.anonymous |= strcmp(name, "anonymous") == 0;
    sink->auth.in_clear |= strcmp(name, "auth-in-clear") == 0;
    sink->auth.required |= strcmp(name, "auth-required") == 0;
    sink->trace |= strcmp(name, "trace") == 0;
    sink->allow_bare |= strcmp(name, "allow-bare") == 0;
    sink->json_stats |= strcmp(name, "json-stats") == 0;
    sink->help |= strcmp(name, "help") == 0;
    return NULL;
}

/* A flag gets its own name as its value. */
static const struct sink_option {
    const char *name;
    bool has_value;
    const char *(*take)(struct postino_sink *sink, const char *value);
} sink_known[] = {
    {"listen", true, sink_listen},
    {"lmtp", false, sink_flag},
    {"tls", false, sink_flag},
    {"cert", true, sink_certificate},
    {"key", true, sink_key},
    {"ca-out", true, sink_ca_out},
    {"client-ca", true, sink_client_ca},
    {"tls-min", true, sink_least},
    {"tls-max", true, sink_most},
    {"tls-ciphers", true, sink_ciphers},
    {"user", true, sink_user},
    {"token", true, sink_token},
    {"anonymous", false, sink_flag},
    {"auth-in-clear", false, sink_flag},
    {"auth-required", false, sink_flag},
    {"mechanisms", true, postino_sink_mechanisms_choose},
    {"scram-iterations", true, sink_iterations},
    {"maildir", true, sink_maildir},
    {"count", true, sink_count},
    {"hide", true, sink_hide},
    {"size", true, sink_size},
    {"max-recipients", true, sink_recipients},
    {"allow-bare", false, sink_flag},
    {"reply", true, sink_reply},
    {"delay", true, sink_delay},
    {"split", true, sink_pieces},
    {"drop", true, sink_drop},
    {"mute", true, sink_mute},
    {"stop-reading", true, sink_stop},
    {"trace", false, sink_flag},
    {"json-stats", false, sink_flag},
    {"help", false, sink_flag},
};

static const struct sink_option *sink_option(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof sink_known / sizeof *sink_known; i++) {
        if (strlen(sink_known[i].name) == length && memcmp(word, sink_known[i].name, length) == 0)
            return &sink_known[i];
    }
    return NULL;
}

static int sink_wrong(const char *option, const char *value, const char *advice)
{
    fprintf(stderr, "postino sink: %s%s%s: %s (see postino sink --help)\n", option, value ? " " : "",
            value ? value : "", advice);
    return EX_USAGE;
}

/* `--name value`, `--name=value` or `--name`. Advances `*at` over a value of its own. */
static int sink_word(struct postino_sink *sink, int argc, char **argv, int *at)
{
    const char *word = argv[*at], *value = strchr(word, '='), *advice;
    size_t length = value ? (size_t)(value - word) : strlen(word);
    const struct sink_option *option =
        strncmp(word, "--", 2) == 0 && length > 2 ? sink_option(word + 2, length - 2) : NULL;

    if (!option)
        return sink_wrong(word, NULL, "not an option of the sink");
    if (!option->has_value && value)
        return sink_wrong(word, NULL, "takes no value");
    value = value ? value + 1 : NULL;
    if (option->has_value && !value) {
        if (*at + 1 >= argc)
            return sink_wrong(word, NULL, "give it a value");
        value = argv[++*at];
    }
    advice = option->take(sink, option->has_value ? value : option->name);
    return advice ? sink_wrong(word, option->has_value && value == argv[*at] ? value : NULL, advice) : 0;
}

bool postino_sink_wants_tls(const struct postino_sink *sink)
{
    bool wants = sink->tls.starttls;

    for (size_t i = 0; i < sink->listener_count; i++)
        wants |= sink->listeners[i].tls;
    return wants;
}

/* What no option can say of itself. */
static int sink_together(const struct postino_sink *sink)
{
    const struct postino_sink_tls_config *tls = &sink->tls;
    const char *name = tls->certificate  ? "--cert"
                       : tls->key        ? "--key"
                       : tls->ca_out     ? "--ca-out"
                       : tls->client_ca  ? "--client-ca"
                       : tls->ciphers    ? "--tls-ciphers"
                       : tls->least != 0 ? "--tls-min"
                       : tls->most != 0  ? "--tls-max"
                                         : NULL;

    if (name && !postino_sink_wants_tls(sink))
        return sink_wrong(name, NULL, "needs --tls or --listen tls:…");
    if (sink->auth.required && sink->auth.account_count == 0 && !tls->client_ca && !sink->auth.anonymous)
        return sink_wrong("--auth-required", NULL, "needs --user, --token, --client-ca or --anonymous");
    if (!tls->certificate != !tls->key)
        return sink_wrong(name, NULL, "--cert and --key need each other");
    if (tls->certificate && tls->ca_out)
        return sink_wrong("--ca-out", tls->ca_out, "no certificate is made where one is given");
    return tls->least && tls->most && tls->least > tls->most ? sink_wrong("--tls-min", NULL, "it is above --tls-max")
                                                             : 0;
}

int postino_sink_options(struct postino_sink *sink, int argc, char **argv)
{
    int code = 0;

    sink->size_limit = 104857600;
    sink->recipients_limit = SINK_RECIPIENTS_LIMIT;
    sink->offered = SINK_ALL_EXTENSIONS;
    sink->auth.iterations = 4096;
    for (int at = 1; at < argc && code == 0; at++)
        code = sink_word(sink, argc, argv, &at);
    if (code == 0 && sink->listener_count == 0)
        sink_listen(sink, "127.0.0.1:0");
    return code || sink->help ? code : sink_together(sink);
}
