/* What a reply code means at a step: the one place where replies are judged. */
#include "internal.h"

/* 5321 4.3.2, 3207 4, 4954 4: the one code that moves the conversation on, less 200. */
static const uint8_t expected[] = {
    [POSTINO_STEP_GREETING] = 20, [POSTINO_STEP_EHLO] = 50, [POSTINO_STEP_HELO] = 50, [POSTINO_STEP_STARTTLS] = 20,
    [POSTINO_STEP_AUTH] = 35,     [POSTINO_STEP_RSET] = 50, [POSTINO_STEP_MAIL] = 50, [POSTINO_STEP_DATA] = 154,
};

enum postino_verdict postino_verdict_of(enum postino_step step, unsigned code)
{
    unsigned last = code - 200; /* digits, of 2yz */
    bool accepted = step >= POSTINO_STEP_CONTENT
                        ? last < 100 /* a final reply of 2yz is a promise (5321 4.2.1), whatever its last digits */
                        : last == expected[step];
    if (code == 421) /* 5321 3.8: may answer anything, and the channel closes */
        return POSTINO_VERDICT_CLOSING;
    if (step == POSTINO_STEP_RCPT) {
        if (code == 552) /* 5321 4.5.3.1.10: means 452 */
            return POSTINO_VERDICT_FOR_NOW;
        accepted = last - 50 <= 2; /* 250, 251, 252 */
    }
    if (accepted || (step == POSTINO_STEP_AUTH && code == 334)) /* and goes on */
        return POSTINO_VERDICT_ACCEPTED;
    if (code - 400 < 200)
        return code < 500 ? POSTINO_VERDICT_FOR_NOW : POSTINO_VERDICT_FOR_GOOD;
    return POSTINO_VERDICT_PROTOCOL;
}
