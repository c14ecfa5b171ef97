/* What the files of the POSIX port share. */
#ifndef POSTINO_PORTS_POSIX_INTERNAL_H
#define POSTINO_PORTS_POSIX_INTERNAL_H

#include <postino/posix.h>

uint64_t postino_posix_now_ms(void);

/* transport.c: what comes next is acknowledged at once. */
void postino_posix_hurry(struct postino_posix *posix);

/* connect.c */
int postino_posix_connect(struct postino_transport *transport);
void postino_posix_stop_connecting(struct postino_posix *posix);

/* resolve.c: fills posix->addresses, which may become more later. Returns 1, 0 for none yet, or -1 for none at all. */
int postino_posix_resolve(struct postino_posix *posix);
void postino_posix_stop_resolving(struct postino_posix *posix);
int postino_posix_resolver_poll(struct postino_posix *posix, struct pollfd *fds, int size);
uint64_t postino_posix_resolver_wake_ms(struct postino_posix *posix, uint64_t until_ms);
const char *postino_posix_resolver_problem(const struct postino_posix *posix);

#endif
