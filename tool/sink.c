#define _GNU_SOURCE
#include "sink.h"

#include "sink_server.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

static void sink_many_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* The batch has room for one more reply of any length above its limit. */
static bool sink_buffers(struct postino_sink *sink)
{
    size_t longest = 4u * SINK_AUTH_LINE_SIZE; /* a challenge may repeat what the client said */

    for (size_t i = 0; i < sink->fault_count; i++) {
        if (sink->faults[i].length > longest)
            longest = sink->faults[i].length;
    }
    sink->read_buffer = malloc(SINK_AUTH_LINE_SIZE + SINK_READ_SIZE);
    sink->batch = malloc(SINK_BATCH_LIMIT + longest);
    return sink->read_buffer && sink->batch && postino_sink_replies_prepare(sink);
}

static int sink_prepare(struct postino_sink *sink)
{
    int code = sink->maildir ? postino_sink_store_prepare(sink) : 0;

    if (code)
        return code;
    if (postino_sink_wants_tls(sink))
        code = postino_sink_tls_prepare(sink);
    if (code)
        return code;
    sink_many_files();
    sink->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (sink->epoll < 0 || !postino_sink_signals(sink) || !postino_sink_auth_prepare(sink) || !sink_buffers(sink)) {
        fprintf(stderr, "postino sink: cannot begin: %s\n", strerror(errno));
        return EX_OSERR;
    }
    for (size_t i = 0; i < sink->listener_count && code == 0; i++)
        code = postino_sink_listen(sink, &sink->listeners[i]);
    return code;
}

static void sink_summary(const struct postino_sink *sink)
{
    const char *format = sink->json_stats
                             ? "{\"mails\":%llu,\"recipients\":%llu,\"octets\":%llu,\"connections\":%llu}\n"
                             : "%llu mails, %llu recipients, %llu octets, %llu connections\n";

    fprintf(stderr, format, (unsigned long long)sink->mails, (unsigned long long)sink->recipients,
            (unsigned long long)sink->octets, (unsigned long long)sink->connections);
}

static void sink_end(struct postino_sink *sink)
{
    while (sink->peers)
        postino_sink_peer_close(sink->peers);
    postino_sink_listeners_close(sink);
    postino_sink_replies_free(sink);
    postino_sink_faults_free(sink);
    postino_sink_auth_free(sink);
    free(sink->read_buffer);
    free(sink->store_buffer);
    free(sink->batch);
    SSL_CTX_free(sink->tls.context);
    if (sink->signals >= 0)
        close(sink->signals);
    if (sink->epoll >= 0)
        close(sink->epoll);
    if (!sink->maildir)
        return;
    close(sink->tmp_folder);
    close(sink->new_folder);
    close(sink->envelopes_folder);
}

int postino_sink_main(int argc, char **argv)
{
    struct postino_sink sink;
    int code;

    memset(&sink, 0, sizeof sink);
    sink.epoll = sink.signals = sink.tmp_folder = sink.new_folder = sink.envelopes_folder = -1;
    code = postino_sink_options(&sink, argc, argv);
    if (code == 0 && sink.help)
        postino_sink_help();
    if (code == 0 && !sink.help)
        code = sink_prepare(&sink);
    if (code == 0 && !sink.help) {
        postino_sink_loop(&sink);
        sink_summary(&sink);
    }
    sink_end(&sink);
    return code;
}
