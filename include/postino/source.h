/*
 * A source of octets: what a message is to the session that sends it.
 *
 * A source is read forward. Its owner embeds `struct postino_source` as the first member of a struct of its own and
 * finds that struct again by a cast. The source belongs to the caller and must live until the mail that uses it has
 * been handed back. Sources are called from the thread that drives the session, and may not call the session.
 */
#ifndef POSTINO_SOURCE_H
#define POSTINO_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What `read` returns besides a number of octets. */
#define POSTINO_SOURCE_END     ((ptrdiff_t)0)
#define POSTINO_SOURCE_NOT_YET ((ptrdiff_t)-1) /* nothing now; ask again later. The connection stays open. */
#define POSTINO_SOURCE_FAILED  ((ptrdiff_t)-2) /* nothing more, ever; the mail is given up without its terminator. */

/* Extensions of the server that change what a message may hold: an argument of `prepare`. */
#define POSTINO_OFFERS_8BITMIME   0x0001u /* RFC 6152 */
#define POSTINO_OFFERS_BINARYMIME 0x0002u /* RFC 3030 */
#define POSTINO_OFFERS_SMTPUTF8   0x0004u /* RFC 6531 */
#define POSTINO_OFFERS_CHUNKING   0x0080u /* RFC 3030; BINARYMIME is of use only where both are offered */

struct postino_source {
    /* Stores up to `size` (1 or more) octets at `buffer`. Returns how many, or one of the values above. */
    ptrdiff_t (*read)(struct postino_source *source, void *buffer, size_t size);

    /* Goes back to the first octet, so that the same octets are read again. Returns false where that failed. NULL where
     * the source can be read once only. */
    bool (*rewind)(struct postino_source *source);

    /* Told before the first read of each delivery what the server offers (POSTINO_OFFERS_…). A composer chooses its
     * transfer encodings here and sets `length`, `seven_bit`, `canonical`, `binary` and `utf8`. Returns false where it
     * cannot be sent to that server. NULL where the octets are what they are. */
    bool (*prepare)(struct postino_source *source, unsigned offers);

    /* Octets in all, counted with line ends as CR LF and without dot-stuffing (RFC 1870 3). 0 where not known, or where
     * it does not fit. */
    size_t length;

    /* The octets are surely all below 128, so that BODY=8BITMIME need not be asked for (RFC 6152 3). */
    bool seven_bit;

    /* The octets are surely lines as they are to be sent (RFC 5321 2.3.8): each ends with CR LF, the last one too, has
     * 998 octets at most in front of that, and no other CR or LF in it, and no NUL. By BDAT they go without another
     * look. Who says so of what is not like that has the server see it. */
    bool canonical;

    /* The octets go as they are, whatever they are: line ends are not looked at, BODY=BINARYMIME is asked for (RFC 3030
     * 3). Only where the server offers that, and CHUNKING. */
    bool binary;

    /* The header section holds UTF-8: SMTPUTF8 is asked for (RFC 6531 3.4). */
    bool utf8;
};

#ifdef __cplusplus
}
#endif

#endif
