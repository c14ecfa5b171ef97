/* 8BITMIME (6152): content may hold octets above 127, and MAIL says so. */
#include "internal.h"

static void put(const struct postino_session *s, struct postino_writer *w)
{
    if (s->spoken.step == POSTINO_STEP_MAIL && !s->spoken.mail->source->seven_bit)
        postino_command_put(w, " BODY=8BITMIME");
}

const struct postino_extension postino_8bitmime = {{"8BITMIME", POSTINO_OFFERS_8BITMIME, NULL}, NULL, put};
