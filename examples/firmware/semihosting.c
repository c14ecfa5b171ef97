/* What the emulator gives: a console, the host's clock and randomness, words of a command line (Arm's semihosting). */
#include "board.h"

#include <string.h>

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE0 = 0x04,
    SYS_READ = 0x06,
    SYS_TIME = 0x11,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20,
    APPLICATION_EXIT = 0x20026
};

static intptr_t ask(int operation, const void *block)
{
    register intptr_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void board_print(const char *text)
{
    ask(SYS_WRITE0, text);
}

void board_exit(int status)
{
    const uint32_t block[] = {APPLICATION_EXIT, (uint32_t)status};
    for (;;)
        ask(SYS_EXIT_EXTENDED, block);
}

uint64_t board_now(void)
{
    return (uint32_t)ask(SYS_TIME, NULL);
}

bool board_random(void *octets, size_t length)
{
    static const char path[] = "/dev/urandom";
    const uintptr_t open[] = {(uintptr_t)path, 1 /* rb */, sizeof path - 1};
    intptr_t file = ask(SYS_OPEN, open);
    if (file < 0)
        return false;
    const uintptr_t read[] = {(uintptr_t)file, (uintptr_t)octets, length};
    const uintptr_t close[] = {(uintptr_t)file};
    bool all = ask(SYS_READ, read) == 0; /* octets that were not read */
    ask(SYS_CLOSE, close);
    return all;
}

int board_arguments(char *line, size_t size, char **arguments, int most)
{
    uintptr_t block[] = {(uintptr_t)line, size};
    int count = 0;
    if (ask(SYS_GET_CMDLINE, block) != 0)
        return 0;
    for (char *at = line; *at && count < most;) {
        arguments[count++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    return count;
}
