/* NetX Secure's TLS client over OpenSSL: what goes over the wire goes through packets and the socket's services. */
#ifdef NX_SECURE_ENABLE

#include "nx_secure_tls_api.h"

#include "host.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stddef.h>
#include <string.h>

enum {
    FRONT = 5 + 16, /* of a record: its header, and the largest IV */
    SENT_MAX = 8    /* certificates of a server that the callback sees */
};

const NX_SECURE_TLS_CRYPTO nx_crypto_tls_ciphers_ecc = {1};
const USHORT nx_crypto_ecc_supported_groups[] = {0x0017}; /* secp256r1 (8422 5.1.1) */
const USHORT nx_crypto_ecc_supported_groups_size = 1;
const NX_CRYPTO_METHOD *nx_crypto_ecc_curves[] = {NX_NULL};

/* A service that does nothing but what stands in it: it is counted, and can be made to fail. */
static UINT pass(const char *service, UINT typical)
{
    UINT status = nxh_enter(service, NXH_ANYWHERE, typical);
    return status ? status : nxh_leave(NX_SUCCESS);
}

static bool valid(const NX_SECURE_TLS_SESSION *session)
{
    return session && session->nx_secure_tls_id == NX_SECURE_TLS_ID;
}

VOID nx_secure_tls_initialize(VOID)
{
}

UINT nx_secure_tls_ecc_initialize(NX_SECURE_TLS_SESSION *tls_session, const USHORT *supported_groups,
                                  USHORT supported_group_count, const NX_CRYPTO_METHOD **curves)
{
    if (!valid(tls_session) || !supported_groups || !supported_group_count || !curves)
        return NX_PTR_ERROR;
    tls_session->nx_secure_tls_host_groups = NX_TRUE;
    return NX_SUCCESS;
}

UINT nx_secure_tls_session_create(NX_SECURE_TLS_SESSION *session_ptr, const NX_SECURE_TLS_CRYPTO *cipher_table,
                                  VOID *metadata_area, ULONG metadata_size)
{
    (void)metadata_size;
    UINT status = pass("nx_secure_tls_session_create", NX_PTR_ERROR);
    if (status)
        return status;
    if (!session_ptr || !cipher_table || !metadata_area)
        return NX_PTR_ERROR;
    memset(session_ptr, 0, sizeof *session_ptr);
    session_ptr->nx_secure_tls_id = NX_SECURE_TLS_ID;
    return NX_SUCCESS;
}

UINT nx_secure_tls_session_delete(NX_SECURE_TLS_SESSION *tls_session)
{
    if (!valid(tls_session))
        return NX_PTR_ERROR;
    SSL_free(tls_session->nx_secure_tls_host_connection);
    SSL_CTX_free(tls_session->nx_secure_tls_host_context);
    memset(tls_session, 0, sizeof *tls_session);
    ERR_clear_error();
    return NX_SUCCESS;
}

UINT nx_secure_tls_session_packet_buffer_set(NX_SECURE_TLS_SESSION *session_ptr, UCHAR *buffer_ptr, ULONG buffer_size)
{
    return valid(session_ptr) && buffer_ptr && buffer_size ? NX_SUCCESS : NX_PTR_ERROR;
}

UINT nx_secure_tls_session_time_function_set(NX_SECURE_TLS_SESSION *tls_session, ULONG (*time_func_ptr)(VOID))
{
    if (!valid(tls_session))
        return NX_PTR_ERROR;
    tls_session->nx_secure_tls_host_time = time_func_ptr;
    return NX_SUCCESS;
}

UINT nx_secure_tls_session_certificate_callback_set(NX_SECURE_TLS_SESSION *tls_session,
                                                    ULONG (*func_ptr)(NX_SECURE_TLS_SESSION *session,
                                                                      NX_SECURE_X509_CERT *certificate))
{
    UINT status = pass("nx_secure_tls_session_certificate_callback_set", NX_PTR_ERROR);
    if (status)
        return status;
    if (!valid(tls_session))
        return NX_PTR_ERROR;
    tls_session->nx_secure_tls_host_check = func_ptr;
    return NX_SUCCESS;
}

UINT nx_secure_tls_session_sni_extension_set(NX_SECURE_TLS_SESSION *tls_session, NX_SECURE_X509_DNS_NAME *dns_name)
{
    UINT status = pass("nx_secure_tls_session_sni_extension_set", NX_PTR_ERROR);
    if (status)
        return status;
    if (!valid(tls_session) || !dns_name)
        return NX_PTR_ERROR;
    tls_session->nx_secure_tls_host_server_name = dns_name;
    return NX_SUCCESS;
}

UINT nx_secure_tls_trusted_certificate_add(NX_SECURE_TLS_SESSION *tls_session, NX_SECURE_X509_CERT *certificate)
{
    if (!valid(tls_session) || !certificate)
        return NX_PTR_ERROR;
    NX_SECURE_X509_CERTIFICATE_STORE *store = &tls_session->nx_secure_tls_credentials.nx_secure_tls_certificate_store;
    certificate->nx_secure_x509_next_certificate = store->nx_secure_x509_trusted_certificates;
    store->nx_secure_x509_trusted_certificates = certificate;
    return NX_SUCCESS;
}

UINT nx_secure_tls_remote_certificate_allocate(NX_SECURE_TLS_SESSION *tls_session, NX_SECURE_X509_CERT *certificate,
                                               UCHAR *raw_certificate_buffer, UINT buffer_size)
{
    return valid(tls_session) && certificate && raw_certificate_buffer && buffer_size ? NX_SUCCESS : NX_PTR_ERROR;
}

UINT nx_secure_x509_certificate_initialize(NX_SECURE_X509_CERT *certificate, UCHAR *certificate_data, USHORT length,
                                           UCHAR *raw_data_buffer, USHORT buffer_size, const UCHAR *private_key,
                                           USHORT priv_len, UINT private_key_type)
{
    (void)raw_data_buffer;
    (void)buffer_size;
    (void)private_key;
    (void)priv_len;
    (void)private_key_type;
    const UCHAR *at = certificate_data;
    X509 *parsed = at ? d2i_X509(NULL, &at, length) : NULL;
    ERR_clear_error();
    if (!certificate || !parsed)
        return NX_SECURE_X509_INVALID_CERTIFICATE;
    X509_free(parsed);
    memset(certificate, 0, sizeof *certificate);
    certificate->nx_secure_x509_host_der = certificate_data;
    certificate->nx_secure_x509_host_length = length;
    return NX_SUCCESS;
}

UINT nx_secure_x509_dns_name_initialize(NX_SECURE_X509_DNS_NAME *dns_name, const UCHAR *name_string, USHORT length)
{
    UINT status = pass("nx_secure_x509_dns_name_initialize", NX_SECURE_X509_NAME_STRING_TOO_LONG);
    if (status)
        return status;
    if (!dns_name || !name_string)
        return NX_PTR_ERROR;
    if (length > NX_SECURE_X509_DNS_NAME_MAX)
        return NX_SECURE_X509_NAME_STRING_TOO_LONG;
    memcpy(dns_name->nx_secure_x509_dns_name, name_string, length);
    dns_name->nx_secure_x509_dns_name_length = length;
    return NX_SUCCESS;
}

UINT nx_secure_x509_extension_find(NX_SECURE_X509_CERT *certificate, NX_SECURE_X509_EXTENSION *extension,
                                   USHORT extension_id)
{
    X509 *parsed = certificate->nx_secure_x509_host_certificate;
    int nid = extension_id == NX_SECURE_TLS_X509_TYPE_SUBJECT_ALT_NAME    ? NID_subject_alt_name
              : extension_id == NX_SECURE_TLS_X509_TYPE_BASIC_CONSTRAINTS ? NID_basic_constraints
                                                                          : NID_undef;
    int at = X509_get_ext_by_NID(parsed, nid, -1);
    if (at < 0)
        return NX_SECURE_X509_EXTENSION_NOT_FOUND;
    const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(X509_get_ext(parsed, at));
    extension->nx_secure_x509_extension_id = extension_id;
    extension->nx_secure_x509_extension_data = ASN1_STRING_get0_data(data);
    extension->nx_secure_x509_extension_data_length = (ULONG)ASN1_STRING_length(data);
    return NX_SUCCESS;
}

UINT nx_secure_x509_extended_key_usage_extension_parse(NX_SECURE_X509_CERT *certificate, UINT key_usage)
{
    X509 *parsed = certificate->nx_secure_x509_host_certificate;
    if (X509_get_ext_by_NID(parsed, NID_ext_key_usage, -1) < 0)
        return NX_SECURE_X509_EXTENSION_NOT_FOUND;
    bool found = key_usage == NX_SECURE_TLS_X509_TYPE_PKIX_KP_SERVER_AUTH &&
                 X509_get_extended_key_usage(parsed) & XKU_SSL_SERVER;
    return found ? NX_SUCCESS : NX_SECURE_X509_EXT_KEY_USAGE_NOT_FOUND;
}

/* As NetX Secure, it does not ask what a certificate is for. */
static int take(int right, X509_STORE_CTX *store)
{
    int error = X509_STORE_CTX_get_error(store);
    return right || error == X509_V_ERR_INVALID_CA || error == X509_V_ERR_INVALID_PURPOSE;
}

/* The application's own check of what the server sent. */
static UINT check(NX_SECURE_TLS_SESSION *session, X509_STORE_CTX *store)
{
    NX_SECURE_X509_CERT sent[SENT_MAX] = {{0}};
    const STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(store);
    int count = sk_X509_num(chain);
    if (!session->nx_secure_tls_host_check)
        return NX_SUCCESS;
    if (count < 1 || count > SENT_MAX)
        return NX_SECURE_X509_INVALID_CERTIFICATE;
    for (int i = 0; i < count; i++) {
        sent[i].nx_secure_x509_host_certificate = sk_X509_value(chain, i);
        sent[i].nx_secure_x509_next_certificate = i + 1 < count ? &sent[i + 1] : NX_NULL;
    }
    session->nx_secure_tls_credentials.nx_secure_tls_certificate_store.nx_secure_x509_remote_certificates = sent;
    UINT status = (UINT)session->nx_secure_tls_host_check(session, sent);
    session->nx_secure_tls_credentials.nx_secure_tls_certificate_store.nx_secure_x509_remote_certificates = NX_NULL;
    return status;
}

/* The chain first. */
static int verify(X509_STORE_CTX *store, void *argument)
{
    NX_SECURE_TLS_SESSION *session = argument;
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(store);
    ULONG now = session->nx_secure_tls_host_time ? session->nx_secure_tls_host_time() : 0;
    if (now)
        X509_VERIFY_PARAM_set_time(parameters, now);
    else
        X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME);
    X509_STORE_CTX_set_verify_cb(store, take);
    if (X509_verify_cert(store) != 1) {
        int error = X509_STORE_CTX_get_error(store);
        session->nx_secure_tls_host_status = error == X509_V_ERR_CERT_HAS_EXPIRED ? NX_SECURE_X509_CERTIFICATE_EXPIRED
                                             : error == X509_V_ERR_CERT_NOT_YET_VALID
                                                 ? NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID
                                                 : NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND;
        return 0;
    }
    session->nx_secure_tls_host_status = check(session, store);
    return session->nx_secure_tls_host_status == NX_SUCCESS;
}

static bool trust(NX_SECURE_TLS_SESSION *session)
{
    X509_STORE *store = SSL_CTX_get_cert_store(session->nx_secure_tls_host_context);
    const NX_SECURE_X509_CERT *at =
        session->nx_secure_tls_credentials.nx_secure_tls_certificate_store.nx_secure_x509_trusted_certificates;
    for (; at; at = at->nx_secure_x509_next_certificate) {
        const UCHAR *der = at->nx_secure_x509_host_der;
        X509 *parsed = d2i_X509(NULL, &der, (long)at->nx_secure_x509_host_length);
        bool added = parsed && X509_STORE_add_cert(store, parsed) == 1;
        X509_free(parsed);
        if (!added)
            return false;
    }
    return true;
}

static bool begin(NX_SECURE_TLS_SESSION *session)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    session->nx_secure_tls_host_context = context;
    if (!context || !trust(session))
        return false;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify, session);
    SSL *connection = SSL_new(context);
    session->nx_secure_tls_host_connection = connection;
    if (!connection)
        return false;
    SSL_set_bio(connection, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(connection);
    const NX_SECURE_X509_DNS_NAME *name = session->nx_secure_tls_host_server_name;
    char text[NX_SECURE_X509_DNS_NAME_MAX + 1] = "";
    if (name)
        memcpy(text, name->nx_secure_x509_dns_name, name->nx_secure_x509_dns_name_length);
    return !name || SSL_set_tlsext_host_name(connection, text) == 1;
}

static NX_PACKET_POOL *pool_of(const NX_SECURE_TLS_SESSION *session)
{
    return session->nx_secure_tls_host_socket->nx_tcp_socket_ip_ptr->nx_ip_default_packet_pool;
}

/* Sends what OpenSSL has written, in packets of our own. */
static UINT flush(NX_SECURE_TLS_SESSION *session, ULONG wait)
{
    BIO *out = SSL_get_wbio(session->nx_secure_tls_host_connection);
    UCHAR octets[512];
    for (int length; (length = BIO_read(out, octets, sizeof octets)) > 0;) {
        NX_PACKET *packet;
        UINT status = nx_packet_allocate(pool_of(session), &packet, NX_TCP_PACKET, wait);
        if (status)
            return status;
        status = nx_packet_data_append(packet, octets, (ULONG)length, pool_of(session), wait);
        if (!status)
            status = nx_tcp_socket_send(session->nx_secure_tls_host_socket, packet, wait);
        if (status) {
            nx_packet_release(packet);
            return status;
        }
    }
    return NX_SUCCESS;
}

/* Hands to OpenSSL what has come. */
static UINT feed(NX_SECURE_TLS_SESSION *session, ULONG wait)
{
    BIO *in = SSL_get_rbio(session->nx_secure_tls_host_connection);
    NX_PACKET *packet;
    UINT status = nx_tcp_socket_receive(session->nx_secure_tls_host_socket, &packet, wait);
    if (status)
        return status;
    for (const NX_PACKET *part = packet; part; part = nxh_packet_next(part))
        BIO_write(in, part->nx_packet_prepend_ptr, (int)(part->nx_packet_append_ptr - part->nx_packet_prepend_ptr));
    nx_packet_release(packet);
    return NX_SUCCESS;
}

UINT nx_secure_tls_session_start(NX_SECURE_TLS_SESSION *tls_session, NX_TCP_SOCKET *tcp_socket, UINT wait_option)
{
    UINT status = pass("nx_secure_tls_session_start", NX_SECURE_TLS_HANDSHAKE_FAILURE);
    if (status)
        return status;
    if (!valid(tls_session) || !tcp_socket)
        return NX_SECURE_TLS_SESSION_UNINITIALIZED;
    tls_session->nx_secure_tls_host_socket = tcp_socket;
    /* NetX Secure names no groups then, and servers that want ECDHE find nothing that both have. */
    if (!tls_session->nx_secure_tls_host_groups || !begin(tls_session))
        return NX_SECURE_TLS_HANDSHAKE_FAILURE;
    for (;;) {
        ERR_clear_error();
        int done = SSL_do_handshake(tls_session->nx_secure_tls_host_connection);
        int error = SSL_get_error(tls_session->nx_secure_tls_host_connection, done);
        status = flush(tls_session, wait_option);
        if (done == 1 && !status) {
            tls_session->nx_secure_tls_host_stands = NX_TRUE;
            return NX_SUCCESS;
        }
        if (error != SSL_ERROR_WANT_READ)
            return tls_session->nx_secure_tls_host_status ? tls_session->nx_secure_tls_host_status
                                                          : NX_SECURE_TLS_HANDSHAKE_FAILURE;
        if (!status)
            status = feed(tls_session, wait_option);
        if (status)
            return status;
    }
}

UINT nx_secure_tls_session_end(NX_SECURE_TLS_SESSION *tls_session, UINT wait_option)
{
    if (!valid(tls_session) || !tls_session->nx_secure_tls_host_stands)
        return NX_SECURE_TLS_SESSION_UNINITIALIZED;
    tls_session->nx_secure_tls_host_stands = NX_FALSE;
    SSL_shutdown(tls_session->nx_secure_tls_host_connection);
    return flush(tls_session, wait_option);
}

UINT nx_secure_tls_packet_allocate(NX_SECURE_TLS_SESSION *tls_session, NX_PACKET_POOL *pool_ptr, NX_PACKET **packet_ptr,
                                   ULONG wait_option)
{
    UINT status = valid(tls_session) ? nx_packet_allocate(pool_ptr, packet_ptr, NX_TCP_PACKET, wait_option)
                                     : NX_SECURE_TLS_SESSION_UNINITIALIZED;
    if (status)
        return status;
    NX_PACKET *packet = *packet_ptr;
    if (packet->nx_packet_data_end - packet->nx_packet_prepend_ptr < FRONT + 2) {
        nx_packet_release(packet);
        return NX_SECURE_TLS_PACKET_BUFFER_TOO_SMALL;
    }
    packet->nx_packet_prepend_ptr += FRONT;
    packet->nx_packet_append_ptr = packet->nx_packet_prepend_ptr;
    return NX_SUCCESS;
}

/* The record stands in the place of what it holds. */
UINT nx_secure_tls_session_send(NX_SECURE_TLS_SESSION *tls_session, NX_PACKET *packet_ptr, ULONG wait_option)
{
    UINT status = pass("nx_secure_tls_session_send", NX_NOT_CONNECTED);
    if (status)
        return status;
    if (!valid(tls_session) || !tls_session->nx_secure_tls_host_stands)
        return NX_SECURE_TLS_SESSION_UNINITIALIZED;
    SSL *connection = tls_session->nx_secure_tls_host_connection;
    if (SSL_write(connection, packet_ptr->nx_packet_prepend_ptr, (int)packet_ptr->nx_packet_length) <= 0)
        return NX_SECURE_TLS_INVALID_PACKET;
    UCHAR *at = packet_ptr->nx_packet_prepend_ptr - FRONT;
    int length = BIO_read(SSL_get_wbio(connection), at, (int)(packet_ptr->nx_packet_data_end - at));
    if (length <= 0 || BIO_pending(SSL_get_wbio(connection)))
        return NX_SECURE_TLS_PACKET_BUFFER_TOO_SMALL;
    packet_ptr->nx_packet_prepend_ptr = at;
    packet_ptr->nx_packet_append_ptr = at + length;
    packet_ptr->nx_packet_length = (ULONG)length;
    return nx_tcp_socket_send(tls_session->nx_secure_tls_host_socket, packet_ptr, wait_option);
}

UINT nx_secure_tls_session_receive(NX_SECURE_TLS_SESSION *tls_session, NX_PACKET **packet_ptr_ptr, ULONG wait_option)
{
    if (!valid(tls_session) || !tls_session->nx_secure_tls_host_stands)
        return NX_SECURE_TLS_SESSION_UNINITIALIZED;
    SSL *connection = tls_session->nx_secure_tls_host_connection;
    for (;;) {
        UCHAR octets[1024];
        ERR_clear_error();
        int got = SSL_read(connection, octets, sizeof octets);
        int error = SSL_get_error(connection, got);
        if (got > 0) {
            UINT status = nx_packet_allocate(pool_of(tls_session), packet_ptr_ptr, NX_RECEIVE_PACKET, wait_option);
            if (status)
                return status;
            status = nx_packet_data_append(*packet_ptr_ptr, octets, (ULONG)got, pool_of(tls_session), wait_option);
            if (status)
                nx_packet_release(*packet_ptr_ptr);
            return status;
        }
        if (error == SSL_ERROR_ZERO_RETURN)
            return NX_SECURE_TLS_CLOSE_NOTIFY_RECEIVED;
        if (error != SSL_ERROR_WANT_READ)
            return NX_SECURE_TLS_ALERT_RECEIVED;
        UINT status = feed(tls_session, wait_option);
        if (status)
            return status;
    }
}

static UINT hmac_md5(UINT op, VOID *handler, NX_CRYPTO_METHOD *method, UCHAR *key, NX_CRYPTO_KEY_SIZE key_size_in_bits,
                     UCHAR *input, ULONG input_length_in_byte, UCHAR *iv_ptr, UCHAR *output,
                     ULONG output_length_in_byte, VOID *crypto_metadata, ULONG crypto_metadata_size, VOID *packet_ptr,
                     VOID (*nx_crypto_hw_process_callback)(VOID *packet_ptr, UINT status))
{
    UCHAR digest[EVP_MAX_MD_SIZE];
    unsigned length;
    (void)handler;
    (void)method;
    (void)iv_ptr;
    (void)crypto_metadata;
    (void)crypto_metadata_size;
    (void)packet_ptr;
    (void)nx_crypto_hw_process_callback;
    if (op != NX_CRYPTO_AUTHENTICATE ||
        !HMAC(EVP_md5(), key, key_size_in_bits / 8, input, input_length_in_byte, digest, &length))
        return NX_NOT_SUCCESSFUL;
    memcpy(output, digest, output_length_in_byte < length ? output_length_in_byte : length);
    return NX_CRYPTO_SUCCESS;
}

NX_CRYPTO_METHOD crypto_method_hmac_md5 = {1, 232, NX_NULL, NX_NULL, hmac_md5};

#else
typedef int postino_host_without_secure; /* an empty file is no C */
#endif
