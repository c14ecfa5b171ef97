/* The reference, driven by src/deliver over a transport. */
#include <postino/deliver.h>

__attribute__((noipa)) static int ready(struct postino_transport *transport)
{
    (void)transport;
    return 1;
}

__attribute__((noipa)) static ptrdiff_t move_in(struct postino_transport *transport, void *buffer, size_t size)
{
    (void)transport;
    (void)buffer;
    (void)size;
    return POSTINO_TRANSPORT_LOST;
}

__attribute__((noipa)) static ptrdiff_t move_out(struct postino_transport *transport, const void *octets, size_t length)
{
    (void)transport;
    (void)octets;
    return (ptrdiff_t)length;
}

__attribute__((noipa)) static void finish(struct postino_transport *transport)
{
    (void)transport;
}

__attribute__((noipa)) static bool wait_for(struct postino_transport *transport, bool writing, uint64_t until_ms)
{
    (void)transport;
    return writing || until_ms;
}

__attribute__((noipa)) static uint64_t now_ms(struct postino_transport *transport)
{
    (void)transport;
    return 0;
}

__attribute__((noipa)) static const char *name(struct postino_transport *transport)
{
    (void)transport;
    return "[192.0.2.1]";
}

__attribute__((noipa)) static ptrdiff_t no_octets(struct postino_source *source, void *buffer, size_t size)
{
    (void)source;
    (void)buffer;
    (void)size;
    return POSTINO_SOURCE_END;
}

int main(void)
{
    static struct postino_transport transport = {.connect = ready,
                                                 .read = move_in,
                                                 .write = move_out,
                                                 .close = finish,
                                                 .wait = wait_for,
                                                 .now_ms = now_ms,
                                                 .name = name};
    static char output[512], input[512];
    static const struct postino_delivery_config config = {.transport = &transport,
                                                          .output = output,
                                                          .output_size = sizeof output,
                                                          .input = input,
                                                          .input_size = sizeof input};
    static struct postino_source content = {.read = no_octets};
    static struct postino_recipient recipients[3];
    static struct postino_mail mail = {.recipients = recipients, .recipient_count = 3, .source = &content};
    static struct postino_delivery delivery;
    if (postino_delivery_init(&delivery, &config, &mail))
        return POSTINO_NOT_TRIED;
    postino_delivery_run(&delivery);
    return mail.result.outcome;
}
