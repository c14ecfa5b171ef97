/* CRAM-MD5 (2195): user, and the challenge under the password, in hexadecimal. */
#include "internal.h"

enum {
    MD5_LENGTH = 16
};

static bool ready(struct postino_session *s)
{
    return s->config->sasl->work != NULL;
}

static bool heard(struct postino_session *s, unsigned round)
{
    const struct postino_sasl *sasl = s->config->sasl;
    const struct postino_crypto *crypto = sasl->work->crypto;
    struct postino_hmac *hmac = &sasl->work->hmac;
    size_t length;
    (void)round;
    if (s->code != 334)
        return true;
    const char *challenge = postino_challenge_of(s, &length);
    if (!challenge || !crypto->hmac_begin(hmac, POSTINO_MD5, sasl->password, strlen(sasl->password)))
        return false;
    crypto->hmac_add(hmac, challenge, length);
    return crypto->hmac_end(hmac, sasl->work->proof);
}

/* By arithmetic, as base64 is. */
static char digit(uint32_t value)
{
    return (char)(value + '0' + ((9 - value) >> 31) * ('a' - '9' - 1));
}

static void respond(const struct postino_sasl *sasl, unsigned round, struct postino_response *response)
{
    (void)round;
    postino_response_put_text(response, sasl->user);
    postino_response_put(response, ' ');
    for (int i = 0; i < 2 * MD5_LENGTH; i++)
        postino_response_put(response, digit(sasl->work->proof[i / 2] >> (i % 2 ? 0 : 4) & 15));
}

static const struct postino_challenged challenged = {ready, heard, NULL};
const struct postino_mechanism postino_cram_md5 = {"CRAM-MD5", 1, false, respond, &challenged};
