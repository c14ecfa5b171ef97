/* What servers offered, in a file, so that the next process can speak ahead of their greetings (PIPECONNECT): a line
 * for each server, by its address, port and TLS. */
#define _POSIX_C_SOURCE 200809L
#include "memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    KEPT_S = 86400,        /* so long at most what was offered is taken to be offered still */
    KEPT_AS_IT_IS_S = 3600 /* so long a line that says the same is not written again */
};

static int64_t now_s(void)
{
    int64_t seconds;
    int zone_minutes;
    postino_posix_date(&seconds, &zone_minutes);
    return seconds;
}

/* Where `fd` stands: nobody else may have written it. */
static bool is_ours(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
           !(status.st_mode & (S_IWGRP | S_IWOTH));
}

static int open_file(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

const char *postino_posix_memory_check(const char *path)
{
    const char *problem = NULL;
    int fd = open_file(path);
    if (fd < 0 && errno != ENOENT)
        problem = strerror(errno);
    if (fd >= 0 && !is_ours(fd))
        problem = "it must be a file of our own that nobody else may write";
    if (fd >= 0)
        close(fd);
    return problem;
}

static FILE *open_lines(const struct postino_posix_memory *self)
{
    int fd = open_file(self->path);
    FILE *file = fd >= 0 && is_ours(fd) ? fdopen(fd, "r") : NULL;
    if (!file && fd >= 0)
        close(fd);
    return file;
}

/* What a line begins with: address, port and TLS. Returns false where there is no such address. */
static bool name_server(const struct postino_posix_memory *self, bool secured, char *to, size_t size)
{
    const struct sockaddr *peer = &self->posix->peer.any;
    char address[INET6_ADDRSTRLEN];
    const void *octets = &self->posix->peer.v4.sin_addr;
    if (peer->sa_family == AF_INET6)
        octets = &self->posix->peer.v6.sin6_addr;
    else if (peer->sa_family != AF_INET)
        return false;
    inet_ntop(peer->sa_family, octets, address, sizeof address);
    snprintf(to, size, "%s %u %s ", address, self->posix->url->port, secured ? "tls" : "clear");
    return true;
}

/* Reads what stands behind the name. Returns when it was offered; 0 where it is too long ago, or makes no sense. */
static int64_t read_known(const char *text, struct postino_known *known)
{
    int64_t when;
    unsigned long long size_limit;
    int64_t now = now_s();
    if (sscanf(text, "%" SCNd64 " %" SCNx32 " %llu %" SCNu32 " %" SCNu32, &when, &known->offers, &size_limit,
               &known->by_min_s, &known->hold_max_s) != 5)
        return 0;
    known->size_limit = (size_t)size_limit;
    return when > now - KEPT_S && when <= now ? when : 0;
}

/* Finds what is known of a server. Returns when it was offered, or 0. */
static int64_t find(const struct postino_posix_memory *self, const char *name, struct postino_known *known)
{
    int64_t when = 0;
    char line[256];
    FILE *file = open_lines(self);
    while (file && !when && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            when = read_known(line + strlen(name), known);
    if (file)
        fclose(file);
    return when;
}

/* The lines of other servers that are not out of date. */
static void copy_others(const struct postino_posix_memory *self, const char *name, FILE *to)
{
    struct postino_known known;
    char line[256];
    FILE *from = open_lines(self);
    while (from && fgets(line, sizeof line, from)) {
        const char *at = line;
        for (int words = 0; at && words < 3; words++)
            at = (at = strchr(at, ' ')) ? at + 1 : NULL;
        if (at && strchr(at, '\n') && read_known(at, &known) && strncmp(line, name, strlen(name)) != 0)
            fputs(line, to);
    }
    if (from)
        fclose(from);
}

/* Writes beside it and renames, so that two processes never make one broken file of it. */
static void replace(const struct postino_posix_memory *self, const char *name, const struct postino_known *known)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s.XXXXXX", self->path) >= sizeof path)
        return;
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file) {
        if (fd >= 0)
            close(fd);
        return;
    }
    copy_others(self, name, file);
    if (known)
        fprintf(file, "%s%" PRId64 " %" PRIx32 " %llu %" PRIu32 " %" PRIu32 "\n", name, now_s(), known->offers,
                (unsigned long long)known->size_limit, known->by_min_s, known->hold_max_s);
    bool written = !ferror(file);
    written &= fclose(file) == 0;
    if (!written || rename(path, self->path) != 0)
        unlink(path);
}

static size_t recall(struct postino_memory *memory, struct postino_session *session, void *buffer, size_t size)
{
    const struct postino_posix_memory *self = (struct postino_posix_memory *)memory;
    struct postino_known known = {.secured = session->secured};
    char name[128];
    if (!name_server(self, session->secured, name, sizeof name) || !find(self, name, &known))
        return 0;
    return postino_session_recall(session, &known, buffer, size);
}

static bool same(const struct postino_known *a, const struct postino_known *b)
{
    return a->offers == b->offers && a->size_limit == b->size_limit && a->by_min_s == b->by_min_s &&
           a->hold_max_s == b->hold_max_s;
}

static bool learn(struct postino_memory *memory, const struct postino_session *session)
{
    const struct postino_posix_memory *self = (struct postino_posix_memory *)memory;
    struct postino_known offered, known;
    bool useful = postino_session_remember(session, &offered);
    char name[128];
    if (name_server(self, offered.secured, name, sizeof name)) {
        int64_t when = find(self, name, &known);
        bool current = when > now_s() - KEPT_AS_IT_IS_S && same(&offered, &known);
        if (useful ? !current : when != 0)
            replace(self, name, useful ? &offered : NULL);
    }
    return !postino_session_changed(session);
}

void postino_posix_memory_init(struct postino_posix_memory *self, const struct postino_posix *posix, const char *path)
{
    *self = (struct postino_posix_memory){.memory = {recall, learn}, .posix = posix, .path = path};
}
