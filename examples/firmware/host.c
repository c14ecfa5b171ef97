/* The same firmware as a program of this machine, for sanitizers and debuggers: frames go over a Unix socket,
 * POSTINO_WIRE names the other end, POSTINO_BOARD ours. */
#define _GNU_SOURCE
#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int wire;

static struct sockaddr_un named(const char *variable)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv(variable);
    if (!path || strlen(path) >= sizeof address.sun_path) {
        fprintf(stderr, "%s names no socket\n", variable);
        exit(64);
    }
    strcpy(address.sun_path, path);
    return address;
}

void board_ethernet_begin(const uint8_t address[6])
{
    struct sockaddr_un ours = named("POSTINO_BOARD"), theirs = named("POSTINO_WIRE");
    (void)address;
    wire = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (wire < 0 || bind(wire, (struct sockaddr *)&ours, sizeof ours) ||
        connect(wire, (struct sockaddr *)&theirs, sizeof theirs)) {
        perror("the wire");
        exit(71);
    }
}

size_t board_ethernet_receive(void *frame, size_t size)
{
    ssize_t got = recv(wire, frame, size, 0);
    return got > 0 ? (size_t)got : 0;
}

bool board_ethernet_send(const void *frame, size_t length)
{
    return send(wire, frame, length, 0) == (ssize_t)length;
}

uint32_t board_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

void board_idle(void)
{
    usleep(200);
}

size_t board_stack_used(void)
{
    return 0;
}

void board_print(const char *text)
{
    fputs(text, stdout);
    fflush(stdout);
}

void board_exit(int status)
{
    exit(status);
}

bool board_random(void *octets, size_t length)
{
    return getrandom(octets, length, 0) == (ssize_t)length;
}

uint64_t board_now(void)
{
    return (uint64_t)time(NULL);
}

int board_arguments(char *line, size_t size, char **arguments, int most)
{
    FILE *words = fopen("/proc/self/cmdline", "r");
    size_t length = words ? fread(line, 1, size - 1, words) : 0;
    int count = 0;
    line[length] = '\0';
    for (char *at = line; at < line + length && count < most; at += strlen(at) + 1)
        arguments[count++] = at;
    if (words)
        fclose(words);
    return count;
}
