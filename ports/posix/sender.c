/* A sender: a transport to one server, with TLS, credentials, memory and buffers, from its URL and options. */
#include "sender.h"

#include "internal.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_address(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;
    return inet_pton(AF_INET, text, &v4) == 1 || inet_pton(AF_INET6, text, &v6) == 1;
}

static bool wrong(struct postino_send_options *options, const char *what, const char *name, const char *problem)
{
    snprintf(options->problem, sizeof options->problem, "the %s %s: %s", what, name, problem);
    return false;
}

bool postino_sender_url(struct postino_url *url, const char *server, struct postino_send_options *options)
{
    const char *problem = postino_url_parse(url, server);
    options->problem[0] = '\0';
    if (!problem)
        problem = postino_host_to_ascii(url);
    if (problem)
        return wrong(options, "server", server, problem);
    if (options->name && !postino_name_valid(options->name)) /* for EHLO */
        return wrong(options, "name", options->name, "neither a domain nor an address literal");
    if (options->local_address && !is_address(options->local_address))
        return wrong(options, "local address", options->local_address, "neither IPv4 nor IPv6 in numbers");
    problem = options->memory_file ? postino_posix_memory_check(options->memory_file) : NULL;
    return !problem || wrong(options, "file", options->memory_file, problem);
}

/* The secured transport says so to whoever asked. */
static void tell_secured(struct postino_transport *transport)
{
    struct postino_sender *sender =
        (struct postino_sender *)transport; /* `posix` stands first, and its transport there */
    if (sender->options->secured)
        sender->options->secured(sender->options, sender->secure->tls.summary);
    postino_posix_hurry(&sender->posix);
}

static void configure(struct postino_sender *sender, const struct postino_url *url,
                      struct postino_send_options *options, const struct postino_sender_sizes *sizes)
{
    char *memory = (char *)(sender + 1);
    postino_posix_init(&sender->posix, url);
    sender->posix.transport.secured = tell_secured;
    sender->posix.local_address = options->local_address;
    sender->posix.fast_open = options->fast_open;
    postino_posix_memory_init(&sender->memory, &sender->posix, options->memory_file);
    if (options->with_cancel_fd)
        sender->posix.cancel_fd = options->cancel_fd;
    sender->options = options;
    sender->config = (struct postino_delivery_config){
        .transport = &sender->posix.transport,
        .session = {.name = options->name,
                    .text = memory + sizes->output + sizes->input,
                    .text_size = (uint16_t)sizes->text,
                    .window = options->window,
                    .mails_in_flight = options->mails_in_flight,
                    .extensions = options->extensions ? options->extensions : postino_extensions,
                    .enhanced = &postino_enhanced,
                    .quick = &postino_quick,
                    .limits = &sender->limits,
                    .behind_dot = options->behind_dot ? &postino_behind_dot : NULL,
                    .lmtp = url->scheme == POSTINO_SCHEME_LMTP ? &postino_lmtp : NULL,
                    .trace = options->trace},
        .output = memory,
        .output_size = sizes->output,
        .input = memory + sizes->output,
        .input_size = sizes->input,
        .timeouts_s = options->timeouts_s,
        .total_s = options->total_s,
        .remembering = options->memory_file && !options->xclient ? &postino_remembering : NULL,
        .memory = &sender->memory.memory,
    };
}

struct postino_sender *postino_sender_new(const struct postino_url *url, const char *server,
                                          struct postino_send_options *options,
                                          const struct postino_sender_sizes *sizes)
{
    size_t room = sizes->output + sizes->input + sizes->text;
    struct postino_sender *sender = malloc(sizeof *sender + room);
    if (!sender) {
        wrong(options, "server", server, "no memory is left");
        return NULL;
    }
    memset(sender, 0, sizeof *sender);
    sender->room = room;
    sender->server = server;
    configure(sender, url, options, sizes);
    return sender;
}

/* Most of a sender would else be room for what it does not need. */
static bool needs_nothing(const struct postino_url *url, const struct postino_send_options *options)
{
    bool in_clear = url->scheme == POSTINO_SCHEME_SMTP_NOTLS || *url->path;
    return in_clear && !*url->user && !options->user && !options->password && !options->token && !options->mechanisms;
}

bool postino_sender_prepare(struct postino_sender *sender, bool required, bool once, const struct postino_sender *like)
{
    if (needs_nothing(sender->posix.url, sender->options))
        return true;
    sender->secure = calloc(1, sizeof *sender->secure);
    if (!sender->secure)
        return wrong(sender->options, "server", sender->server, "no memory is left");
    sender->secure->required = required;
    sender->secure->once = once;
    sender->secure->like = like && like->secure ? &like->secure->tls : NULL;
    const char *problem = postino_secure_prepare(sender->secure, sender->posix.url, sender->options, &sender->config);
    return !problem || wrong(sender->options, "server", sender->server, problem);
}

const char *postino_sender_tls_problem(const struct postino_sender *sender)
{
    return sender->secure ? sender->secure->tls.problem : "";
}

void postino_sender_free(struct postino_sender *sender)
{
    if (sender->secure)
        postino_secure_free(sender->secure);
    free(sender->secure);
    if (sender->config.session.sasl)
        postino_wipe(sender + 1, sender->room); /* credentials that did not leave */
    free(sender);
}
