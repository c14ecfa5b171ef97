/* TLS by BearSSL between a delivery and the transport below. Its engine is a state machine over two buffers; here it is
 * run on as far as the transport below goes. */
#include <postino/bearssl.h>

#include <string.h>

static struct postino_bearssl *tls_of(struct postino_transport *transport)
{
    return (struct postino_bearssl *)transport;
}

static br_ssl_engine_context *engine_of(struct postino_bearssl *tls)
{
    return &tls->client.eng;
}

/* ---- Running the engine ---- */

/* Moves records to the transport below. Returns 1 where some moved, 0, or POSTINO_TRANSPORT_LOST. */
static int send_records(struct postino_bearssl *tls)
{
    size_t length;
    const unsigned char *octets = br_ssl_engine_sendrec_buf(engine_of(tls), &length);
    tls->transport.blocked = false;
    if (!octets)
        return 0;
    ptrdiff_t put = tls->below->write(tls->below, octets, length);
    if (put < 0)
        return POSTINO_TRANSPORT_LOST;
    if (put > 0)
        br_ssl_engine_sendrec_ack(engine_of(tls), (size_t)put);
    tls->transport.blocked = (size_t)put < length;
    return put > 0;
}

static int receive_records(struct postino_bearssl *tls)
{
    size_t size;
    unsigned char *room = br_ssl_engine_recvrec_buf(engine_of(tls), &size);
    if (!room)
        return 0;
    ptrdiff_t got = tls->below->read(tls->below, room, size);
    if (got < 0)
        return POSTINO_TRANSPORT_LOST;
    if (got > 0)
        br_ssl_engine_recvrec_ack(engine_of(tls), (size_t)got);
    return got > 0;
}

/* Runs until one of the states that are `wanted` is there, or nothing moves. Returns the state; BR_SSL_CLOSED where
 * the connection is at its end. */
static unsigned run(struct postino_bearssl *tls, unsigned wanted)
{
    int moved = 1;
    unsigned state = br_ssl_engine_current_state(engine_of(tls));
    while (moved > 0 && !(state & (wanted | BR_SSL_CLOSED))) {
        moved = send_records(tls);
        if (moved == 0)
            moved = receive_records(tls);
        state = moved < 0 ? BR_SSL_CLOSED : br_ssl_engine_current_state(engine_of(tls));
    }
    return state;
}

/* ---- The handshake ---- */

static void set_x509(struct postino_bearssl *tls)
{
    const br_x509_pkey *key = tls->options->key;
    enum {
        USAGES = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN,
        SECONDS_OF_DAY = 86400,
        DAYS_TO_1970 = 719528
    };
    if (key) {
        if (key->key_type == BR_KEYTYPE_RSA)
            br_x509_knownkey_init_rsa(&tls->x509.key, &key->key.rsa, USAGES);
        else
            br_x509_knownkey_init_ec(&tls->x509.key, &key->key.ec, USAGES);
        br_ssl_engine_set_x509(engine_of(tls), &tls->x509.key.vtable);
        return;
    }
    uint64_t now = tls->options->now ? tls->options->now() : 0;
    uint32_t days = (uint32_t)(now / SECONDS_OF_DAY) + DAYS_TO_1970, seconds = (uint32_t)(now % SECONDS_OF_DAY);
    if (now && tls->options->no_clock)
        br_ssl_engine_set_x509(engine_of(tls),
                               tls->options->no_clock->begin(tls->options->dateless, &tls->x509.chain, days, seconds));
    else if (now)
        br_x509_minimal_set_time(&tls->x509.chain, days, seconds);
}

static bool begin(struct postino_bearssl *tls)
{
    const struct postino_bearssl_options *o = tls->options;
    unsigned char seed[32];
    tls->error = BR_ERR_NO_RANDOM;
    if (!o->random || !o->random(seed, sizeof seed))
        return false;
    (o->profile ? o->profile : br_ssl_client_init_full)(&tls->client, &tls->x509.chain, o->anchors, o->anchor_count);
    br_ssl_engine_set_versions(engine_of(tls), BR_TLS12, BR_TLS12);
    br_ssl_engine_add_flags(engine_of(tls), BR_OPT_NO_RENEGOTIATION);
    br_ssl_engine_set_buffers_bidi(engine_of(tls), o->in, o->in_size, o->out, o->out_size);
    tls->error = br_ssl_engine_last_error(engine_of(tls));
    if (tls->error != BR_ERR_OK) /* they are too small */
        return false;
    br_ssl_engine_inject_entropy(engine_of(tls), seed, sizeof seed);
    postino_wipe(seed, sizeof seed);
    set_x509(tls);
    if (o->resume && tls->kept)
        br_ssl_engine_set_session_parameters(engine_of(tls), &tls->session);
    tls->begun = br_ssl_client_reset(&tls->client, o->host, o->resume && tls->kept);
    tls->error = br_ssl_engine_last_error(engine_of(tls));
    return tls->begun;
}

/* Of what BearSSL says, what tells that the server is not who it should be. */
static bool is_distrust(const struct postino_bearssl *tls)
{
    return (tls->error > BR_ERR_X509_OK && tls->error <= BR_ERR_X509_NOT_TRUSTED) ||
           (tls->error == BR_ERR_BAD_SIGNATURE && tls->options->key);
}

static int fail(struct postino_bearssl *tls)
{
    tls->transport.why = is_distrust(tls) ? POSTINO_REASON_CERTIFICATE : POSTINO_REASON_HANDSHAKE;
    tls->kept = false;
    return POSTINO_TRANSPORT_LOST;
}

/* Who resumes a session says its name again. */
static void keep_session(struct postino_bearssl *tls)
{
    br_ssl_session_parameters before = tls->session;
    br_ssl_engine_get_session_parameters(engine_of(tls), &tls->session);
    tls->resumed = tls->kept && before.session_id_len && before.session_id_len == tls->session.session_id_len &&
                   memcmp(before.session_id, tls->session.session_id, before.session_id_len) == 0;
    postino_wipe(&before, sizeof before);
    tls->kept = tls->options->resume;
    if (!tls->kept)
        postino_wipe(&tls->session, sizeof tls->session);
}

static int secure(struct postino_transport *transport)
{
    struct postino_bearssl *tls = tls_of(transport);
    if (!tls->begun && !begin(tls))
        return fail(tls);
    unsigned state = run(tls, BR_SSL_SENDAPP);
    if (state & BR_SSL_SENDAPP) {
        keep_session(tls);
        tls->stands = true;
        if (tls->below->secured)
            tls->below->secured(tls->below);
        return 1;
    }
    if (state & BR_SSL_CLOSED) {
        tls->error = br_ssl_engine_last_error(engine_of(tls));
        return fail(tls);
    }
    return 0;
}

/* ---- Octets ---- */

static ptrdiff_t read_some(struct postino_transport *transport, void *buffer, size_t size)
{
    struct postino_bearssl *tls = tls_of(transport);
    size_t length;
    if (!tls->stands)
        return tls->below->read(tls->below, buffer, size);
    unsigned state = run(tls, BR_SSL_RECVAPP);
    const unsigned char *octets = br_ssl_engine_recvapp_buf(engine_of(tls), &length);
    if (octets) {
        if (length > size)
            length = size;
        memcpy(buffer, octets, length);
        br_ssl_engine_recvapp_ack(engine_of(tls), length);
        return (ptrdiff_t)length;
    }
    tls->error = br_ssl_engine_last_error(engine_of(tls));
    return state & BR_SSL_CLOSED ? POSTINO_TRANSPORT_LOST : 0;
}

/* What is taken is a record at once, and counts as left, whether the transport below has taken it or not. */
static ptrdiff_t write_some(struct postino_transport *transport, const void *octets, size_t length)
{
    struct postino_bearssl *tls = tls_of(transport);
    size_t room;
    if (!tls->stands)
        return tls->below->write(tls->below, octets, length);
    while (send_records(tls) > 0)
        ;
    unsigned char *record = br_ssl_engine_sendapp_buf(engine_of(tls), &room);
    if (!record)
        return br_ssl_engine_current_state(engine_of(tls)) & BR_SSL_CLOSED ? POSTINO_TRANSPORT_LOST : 0;
    if (length > room)
        length = room;
    memcpy(record, octets, length);
    br_ssl_engine_sendapp_ack(engine_of(tls), length);
    br_ssl_engine_flush(engine_of(tls), 0);
    int moved = 1;
    while (moved > 0)
        moved = send_records(tls);
    return moved < 0 ? POSTINO_TRANSPORT_LOST : (ptrdiff_t)length;
}

/* close_notify goes; that of the server is not waited for. */
static void close_all(struct postino_transport *transport)
{
    struct postino_bearssl *tls = tls_of(transport);
    if (tls->stands && !(br_ssl_engine_current_state(engine_of(tls)) & BR_SSL_CLOSED)) {
        br_ssl_engine_close(engine_of(tls));
        while (send_records(tls) > 0)
            ;
    }
    postino_wipe(&tls->client, sizeof tls->client);
    tls->begun = tls->stands = transport->blocked = false;
    transport->why = 0;
    tls->below->close(tls->below);
}

static int connect_below(struct postino_transport *transport)
{
    struct postino_transport *below = tls_of(transport)->below;
    return below->connect(below);
}

static bool wait_below(struct postino_transport *transport, bool writing, uint64_t until_ms)
{
    struct postino_transport *below = tls_of(transport)->below;
    return below->wait(below, writing, until_ms);
}

static uint64_t now_ms(struct postino_transport *transport)
{
    struct postino_transport *below = tls_of(transport)->below;
    return below->now_ms(below);
}

static const char *name_of_end(struct postino_transport *transport)
{
    struct postino_transport *below = tls_of(transport)->below;
    return below->name(below);
}

void postino_bearssl_init(struct postino_bearssl *tls, struct postino_transport *below,
                          const struct postino_bearssl_options *options)
{
    memset(tls, 0, sizeof *tls);
    tls->transport.connect = connect_below;
    tls->transport.read = read_some;
    tls->transport.write = write_some;
    tls->transport.secure = secure;
    tls->transport.close = close_all;
    tls->transport.wait = wait_below;
    tls->transport.now_ms = now_ms;
    tls->transport.name = name_of_end;
    tls->below = below;
    tls->options = options;
}

const char *postino_bearssl_problem(int error)
{
    if (error >= BR_ERR_SEND_FATAL_ALERT)
        return "we could not go on, and told the server why";
    if (error >= BR_ERR_RECV_FATAL_ALERT)
        return "the server could not go on, and said so";
    switch (error) {
    case BR_ERR_OK:
        return "the connection ended";
    case BR_ERR_TOO_LARGE:
        return "a record of the server is larger than the buffer for it";
    case BR_ERR_BAD_PARAM:
        return "the buffers for TLS are too small";
    case BR_ERR_NO_RANDOM:
        return "there is no randomness";
    case BR_ERR_UNSUPPORTED_VERSION:
    case BR_ERR_BAD_VERSION:
        return "the server does not speak TLS 1.2";
    case BR_ERR_BAD_CIPHER_SUITE:
        return "the server has no cipher suite in common with us";
    case BR_ERR_X509_BAD_SERVER_NAME:
        return "the certificate is of another name";
    case BR_ERR_X509_EXPIRED:
        return "the certificate is not valid today";
    case BR_ERR_X509_TIME_UNKNOWN:
        return "what day it is is not known here";
    case BR_ERR_X509_NOT_TRUSTED:
        return "no trust anchor stands behind the certificate";
    case BR_ERR_BAD_SIGNATURE:
    case BR_ERR_X509_BAD_SIGNATURE:
        return "a signature is wrong: it is not the key that is expected";
    case BR_ERR_X509_WEAK_PUBLIC_KEY:
        return "the key of the certificate is too short";
    default:
        return error > BR_ERR_X509_OK ? "the certificate is broken, or not for this use" : "TLS went wrong";
    }
}
