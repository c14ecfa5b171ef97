/*
 * Certificates on a device that does not know what day it is, only that it is not before a certain one: that of its
 * firmware. A certificate that had ended by then is refused; that it has begun by now is believed, and so every other
 * question is asked on the day when it began, or on that day, whichever comes later.
 *
 * A decoder reads each certificate along, a piece at a time, ahead of the engine that judges it.
 */
#include <postino/bearssl.h>

#include <string.h>

static struct postino_bearssl_dateless *self_of(const br_x509_class **context)
{
    return (struct postino_bearssl_dateless *)(void *)context;
}

static const br_x509_class **judge_of(const br_x509_class **context)
{
    return &self_of(context)->judge->vtable;
}

static bool before(uint32_t days, uint32_t seconds, uint32_t other_days, uint32_t other_seconds)
{
    return days < other_days || (days == other_days && seconds < other_seconds);
}

static void ask_on_the_day(struct postino_bearssl_dateless *self)
{
    uint32_t days = self->days, seconds = self->seconds;
    if (before(days, seconds, self->decoder.notbefore_days, self->decoder.notbefore_seconds)) {
        days = self->decoder.notbefore_days;
        seconds = self->decoder.notbefore_seconds;
    }
    br_x509_minimal_set_time(self->judge, days, seconds);
}

static void start_chain(const br_x509_class **context, const char *server_name)
{
    (*judge_of(context))->start_chain(judge_of(context), server_name);
}

static void start_certificate(const br_x509_class **context, uint32_t length)
{
    br_x509_decoder_init(&self_of(context)->decoder, NULL, NULL);
    (*judge_of(context))->start_cert(judge_of(context), length);
}

static void append(const br_x509_class **context, const unsigned char *octets, size_t length)
{
    br_x509_decoder_push(&self_of(context)->decoder, octets, length);
    ask_on_the_day(self_of(context));
    (*judge_of(context))->append(judge_of(context), octets, length);
}

static void end_certificate(const br_x509_class **context)
{
    (*judge_of(context))->end_cert(judge_of(context));
}

static unsigned end_chain(const br_x509_class **context)
{
    return (*judge_of(context))->end_chain(judge_of(context));
}

static const br_x509_pkey *get_key(const br_x509_class *const *context, unsigned *usages)
{
    const struct postino_bearssl_dateless *self = (const struct postino_bearssl_dateless *)(const void *)context;
    return self->judge->vtable->get_pkey(&self->judge->vtable, usages);
}

static const br_x509_class **begin(struct postino_bearssl_dateless *self, br_x509_minimal_context *judge, uint32_t days,
                                   uint32_t seconds)
{
    static const br_x509_class functions = {sizeof *self, start_chain, start_certificate, append, end_certificate,
                                            end_chain,    get_key};
    memset(self, 0, sizeof *self);
    self->functions = &functions;
    self->judge = judge;
    self->days = days;
    self->seconds = seconds;
    return &self->functions;
}

const struct postino_bearssl_no_clock postino_bearssl_no_clock = {begin};
