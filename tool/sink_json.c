/* The envelope of a stored mail, as JSON (RFC 8259). Its strings are UTF-8 because only such commands are obeyed. */
#define _GNU_SOURCE
#include "sink_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void sink_json_string(FILE *file, const char *text, size_t length)
{
    fputc('"', file);
    for (size_t i = 0; i < length; i++) {
        unsigned char octet = (unsigned char)text[i];

        if (octet == '"' || octet == '\\')
            fprintf(file, "\\%c", octet);
        else if (octet < ' ' || octet == 127)
            fprintf(file, "\\u%04x", octet);
        else
            fputc(octet, file);
    }
    fputc('"', file);
}

static void sink_json_parameters(FILE *file, const char *text)
{
    const char *between = "";

    fputc('[', file);
    while (*text) {
        size_t length = strcspn(text, " ");

        fputs(between, file);
        sink_json_string(file, text, length);
        between = ",";
        text += length + (text[length] == ' ');
    }
    fputc(']', file);
}

/* Returns where the next recipient begins. */
static const char *sink_json_recipient(FILE *file, const char *text)
{
    const char *parameters = text + strlen(text) + 1;

    fputs("{\"address\":", file);
    sink_json_string(file, text, strlen(text));
    fputs(",\"parameters\":", file);
    sink_json_parameters(file, parameters);
    fputc('}', file);
    return parameters + strlen(parameters) + 1;
}

static void sink_json_envelope(FILE *file, const struct postino_sink_peer *peer)
{
    const char *sender = peer->envelope, *to = peer->envelope + peer->first_recipient;
    const char *protocol = peer->sink->lmtp ? "LMTP" : peer->extended ? "ESMTP" : "SMTP";

    fputs("{\"helo\":", file);
    sink_json_string(file, peer->helo, strlen(peer->helo));
    fputs(",\"from\":", file);
    sink_json_string(file, sender, strlen(sender));
    fputs(",\"from_parameters\":", file);
    sink_json_parameters(file, sender + strlen(sender) + 1);
    fputs(",\"to\":[", file);
    while (to < peer->envelope + peer->envelope_length) {
        to = sink_json_recipient(file, to);
        if (to < peer->envelope + peer->envelope_length)
            fputc(',', file);
    }
    fprintf(file, "],\"octets\":%llu,\"protocol\":\"%s\",\"chunking\":%s", (unsigned long long)peer->octets, protocol,
            peer->chunking ? "true" : "false");
    if (peer->tls)
        fprintf(file, ",\"tls\":\"%s\"", postino_sink_tls_version(peer));
    if (peer->user) {
        fputs(",\"user\":", file);
        sink_json_string(file, peer->user, strlen(peer->user));
    }
    fputs("}\n", file);
}

bool postino_sink_envelope_write(const struct postino_sink_peer *peer, int folder, const char *name)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    bool written;

    if (!file) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    sink_json_envelope(file, peer);
    written = !ferror(file);
    if (fclose(file) == 0 && written)
        return true;
    unlinkat(folder, name, 0);
    return false;
}
