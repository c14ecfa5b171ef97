/* TLS as a transport over a transport. */
#include "internal.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static int connect_below(struct postino_transport *transport)
{
    struct postino_transport *below = postino_openssl_of(transport)->below;
    return below->connect(below);
}

/* Then the transport below is not to be polled for what it could read: nobody would read it. */
static void note_blocked(struct postino_openssl *tls, bool blocked)
{
    tls->transport.blocked = tls->below->blocked = blocked;
}

/* What OpenSSL makes of `count`: octets, nothing yet, or the end. What it waits for is noted. */
static ptrdiff_t moved(struct postino_openssl *tls, int count)
{
    int why = SSL_get_error(tls->connection, count);
    note_blocked(tls, why == SSL_ERROR_WANT_WRITE);
    tls->transport.starved = why == SSL_ERROR_WANT_READ;
    if (count > 0)
        return count;
    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : POSTINO_TRANSPORT_LOST;
}

/* In clear, before the handshake, the transport below is this one. */
static ptrdiff_t passed(struct postino_openssl *tls, ptrdiff_t count)
{
    tls->transport.unconnected = tls->below->unconnected;
    return count;
}

/* Takes record after record while there are some within OpenSSL: nobody is told of those by a descriptor. A record that
 * holds nothing for us gives nothing, and may have others behind it. */
static ptrdiff_t read_some(struct postino_transport *transport, void *buffer, size_t size)
{
    struct postino_openssl *tls = postino_openssl_of(transport);
    size_t length = 0;
    if (!tls->stands)
        return passed(tls, tls->below->read(tls->below, buffer, size));
    tls->reads = 0;
    tls->dry = false;
    do {
        ERR_clear_error();
        ptrdiff_t got = moved(tls, SSL_read(tls->connection, (char *)buffer + length, (int)(size - length)));
        if (got < 0)
            return length ? (ptrdiff_t)length : got; /* the end comes again with the next call */
        length += (size_t)got;
    } while (length < size && !tls->dry && !transport->blocked && SSL_has_pending(tls->connection));
    transport->starved = false; /* who writes has not been asked */
    return (ptrdiff_t)length;
}

static ptrdiff_t write_some(struct postino_transport *transport, const void *octets, size_t length)
{
    struct postino_openssl *tls = postino_openssl_of(transport);
    if (!tls->stands)
        return passed(tls, tls->below->write(tls->below, octets, length));
    if (length > INT32_MAX)
        length = INT32_MAX;
    ERR_clear_error();
    tls->reads = 0;
    return moved(tls, SSL_write(tls->connection, octets, (int)length));
}

static SSL_CTX *new_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_security_level(context, 2);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_read_ahead(context, 1); /* a call of the system for as many records as there are */
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

static bool prepare(struct postino_openssl *tls)
{
    const struct postino_openssl *like = tls->options->like;
    ERR_clear_error();
    if (like && like->context && SSL_CTX_up_ref(like->context) == 1) {
        tls->context = like->context;
        return true;
    }
    tls->context = new_context();
    if (!tls->context)
        snprintf(tls->problem, sizeof tls->problem, "OpenSSL cannot begin");
    return tls->context && postino_openssl_trust(tls) && postino_openssl_session_check(tls);
}

static bool begin(struct postino_openssl *tls)
{
    BIO *bio;
    tls->problem[0] = tls->summary[0] = '\0'; /* of a connection before */
    tls->resumed = false;
    if (!tls->context && !prepare(tls))
        return false;
    tls->connection = SSL_new(tls->context);
    if (!tls->connection || !(bio = postino_openssl_below(tls)))
        return false;
    SSL_set_bio(tls->connection, bio, bio);
    SSL_set_connect_state(tls->connection);
    SSL_set_app_data(tls->connection, tls);
    if (!postino_openssl_expect(tls))
        return false;
    postino_openssl_session_begin(tls);
    return true;
}

static int fail(struct postino_openssl *tls, enum postino_reason why)
{
    tls->transport.why = (uint8_t)why;
    return POSTINO_TRANSPORT_LOST;
}

static int secure(struct postino_transport *transport)
{
    struct postino_openssl *tls = postino_openssl_of(transport);
    ERR_clear_error();
    if (!tls->connection && !begin(tls)) {
        if (!*tls->problem)
            snprintf(tls->problem, sizeof tls->problem, "OpenSSL has no memory left, or does not know the name");
        return fail(tls, POSTINO_REASON_HANDSHAKE);
    }
    tls->reads = 0;
    int result = SSL_do_handshake(tls->connection);
    int why = SSL_get_error(tls->connection, result);
    note_blocked(tls, why == SSL_ERROR_WANT_WRITE);
    if (result != 1 && (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE))
        return 0;
    if (result != 1) {
        postino_openssl_explain(tls);
        bool distrust =
            SSL_get_verify_result(tls->connection) != X509_V_OK && !tls->options->unverified && !tls->options->pins;
        return fail(tls, distrust ? POSTINO_REASON_CERTIFICATE : POSTINO_REASON_HANDSHAKE);
    }
    if (!postino_openssl_is_trusted(tls))
        return fail(tls, POSTINO_REASON_CERTIFICATE);
    tls->stands = true;
    tls->resumed = SSL_session_reused(tls->connection) == 1;
    postino_openssl_summarise(tls);
    postino_openssl_session_keep(tls);
    if (tls->below->secured)
        tls->below->secured(tls->below);
    return 1;
}

/* What was said is over when close_notify goes; that of the server is not waited for. */
static void close_all(struct postino_transport *transport)
{
    struct postino_openssl *tls = postino_openssl_of(transport);
    if (tls->stands)
        SSL_shutdown(tls->connection);
    if (tls->connection) {
        SSL_free(tls->connection);
        ERR_clear_error();
    }
    tls->connection = NULL;
    note_blocked(tls, false);
    tls->stands = transport->starved = transport->unconnected = false;
    transport->why = 0;
    tls->below->close(tls->below);
}

static bool wait_below(struct postino_transport *transport, bool writing, uint64_t until_ms)
{
    struct postino_transport *below = postino_openssl_of(transport)->below;
    return below->wait(below, writing, until_ms);
}

static uint64_t now_ms(struct postino_transport *transport)
{
    struct postino_transport *below = postino_openssl_of(transport)->below;
    return below->now_ms(below);
}

static const char *name_of_end(struct postino_transport *transport)
{
    struct postino_transport *below = postino_openssl_of(transport)->below;
    return below->name(below);
}

/* 9266 for TLS 1.3; else the digest of the certificate, by the hash of its signature, MD5 and SHA-1 by SHA-256
 * (5929 4.1). */
static void bind_to(struct postino_transport *transport, struct postino_binding *binding)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    struct postino_openssl *tls = postino_openssl_of(transport);
    SSL *connection = tls->connection;
    unsigned length = 0;
    int nid = NID_undef;
    binding->type = NULL;
    if (SSL_version(connection) >= TLS1_3_VERSION) {
        if (SSL_export_keying_material(connection, binding->octets, 32, label, sizeof label - 1, NULL, 0, 0) != 1)
            return;
        binding->length = 32;
        binding->type = "tls-exporter";
        return;
    }
    X509 *certificate = SSL_get0_peer_certificate(connection);
    if (!tls->options->bind_by_certificate || !certificate ||
        !X509_get_signature_info(certificate, &nid, NULL, NULL, NULL))
        return;
    const EVP_MD *md = nid == NID_md5 || nid == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(nid);
    if (md && X509_digest(certificate, md, binding->octets, &length) == 1) {
        binding->length = length;
        binding->type = "tls-server-end-point";
    }
}

static const struct postino_transport functions = {
    .connect = connect_below,
    .read = read_some,
    .write = write_some,
    .secure = secure,
    .close = close_all,
    .wait = wait_below,
    .now_ms = now_ms,
    .name = name_of_end,
    .bind = bind_to,
};

static bool host_fits(struct postino_openssl *tls)
{
    size_t length = strlen(tls->options->host);
    if (length && tls->options->host[length - 1] == '.') /* neither SNI nor certificates have it (6066 3) */
        length--;
    if (length >= sizeof tls->name)
        return false;
    memcpy(tls->name, tls->options->host, length);
    tls->name[length] = '\0';
    return true;
}

/* Where TLS may not come at all, and nothing can be wrong with the options: a context costs more than a mail. */
static bool may_wait(const struct postino_openssl_options *o)
{
    return o->unverified && !o->ca_file && !o->certificate_file && !o->session_file;
}

bool postino_openssl_init(struct postino_openssl *tls, struct postino_transport *below,
                          const struct postino_openssl_options *options)
{
    memset(tls, 0, sizeof *tls);
    tls->transport = functions;
    tls->below = below;
    tls->options = options;
    if (!host_fits(tls))
        snprintf(tls->problem, sizeof tls->problem, "the server's name is too long for TLS");
    else if (postino_openssl_pins_valid(tls) && (may_wait(options) || prepare(tls)))
        return true;
    postino_openssl_free(tls);
    return false;
}

void postino_openssl_free(struct postino_openssl *tls)
{
    if (!tls->context) /* OpenSSL was not asked for anything */
        return;
    SSL_free(tls->connection);
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->method);
    tls->connection = tls->context = tls->method = NULL;
    ERR_clear_error();
}
