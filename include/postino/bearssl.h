/*
 * TLS 1.2 (5246) by BearSSL, for any transport: no heap, for devices.
 *
 *     static struct postino_bearssl tls;
 *     static unsigned char in[BR_SSL_BUFSIZE_INPUT], out[1024];
 *     static const struct postino_bearssl_options wanted = {
 *         .host = "mail.example.test", .anchors = anchors, .anchor_count = ANCHORS, .random = random, .now = now,
 *         .in = in, .in_size = sizeof in, .out = out, .out_size = sizeof out};
 *     postino_bearssl_init(&tls, &lwip.transport, &wanted);
 *     config.transport = &tls.transport;                        a postino_delivery_config
 *
 * It stands between a delivery and the transport below: octets pass it as they are until `secure` is asked for. The
 * server is who it says when its certificate chains to a trust anchor, is of this day, and names the host in a
 * subjectAltName (9525), or when it has the one key that is expected.
 *
 * Memory: struct postino_bearssl and the two buffers. A server may send records of 16 KB: `in` of BR_SSL_BUFSIZE_INPUT
 * takes them all; a smaller one saves memory where the server is known to send small ones, or obeys the extension that
 * asks for that (6066 4). A record that does not fit is told as that, never as distrust.
 */
#ifndef POSTINO_BEARSSL_H
#define POSTINO_BEARSSL_H

#include <bearssl.h>
#include <postino/deliver.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For a device without a clock, whose certificates are held against a day before which it cannot be. Private, but for
 * the room that it takes. */
struct postino_bearssl_dateless {
    const br_x509_class *functions; /* first */
    br_x509_minimal_context *judge;
    br_x509_decoder_context decoder;
    uint32_t days;
    uint32_t seconds;
};

struct postino_bearssl_no_clock {
    const br_x509_class **(*begin)(struct postino_bearssl_dateless *self, br_x509_minimal_context *judge, uint32_t days,
                                   uint32_t seconds);
};

/* Dropped by the linker where nobody names it. */
extern const struct postino_bearssl_no_clock postino_bearssl_no_clock;

/* Borrowed. */
struct postino_bearssl_options {
    const char *host; /* whom the certificate must name, and the server is asked for (6066 3); not an address: BearSSL
                       * knows names only */

    /* Whom to trust, in flash: scripts/anchors makes them from PEM. */
    const br_x509_trust_anchor *anchors;
    size_t anchor_count;

    /* Or the server's own key, whoever issued its certificate and whatever it says (as 7671 3.1.1). NULL: none. */
    const br_x509_pkey *key;

    /* 32 octets that nobody can guess, for each connection. Returns false where there are none: then there is no TLS.
     */
    bool (*random)(void *octets, size_t length);

    /* Seconds since 1970-01-01 00:00:00 UTC: certificates are held against it. */
    uint64_t (*now)(void);

    /* &postino_bearssl_no_clock where `now` gives a time that is certainly past, as that of the firmware, and not this
     * one: a certificate that had ended by then is refused, one that begins later is believed. NULL: there is a clock.
     */
    const struct postino_bearssl_no_clock *no_clock;
    struct postino_bearssl_dateless *dateless; /* room for it */

    /* What BearSSL is to be able to do: br_ssl_client_init_full, or a function of the caller's own that links less. It
     * gets the anchors. NULL: br_ssl_client_init_full. */
    void (*profile)(br_ssl_client_context *client, br_x509_minimal_context *x509, const br_x509_trust_anchor *anchors,
                    size_t anchor_count);

    void *in; /* records as they are received: 512 + 325 octets at least */
    size_t in_size;
    void *out; /* and as they are sent: 512 + 85 octets at least; a flight is one where it fits */
    size_t out_size;

    bool resume; /* the session of the connection before is offered again: one round trip and no key exchange */
};

struct postino_bearssl {
    struct postino_transport transport; /* first */
    bool resumed;                       /* the session of the connection before */
    int error; /* why it could not be: BR_ERR_… of BearSSL, 0 for none; postino_bearssl_problem has words */

    struct postino_transport *below; /* private from here on */
    const struct postino_bearssl_options *options;
    br_ssl_client_context client;
    br_ssl_session_parameters session;
    union {
        br_x509_minimal_context chain;
        br_x509_knownkey_context key;
    } x509;
    bool begun;
    bool stands;
    bool kept; /* `session` is one */
};

void postino_bearssl_init(struct postino_bearssl *tls, struct postino_transport *below,
                          const struct postino_bearssl_options *options);

/* What `error` means, in English, for a log. */
const char *postino_bearssl_problem(int error);

#ifdef __cplusplus
}
#endif

#endif
