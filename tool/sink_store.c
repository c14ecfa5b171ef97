/*
 * Mails in a folder: tmp/ while they come, then envelopes/NUMBER.json, then new/NUMBER.eml, so that whoever sees a mail
 * finds its envelope. Nothing is synced to the disk: this is a server for tests.
 */
#define _GNU_SOURCE
#include "sink_server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static void sink_tmp_name(const struct postino_sink_peer *peer, char *name, size_t size)
{
    snprintf(name, size, "%ld.%llu", (long)getpid(), (unsigned long long)peer->file_number);
}

static int sink_folder(const struct postino_sink *sink, const char *name)
{
    char path[4096];
    int fd = -1;

    if ((size_t)snprintf(path, sizeof path, "%s/%s", sink->maildir, name) >= sizeof path)
        errno = ENAMETOOLONG;
    else if (mkdir(path, 0700) == 0 || errno == EEXIST)
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        fprintf(stderr, "postino sink: --maildir: cannot use the folder %s: %s\n", path, strerror(errno));
    return fd;
}

/* Numbers go on behind those that are there from an earlier run. */
static void sink_last_name(struct postino_sink *sink, int folder)
{
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *entry;

    while (directory && (entry = readdir(directory))) {
        unsigned long long number = strtoull(entry->d_name, NULL, 10);

        if (number > sink->name && number < UINT64_MAX / 2)
            sink->name = number;
    }
    if (directory)
        closedir(directory);
}

int postino_sink_store_prepare(struct postino_sink *sink)
{
    int cur;

    if (mkdir(sink->maildir, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "postino sink: --maildir: cannot make the folder %s: %s\n", sink->maildir, strerror(errno));
        return EX_CANTCREAT;
    }
    sink->tmp_folder = sink_folder(sink, "tmp");
    sink->new_folder = sink_folder(sink, "new");
    sink->envelopes_folder = sink_folder(sink, "envelopes");
    cur = sink_folder(sink, "cur");
    sink->store_buffer = malloc(SINK_READ_SIZE);
    if (sink->tmp_folder < 0 || sink->new_folder < 0 || sink->envelopes_folder < 0 || cur < 0 || !sink->store_buffer)
        return EX_CANTCREAT;
    sink_last_name(sink, sink->new_folder);
    sink_last_name(sink, sink->envelopes_folder);
    sink_last_name(sink, cur);
    close(cur);
    return 0;
}

static void sink_failed(struct postino_sink_peer *peer)
{
    fprintf(stderr, "postino sink: --maildir: a mail could not be stored: %s\n", strerror(errno));
    peer->not_stored = true;
}

void postino_sink_store_begin(struct postino_sink_peer *peer)
{
    char name[64];

    peer->file_number = ++peer->sink->files;
    sink_tmp_name(peer, name, sizeof name);
    peer->file = openat(peer->sink->tmp_folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (peer->file < 0)
        sink_failed(peer);
}

static void sink_write_file(struct postino_sink_peer *peer, const char *octets, size_t length)
{
    while (length > 0 && !peer->not_stored) {
        ssize_t written = write(peer->file, octets, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            sink_failed(peer);
            return;
        }
        octets += written;
        length -= (size_t)written;
    }
}

/* Gathers what one read brought, whatever dots stood in it, for one write. */
void postino_sink_store_take(struct postino_sink_peer *peer, const void *octets, size_t length)
{
    struct postino_sink *sink = peer->sink;

    if (peer->over)
        return;
    if (length > SINK_READ_SIZE - sink->store_length)
        postino_sink_store_flush(peer);
    if (length > SINK_READ_SIZE) {
        sink_write_file(peer, octets, length);
        return;
    }
    memcpy(sink->store_buffer + sink->store_length, octets, length);
    sink->store_length += length;
}

void postino_sink_store_flush(struct postino_sink_peer *peer)
{
    sink_write_file(peer, peer->sink->store_buffer, peer->sink->store_length);
    peer->sink->store_length = 0;
}

/* The number is taken by the envelope's name: whichever sink makes it first has it. */
static bool sink_place(struct postino_sink_peer *peer, const char *tmp_mail)
{
    struct postino_sink *sink = peer->sink;
    char tmp_envelope[80], name[64];

    snprintf(tmp_envelope, sizeof tmp_envelope, "%s.json", tmp_mail);
    if (!postino_sink_envelope_write(peer, sink->tmp_folder, tmp_envelope))
        return false;
    do
        snprintf(name, sizeof name, "%010llu.json", (unsigned long long)++sink->name);
    while (renameat2(sink->tmp_folder, tmp_envelope, sink->envelopes_folder, name, RENAME_NOREPLACE) != 0 &&
           errno == EEXIST);
    snprintf(name, sizeof name, "%010llu.eml", (unsigned long long)sink->name);
    if (renameat2(sink->tmp_folder, tmp_mail, sink->new_folder, name, RENAME_NOREPLACE) == 0)
        return true;
    unlinkat(sink->tmp_folder, tmp_envelope, 0);
    return false;
}

bool postino_sink_store_accept(struct postino_sink_peer *peer)
{
    char name[64];
    bool stored;

    if (peer->file < 0)
        return false;
    sink_tmp_name(peer, name, sizeof name);
    stored = close(peer->file) == 0 && sink_place(peer, name);
    peer->file = -1;
    if (stored)
        return true;
    sink_failed(peer);
    unlinkat(peer->sink->tmp_folder, name, 0);
    return false;
}

void postino_sink_store_discard(struct postino_sink_peer *peer)
{
    char name[64];

    if (peer->file < 0)
        return;
    close(peer->file);
    peer->file = -1;
    sink_tmp_name(peer, name, sizeof name);
    unlinkat(peer->sink->tmp_folder, name, 0);
}
