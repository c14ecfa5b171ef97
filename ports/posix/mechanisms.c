/* Which mechanisms of authentication a send may use: the strongest first. */
#include "secure.h"

#include <string.h>
#include <strings.h>

enum kind {
    BY_PASSWORD = 1,
    BY_TOKEN = 2,
    BY_NAME = 4,  /* only where it is asked for */
    PROVIDED = 8, /* and there is somebody who computes it */
    BY_SECRET = BY_PASSWORD | BY_TOKEN
};

static const struct {
    const char *name;
    const struct postino_mechanism *mechanism;
    unsigned kind; /* of enum kind */
} known[] = {
    {"SCRAM-SHA-256-PLUS", &postino_scram_sha256_plus, BY_PASSWORD},
    {"SCRAM-SHA-1-PLUS", &postino_scram_sha1_plus, BY_PASSWORD},
    {"SCRAM-SHA-256", &postino_scram_sha256, BY_PASSWORD},
    {"SCRAM-SHA-1", &postino_scram_sha1, BY_PASSWORD},
    {"CRAM-MD5", &postino_cram_md5, BY_PASSWORD},
    {"PLAIN", &postino_plain, BY_PASSWORD},
    {"LOGIN", &postino_login, BY_PASSWORD},
    {"OAUTHBEARER", &postino_oauthbearer, BY_TOKEN},
    {"XOAUTH2", &postino_xoauth2, BY_TOKEN},
    {"EXTERNAL", &postino_external, BY_NAME},
    {"ANONYMOUS", &postino_anonymous, BY_NAME},
    {"GSSAPI", &postino_gssapi, BY_NAME | PROVIDED},
    {"DIGEST-MD5", &postino_digest_md5, BY_NAME | BY_PASSWORD | PROVIDED},
    {"NTLM", &postino_ntlm, BY_NAME | BY_PASSWORD | PROVIDED},
};

enum {
    KNOWN = sizeof known / sizeof *known
};

static int find(const char *name, size_t length)
{
    for (int i = 0; i < KNOWN; i++)
        if (strlen(known[i].name) == length && strncasecmp(known[i].name, name, length) == 0)
            return i;
    return -1;
}

static const char *choose_named(struct postino_secure *secure, const char *names, unsigned have)
{
    int count = 0;
    for (const char *at = names;; at++) {
        size_t length = strcspn(at, ",");
        int found = find(at, length);
        if (found < 0 || count == POSTINO_SECURE_MECHANISMS)
            return "it names a mechanism of authentication that is not known here";
        unsigned kind = known[found].kind;
        if (kind & PROVIDED & ~have)
            return "it names a mechanism of authentication that only GNU SASL knows, and this program is built without";
        if (kind & BY_SECRET && !(kind & have))
            return kind & BY_TOKEN ? "that mechanism of authentication needs a token"
                                   : "that mechanism of authentication needs a password";
        secure->mechanisms[count++] = known[found].mechanism;
        at += length;
        if (!*at)
            return NULL;
    }
}

const char *postino_secure_choose(struct postino_secure *secure, const struct postino_send_options *options)
{
    int count = 0;
    unsigned have = options->provider ? PROVIDED : 0;
    if (options->password)
        have |= BY_PASSWORD;
    if (options->token)
        have |= BY_TOKEN;
    if (options->mechanisms)
        return choose_named(secure, options->mechanisms, have);
    for (int i = 0; i < KNOWN; i++)
        if (known[i].kind == (options->token ? BY_TOKEN : BY_PASSWORD))
            secure->mechanisms[count++] = known[i].mechanism;
    return NULL;
}
