/* The outbox of a device, besides: what is tried comes from it. */
#include "conversation.h"
#include <postino/outbox.h>

__attribute__((noipa)) static bool flash_read(struct postino_store *store, uint32_t address, void *octets,
                                              uint32_t length)
{
    (void)octets;
    return store && address + length;
}

__attribute__((noipa)) static bool flash_program(struct postino_store *store, uint32_t address, const void *octets,
                                                 uint32_t length)
{
    (void)octets;
    return store && address + length;
}

__attribute__((noipa)) static bool flash_erase(struct postino_store *store, uint32_t block)
{
    return store && block;
}

__attribute__((noipa)) static bool flash_sync(struct postino_store *store)
{
    return store;
}

int main(void)
{
    static struct postino_store store = {flash_read, flash_program, flash_erase, flash_sync, 4096, 16, 4};
    static struct postino_outbox outbox;
    static const struct postino_config config = {.name = "[192.0.2.1]", .extensions = pipelining};
    if (postino_outbox_open(&outbox, &store) || postino_outbox_put(&outbox, &mail))
        return POSTINO_NOT_TRIED;
    struct postino_mail *next = postino_outbox_next(&outbox, 0);
    if (!next)
        return POSTINO_NOT_TRIED;
    mail = *next;
    enum postino_outcome outcome = converse(&config, NULL);
    return postino_outbox_done(&outbox, 0) ? outcome : POSTINO_UNCERTAIN;
}
