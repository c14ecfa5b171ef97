/* The transport below as OpenSSL's BIO. */
#include "internal.h"

enum {
    READS_AT_ONCE = 4 /* in one call from above: whoever floods us with records that say nothing is left to wait */
};

static struct postino_openssl *owner(BIO *bio)
{
    return BIO_get_data(bio);
}

static int moved(BIO *bio, ptrdiff_t count, int retry)
{
    BIO_clear_retry_flags(bio);
    if (count == 0)
        BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
    return count > 0 ? (int)count : -1;
}

static int read_below(BIO *bio, char *buffer, int size)
{
    struct postino_transport *below = owner(bio)->below;
    if (size <= 0)
        return 0;
    ptrdiff_t count = 0;
    if (owner(bio)->reads < READS_AT_ONCE)
        count = below->read(below, buffer, (size_t)size);
    owner(bio)->transport.unconnected = below->unconnected;
    owner(bio)->reads++;
    owner(bio)->dry = count <= 0;
    if (count == POSTINO_TRANSPORT_LOST) {
        BIO_clear_retry_flags(bio);
        return 0; /* the end of the file */
    }
    return moved(bio, count, BIO_FLAGS_READ);
}

static int write_below(BIO *bio, const char *octets, int length)
{
    struct postino_transport *below = owner(bio)->below;
    if (length <= 0)
        return 0;
    ptrdiff_t count = below->write(below, octets, (size_t)length);
    owner(bio)->transport.unconnected = below->unconnected;
    return moved(bio, count, BIO_FLAGS_WRITE);
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

BIO *postino_openssl_below(struct postino_openssl *tls)
{
    BIO_METHOD *method = tls->method ? tls->method : BIO_meth_new(BIO_TYPE_SOURCE_SINK, "postino");
    tls->method = method;
    if (!method)
        return NULL;
    BIO_meth_set_read(method, read_below);
    BIO_meth_set_write(method, write_below);
    BIO_meth_set_ctrl(method, control);
    BIO *bio = BIO_new(method);
    if (bio) {
        BIO_set_data(bio, tls);
        BIO_set_init(bio, 1);
    }
    return bio;
}
