/* What a board gives: frames, milliseconds; and, since it is an emulated one, a console, a clock and randomness by
 * semihosting, which a real one has of its own. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOARD_FRAME_MAX 1514

/* The Ethernet of the board: lan9118.c or stellaris.c. */
void board_ethernet_begin(const uint8_t address[6]);
size_t board_ethernet_receive(void *frame, size_t size);    /* octets of the next frame; 0: there is none */
bool board_ethernet_send(const void *frame, size_t length); /* false: there is no room now */

/* start.c */
uint32_t board_ms(void);
void board_idle(void); /* sleeps until something may have happened, a millisecond at most */
size_t board_stack_used(void);

/* semihosting.c */
void board_print(const char *text);
void board_exit(int status) __attribute__((noreturn));
bool board_random(void *octets, size_t length);
uint64_t board_now(void);                                                 /* seconds since 1970 */
int board_arguments(char *line, size_t size, char **arguments, int most); /* words of the command line */

#endif
