/* curl_load HOST PORT MAILS SIZE PER_CONNECTION: as load.c, by libcurl, over one connection at a time. */
#define _GNU_SOURCE
#include "peer_load.h"

#include <curl/curl.h>
#include <string.h>

struct reader {
    const char *content;
    size_t size, at;
};

static size_t read_content(char *buffer, size_t size, size_t count, void *context)
{
    struct reader *reader = context;
    size_t left = reader->size - reader->at, length = size * count < left ? size * count : left;
    memcpy(buffer, reader->content + reader->at, length);
    reader->at += length;
    return length;
}

int main(int argc, char **argv)
{
    struct peer_load load = peer_load_begin(argc, argv);
    struct reader reader = {load.content, load.size, 0};
    char url[300];
    snprintf(url, sizeof url, "smtp://%s:%s/client.example.test", argv[1], argv[2]);
    struct curl_slist *to = curl_slist_append(NULL, "bob@example.test");
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, "ada@example.test");
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_content);
    curl_easy_setopt(curl, CURLOPT_READDATA, &reader);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)load.size);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, load.per_connection == 1 ? 1L : 0L);
    for (; load.sent < load.mails; load.sent++) {
        reader.at = 0;
        load.accepted += curl_easy_perform(curl) == CURLE_OK;
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(to);
    return peer_load_end(&load);
}
