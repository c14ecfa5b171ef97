/*
 * An SMTP client for NetX Duo, with the services, options and status values of NetX Duo's own: it stands in for
 * nxd_smtp_client.h, and nothing in the application changes. What is new stands behind the old; docs/netxduo.md tells
 * of both.
 *
 *     nxd_smtp_client_create(&client, &ip, &pool, "ada", secret, "ada@example.com", "device.example.com",
 *                            NX_SMTP_CLIENT_AUTH_PLAIN, &server, 25);
 *     nx_smtp_mail_send(&client, "bob@example.com", NX_SMTP_MAIL_PRIORITY_NORMAL, "Hello", text, length);
 *
 * User name, password and domain are copied; the from address is borrowed until the client is deleted, what a mail is
 * made of until its call returns. Nothing is static and nothing comes from a heap: clients share nothing, so that each
 * thread may have its own. One client belongs to one thread at a time. NULL is allowed only where a comment says so.
 */
#ifndef NXD_SMTP_CLIENT_H
#define NXD_SMTP_CLIENT_H

#include "tx_api.h"

#include "nx_api.h"
#ifdef NX_SECURE_ENABLE
#include "nx_secure_tls_api.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Options; times in ticks. */
#ifndef NX_SMTP_CLIENT_TCP_WINDOW_SIZE
#define NX_SMTP_CLIENT_TCP_WINDOW_SIZE 1460
#endif
#ifndef NX_SMTP_CLIENT_PACKET_TIMEOUT
#define NX_SMTP_CLIENT_PACKET_TIMEOUT (2 * NX_IP_PERIODIC_RATE)
#endif
#ifndef NX_SMTP_CLIENT_CONNECTION_TIMEOUT
#define NX_SMTP_CLIENT_CONNECTION_TIMEOUT (10 * NX_IP_PERIODIC_RATE)
#endif
#ifndef NX_SMTP_CLIENT_DISCONNECT_TIMEOUT
#define NX_SMTP_CLIENT_DISCONNECT_TIMEOUT (5 * NX_IP_PERIODIC_RATE)
#endif
#ifndef NX_SMTP_GREETING_TIMEOUT
#define NX_SMTP_GREETING_TIMEOUT (10 * NX_IP_PERIODIC_RATE)
#endif
#ifndef NX_SMTP_ENVELOPE_TIMEOUT
#define NX_SMTP_ENVELOPE_TIMEOUT (10 * NX_IP_PERIODIC_RATE)
#endif
#ifndef NX_SMTP_MESSAGE_TIMEOUT
#define NX_SMTP_MESSAGE_TIMEOUT (30 * NX_IP_PERIODIC_RATE) /* RFC 5321 4.5.3.2.6 asks for ten minutes */
#endif
#ifndef NX_SMTP_CLIENT_SEND_TIMEOUT
#define NX_SMTP_CLIENT_SEND_TIMEOUT (5 * NX_IP_PERIODIC_RATE)
#endif
#ifndef NX_SMTP_CLIENT_MAX_USERNAME
#define NX_SMTP_CLIENT_MAX_USERNAME 40 /* of the domain, too */
#endif
#ifndef NX_SMTP_CLIENT_MAX_PASSWORD
#define NX_SMTP_CLIENT_MAX_PASSWORD 20
#endif
#ifndef NX_SMTP_SERVER_CHALLENGE_MAX_STRING
#define NX_SMTP_SERVER_CHALLENGE_MAX_STRING 200 /* kept for applications that name it; challenges are not stored */
#endif
#ifndef NX_SMTP_CLIENT_REPLY_SIZE
#define NX_SMTP_CLIENT_REPLY_SIZE 128 /* of the server's last reply, with the NUL at its end */
#endif
/* NX_SMTP_CLIENT_AUTH_NONE_USES_PLAIN: a client without authentication uses PLAIN where the server offers AUTH. */
/* NX_SMTP_DISABLE_ERROR_CHECKING: the services do not check their arguments. */

/* What services return beside NX_SUCCESS and NetX Duo's own. */
#define NX_SMTP_AUTHENTICATION_ERROR       0xA0
#define NX_SMTP_OVERSIZE_MAIL_DATA         0xA1
#define NX_SMTP_INVALID_SERVER_REPLY       0xA2
#define NX_SMTP_INTERNAL_ERROR             0xA3
#define NX_SMTP_SERVER_ERROR_CODE_RECEIVED 0xA4
#define NX_SMTP_INVALID_PARAM              0xA5
#define NX_SMTP_PACKET_ALLOCATE_ERROR      0xA6
#define NX_SMTP_GREET_REPLY_ERROR          0xA7
#define NX_SMTP_HELLO_REPLY_ERROR          0xA8
#define NX_SMTP_MAIL_REPLY_ERROR           0xA9
#define NX_SMTP_RCPT_REPLY_ERROR           0xAA
#define NX_SMTP_MESSAGE_REPLY_ERROR        0xAB
#define NX_SMTP_DATA_REPLY_ERROR           0xAC
#define NX_SMTP_AUTH_REPLY_ERROR           0xAD
#define NX_SMTP_SERVER_ERROR_REPLY         0xAE
#define NX_SMTP_TRANSMIT_ERROR             0xAF
#define NX_SMTP_INVALID_SERVER_CHALLENGE   0xB0
#define NX_SMTP_OVERSIZE_SERVER_REPLY      0xB1
#define NX_SMTP_CLIENT_NOT_INTIALIZED      0xB2 /* so spelt in the header that this one stands in for */
#define NX_SMTP_CLIENT_NOT_INITIALIZED     0xB2

/* How a client authenticates; anything else means PLAIN. */
#define NX_SMTP_CLIENT_AUTH_NONE     0xFFFF
#define NX_SMTP_CLIENT_AUTH_LOGIN    1
#define NX_SMTP_CLIENT_AUTH_CRAM_MD5 2
#define NX_SMTP_CLIENT_AUTH_PLAIN    3

/* Anything else means NORMAL. */
#define NX_SMTP_MAIL_PRIORITY_LOW    0x01
#define NX_SMTP_MAIL_PRIORITY_NORMAL 0x02
#define NX_SMTP_MAIL_PRIORITY_HIGH   0x04

#define NX_SMTP_RECIPIENT_TO  0x01
#define NX_SMTP_RECIPIENT_CC  0x02
#define NX_SMTP_RECIPIENT_BCC 0x04

/* Reply codes, for `nx_smtp_client_reply_code_status`. */
#define NX_SMTP_CODE_GREETING_OK                       220
#define NX_SMTP_CODE_ACKNOWLEDGE_QUIT                  221
#define NX_SMTP_CODE_AUTHENTICATION_SUCCESSFUL         235
#define NX_SMTP_CODE_OK_TO_CONTINUE                    250
#define NX_SMTP_CODE_CANNOT_VERIFY_RECIPIENT           252
#define NX_SMTP_CODE_AUTHENTICATION_TYPE_ACCEPTED      334
#define NX_SMTP_CODE_SEND_MAIL_INPUT                   354
#define NX_SMTP_CODE_SERVICE_NOT_AVAILABLE             421
#define NX_SMTP_CODE_SERVICE_INTERNAL_SERVER_ERROR     451
#define NX_SMTP_CODE_INSUFFICIENT_STORAGE              452
#define NX_SMTP_CODE_AUTH_FAILED_INTERNAL_SERVER_ERROR 454
#define NX_SMTP_CODE_COMMAND_SYNTAX_ERROR              500
#define NX_SMTP_CODE_PARAMETER_SYNTAX_ERROR            501
#define NX_SMTP_CODE_COMMAND_NOT_IMPLEMENTED           502
#define NX_SMTP_CODE_BAD_SEQUENCE                      503
#define NX_SMTP_CODE_PARAMETER_NOT_IMPLEMENTED         504
#define NX_SMTP_CODE_AUTH_REQUIRED                     530
#define NX_SMTP_CODE_AUTH_FAILED                       535
#define NX_SMTP_CODE_REQUESTED_ACTION_NOT_TAKEN        550
#define NX_SMTP_CODE_USER_NOT_LOCAL                    551
#define NX_SMTP_CODE_OVERSIZE_MAIL_DATA                552
#define NX_SMTP_CODE_BAD_MAILBOX                       553
#define NX_SMTP_CODE_TRANSACTION_FAILED                554

#define NX_SMTP_CLIENT_ID 0x534D5450UL

/* What became of a mail, or of one recipient of it. */
#define NX_SMTP_OUTCOME_NOT_TRIED        0 /* no octet of it left */
#define NX_SMTP_OUTCOME_ACCEPTED         1
#define NX_SMTP_OUTCOME_REFUSED_FOR_NOW  2 /* worth another try later */
#define NX_SMTP_OUTCOME_REFUSED_FOR_GOOD 3
#define NX_SMTP_OUTCOME_UNCERTAIN        4 /* it left whole, no final reply came: another try may deliver it twice */

/* The mail that is sent, or was. */
typedef struct NX_SMTP_CLIENT_MAIL_STRUCT {
    CHAR *nx_smtp_client_mail_recipient_address;
    CHAR *nx_smtp_client_mail_from_address;
    UINT nx_smtp_client_mail_priority;
    CHAR *nx_smtp_client_mail_subject;
    CHAR *nx_smtp_client_mail_body;
    UINT nx_smtp_client_mail_body_length;
} NX_SMTP_CLIENT_MAIL;

typedef struct NX_SMTP_CLIENT_STRUCT {
    ULONG nx_smtp_client_id;
    UINT nx_smtp_client_init_status; /* NX_TRUE: mail can be sent */
    union {
        VOID *nx_smtp_client_session_alignment;
        UCHAR nx_smtp_client_session_room[96 + 20 * sizeof(VOID *)];
    } nx_smtp_client_session; /* private */
    NX_SMTP_CLIENT_MAIL nx_smtp_client_mail;
    UINT nx_smtp_client_mail_status;       /* what the last nx_smtp_mail_send returned, where it was not misused */
    UINT nx_smtp_client_mail_outcome;      /* NX_SMTP_OUTCOME_... of the last mail */
    UINT nx_smtp_client_reply_code_status; /* of the reply that decided about it; 0 where none did */
    CHAR nx_smtp_client_reply_text[NX_SMTP_CLIENT_REPLY_SIZE]; /* of that reply, lines joined by LF */
    UINT nx_smtp_client_authentication_type;
    NX_IP *nx_smtp_client_ip_ptr;
    NX_PACKET_POOL *nx_smtp_client_packet_pool_ptr;
    NXD_ADDRESS nx_smtp_server_address;
    USHORT nx_smtp_server_port;
    CHAR nx_smtp_username[NX_SMTP_CLIENT_MAX_USERNAME + 1];
    CHAR nx_smtp_password[NX_SMTP_CLIENT_MAX_PASSWORD + 1];
    CHAR nx_smtp_client_domain[NX_SMTP_CLIENT_MAX_USERNAME + 1];
    NX_TCP_SOCKET nx_smtp_client_socket;

    /* What the calls below set, NX_NULL where they are not used. */
    struct NX_SMTP_CONNECTION_STRUCT *nx_smtp_client_connection;
    const VOID *nx_smtp_client_layer;
    struct NX_SMTP_TLS_STRUCT *nx_smtp_client_tls;
    struct NX_SMTP_CRAM_MD5_STRUCT *nx_smtp_client_cram_md5;
    UINT (*nx_smtp_client_token_get)(struct NX_SMTP_CLIENT_STRUCT *client_ptr, CHAR **token);
    VOID (*nx_smtp_client_begin)(struct NX_SMTP_CLIENT_STRUCT *client_ptr, VOID *dialogue);
    VOID (*nx_smtp_client_sasl)(struct NX_SMTP_CLIENT_STRUCT *client_ptr, VOID *dialogue);
    const VOID *nx_smtp_client_extensions;
    VOID (*nx_smtp_client_fields)(struct NX_SMTP_CLIENT_STRUCT *client_ptr, VOID *writer);
    ULONG (*nx_smtp_client_time_function)(VOID);
    ULONG nx_smtp_client_mail_time;
    ULONG nx_smtp_client_mail_tag;
} NX_SMTP_CLIENT;

/* The services by the application's names; see docs/netxduo.md for what each returns. */
#ifdef NX_SMTP_DISABLE_ERROR_CHECKING
#define nxd_smtp_client_create _nxd_smtp_client_create
#define nx_smtp_client_delete  _nx_smtp_client_delete
#define nx_smtp_mail_send      _nx_smtp_mail_send
#else
#define nxd_smtp_client_create _nxde_smtp_client_create
#define nx_smtp_client_delete  _nxe_smtp_client_delete
#define nx_smtp_mail_send      _nxe_smtp_mail_send
#endif

UINT _nxd_smtp_client_create(NX_SMTP_CLIENT *client_ptr, NX_IP *ip_ptr, NX_PACKET_POOL *client_packet_pool_ptr,
                             CHAR *username, CHAR *password, CHAR *from_address, CHAR *client_domain,
                             UINT authentication_type, NXD_ADDRESS *server_address, UINT port);
UINT _nxde_smtp_client_create(NX_SMTP_CLIENT *client_ptr, NX_IP *ip_ptr, NX_PACKET_POOL *client_packet_pool_ptr,
                              CHAR *username, CHAR *password, CHAR *from_address, CHAR *client_domain,
                              UINT authentication_type, NXD_ADDRESS *server_address, UINT port);
UINT _nx_smtp_client_delete(NX_SMTP_CLIENT *client_ptr);
UINT _nxe_smtp_client_delete(NX_SMTP_CLIENT *client_ptr);
UINT _nx_smtp_mail_send(NX_SMTP_CLIENT *client_ptr, CHAR *recipient_address, UINT priority, CHAR *subject,
                        CHAR *mail_body, UINT mail_body_length);
UINT _nxe_smtp_mail_send(NX_SMTP_CLIENT *client_ptr, CHAR *recipient_address, UINT priority, CHAR *subject,
                         CHAR *mail_body, UINT mail_body_length);

/*
 * What NetX Duo's own client has not. The linker drops what is not called.
 */

/* One recipient. Only the address is set before a mail is sent, and a buffer where the server's words are wanted. */
typedef struct NX_SMTP_RECIPIENT_STRUCT {
    CHAR *nx_smtp_recipient_address;
    UCHAR nx_smtp_recipient_outcome; /* NX_SMTP_OUTCOME_... */
    UCHAR nx_smtp_recipient_status;  /* NX_SUCCESS, or as nx_smtp_mail_send would return for this one */
    UCHAR nx_smtp_recipient_reason;  /* private */
    USHORT nx_smtp_recipient_reply_code;
    USHORT nx_smtp_recipient_private[2];
    USHORT nx_smtp_recipient_text_size;
    CHAR *nx_smtp_recipient_text; /* NX_NULL: not wanted */
    VOID *nx_smtp_recipient_unused;
} NX_SMTP_RECIPIENT;

/* Gives the next octets of a text or a file, up to `size`. A `length` of 0 is the end; any status but NX_SUCCESS ends
 * the mail, which is not delivered then, and is what the call returns. */
typedef UINT (*NX_SMTP_READ)(VOID *context, UCHAR *buffer, UINT size, UINT *length);

typedef struct NX_SMTP_ATTACHMENT_STRUCT {
    CHAR *nx_smtp_attachment_name;
    CHAR *nx_smtp_attachment_content_type; /* NX_NULL: application/octet-stream */
    const VOID *nx_smtp_attachment_data;   /* or: */
    ULONG nx_smtp_attachment_length;
    NX_SMTP_READ nx_smtp_attachment_read; /* not NX_NULL: is asked instead */
    VOID *nx_smtp_attachment_context;
    struct NX_SMTP_ATTACHMENT_STRUCT *nx_smtp_attachment_next; /* or NX_NULL */
} NX_SMTP_ATTACHMENT;

/* A mail with everything; zeroed, what is not wanted is not there. */
typedef struct NX_SMTP_MAIL_STRUCT {
    NX_SMTP_RECIPIENT *nx_smtp_mail_recipients; /* those of To, behind them those of Cc, behind them those of Bcc */
    UINT nx_smtp_mail_to_count;
    UINT nx_smtp_mail_cc_count;
    UINT nx_smtp_mail_bcc_count; /* are named in no header */
    UINT nx_smtp_mail_priority;
    CHAR *nx_smtp_mail_subject;
    CHAR *nx_smtp_mail_body; /* or: */
    UINT nx_smtp_mail_body_length;
    NX_SMTP_READ nx_smtp_mail_body_read; /* not NX_NULL: is asked instead */
    VOID *nx_smtp_mail_body_context;
    NX_SMTP_ATTACHMENT *nx_smtp_mail_attachments; /* or NX_NULL */
} NX_SMTP_MAIL;

/* NX_SUCCESS where at least one recipient was accepted: each has its own status. Otherwise as nx_smtp_mail_send. */
UINT nx_smtp_mail_send_extended(NX_SMTP_CLIENT *client_ptr, NX_SMTP_MAIL *mail_ptr);

/* Room for what must live as long as a connection does. */
typedef struct NX_SMTP_CONNECTION_STRUCT {
    UINT nx_smtp_connection_open; /* readable */
    UINT (*nx_smtp_connection_deliver)(NX_SMTP_CLIENT *client_ptr, VOID *mail);
    union {
        VOID *nx_smtp_connection_alignment;
        UCHAR nx_smtp_connection_octets[40 + 31 * sizeof(VOID *)];
    } nx_smtp_connection_room;
} NX_SMTP_CONNECTION;

/* From now on the mails of this client share a connection. It is made when one is sent, and made anew where the server
 * has ended it meanwhile. The room is borrowed until the release, which says QUIT. */
UINT nx_smtp_client_connection_keep(NX_SMTP_CLIENT *client_ptr, NX_SMTP_CONNECTION *connection_ptr);
UINT nx_smtp_client_connection_release(NX_SMTP_CLIENT *client_ptr);

/* NX_TRUE: where the server offers PIPELINING (2920), MAIL, RCPT and DATA share a segment; where it offers 8BITMIME
 * (6152), it is told that the text may have it. */
UINT nx_smtp_client_pipelining_set(NX_SMTP_CLIENT *client_ptr, UINT enable);

/* A clock, in seconds since 1970-01-01 UTC, as NetX Secure takes it: mails then have Date and Message-ID. A clock that
 * says 0 does not know. */
UINT nx_smtp_client_time_function_set(NX_SMTP_CLIENT *client_ptr, ULONG (*time_function)(VOID));

#ifdef NX_SECURE_ENABLE

#ifndef NX_SMTP_CLIENT_TLS_TIMEOUT
#define NX_SMTP_CLIENT_TLS_TIMEOUT (30 * NX_IP_PERIODIC_RATE) /* for a handshake */
#endif

#define NX_SMTP_TLS_NOT_OFFERED 0xB3 /* the server has no STARTTLS: nothing was sent */

#define NX_SMTP_TLS_STARTTLS 1 /* 3207, ports 587 and 25: without it no mail is sent */
#define NX_SMTP_TLS_IMPLICIT 2 /* 8314 3.3, port 465 */

typedef struct NX_SMTP_TLS_STRUCT {
    NX_SECURE_TLS_SESSION nx_smtp_tls_session; /* first */
    NX_SECURE_X509_DNS_NAME nx_smtp_tls_sni;
    NX_SMTP_CLIENT *nx_smtp_tls_client;
    CHAR *nx_smtp_tls_server_name;
    UINT (*nx_smtp_tls_setup)(NX_SMTP_CLIENT *client_ptr, NX_SECURE_TLS_SESSION *session_ptr);
    UINT nx_smtp_tls_mode;
} NX_SMTP_TLS;

/* From now on the client's mails go over TLS, or not at all. Room and name are borrowed until the client is deleted.
 *
 * `tls_setup` is called for each connection: it creates the session with its ciphers, adds the certificates that are
 * trusted, gives room for those of the server and for records, and sets the clock; any status but NX_SUCCESS ends the
 * mail. NetX Secure then checks the chain, and this client the name: `server_name` against the certificate's
 * subjectAltName (9525), NX_NULL: the address of the server against its entries of addresses. The callback for
 * certificates of the session is this client's. */
UINT nx_smtp_client_tls_set(NX_SMTP_CLIENT *client_ptr, NX_SMTP_TLS *tls_ptr, UINT mode, CHAR *server_name,
                            UINT (*tls_setup)(NX_SMTP_CLIENT *client_ptr, NX_SECURE_TLS_SESSION *session_ptr));

/* Room for CRAM-MD5, borrowed until the client is deleted. */
typedef struct NX_SMTP_CRAM_MD5_STRUCT {
    NX_CRYPTO_METHOD *nx_smtp_cram_md5_method;
    UCHAR nx_smtp_cram_md5_digest[16];
    union {
        ALIGN_TYPE nx_smtp_cram_md5_alignment;
        ULONG64 nx_smtp_cram_md5_words;
        UCHAR nx_smtp_cram_md5_octets[744 + 4 * sizeof(VOID *)];
    } nx_smtp_cram_md5_room;
} NX_SMTP_CRAM_MD5;

/* Behind nx_smtp_client_tls_set: the client authenticates by CRAM-MD5 (2195) alone, with the HMAC-MD5 of NetX Crypto
 * (crypto_method_hmac_md5). The challenge has to fit NX_SMTP_CLIENT_REPLY_SIZE. NX_SIZE_ERROR: another
 * method wants more metadata than there is room for. */
UINT nx_smtp_client_cram_md5_set(NX_SMTP_CLIENT *client_ptr, NX_SMTP_CRAM_MD5 *room_ptr,
                                 NX_CRYPTO_METHOD *hmac_md5_method);

/* Behind nx_smtp_client_tls_set: the client authenticates by XOAUTH2 alone, as the user name of its creation, with the
 * token that `token_get` gives for each connection. The token may be of any length, and is borrowed until the mail is
 * sent; any status but NX_SUCCESS ends the mail, and is what its call returns. */
UINT nx_smtp_client_token_set(NX_SMTP_CLIENT *client_ptr, UINT (*token_get)(NX_SMTP_CLIENT *client_ptr, CHAR **token));

#endif

/* What the server said of the last mail. */
typedef struct NX_SMTP_REPLY_STRUCT {
    UINT nx_smtp_reply_outcome; /* NX_SMTP_OUTCOME_... */
    UINT nx_smtp_reply_code;    /* 0: there was no reply */
    UINT nx_smtp_reply_class;   /* of the enhanced code (3463), as in 5.1.2; 0.0.0 where there is none */
    UINT nx_smtp_reply_subject;
    UINT nx_smtp_reply_detail;
    CHAR *nx_smtp_reply_text; /* of the client, until its next mail */
} NX_SMTP_REPLY;

UINT nx_smtp_client_reply_get(NX_SMTP_CLIENT *client_ptr, NX_SMTP_REPLY *reply_ptr);

#ifdef __cplusplus
}
#endif

#endif
