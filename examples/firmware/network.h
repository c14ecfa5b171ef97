/* lwIP on the board. */
#ifndef NETWORK_H
#define NETWORK_H

/* Static addresses, in numbers; the networks are of 24 and 64 bits. */
void network_begin(const char *address, const char *address6, const char *gateway, const char *dns);

/* What is to be done as often as possible: frames that came, timers that ran out. Sleeps where there were none. */
void network_run(void);

#endif
