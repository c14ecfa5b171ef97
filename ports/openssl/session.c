/* A session in a file, so that the next process resumes it (8446 2.2): one file for one server and one set of options.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DIGEST_LENGTH = 32,
    KEPT_S = 86400 /* so long at most a handshake speaks for those that resume it (8446 4.6.1 allows a week) */
};

static void add_text(EVP_MD_CTX *digest, const char *text)
{
    unsigned char present = text != NULL;
    EVP_DigestUpdate(digest, &present, 1);
    if (text)
        EVP_DigestUpdate(digest, text, strlen(text) + 1);
}

/* With what stands in it: who is trusted may change. */
static void add_file(EVP_MD_CTX *digest, const char *path)
{
    unsigned char octets[4096];
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    add_text(digest, path);
    for (ssize_t got; fd >= 0 && (got = read(fd, octets, sizeof octets)) > 0;)
        EVP_DigestUpdate(digest, octets, (size_t)got);
    if (fd >= 0)
        close(fd);
}

/* What a session was made for. One that was made for less must not be taken for more: it would not be verified again.
 */
static bool purpose(const struct postino_openssl *tls, unsigned char *to)
{
    const struct postino_openssl_options *o = tls->options;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
        return false;
    add_text(digest, tls->name);
    add_text(digest, o->unverified ? "unverified" : "verified");
    add_file(digest, o->ca_file);
    add_file(digest, o->certificate_file);
    add_file(digest, o->key_file);
    for (const char *const *pin = o->pins; pin && *pin; pin++)
        add_text(digest, *pin);
    bool done = EVP_DigestFinal_ex(digest, to, NULL) == 1;
    EVP_MD_CTX_free(digest);
    return done;
}

/* Writes beside it and renames, so that two processes never make one broken file of it. That of a session that was
 * resumed is not kept: from time to time the server has to show its certificate again. */
static int keep(SSL *connection, SSL_SESSION *session)
{
    const struct postino_openssl *tls = SSL_get_app_data(connection);
    char path[4096];
    if (!SSL_SESSION_is_resumable(session) || !tls->stands || tls->resumed ||
        (size_t)snprintf(path, sizeof path, "%s.XXXXXX", tls->options->session_file) >= sizeof path)
        return 0;
    int fd = mkstemp(path); /* which nobody else has, or may read */
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    bool written = file && PEM_write_SSL_SESSION(file, session) == 1;
    if (file)
        written &= fclose(file) == 0;
    else if (fd >= 0)
        close(fd);
    if (fd >= 0 && (!written || rename(path, tls->options->session_file) != 0))
        unlink(path);
    ERR_clear_error();
    return 0; /* the session remains OpenSSL's */
}

/* TLS 1.2 had its session within the handshake, before the server was known to be trusted; that of 1.3 is still to
 * come. */
void postino_openssl_session_keep(struct postino_openssl *tls)
{
    if (tls->options->session_file && SSL_version(tls->connection) < TLS1_3_VERSION)
        keep(tls->connection, SSL_get0_session(tls->connection));
}

/* Nobody else may have read it, or written it. */
static bool is_private(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
           !(status.st_mode & (S_IRWXG | S_IRWXO));
}

bool postino_openssl_session_check(struct postino_openssl *tls)
{
    unsigned char context[DIGEST_LENGTH];
    const char *path = tls->options->session_file;
    if (!path)
        return true;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool sound = fd >= 0 ? is_private(fd) : errno == ENOENT;
    if (!sound)
        snprintf(tls->problem, sizeof tls->problem, "the session file %s: %s", path,
                 fd < 0 ? strerror(errno) : "it must be a file of our own that nobody else may read (chmod 600)");
    if (fd >= 0)
        close(fd);
    if (!sound || !purpose(tls, context) || SSL_CTX_set_session_id_context(tls->context, context, sizeof context) != 1)
        return false;
    SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(tls->context, keep);
    return true;
}

static bool is_current(const SSL_SESSION *session)
{
    X509 *certificate = SSL_SESSION_get0_peer((SSL_SESSION *)(uintptr_t)session);
    time_t until = (time_t)SSL_SESSION_get_time(session) + KEPT_S;
    ASN1_TIME *end = ASN1_TIME_set(NULL, until);
    bool recent = end && X509_cmp_current_time(end) > 0;
    ASN1_TIME_free(end);
    return recent && certificate && X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
           X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

void postino_openssl_session_begin(struct postino_openssl *tls)
{
    unsigned char wanted[DIGEST_LENGTH];
    unsigned length;
    if (!tls->options->session_file)
        return;
    int fd = open(tls->options->session_file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    FILE *file = fd >= 0 && is_private(fd) ? fdopen(fd, "r") : NULL;
    SSL_SESSION *session = file ? PEM_read_SSL_SESSION(file, NULL, NULL, NULL) : NULL;
    const unsigned char *context = session ? SSL_SESSION_get0_id_context(session, &length) : NULL;
    if (context && length == sizeof wanted && purpose(tls, wanted) && memcmp(context, wanted, length) == 0 &&
        is_current(session))
        SSL_set_session(tls->connection, session);
    SSL_SESSION_free(session);
    if (file)
        fclose(file);
    else if (fd >= 0)
        close(fd);
    ERR_clear_error();
}
