/* What the peers' counterparts of load.c share. */
#ifndef POSTINO_BENCH_PEER_LOAD_H
#define POSTINO_BENCH_PEER_LOAD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct peer_load {
    size_t mails, size, per_connection; /* 0: one connection for all */
    size_t sent, accepted;
    char *content; /* `size` octets, and NUL */
    struct timespec began;
};

static inline struct peer_load peer_load_begin(int argc, char **argv)
{
    static const char head[] = "From: ada@example.test\r\nTo: bob@example.test\r\nSubject: load\r\n\r\n";
    static const char line[] = "the quick brown fox jumps over the lazy dog, and so it goes on and on.\r\n";
    struct peer_load load = {0};
    if (argc != 6 || !(load.content = calloc(1, (size_t)atol(argv[4]) + sizeof line + sizeof head)))
        exit(64);
    load.mails = (size_t)atol(argv[3]);
    load.size = (size_t)atol(argv[4]);
    load.per_connection = (size_t)atol(argv[5]);
    size_t length = strlen(head);
    memcpy(load.content, head, length);
    for (; length < load.size; length += strlen(line))
        memcpy(load.content + length, line, strlen(line));
    memcpy(load.content + load.size - 3, ".\r\n", 4); /* no CR is cut off from its LF */
    clock_gettime(CLOCK_MONOTONIC, &load.began);
    return load;
}

/* Mails for the next connection. */
static inline size_t peer_load_next(const struct peer_load *load)
{
    size_t left = load->mails - load->sent;
    return load->per_connection && load->per_connection < left ? load->per_connection : left;
}

static inline int peer_load_end(struct peer_load *load)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)(now.tv_sec - load->began.tv_sec) + (double)(now.tv_nsec - load->began.tv_nsec) / 1e9;
    printf("{\"mails\": %zu, \"accepted\": %zu, \"seconds\": %.4f}\n", load->mails, load->accepted, seconds);
    free(load->content);
    return load->accepted == load->mails ? 0 : 75;
}

#endif
