/* The other side of SCRAM (5802), and base64 (4648 4), written once more: with tables, and with room for everything. */
#ifndef POSTINO_FUZZ_SCRAM_SERVER_H
#define POSTINO_FUZZ_SCRAM_SERVER_H

#include "mixing.h"

enum {
    TEXT_MOST = 200000
};

/* NUL stands behind it. What is too much is left out. */
struct text {
    size_t length;
    char octets[TEXT_MOST + 4];
};

void text_clear(struct text *text);
void text_add(struct text *text, const void *octets, size_t length);
void text_put(struct text *text, const char *more);
void text_add_base64(struct text *text, const void *octets, size_t length);
/* Strictly: nothing is encoded in two ways. */
bool text_decode(struct text *to, const char *text, size_t length);

/* What both sides of one exchange know. */
struct scram_server {
    enum postino_hash hash;
    uint32_t iterations_max;
    struct text nonce;       /* the client's */
    struct text bare;        /* client-first-message-bare */
    struct text binding;     /* gs2-header, and what binds */
    struct text first, salt; /* server-first-message */
    uint32_t iterations;
    uint8_t proof[POSTINO_DIGEST_MAX], signature[POSTINO_DIGEST_MAX];
};

/* Reads `first`: may a client go on with it (5802 5.1, 7677 4)? */
bool scram_server_first_is_sound(struct scram_server *server);
/* client-final-message-without-proof. */
void scram_server_without_proof(const struct scram_server *server, struct text *text);
/* ClientProof and ServerSignature of 5802 3. Never fails. */
void scram_server_sign(struct scram_server *server);
/* Whether the text, or what stands of it in front of a NUL, is server-final-message with the signature that is due. */
bool scram_server_final_is_right(const struct scram_server *server, const struct text *text);

#endif
