#include "foretold.h"

#include <stdlib.h>
#include <string.h>

const struct kind kinds[] = {
    {&postino_scram_sha1, "SCRAM-SHA-1", 3, true, true, false, POSTINO_SHA1},
    {&postino_scram_sha256, "SCRAM-SHA-256", 3, true, true, false, POSTINO_SHA256},
    {&postino_scram_sha1_plus, "SCRAM-SHA-1-PLUS", 3, true, true, true, POSTINO_SHA1},
    {&postino_scram_sha256_plus, "SCRAM-SHA-256-PLUS", 3, true, true, true, POSTINO_SHA256},
    {&postino_cram_md5, "CRAM-MD5", 1, false, false, false, POSTINO_MD5},
    {&postino_oauthbearer, "OAUTHBEARER", 2, true, false, false, POSTINO_MD5},
    {&postino_xoauth2, "XOAUTH2", 2, true, false, false, POSTINO_MD5},
    {&postino_login, "LOGIN", 2, false, false, false, POSTINO_MD5},
    {&postino_plain, "PLAIN", 1, true, false, false, POSTINO_MD5},
    {&postino_external, "EXTERNAL", 1, true, false, false, POSTINO_MD5},
    {&postino_anonymous, "ANONYMOUS", 1, true, false, false, POSTINO_MD5},
};

const size_t kind_count = sizeof kinds / sizeof *kinds;

bool foretold_has_token(const struct kind *kind)
{
    return kind->mechanism == &postino_xoauth2 || kind->mechanism == &postino_oauthbearer;
}

const char *foretold_user(const struct foretold *f)
{
    static char long_user[501];
    memset(long_user, 'u', sizeof long_user - 1);
    return f->options & OPTION_LONG_USER ? long_user : "u,=r";
}

static const char *saslname(const struct foretold *f)
{
    return f->options & OPTION_LONG_USER ? foretold_user(f) : "u=2C=3Dr";
}

const char *foretold_identity(const struct foretold *f)
{
    return f->options & OPTION_IDENTITY ? "i=d" : NULL;
}

static void foretell_scram_first(struct foretold *f, struct text *to)
{
    struct scram_server *s = &f->server;
    text_clear(&s->binding);
    text_clear(&s->bare);
    text_put(&s->binding, f->kind->plus ? "p=tls-exporter," : "n,");
    text_put(&s->binding, foretold_identity(f) ? "a=i=3Dd," : ",");
    text_put(&s->bare, "n=");
    text_put(&s->bare, saslname(f));
    text_put(&s->bare, ",r=");
    text_add(&s->bare, s->nonce.octets, s->nonce.length);
    text_add(to, s->binding.octets, s->binding.length);
    text_add(to, s->bare.octets, s->bare.length);
    if (f->kind->plus)
        text_add(&s->binding, f->binding, f->binding_length);
}

/* The text of a single 334 in base64, where the client has room for it. */
static bool challenge(const struct foretold *f, struct text *to)
{
    const char *at = f->said.octets + 4;
    size_t length = f->said.length - 1; /* without its line end */
    length -= f->said.octets[length - 1] == '\r';
    length = length < 4 ? 0 : length - 4;
    return length + 2 <= f->room && text_decode(to, at, length);
}

static bool foretell_scram(struct foretold *f, struct text *to)
{
    struct scram_server *s = &f->server;
    if (f->rounds == 0) {
        foretell_scram_first(f, to);
        return true;
    }
    static struct text final;
    if (f->rounds == 2) {
        f->proved = challenge(f, &final) && scram_server_final_is_right(s, &final);
        return f->proved;
    }
    if (!challenge(f, &s->first) || !scram_server_first_is_sound(s))
        return false;
    scram_server_sign(s);
    scram_server_without_proof(s, to);
    text_put(to, ",p=");
    text_add_base64(to, s->proof, mixing_length(s->hash));
    return true;
}

static bool foretell_cram(struct foretold *f, struct text *to)
{
    static struct text text;
    struct postino_hmac hmac = {{0}};
    uint8_t digest[16];
    unsigned calls = mixing_calls, fails_at = mixing_fails_at;
    if (!challenge(f, &text))
        return false;
    mixing_fails_at = 0;
    mixing_crypto.hmac_begin(&hmac, POSTINO_MD5, MIXING_PASSWORD, strlen(MIXING_PASSWORD));
    mixing_crypto.hmac_add(&hmac, text.octets, text.length);
    mixing_crypto.hmac_end(&hmac, digest);
    mixing_calls = calls;
    mixing_fails_at = fails_at;
    text_put(to, foretold_user(f));
    text_put(to, " ");
    for (int i = 0; i < 32; i++)
        text_add(to, &"0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15], 1);
    return true;
}

/* The next response, not yet in base64; or false, and it is cancelled. */
static bool foretell_response(struct foretold *f, struct text *to)
{
    const struct postino_mechanism *mechanism = f->kind->mechanism;
    text_clear(to);
    if (f->kind->scram)
        return foretell_scram(f, to);
    if (mechanism == &postino_cram_md5)
        return foretell_cram(f, to);
    if (mechanism == &postino_login)
        text_put(to, f->rounds ? MIXING_PASSWORD : foretold_user(f));
    if (mechanism == &postino_anonymous)
        text_put(to, foretold_user(f));
    if ((mechanism == &postino_plain || mechanism == &postino_external) && foretold_identity(f))
        text_put(to, foretold_identity(f));
    if (mechanism == &postino_plain) {
        text_add(to, "", 1);
        text_put(to, foretold_user(f));
        text_add(to, "", 1);
        text_put(to, MIXING_PASSWORD);
    }
    bool bearer = mechanism == &postino_oauthbearer;
    if ((bearer || mechanism == &postino_xoauth2) && f->rounds == 0) {
        text_put(to, bearer ? "n,a=" : "user=");
        text_put(to, bearer ? saslname(f) : foretold_user(f));
        text_put(to, bearer ? ",\1auth=Bearer " : "\1auth=Bearer ");
        text_put(to, MIXING_PASSWORD "\1\1");
    } else if (bearer) {
        text_put(to, "\1");
    }
    return true;
}

/* AUTH, with the first response where there is one and it fits. */
static void foretell_command(struct foretold *f, struct text *to)
{
    static struct text response, digits;
    text_clear(&response);
    text_clear(&digits);
    text_put(to, "AUTH ");
    text_put(to, f->kind->name);
    if (!f->kind->client_first || !(f->options & OPTION_INITIAL))
        return;
    foretell_response(f, &response);
    text_add_base64(&digits, response.octets, response.length);
    if (to->length + 1 + digits.length + 2 > 512)
        return;
    text_put(to, " ");
    text_put(to, digits.length ? digits.octets : "=");
    f->rounds = f->kind->rounds > 1; /* the only one is given again where it is asked for */
}

static void foretell_answer(struct foretold *f, struct text *to)
{
    static struct text response;
    if (f->rounds < f->kind->rounds && foretell_response(f, &response)) {
        text_add_base64(to, response.octets, response.length);
        f->rounds++;
    } else {
        f->cancelled = true;
        text_put(to, "*");
    }
}

bool foretell(struct foretold *f, struct text *to)
{
    bool no_token = foretold_has_token(f->kind) && f->options & OPTION_NO_TOKEN;
    text_clear(to);
    if (f->said.length < 4)
        abort();
    int code = atoi((char[]){f->said.octets[0], f->said.octets[1], f->said.octets[2], '\0'});
    if (!f->begun && !no_token)
        foretell_command(f, to);
    else if (!f->begun || (code != 421 && code >= 400 && code < 600))
        text_put(to, "QUIT");
    else if (f->cancelled)
        return false;
    else if (code == 334)
        foretell_answer(f, to);
    else if (code == 235)
        text_put(to, f->kind->scram && !f->proved ? "QUIT" : "MAIL FROM:<a@x.test>");
    else
        return false;
    f->begun = true;
    return true;
}
