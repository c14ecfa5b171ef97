/* What a reply code means at a step: the one place where replies are judged. */
#include "internal.h"

/* 5321 4.3.2, 3207 4, 4954 4: the one code that moves the conversation on, less 200. */
static const uint8_t expected[] = {
    [POSTINO_STEP_GREETING] = 20, [POSTINO_STEP_EHLO] = 50, [POSTINO_STEP_HELO] = 50,
    [POSTINO_STEP_STARTTLS] = 20, [POSTINO_STEP_AUTH] = 35, [POSTINO_STEP_RSET] = 50,
    [POSTINO_STEP_MAIL] = 50,     [POSTINO_STEP_RCPT] = 50, [POSTINO_STEP_DATA] = 154,
};

enum postino_verdict postino_verdict_of(enum postino_step step, unsigned code)
{
    if (code == 421) /* 5321 3.8: may answer anything, and the channel closes */
        return POSTINO_VERDICT_CLOSING;
    if (code == 552 && step == POSTINO_STEP_RCPT) /* 5321 4.5.3.1.10: means 452 */
        return POSTINO_VERDICT_FOR_NOW;
    if (code >= 600) /* no reply's */
        return POSTINO_VERDICT_PROTOCOL;
    if (code >= 500)
        return POSTINO_VERDICT_FOR_GOOD;
    if (code >= 400)
        return POSTINO_VERDICT_FOR_NOW;
    if (step >= POSTINO_STEP_CONTENT) /* a final reply of 2yz is a promise (5321 4.2.1), whatever its last digits */
        return code / 100 == 2 ? POSTINO_VERDICT_ACCEPTED : POSTINO_VERDICT_PROTOCOL;
    if (code == 200u + expected[step])
        return POSTINO_VERDICT_ACCEPTED;
    if (step == POSTINO_STEP_RCPT && (code == 251 || code == 252))
        return POSTINO_VERDICT_ACCEPTED;
    if (step == POSTINO_STEP_AUTH && code == 334) /* and goes on */
        return POSTINO_VERDICT_ACCEPTED;
    return POSTINO_VERDICT_PROTOCOL;
}
