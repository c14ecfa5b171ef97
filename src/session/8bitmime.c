/* 8BITMIME (6152): content may hold octets above 127, and MAIL says so. */
#include "internal.h"

static void put(const struct postino_session *s, struct postino_writer *w)
{
    const struct postino_source *source = s->spoken.mail->source;
    if (s->spoken.step == POSTINO_STEP_MAIL && !source->seven_bit && !source->binary)
        postino_command_put(w, " BODY=8BITMIME");
}

const struct postino_extension postino_8bitmime = {{"8BITMIME", POSTINO_OFFERS_8BITMIME, NULL}, NULL, put};
