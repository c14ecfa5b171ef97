/* All that a connection to a server takes, laid out from a URL and options. */
#ifndef POSTINO_PORTS_POSIX_SENDER_H
#define POSTINO_PORTS_POSIX_SENDER_H

#include "memory.h"
#include "secure.h"

struct postino_sender_sizes {
    size_t output, input, text;
};

struct postino_sender {
    struct postino_posix posix;    /* first */
    struct postino_secure *secure; /* NULL: in clear, and nobody */
    struct postino_posix_memory memory;
    struct postino_delivery_config config;
    struct postino_limits limits;
    struct postino_send_options *options;
    const char *server; /* as it was named */
    size_t room;        /* of the buffers that follow */
};

/* Reads the URL, and looks at what in the options goes with it. Returns false with their `problem` set. */
bool postino_sender_url(struct postino_url *url, const char *server, struct postino_send_options *options);

/* NULL with `problem` set. All arguments but `sizes` are borrowed. */
struct postino_sender *postino_sender_new(const struct postino_url *url, const char *server,
                                          struct postino_send_options *options,
                                          const struct postino_sender_sizes *sizes);

/* TLS and who we are. `required`, `once`: see secure.h. `like`: another of the same options, which lives as long, so
 * that what it has read is not read again; or NULL. Returns false with `problem` set. */
bool postino_sender_prepare(struct postino_sender *sender, bool required, bool once, const struct postino_sender *like);

/* Why TLS failed, or "". */
const char *postino_sender_tls_problem(const struct postino_sender *sender);
void postino_sender_free(struct postino_sender *sender);

#endif
