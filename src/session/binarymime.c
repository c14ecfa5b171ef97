/* BINARYMIME (3030 3): content that goes as it is, by BDAT alone. */
#include "internal.h"

static enum postino_reason fits(struct postino_session *s, struct postino_mail *mail)
{
    bool offered = s->chunks && s->offers & POSTINO_OFFERS_BINARYMIME;
    return mail->source->binary && !offered ? POSTINO_REASON_NO_BINARYMIME : POSTINO_REASON_REPLY;
}

static void put(const struct postino_session *s, struct postino_writer *w)
{
    if (s->spoken.step == POSTINO_STEP_MAIL && s->spoken.mail->source->binary)
        postino_command_put(w, " BODY=BINARYMIME");
}

const struct postino_extension postino_binarymime = {{"BINARYMIME", POSTINO_OFFERS_BINARYMIME, NULL}, fits, put};
