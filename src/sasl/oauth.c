/* OAUTHBEARER (7628), and XOAUTH2, which was there before it. Where the server says 334 to the token, that is an error
 * in JSON, and 535 comes behind our answer to it. */
#include "internal.h"

static void put(struct postino_response *response, const char *head, const char *text)
{
    postino_response_put_text(response, head);
    postino_response_put_text(response, text);
}

static void respond_xoauth2(const struct postino_sasl *sasl, unsigned round, struct postino_response *response)
{
    if (round != 0) /* an empty line */
        return;
    put(response, "user=", sasl->user);
    put(response, "\1auth=Bearer ", sasl->password);
    postino_response_put_text(response, "\1\1");
}

static void put_name(struct postino_response *response, const char *name)
{
    for (; *name; name++) {
        const char *escaped = postino_saslname_escape(*name);
        if (escaped)
            postino_response_put_text(response, escaped);
        else
            postino_response_put(response, *name);
    }
}

static void respond_oauthbearer(const struct postino_sasl *sasl, unsigned round, struct postino_response *response)
{
    if (round != 0) { /* 7628 3.2.3 */
        postino_response_put(response, '\1');
        return;
    }
    postino_response_put_text(response, "n,a=");
    put_name(response, sasl->user);
    put(response, ",\1auth=Bearer ", sasl->password);
    postino_response_put_text(response, "\1\1");
}

static bool ready(struct postino_session *s)
{
    struct postino_sasl *sasl = s->config->sasl;
    return !sasl->fetch || sasl->fetch(sasl);
}

static const struct postino_challenged challenged = {ready, NULL, NULL};
const struct postino_mechanism postino_xoauth2 = {"XOAUTH2", 2, true, respond_xoauth2, &challenged};
const struct postino_mechanism postino_oauthbearer = {"OAUTHBEARER", 2, true, respond_oauthbearer, &challenged};
