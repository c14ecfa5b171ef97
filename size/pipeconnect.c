/* Whole mails by BDAT ahead of the greeting of a server that is known. */
#include "conversation.h"

static const struct postino_known known = {.offers = POSTINO_OFFERS_PIPECONNECT};

static void recall(struct postino_session *at)
{
    postino_session_recall(at, &known, buffer, sizeof buffer);
}

int main(void)
{
    static const struct postino_extension *const extensions[] = {&postino_pipelining, &postino_chunking,
                                                                 &postino_pipeconnect, NULL};
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = extensions};
    return converse(&config, recall);
}
