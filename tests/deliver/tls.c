/* TLS over a transport that loses the connection behind every octet, with an OpenSSL server in memory: what the caller
 * is told is what that server has read (attack 178). */
#include "check.h"
#include "fake.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <postino/openssl.h>
#include <stdlib.h>

enum {
    RECORD_MAX = 16384
};

/* The transport below TLS: carries to the server, and in clear to the fake. */
static struct peer {
    struct postino_transport transport; /* first */
    SSL *server;
    BIO *in, *out;
    size_t piece;       /* octets that a write takes at most */
    size_t lose_behind; /* octets of the client; the connection is lost behind them */
    size_t written;
    size_t handshake; /* octets up to where TLS stood */
    size_t waits;
} peer;

static SSL_CTX *context; /* the server's */
static struct postino_openssl tls;
static struct delivering d;

static SSL_CTX *new_server(void)
{
    SSL_CTX *made = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    if (SSL_CTX_use_certificate(made, certificate) != 1 || SSL_CTX_use_PrivateKey(made, key) != 1)
        abort();
    X509_free(certificate);
    EVP_PKEY_free(key);
    return made;
}

static bool is_lost(void)
{
    return peer.written >= peer.lose_behind;
}

/* The server reads what it has got, the fake hears it, and what it says goes back. */
static void serve(void)
{
    char text[16384];
    int length;
    if (!SSL_is_init_finished(peer.server)) {
        if (SSL_accept(peer.server) != 1)
            return;
        peer.handshake = peer.written;
    }
    while ((length = SSL_read(peer.server, text, sizeof text)) > 0)
        if (d.fake.transport.write(&d.fake.transport, text, (size_t)length) != length)
            abort();
    while ((length = (int)d.fake.transport.read(&d.fake.transport, text, sizeof text)) > 0)
        SSL_write(peer.server, text, length);
}

static int peer_connect(struct postino_transport *transport)
{
    (void)transport;
    SSL_free(peer.server);
    peer.server = SSL_new(context);
    peer.in = BIO_new(BIO_s_mem());
    peer.out = BIO_new(BIO_s_mem());
    SSL_set_bio(peer.server, peer.in, peer.out);
    peer.written = 0;
    return d.fake.transport.connect(&d.fake.transport);
}

static ptrdiff_t peer_read(struct postino_transport *transport, void *buffer, size_t size)
{
    (void)transport;
    int length = is_lost() ? 0 : BIO_read(peer.out, buffer, (int)size);
    return length > 0 ? length : is_lost() ? POSTINO_TRANSPORT_LOST : 0;
}

static ptrdiff_t peer_write(struct postino_transport *transport, const void *octets, size_t length)
{
    (void)transport;
    if (is_lost())
        return POSTINO_TRANSPORT_LOST;
    if (length > peer.piece)
        length = peer.piece;
    if (length > peer.lose_behind - peer.written)
        length = peer.lose_behind - peer.written;
    peer.written += length;
    BIO_write(peer.in, octets, (int)length);
    serve();
    return (ptrdiff_t)length;
}

static void peer_close(struct postino_transport *transport)
{
    (void)transport;
    d.fake.transport.close(&d.fake.transport);
}

static bool peer_wait(struct postino_transport *transport, bool writing, uint64_t until_ms)
{
    (void)transport;
    if (peer.waits++ > 100000)
        abort(); /* it turns round and round */
    if (!writing && !is_lost() && BIO_pending(peer.out) == 0)
        d.fake.now_ms = until_ms;
    return true;
}

static uint64_t peer_now_ms(struct postino_transport *transport)
{
    return d.fake.transport.now_ms(transport ? &d.fake.transport : NULL);
}

static const char *peer_name(struct postino_transport *transport)
{
    (void)transport;
    return "[192.0.2.1]";
}

/* One delivery with the connection lost behind `octets`. Returns whether it was told the truth. */
static bool run_on(size_t mails, size_t octets, size_t piece, size_t output_size)
{
    SSL_free(peer.server);
    peer = (struct peer){.transport = {.connect = peer_connect,
                                       .read = peer_read,
                                       .write = peer_write,
                                       .close = peer_close,
                                       .wait = peer_wait,
                                       .now_ms = peer_now_ms,
                                       .name = peer_name},
                         .piece = piece,
                         .lose_behind = octets};
    d.config.transport = &tls.transport;
    d.config.implicit_tls = true;
    d.config.output_size = output_size;
    d.config.session.behind_dot = &postino_behind_dot;
    delivering_run(&d);
    return delivering_told_the_truth(&d, mails);
}

static bool run_with(size_t mails, size_t octets, size_t piece, size_t output_size)
{
    delivering_init(&d, mails);
    return run_on(mails, octets, piece, output_size);
}

/* The final record arrives whole, or the terminator has not left: only with its last octet it is uncertain. */
static void one_mail_is_uncertain_behind_one_octet(void)
{
    CHECK(run_with(1, FAKE_NEVER, FAKE_NEVER, sizeof d.output));
    CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_ACCEPTED);
    size_t whole = peer.written, handshake = peer.handshake, uncertain = 0;
    CHECK(handshake > 200);
    for (size_t octets = handshake - 40; octets < whole; octets++)
        for (size_t piece = 1; piece; piece = piece == 1 ? FAKE_NEVER : 0) {
            CHECK(run_with(1, octets, piece, sizeof d.output));
            uncertain += d.mails[0].result.outcome == POSTINO_UNCERTAIN;
        }
    CHECK_NUMBER(uncertain, 2);
}

/* Several mails in flight, in records as small as the output; and in one, where it is large. */
static void each_of_several_mails_has_its_own_truth(void)
{
    static const size_t output_sizes[] = {40, sizeof d.output};
    for (size_t i = 0; i < 2; i++) {
        CHECK(run_with(2, FAKE_NEVER, FAKE_NEVER, output_sizes[i]));
        CHECK_NUMBER(d.mails[1].result.outcome, POSTINO_ACCEPTED);
        size_t whole = peer.written, uncertain = 0;
        for (size_t octets = peer.handshake; octets < whole; octets++) {
            CHECK(run_with(2, octets, FAKE_NEVER, output_sizes[i]));
            uncertain += d.mails[0].result.outcome == POSTINO_UNCERTAIN;
            uncertain += d.mails[1].result.outcome == POSTINO_UNCERTAIN;
        }
        CHECK(uncertain > 2);
    }
}

/* A content that takes a record but 40 octets. The fake keeps of it what stands in short lines. */
static const char *long_text(void)
{
    static char text[RECORD_MAX];
    size_t length = strlen(strcpy(text, "one\n.\n")), spoken = strlen("one\r\n..\r\n"), wide = 800;
    while (spoken < RECORD_MAX - 40) {
        if (wide > RECORD_MAX - 42 - spoken)
            wide = RECORD_MAX - 42 - spoken;
        memset(text + length, 'x', wide);
        text[length + wide] = '\n';
        length += wide + 1;
        spoken += wide + 2;
    }
    return text;
}

/* One write, two records: the dot stands in the first, the next envelope ends in the second. */
static void a_dot_that_left_in_an_earlier_record_has_left(void)
{
    size_t whole = SIZE_MAX, uncertain = 0;
    for (size_t octets = FAKE_NEVER; octets == FAKE_NEVER || octets < whole; octets++) {
        delivering_init(&d, 2);
        d.sources[0].text = long_text();
        CHECK(run_on(2, octets, FAKE_NEVER, sizeof d.output));
        uncertain += d.mails[0].result.outcome == POSTINO_UNCERTAIN;
        if (octets == FAKE_NEVER) {
            CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_ACCEPTED);
            whole = peer.written;
            octets = peer.handshake + RECORD_MAX;
        }
    }
    CHECK_NUMBER(uncertain, 1); /* behind the first record; then its reply is read before the second is written */
}

static void a_handshake_that_is_lost_sends_nothing(void)
{
    CHECK(run_with(1, FAKE_NEVER, FAKE_NEVER, sizeof d.output));
    for (size_t octets = 1, handshake = peer.handshake; octets < handshake; octets += 7) {
        CHECK(run_with(1, octets, FAKE_NEVER, sizeof d.output));
        CHECK_NUMBER(d.mails[0].result.outcome, POSTINO_NOT_TRIED);
        CHECK_NUMBER(d.fake.said_length, 0);
    }
}

int main(void)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    static const struct postino_openssl_options options = {.host = "fake.test", .unverified = true};
    for (size_t i = 0; i < 2; i++) {
        if (!postino_openssl_init(&tls, &peer.transport, &options))
            abort();
        context = new_server();
        SSL_CTX_set_max_proto_version(context, versions[i]);
        printf("# TLS 1.%zu\n", i + 2);
        RUN(one_mail_is_uncertain_behind_one_octet);
        RUN(each_of_several_mails_has_its_own_truth);
        RUN(a_dot_that_left_in_an_earlier_record_has_left);
        RUN(a_handshake_that_is_lost_sends_nothing);
        SSL_free(peer.server);
        peer.server = NULL;
        SSL_CTX_free(context);
        postino_openssl_free(&tls);
    }
    return CHECK_EXIT();
}
