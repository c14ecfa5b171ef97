/* The policy of a send: when TLS is required, when it is verified, who we are. */
#include "secure.h"

#include <stdlib.h>
#include <string.h>

enum {
    ITERATIONS_MAX = 1000000,
    CREDENTIALS_MAX = 8192 /* octets: within a response of 12,288 (4954 4) */
};

static bool has_credentials(const struct postino_send_options *options)
{
    return options->password || options->token || options->mechanisms;
}

/* Where octets do not leave the machine nobody is in between. */
static bool is_local_socket(const struct postino_url *url)
{
    return *url->path;
}

static void choose_tls(struct postino_secure *secure, const struct postino_url *url, bool required,
                       struct postino_delivery_config *config)
{
    secure->tls_options.unverified = false;
    switch (url->scheme) {
    case POSTINO_SCHEME_SMTPS:
        config->implicit_tls = true;
        break;
    case POSTINO_SCHEME_SMTP_TLS:
    case POSTINO_SCHEME_SUBMISSION:
        config->session.opening[0] = &postino_starttls_required;
        break;
    case POSTINO_SCHEME_SMTP:
    case POSTINO_SCHEME_LMTP:
        if (is_local_socket(url))
            break;
        if (required || secure->tls_options.pins) {
            config->session.opening[0] = &postino_starttls_required;
            break;
        }
        config->session.opening[0] = &postino_starttls_offered;
        secure->tls_options.unverified = true; /* 7435: better than nothing, against those who only listen */
        break;
    case POSTINO_SCHEME_SMTP_NOTLS:
        break;
    }
    secure->has_tls = config->implicit_tls || config->session.opening[0];
}

/* XCLIENT stands where STARTTLS would. */
static const char *introduce(struct postino_secure *secure, const char *xclient, struct postino_delivery_config *config)
{
    if (!postino_xclient_valid(xclient))
        return "what XCLIENT is to say is not NAME=value, with a space between two of these";
    if (config->session.opening[0] == &postino_starttls_required)
        return "XCLIENT goes over TLS from the start (smtps://) or in clear (smtp+notls://), not with STARTTLS";
    config->session.opening[0] = &postino_xclient;
    config->session.xclient = xclient;
    secure->has_tls = config->implicit_tls;
    return NULL;
}

static const char *prepare_credentials(struct postino_secure *secure, const struct postino_url *url,
                                       const struct postino_send_options *options)
{
    const char *problem = NULL;
    const char *user = options->user ? options->user : url->user;
    const char *secret = options->token ? options->token : options->password ? options->password : "";
    if (strlen(user) > CREDENTIALS_MAX || strlen(secret) > CREDENTIALS_MAX)
        return "the user name or the password is longer than 8,192 octets";
    if (!*user && (options->password || options->token))
        return "there is a password or a token, and no user name";
    secure->user = postino_saslprep(user, &problem);
    if (secure->user)
        secure->password = postino_saslprep(secret, &problem);
    return problem;
}

static void wipe(char *secret)
{
    if (secret)
        postino_wipe(secret, strlen(secret));
}

/* Of one mail alone: several may need a further connection. */
static void forget(struct postino_sasl *sasl)
{
    struct postino_secure *secure =
        (struct postino_secure *)(void *)((char *)sasl - offsetof(struct postino_secure, sasl));
    wipe(secure->password);
    wipe(secure->wipe);
}

static const char *prepare_sasl(struct postino_secure *secure, const struct postino_url *url,
                                const struct postino_send_options *options, struct postino_delivery_config *config)
{
    const char *problem = prepare_credentials(secure, url, options);
    if (!problem)
        problem = postino_secure_choose(secure, options);
    secure->work.crypto = &postino_openssl_crypto;
    secure->work.iterations_max = ITERATIONS_MAX;
    secure->wipe = options->wipe;
    if (options->provider)
        options->provider->host = url->host;
    secure->sasl = (struct postino_sasl){
        .mechanisms = secure->mechanisms,
        .identity = options->identity,
        .user = secure->user,
        .password = secure->password,
        .work = &secure->work,
        .provider = options->provider,
        .in_clear = url->scheme == POSTINO_SCHEME_SMTP_NOTLS || is_local_socket(url),
        .initial_response = postino_initial_response,
        .accepted = secure->once ? forget : NULL,
    };
    config->session.opening[1] = &postino_auth;
    config->session.sasl = &secure->sasl;
    return problem;
}

const char *postino_secure_prepare(struct postino_secure *secure, const struct postino_url *url,
                                   const struct postino_send_options *options, struct postino_delivery_config *config)
{
    const char *problem = NULL;
    bool credentials = has_credentials(options);
    secure->tls_options = options->tls;
    secure->tls_options.host = url->host;
    secure->tls_options.like = secure->like;
    secure->tls_options.bind_by_certificate = options->mechanisms; /* where -PLUS is asked for by its name */
    if (!credentials && (options->user || *url->user))
        return "it names a user, and there is no password";
    choose_tls(secure, url, credentials || secure->required, config);
    if (options->xclient)
        problem = introduce(secure, options->xclient, config);
    if (problem)
        return problem;
    config->session.unverified = secure->tls_options.unverified;
    if (credentials)
        problem = prepare_sasl(secure, url, options, config);
    if (problem || !secure->has_tls)
        return problem;
    if (!postino_openssl_init(&secure->tls, config->transport, &secure->tls_options)) {
        secure->has_tls = false;
        return secure->tls.problem;
    }
    config->transport = &secure->tls.transport;
    return NULL;
}

void postino_secure_free(struct postino_secure *secure)
{
    if (secure->has_tls)
        postino_openssl_free(&secure->tls);
    wipe(secure->user);
    wipe(secure->password);
    wipe(secure->wipe);
    free(secure->user);
    free(secure->password);
    postino_wipe(secure, sizeof *secure);
}
