/* lwIP on the board. */
#ifndef NETWORK_H
#define NETWORK_H

/* Static addresses, as dotted numbers; the mask is 255.255.255.0. */
void network_begin(const char *address, const char *gateway, const char *dns);

/* What is to be done as often as possible: frames that came, timers that ran out. Sleeps where there were none. */
void network_run(void);

#endif
