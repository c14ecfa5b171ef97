/* Further ways to say who we are, over TLS: CRAM-MD5 (2195), and XOAUTH2 with a token that the application fetches. */
#include "nx_smtp_internal.h"

#ifdef NX_SECURE_ENABLE

enum {
    OCTET_BITS = 8,
    MD5_BITS = 128,
    METADATA = 104 /* words: 380 octets on machines of 32 bits, 408 of 64 */
};

typedef char postino_nx_work_fits
    [sizeof(struct postino_sasl_work) <= sizeof(((NX_SMTP_CRAM_MD5 *)0)->nx_smtp_cram_md5_room) ? 1 : -1];

/* What a call of NetX Crypto needs, within the room for an HMAC; then its metadata. */
struct call {
    NX_CRYPTO_METHOD *method;
    const UCHAR *key;
    VOID *handle;
    ULONG key_length;
    UINT status;
    ULONG metadata[METADATA];
};

typedef char postino_nx_hmac_fits[sizeof(struct call) <= sizeof(struct postino_hmac) ? 1 : -1];

static struct call *call_of(struct postino_hmac *hmac)
{
    return (struct call *)(VOID *)hmac->room;
}

static NX_SMTP_CRAM_MD5 *room_of(struct postino_hmac *hmac)
{
    CHAR *work = (CHAR *)hmac - offsetof(struct postino_sasl_work, hmac);
    return (NX_SMTP_CRAM_MD5 *)(VOID *)(work - offsetof(NX_SMTP_CRAM_MD5, nx_smtp_cram_md5_room));
}

static bool hmac_begin(struct postino_hmac *hmac, enum postino_hash hash, const void *key, size_t key_length)
{
    struct call *call = call_of(hmac);
    (void)hash; /* the one that CRAM-MD5 has */
    call->method = room_of(hmac)->nx_smtp_cram_md5_method;
    call->key = key;
    call->key_length = (ULONG)key_length;
    return true;
}

/* All of the message comes in one piece. */
static void hmac_add(struct postino_hmac *hmac, const void *octets, size_t length)
{
    struct call *call = call_of(hmac);
    NX_CRYPTO_METHOD *method = call->method;
    NX_CRYPTO_KEY_SIZE bits = (NX_CRYPTO_KEY_SIZE)(call->key_length * OCTET_BITS);
    union {
        const void *given;
        UCHAR *taken; /* NetX Crypto reads them only */
    } key = {call->key}, message = {octets};
    call->status = NX_SUCCESS;
    if (method->nx_crypto_init)
        call->status =
            method->nx_crypto_init(method, key.taken, bits, &call->handle, call->metadata, sizeof call->metadata);
    if (!call->status)
        call->status =
            method->nx_crypto_operation(NX_CRYPTO_AUTHENTICATE, call->handle, method, key.taken, bits, message.taken,
                                        (ULONG)length, NX_NULL, room_of(hmac)->nx_smtp_cram_md5_digest,
                                        MD5_BITS / OCTET_BITS, call->metadata, sizeof call->metadata, NX_NULL, NX_NULL);
    if (method->nx_crypto_cleanup)
        method->nx_crypto_cleanup(call->metadata);
}

static bool hmac_end(struct postino_hmac *hmac, uint8_t *digest)
{
    bool done = !call_of(hmac)->status;
    memcpy(digest, room_of(hmac)->nx_smtp_cram_md5_digest, MD5_BITS / OCTET_BITS);
    postino_wipe(hmac, sizeof *hmac);
    return done;
}

static const struct postino_crypto md5 = {hmac_begin, hmac_add, hmac_end, NULL, NULL, NULL};
static const struct postino_mechanism *const by_challenge[] = {&postino_cram_md5, NULL};
static const struct postino_mechanism *const by_token[] = {&postino_xoauth2, NULL};

static void cram_md5(NX_SMTP_CLIENT *client, VOID *argument)
{
    struct postino_nx_dialogue *dialogue = argument;
    struct postino_sasl_work *work =
        (struct postino_sasl_work *)&client->nx_smtp_client_cram_md5->nx_smtp_cram_md5_room;
    memset(work, 0, sizeof *work);
    work->crypto = &md5;
    dialogue->sasl.work = work;
    dialogue->sasl.mechanisms = by_challenge;
    dialogue->sasl.unlisted = dialogue->sasl.unoffered = NULL;
    dialogue->config.opening[1] = &postino_auth;
}

static void token(NX_SMTP_CLIENT *client, VOID *argument)
{
    struct postino_nx_dialogue *dialogue = argument;
    CHAR *text = NX_NULL;
    UINT status = client->nx_smtp_client_token_get(client, &text);
    if (status || !text) {
        client->nx_smtp_client_mail_status = status ? status : NX_SMTP_AUTHENTICATION_ERROR;
        postino_session_lost(postino_nx_session(client), POSTINO_REASON_CANCELLED, 0);
        return;
    }
    dialogue->sasl.password = text;
    dialogue->sasl.mechanisms = by_token;
    dialogue->sasl.unlisted = dialogue->sasl.unoffered = NULL;
    dialogue->config.opening[1] = &postino_auth;
}

/* In clear neither is spoken. */
static UINT set(NX_SMTP_CLIENT *client, VOID (*sasl)(NX_SMTP_CLIENT *client, VOID *dialogue))
{
    if (!client->nx_smtp_client_tls)
        return NX_NOT_ENABLED;
    client->nx_smtp_client_sasl = sasl;
    return NX_SUCCESS;
}

UINT nx_smtp_client_cram_md5_set(NX_SMTP_CLIENT *client_ptr, NX_SMTP_CRAM_MD5 *room_ptr,
                                 NX_CRYPTO_METHOD *hmac_md5_method)
{
    if (!client_ptr || !room_ptr || !hmac_md5_method || client_ptr->nx_smtp_client_id != NX_SMTP_CLIENT_ID)
        return NX_PTR_ERROR;
    if (hmac_md5_method->nx_crypto_metadata_area_size > METADATA * sizeof(ULONG))
        return NX_SIZE_ERROR;
    room_ptr->nx_smtp_cram_md5_method = hmac_md5_method;
    client_ptr->nx_smtp_client_cram_md5 = room_ptr;
    return set(client_ptr, cram_md5);
}

UINT nx_smtp_client_token_set(NX_SMTP_CLIENT *client_ptr, UINT (*token_get)(NX_SMTP_CLIENT *client_ptr, CHAR **token))
{
    if (!client_ptr || !token_get || client_ptr->nx_smtp_client_id != NX_SMTP_CLIENT_ID)
        return NX_PTR_ERROR;
    client_ptr->nx_smtp_client_token_get = token_get;
    return set(client_ptr, token);
}

#endif
