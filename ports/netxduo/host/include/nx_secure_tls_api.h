/*
 * NetX Secure's TLS client for this host layer: the part that add-ons use, over OpenSSL. What an application hands over
 * in cipher tables, metadata and buffers is taken and not used; certificates, names and clocks are.
 */
#ifndef NX_SECURE_TLS_API_H
#define NX_SECURE_TLS_API_H

#include "nx_api.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NX_SECURE_TLS_ID ((ULONG)0x544C5320)

#define NX_SECURE_TLS_SUCCESS                      0x00
#define NX_SECURE_TLS_INVALID_PACKET               0x104
#define NX_SECURE_TLS_HANDSHAKE_FAILURE            0x107
#define NX_SECURE_TLS_ALERT_RECEIVED               0x114
#define NX_SECURE_TLS_ISSUER_CERTIFICATE_NOT_FOUND 0x11B
#define NX_SECURE_TLS_SESSION_UNINITIALIZED        0x101
#define NX_SECURE_TLS_CLOSE_NOTIFY_RECEIVED        0x127
#define NX_SECURE_TLS_PACKET_BUFFER_TOO_SMALL      0x135
#define NX_SECURE_X509_CERTIFICATE_EXPIRED         0x193
#define NX_SECURE_X509_CERTIFICATE_NOT_YET_VALID   0x194
#define NX_SECURE_X509_CERTIFICATE_DNS_MISMATCH    0x195
#define NX_SECURE_X509_EXTENSION_NOT_FOUND         0x19B
#define NX_SECURE_X509_NAME_STRING_TOO_LONG        0x19E
#define NX_SECURE_X509_EXT_KEY_USAGE_NOT_FOUND     0x19F
#define NX_SECURE_X509_KEY_USAGE_ERROR             0x1A0
#define NX_SECURE_X509_INVALID_CERTIFICATE         0x1A2

#define NX_SECURE_X509_KEY_TYPE_NONE                0
#define NX_SECURE_TLS_X509_TYPE_SUBJECT_ALT_NAME    20
#define NX_SECURE_TLS_X509_TYPE_BASIC_CONSTRAINTS   22
#define NX_SECURE_TLS_X509_TYPE_PKIX_KP_SERVER_AUTH 51
#define NX_SECURE_X509_DNS_NAME_MAX                 100

#define NX_CRYPTO_SUCCESS      0
#define NX_CRYPTO_AUTHENTICATE 3
typedef USHORT NX_CRYPTO_KEY_SIZE;

typedef struct NX_CRYPTO_METHOD_STRUCT {
    UINT nx_crypto_algorithm;
    ULONG nx_crypto_metadata_area_size;
    UINT(*nx_crypto_init)
    (struct NX_CRYPTO_METHOD_STRUCT *method, UCHAR *key, NX_CRYPTO_KEY_SIZE key_size_in_bits, VOID **handler,
     VOID *crypto_metadata, ULONG crypto_metadata_size);
    UINT (*nx_crypto_cleanup)(VOID *crypto_metadata);
    UINT(*nx_crypto_operation)
    (UINT op, VOID *handler, struct NX_CRYPTO_METHOD_STRUCT *method, UCHAR *key, NX_CRYPTO_KEY_SIZE key_size_in_bits,
     UCHAR *input, ULONG input_length_in_byte, UCHAR *iv_ptr, UCHAR *output, ULONG output_length_in_byte,
     VOID *crypto_metadata, ULONG crypto_metadata_size, VOID *packet_ptr,
     VOID (*nx_crypto_hw_process_callback)(VOID *packet_ptr, UINT status));
} NX_CRYPTO_METHOD;

extern NX_CRYPTO_METHOD crypto_method_hmac_md5;

typedef struct NX_SECURE_TLS_CRYPTO_STRUCT {
    UINT nx_secure_tls_ciphersuite_lookup_table_size;
} NX_SECURE_TLS_CRYPTO;

extern const NX_SECURE_TLS_CRYPTO nx_crypto_tls_ciphers_ecc;
extern const USHORT nx_crypto_ecc_supported_groups[];
extern const USHORT nx_crypto_ecc_supported_groups_size;
extern const NX_CRYPTO_METHOD *nx_crypto_ecc_curves[];

typedef struct NX_SECURE_X509_DNS_NAME_STRUCT {
    UCHAR nx_secure_x509_dns_name[NX_SECURE_X509_DNS_NAME_MAX];
    USHORT nx_secure_x509_dns_name_length;
} NX_SECURE_X509_DNS_NAME;

typedef struct NX_SECURE_X509_EXTENSION_STRUCT {
    USHORT nx_secure_x509_extension_id;
    USHORT nx_secure_x509_extension_critical;
    const UCHAR *nx_secure_x509_extension_data;
    ULONG nx_secure_x509_extension_data_length;
} NX_SECURE_X509_EXTENSION;

typedef struct NX_SECURE_X509_CERTIFICATE_STRUCT {
    struct NX_SECURE_X509_CERTIFICATE_STRUCT *nx_secure_x509_next_certificate;
    const UCHAR *nx_secure_x509_host_der;
    ULONG nx_secure_x509_host_length;
    VOID *nx_secure_x509_host_certificate; /* OpenSSL's, while a callback looks at it */
} NX_SECURE_X509_CERT;

typedef struct NX_SECURE_X509_CERTIFICATE_STORE_STRUCT {
    NX_SECURE_X509_CERT *nx_secure_x509_remote_certificates; /* what the server sent, while a callback looks at it */
    NX_SECURE_X509_CERT *nx_secure_x509_trusted_certificates;
} NX_SECURE_X509_CERTIFICATE_STORE;

typedef struct NX_SECURE_TLS_CREDENTIALS_STRUCT {
    NX_SECURE_X509_CERTIFICATE_STORE nx_secure_tls_certificate_store;
} NX_SECURE_TLS_CREDENTIALS;

typedef struct NX_SECURE_TLS_SESSION_STRUCT {
    ULONG nx_secure_tls_id;
    NX_SECURE_TLS_CREDENTIALS nx_secure_tls_credentials;
    VOID *nx_secure_tls_host_context; /* OpenSSL's */
    VOID *nx_secure_tls_host_connection;
    NX_TCP_SOCKET *nx_secure_tls_host_socket;
    NX_SECURE_X509_DNS_NAME *nx_secure_tls_host_server_name;
    ULONG (*nx_secure_tls_host_time)(VOID);
    ULONG (*nx_secure_tls_host_check)(struct NX_SECURE_TLS_SESSION_STRUCT *session, NX_SECURE_X509_CERT *certificate);
    UINT nx_secure_tls_host_status; /* of what was found wrong with a certificate */
    UINT nx_secure_tls_host_stands;
    UINT nx_secure_tls_host_groups;
} NX_SECURE_TLS_SESSION;

VOID nx_secure_tls_initialize(VOID);
UINT nx_secure_tls_ecc_initialize(NX_SECURE_TLS_SESSION *tls_session, const USHORT *supported_groups,
                                  USHORT supported_group_count, const NX_CRYPTO_METHOD **curves);
UINT nx_secure_tls_session_create(NX_SECURE_TLS_SESSION *session_ptr, const NX_SECURE_TLS_CRYPTO *cipher_table,
                                  VOID *metadata_area, ULONG metadata_size);
UINT nx_secure_tls_session_delete(NX_SECURE_TLS_SESSION *tls_session);
UINT nx_secure_tls_session_packet_buffer_set(NX_SECURE_TLS_SESSION *session_ptr, UCHAR *buffer_ptr, ULONG buffer_size);
UINT nx_secure_tls_session_time_function_set(NX_SECURE_TLS_SESSION *tls_session, ULONG (*time_func_ptr)(VOID));
UINT nx_secure_tls_session_certificate_callback_set(NX_SECURE_TLS_SESSION *tls_session,
                                                    ULONG (*func_ptr)(NX_SECURE_TLS_SESSION *session,
                                                                      NX_SECURE_X509_CERT *certificate));
UINT nx_secure_tls_session_sni_extension_set(NX_SECURE_TLS_SESSION *tls_session, NX_SECURE_X509_DNS_NAME *dns_name);
UINT nx_secure_tls_trusted_certificate_add(NX_SECURE_TLS_SESSION *tls_session, NX_SECURE_X509_CERT *certificate);
UINT nx_secure_tls_remote_certificate_allocate(NX_SECURE_TLS_SESSION *tls_session, NX_SECURE_X509_CERT *certificate,
                                               UCHAR *raw_certificate_buffer, UINT buffer_size);
UINT nx_secure_tls_session_start(NX_SECURE_TLS_SESSION *tls_session, NX_TCP_SOCKET *tcp_socket, UINT wait_option);
UINT nx_secure_tls_session_end(NX_SECURE_TLS_SESSION *tls_session, UINT wait_option);
UINT nx_secure_tls_packet_allocate(NX_SECURE_TLS_SESSION *tls_session, NX_PACKET_POOL *pool_ptr, NX_PACKET **packet_ptr,
                                   ULONG wait_option);
UINT nx_secure_tls_session_send(NX_SECURE_TLS_SESSION *tls_session, NX_PACKET *packet_ptr, ULONG wait_option);
UINT nx_secure_tls_session_receive(NX_SECURE_TLS_SESSION *tls_session, NX_PACKET **packet_ptr_ptr, ULONG wait_option);

UINT nx_secure_x509_certificate_initialize(NX_SECURE_X509_CERT *certificate, UCHAR *certificate_data, USHORT length,
                                           UCHAR *raw_data_buffer, USHORT buffer_size, const UCHAR *private_key,
                                           USHORT priv_len, UINT private_key_type);
UINT nx_secure_x509_dns_name_initialize(NX_SECURE_X509_DNS_NAME *dns_name, const UCHAR *name_string, USHORT length);
UINT nx_secure_x509_extension_find(NX_SECURE_X509_CERT *certificate, NX_SECURE_X509_EXTENSION *extension,
                                   USHORT extension_id);
UINT nx_secure_x509_extended_key_usage_extension_parse(NX_SECURE_X509_CERT *certificate, UINT key_usage);

#ifdef __cplusplus
}
#endif

#endif
