/* TLS by NetX Secure: from the start of a connection (8314 3.3), or behind STARTTLS (3207). */
#include "nx_smtp_internal.h"

#ifdef NX_SECURE_ENABLE

enum {
    OVERHEAD =
        64, /* octets behind a record's: padding and code of the largest suite, and the content type of TLS 1.3 */
    DNS_NAME = 0x82,
    IP_ADDRESS = 0x87,
    SEQUENCE = 0x30
};

static NX_SMTP_TLS *tls_of(NX_SMTP_CLIENT *client)
{
    return client->nx_smtp_client_tls;
}

static NX_SECURE_TLS_SESSION *session_over(NX_TCP_SOCKET *socket)
{
    CHAR *client = (CHAR *)socket - offsetof(NX_SMTP_CLIENT, nx_smtp_client_socket);
    return &tls_of((NX_SMTP_CLIENT *)(VOID *)client)->nx_smtp_tls_session;
}

/* Of a connection that the peer has ended, it says that there was never a session. */
static UINT allocate(NX_SMTP_CLIENT *client, NX_PACKET **packet)
{
    UINT status =
        nx_secure_tls_packet_allocate(&tls_of(client)->nx_smtp_tls_session, client->nx_smtp_client_packet_pool_ptr,
                                      packet, NX_SMTP_CLIENT_PACKET_TIMEOUT);
    return status == NX_SECURE_TLS_SESSION_UNINITIALIZED ? NX_NOT_CONNECTED : status;
}

static UINT receive(NX_TCP_SOCKET *socket, NX_PACKET **packet, ULONG wait)
{
    return nx_secure_tls_session_receive(session_over(socket), packet, wait);
}

/* A record that did not leave is of no use: its number is taken. So it has all of its time at once. */
static UINT send_record(NX_TCP_SOCKET *socket, NX_PACKET *packet, ULONG wait)
{
    (void)wait;
    UINT status = nx_secure_tls_session_send(session_over(socket), packet, NX_SMTP_CLIENT_SEND_TIMEOUT);
    if (status == NX_WINDOW_OVERFLOW || status == NX_TX_QUEUE_DEPTH)
        return NX_SMTP_TRANSMIT_ERROR;
    return status ? NX_NOT_CONNECTED : NX_SUCCESS;
}

static void close_session(NX_SMTP_CLIENT *client);

static const struct postino_nx_layer clear = {postino_nx_allocate, postino_nx_receive, postino_nx_send, close_session,
                                              0};
static const struct postino_nx_layer secured = {allocate, receive, send_record, close_session, OVERHEAD};

/* Whatever became of its setup or its handshake: the end of a session says close_notify only behind a whole handshake,
 * and releases what was received, which its deletion does not. */
static void close_session(NX_SMTP_CLIENT *client)
{
    NX_SECURE_TLS_SESSION *session = &tls_of(client)->nx_smtp_tls_session;
    if (session->nx_secure_tls_id == NX_SECURE_TLS_ID) {
        nx_secure_tls_session_end(session, NX_SMTP_CLIENT_PACKET_TIMEOUT);
        nx_secure_tls_session_delete(session);
    }
    client->nx_smtp_client_layer = &clear;
    postino_nx_close(client);
}

static UCHAR lower(UCHAR octet)
{
    return octet >= 'A' && octet <= 'Z' ? (UCHAR)(octet + 'a' - 'A') : octet;
}

static bool same(const UCHAR *one, const UCHAR *other, ULONG length)
{
    for (; length; length--)
        if (lower(*one++) != lower(*other++))
            return false;
    return true;
}

/* 9525 6.3: a wildcard is a whole first label, and two more stand behind it. A trailing dot is no part of a name. */
static bool is_host(const CHAR *host, const UCHAR *name, ULONG length)
{
    ULONG host_length = (ULONG)strlen(host);
    const UCHAR *at = (const UCHAR *)host;
    if (host_length && at[host_length - 1] == '.')
        host_length--;
    if (length > 2 && name[0] == '*' && name[1] == '.' && memchr(name + 2, '.', length - 2)) {
        const UCHAR *dot = memchr(at, '.', host_length);
        if (!dot || dot == at)
            return false;
        host_length -= (ULONG)(dot - at);
        at = dot;
        name++;
        length--;
    }
    return length == host_length && same(at, name, length);
}

/* In the order of the network. */
static bool is_address(const NXD_ADDRESS *address, const UCHAR *octets, ULONG length)
{
    ULONG words[4] = {0};
    ULONG count = 1;
#ifndef NX_DISABLE_IPV4
    words[0] = address->nxd_ip_address.v4;
#endif
#ifdef FEATURE_NX_IPV6
    if (address->nxd_ip_version == NX_IP_VERSION_V6) {
        count = 4;
        for (ULONG i = 0; i < count; i++)
            words[i] = address->nxd_ip_address.v6[i];
    }
#endif
    if (length != 4 * count)
        return false;
    for (ULONG i = 0; i < length; i++)
        if (octets[i] != (UCHAR)(words[i / 4] >> (24 - 8 * (i % 4))))
            return false;
    return true;
}

#define BROKEN 0xFFFFFFFFUL /* longer than anything */

/* Length of a DER value, with `*at` moved to it. */
static ULONG value_length(const UCHAR **at, const UCHAR *end)
{
    if (*at == end)
        return BROKEN;
    ULONG length = *(*at)++;
    if (length < 0x80)
        return length;
    ULONG octets = length & 0x7F;
    if (octets == 0 || octets > 2 || (ULONG)(end - *at) < octets)
        return BROKEN;
    for (length = 0; octets; octets--)
        length = length << 8 | *(*at)++;
    return length;
}

/* The subjectAltName (5280 4.2.1.6): names only there, never in the subject (9525 6.4.4). */
static bool is_named(const NX_SMTP_CLIENT *client, const CHAR *host, const NX_SECURE_X509_EXTENSION *names)
{
    const UCHAR *at = names->nx_secure_x509_extension_data;
    const UCHAR *end = at + names->nx_secure_x509_extension_data_length;
    if (at == end || *at++ != SEQUENCE || value_length(&at, end) > (ULONG)(end - at))
        return false;
    while (at < end) {
        UCHAR tag = *at++;
        ULONG length = value_length(&at, end);
        if (length > (ULONG)(end - at))
            return false;
        if (host ? tag == DNS_NAME && is_host(host, at, length)
                 : tag == IP_ADDRESS && is_address(&client->nx_smtp_server_address, at, length))
            return true;
        at += length;
    }
    return false;
}

/* basicConstraints (5280 4.2.1.9), in DER. */
static bool is_authority(NX_SECURE_X509_CERT *certificate)
{
    static const UCHAR true_octets[] = {1, 1, 0xFF};
    NX_SECURE_X509_EXTENSION constraints;
    return !nx_secure_x509_extension_find(certificate, &constraints, NX_SECURE_TLS_X509_TYPE_BASIC_CONSTRAINTS) &&
           constraints.nx_secure_x509_extension_data_length >= 2 + sizeof true_octets &&
           constraints.nx_secure_x509_extension_data[0] == SEQUENCE &&
           !memcmp(constraints.nx_secure_x509_extension_data + 2, true_octets, sizeof true_octets);
}

/* What NetX Secure does not ask: is each certificate behind the server's own that of an authority (5246 7.4.2), and is
 * the server's one for servers (5280 4.2.1.12)? */
static UINT check_use(const NX_SECURE_TLS_SESSION *session, NX_SECURE_X509_CERT *certificate)
{
    NX_SECURE_X509_CERT *sent =
        session->nx_secure_tls_credentials.nx_secure_tls_certificate_store.nx_secure_x509_remote_certificates;
    for (; sent; sent = sent->nx_secure_x509_next_certificate)
        if (sent != certificate && !is_authority(sent))
            return NX_SECURE_X509_KEY_USAGE_ERROR;
    UINT status =
        nx_secure_x509_extended_key_usage_extension_parse(certificate, NX_SECURE_TLS_X509_TYPE_PKIX_KP_SERVER_AUTH);
    return status == NX_SECURE_X509_EXTENSION_NOT_FOUND ? NX_SUCCESS : status;
}

static ULONG check_certificate(NX_SECURE_TLS_SESSION *session, NX_SECURE_X509_CERT *certificate)
{
    const NX_SMTP_TLS *tls = (const NX_SMTP_TLS *)session; /* where it stands first */
    NX_SECURE_X509_EXTENSION names;
    UINT status = check_use(session, certificate);
    if (status)
        return status;
    status = nx_secure_x509_extension_find(certificate, &names, NX_SECURE_TLS_X509_TYPE_SUBJECT_ALT_NAME);
    return !status && is_named(tls->nx_smtp_tls_client, tls->nx_smtp_tls_server_name, &names)
               ? NX_SUCCESS
               : NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH;
}

static UINT name_server(NX_SMTP_TLS *tls)
{
    const CHAR *name = tls->nx_smtp_tls_server_name;
    size_t length = name ? strlen(name) : 0;
    if (length && name[length - 1] == '.') /* 6066 3 */
        length--;
    if (!length)
        return NX_SUCCESS;
    UINT status = nx_secure_x509_dns_name_initialize(&tls->nx_smtp_tls_sni, (const UCHAR *)name, (USHORT)length);
    return status ? status : nx_secure_tls_session_sni_extension_set(&tls->nx_smtp_tls_session, &tls->nx_smtp_tls_sni);
}

static UINT secure(NX_SMTP_CLIENT *client)
{
    NX_SMTP_TLS *tls = tls_of(client);
    UINT status = tls->nx_smtp_tls_setup(client, &tls->nx_smtp_tls_session);
    if (status)
        return status;
    status = nx_secure_tls_session_certificate_callback_set(&tls->nx_smtp_tls_session, check_certificate);
    if (!status)
        status = name_server(tls);
    if (!status)
        status = nx_secure_tls_session_start(&tls->nx_smtp_tls_session, &client->nx_smtp_client_socket,
                                             NX_SMTP_CLIENT_TLS_TIMEOUT);
    return status;
}

/* Where STARTTLS is refused, the session knows why; where it is not offered, we say so. */
static void begin(NX_SMTP_CLIENT *client, VOID *argument)
{
    struct postino_nx_dialogue *dialogue = argument;
    struct postino_session *s = postino_nx_session(client);
    if (client->nx_smtp_client_sasl)
        client->nx_smtp_client_sasl(client, dialogue);
    if (tls_of(client)->nx_smtp_tls_mode == NX_SMTP_TLS_STARTTLS) {
        dialogue->config.opening[0] = &postino_starttls_required;
        postino_nx_converse(client);
        if (postino_session_need(s) != POSTINO_NEED_TLS) {
            if (s->error.reason == POSTINO_REASON_NO_TLS)
                client->nx_smtp_client_mail_status = NX_SMTP_TLS_NOT_OFFERED;
            else if (s->error.reason == POSTINO_REASON_INJECTION)
                client->nx_smtp_client_mail_status = NX_SMTP_INVALID_SERVER_REPLY;
            return;
        }
    }
    UINT status = secure(client);
    if (status) {
        client->nx_smtp_client_mail_status = status;
        postino_session_lost(s, POSTINO_REASON_HANDSHAKE, 0);
        return;
    }
    client->nx_smtp_client_layer = &secured;
    postino_session_secured(s);
}

UINT nx_smtp_client_tls_set(NX_SMTP_CLIENT *client_ptr, NX_SMTP_TLS *tls_ptr, UINT mode, CHAR *server_name,
                            UINT (*tls_setup)(NX_SMTP_CLIENT *client_ptr, NX_SECURE_TLS_SESSION *session_ptr))
{
    if (!client_ptr || !tls_ptr || !tls_setup || client_ptr->nx_smtp_client_id != NX_SMTP_CLIENT_ID)
        return NX_PTR_ERROR;
    if ((mode != NX_SMTP_TLS_STARTTLS && mode != NX_SMTP_TLS_IMPLICIT) ||
        (server_name && (!*server_name || !postino_nx_sound(server_name, true))))
        return NX_SMTP_INVALID_PARAM;
    if (client_ptr->nx_smtp_client_tls)
        return NX_ALREADY_ENABLED;
    memset(tls_ptr, 0, sizeof *tls_ptr);
    tls_ptr->nx_smtp_tls_client = client_ptr;
    tls_ptr->nx_smtp_tls_mode = mode;
    tls_ptr->nx_smtp_tls_server_name = server_name;
    tls_ptr->nx_smtp_tls_setup = tls_setup;
    client_ptr->nx_smtp_client_tls = tls_ptr;
    client_ptr->nx_smtp_client_layer = &clear;
    client_ptr->nx_smtp_client_begin = begin;
    return NX_SUCCESS;
}

#endif
