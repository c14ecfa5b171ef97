/* TLS of a connection, by OpenSSL on the connection's own socket. Nothing here blocks. */
#define _GNU_SOURCE
#include "sink_server.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The content of a record at most (RFC 8446 5.1). Whoever reads with room for one never leaves anything inside of
 * OpenSSL, which reads no further than to the end of a record: so epoll knows all that is still to come. */
#define SINK_RECORD_SIZE 16384u

enum sink_stage {
    SINK_TLS_PROMISED, /* the reply to STARTTLS has still to leave in clear */
    SINK_TLS_SHAKING,
    SINK_TLS_STANDS,
    SINK_TLS_ENDED, /* by the client's close_notify */
    SINK_TLS_FAILED
};

struct postino_sink_tls {
    SSL *ssl;
    enum sink_stage stage;
    bool greets; /* when it stands: TLS from the start */
    bool writes; /* OpenSSL waits for room in the socket */
};

bool postino_sink_tls_begin(struct postino_sink_peer *peer, bool greets)
{
    struct postino_sink_tls *tls = calloc(1, sizeof *tls);

    if (!tls)
        return false;
    tls->ssl = SSL_new(peer->sink->tls.context);
    if (!tls->ssl || SSL_set_fd(tls->ssl, peer->fd) != 1) {
        SSL_free(tls->ssl);
        free(tls);
        return false;
    }
    SSL_set_accept_state(tls->ssl);
    tls->greets = greets;
    peer->tls = tls;
    peer->phase = SINK_HANDSHAKE;
    return true;
}

static void sink_trace(const struct postino_sink_peer *peer, const char *what, const char *how)
{
    char line[256];

    snprintf(line, sizeof line, "%s %s", what, how);
    if (peer->sink->trace)
        postino_sink_trace(peer, '-', line, strlen(line));
}

static const char *sink_reason(int error, int number)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    if (reason)
        return reason;
    return error == SSL_ERROR_SYSCALL && number != 0 ? strerror(number) : "the connection ended";
}

/* What OpenSSL's `result` means: true where it only waits. Where it failed, our alert may be on its way: the
 * connection is closed in order, so that it arrives. */
static bool sink_waits(struct postino_sink_peer *peer, int result)
{
    struct postino_sink_tls *tls = peer->tls;
    int number = errno, error = SSL_get_error(tls->ssl, result);

    tls->writes = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return true;
    if (error == SSL_ERROR_ZERO_RETURN) {
        tls->stage = SINK_TLS_ENDED;
        return false;
    }
    tls->stage = SINK_TLS_FAILED;
    peer->closing = true;
    sink_trace(peer, "TLS failed:", sink_reason(error, number));
    return false;
}

/* RFC 3207 4.2: what the client said before counts no more. */
static void sink_stands(struct postino_sink_peer *peer)
{
    struct postino_sink_tls *tls = peer->tls;

    tls->stage = SINK_TLS_STANDS;
    peer->phase = SINK_COMMAND;
    peer->greeted = peer->extended = false;
    postino_sink_mail_reset(peer);
    postino_sink_auth_forget(peer);
    sink_trace(peer, SSL_get_version(tls->ssl), SSL_get_cipher_name(tls->ssl));
    if (tls->greets)
        postino_sink_greet(peer);
}

/* Goes on with it. Returns whether it stands. */
bool postino_sink_tls_handshake(struct postino_sink_peer *peer)
{
    struct postino_sink_tls *tls = peer->tls;
    int result;

    if (tls->stage == SINK_TLS_PROMISED) {
        postino_sink_flush(peer);
        if (peer->output_length > 0 || peer->dead)
            return false;
        tls->stage = SINK_TLS_SHAKING;
    }
    /* Who never heard of the promise goes on in clear, and is not answered there either. */
    if (peer->muted) {
        postino_sink_tls_free(peer);
        peer->phase = SINK_COMMAND;
        return false;
    }
    ERR_clear_error();
    result = SSL_do_handshake(tls->ssl);
    if (result != 1) {
        sink_waits(peer, result);
        return false;
    }
    tls->writes = false;
    sink_stands(peer);
    return true;
}

ssize_t postino_sink_tls_receive(struct postino_sink_peer *peer, char *buffer, size_t size)
{
    struct postino_sink_tls *tls = peer->tls;
    size_t length = 0;

    while (tls->stage == SINK_TLS_STANDS && size - length >= SINK_RECORD_SIZE) {
        int got;

        ERR_clear_error();
        got = SSL_read(tls->ssl, buffer + length, (int)SINK_RECORD_SIZE);
        if (got > 0)
            length += (size_t)got;
        else if (sink_waits(peer, got))
            break;
    }
    if (length > 0 || tls->stage == SINK_TLS_ENDED)
        return (ssize_t)length;
    errno = EAGAIN;
    return -1;
}

ssize_t postino_sink_tls_send(struct postino_sink_peer *peer, const char *text, size_t length)
{
    struct postino_sink_tls *tls = peer->tls;
    size_t sent = 0;

    if (tls->stage == SINK_TLS_PROMISED)
        return send(peer->fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < length) {
        int put;

        ERR_clear_error();
        put = SSL_write(tls->ssl, text + sent, (int)(length - sent));
        if (put <= 0 && !sink_waits(peer, put)) {
            errno = EPIPE;
            return -1;
        }
        if (put <= 0)
            break;
        sent += (size_t)put;
    }
    if (sent > 0)
        return (ssize_t)sent;
    errno = EAGAIN;
    return -1;
}

/* Whether the client said that no more will come. */
bool postino_sink_tls_ended(const struct postino_sink_peer *peer)
{
    return peer->tls->stage == SINK_TLS_ENDED;
}

bool postino_sink_tls_writes(const struct postino_sink_peer *peer)
{
    return peer->tls->writes;
}

/* Says close_notify (RFC 8446 6.1), unless a fault tore the connection. Returns false where it has to wait for that. */
bool postino_sink_tls_part(struct postino_sink_peer *peer)
{
    struct postino_sink_tls *tls = peer->tls;
    int result;

    if (!tls || peer->torn || (tls->stage != SINK_TLS_STANDS && tls->stage != SINK_TLS_ENDED))
        return true;
    ERR_clear_error();
    result = SSL_shutdown(tls->ssl);
    tls->writes = result < 0 && SSL_get_error(tls->ssl, result) == SSL_ERROR_WANT_WRITE;
    return !tls->writes;
}

/* NULL where the connection has none. */
const char *postino_sink_tls_version(const struct postino_sink_peer *peer)
{
    return peer->tls ? SSL_get_version(peer->tls->ssl) : NULL;
}

/* The common name of the certificate that the client showed, to be freed; NULL where it showed none. */
char *postino_sink_tls_client(const struct postino_sink_peer *peer)
{
    X509 *certificate = SSL_get1_peer_certificate(peer->tls->ssl);
    const X509_NAME *subject = certificate ? X509_get_subject_name(certificate) : NULL;
    int at = subject ? X509_NAME_get_index_by_NID(subject, NID_commonName, -1) : -1;
    unsigned char *text = NULL;
    char *name = NULL;
    int length = -1;

    if (at >= 0)
        length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (length > 0 && !memchr(text, '\0', (size_t)length))
        name = strndup((const char *)text, (size_t)length);
    OPENSSL_free(text);
    X509_free(certificate);
    return name;
}

/* RFC 5929 4.1: the digest of the certificate's signature, but none weaker than SHA-256. */
static size_t sink_end_point(const SSL *ssl, unsigned char *binding)
{
    X509 *certificate = SSL_get_certificate(ssl);
    int digest = NID_undef;
    unsigned length = 0;

    if (!certificate || X509_get_signature_info(certificate, &digest, NULL, NULL, NULL) != 1 || digest == NID_undef)
        return 0;
    if (digest == NID_md5 || digest == NID_sha1)
        digest = NID_sha256;
    return X509_digest(certificate, EVP_get_digestbynid(digest), binding, &length) == 1 ? length : 0;
}

/* Writes up to SINK_BINDING_SIZE octets. Returns how many; 0 where this connection has no such channel binding. */
size_t postino_sink_tls_binding(const struct postino_sink_peer *peer, const char *type, unsigned char *binding)
{
    static const char label[] = "EXPORTER-Channel-Binding"; /* RFC 9266 2 */
    SSL *ssl = peer->tls->ssl;

    if (strcmp(type, "tls-server-end-point") == 0)
        return sink_end_point(ssl, binding);
    if (strcmp(type, "tls-exporter") != 0 || SSL_version(ssl) < TLS1_3_VERSION)
        return 0;
    return SSL_export_keying_material(ssl, binding, 32, label, sizeof label - 1, NULL, 0, 1) == 1 ? 32 : 0;
}

void postino_sink_tls_free(struct postino_sink_peer *peer)
{
    if (!peer->tls)
        return;
    SSL_free(peer->tls->ssl);
    free(peer->tls);
    peer->tls = NULL;
}
