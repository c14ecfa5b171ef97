/*
 * attacks 27: every state of the parser of replies, by its classes (each bound, and its neighbours), with every octet:
 * nothing is written but the text and the words, all counters keep within their bounds, and the code is one of three
 * digits or 0. Sanitizers see the rest.
 */
#include "internal.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS(array) (sizeof(array) / sizeof *(array))

static const uint32_t lengths[] = {0, 1, 2, 3, 4, 5, 6, 2047, 2048, 131071, 131072};
static const uint32_t lines[] = {0, 1, 1023, 1024};
static const uint32_t codes[] = {0, 2, 25, 250, 334, 999};
static const uint32_t line_codes[] = {0, 2, 25, 250};
static const char heards[] = {'\0', '\r', '\n', 'x'};
static const uint8_t steps[] = {POSTINO_STEP_GREETING, POSTINO_STEP_EHLO, POSTINO_STEP_AUTH, POSTINO_STEP_RCPT};
static const uint8_t word_lengths[] = {0, 1, 20, POSTINO_WORDS_IGNORED};
static const uint16_t rooms[] = {0, 1, 2, 8};

static unsigned long pairs;
static bool sound = true;

static bool within(const struct postino_session *s, const struct postino_config *config)
{
    uint32_t most = POSTINO_REPLY_LINE_MAX << (s->awaited.step == POSTINO_STEP_AUTH ? 6 : 0);
    return s->line_length <= most && s->lines <= POSTINO_REPLY_LINES_MAX && s->code <= 999 && s->line_code <= 9999 &&
           s->text_length <= config->text_size &&
           (s->word_length < sizeof s->word || s->word_length == POSTINO_WORDS_IGNORED);
}

/* Octets that are not the parser's stay as they were. */
static bool untouched(const struct postino_session *now, const struct postino_session *before)
{
    return now->config == before->config && now->closed == before->closed && now->spoken.step == before->spoken.step &&
           now->awaited.step == before->awaited.step && now->outstanding == before->outstanding &&
           now->first == before->first && now->error.outcome == before->error.outcome;
}

static void try_each_octet(const struct postino_session *state, const struct postino_config *config, char *text)
{
    for (int octet = 0; octet < 256; octet++) {
        struct postino_session s = *state;
        memset(text, 'T', config->text_size);
        bool complete = postino_reply_octet(&s, (char)octet);
        bool broken = complete && s.code == 0;
        pairs++;
        if (!untouched(&s, state) || (!broken && !within(&s, config)) || (complete && !broken && octet != '\n')) {
            if (sound)
                printf("# octet %d at length %u, line %u, code %u, text %u of %u\n", octet, state->line_length,
                       state->lines, state->code, state->text_length, config->text_size);
            sound = false;
        }
        if (state->line_length < 3 && (octet < '0' || octet > '9') && octet != '\r' && !broken) /* attacks 14 */
            sound = false;
        if (octet == 0 && !broken && state->line_length + (state->heard == '\r') > 0) /* attacks 12 */
            sound = false;
    }
}

/* Those of the reading of text and words. */
static void try_texts(struct postino_session *s, uint32_t place)
{
    for (size_t i = 0; i < ITEMS(rooms); i++) {
        char *text = malloc(rooms[i] ? rooms[i] : 1); /* of that size, for a sanitizer to guard */
        struct postino_config config = {
            .name = "x.test", .text = rooms[i] ? text : NULL, .text_size = rooms[i], .extensions = postino_extensions};
        s->config = &config;
        s->extensions = config.extensions;
        for (uint32_t length = 0; length < rooms[i] || length == 0; length += rooms[i] > 2 ? 7 : 1) {
            s->text_length = length;
            s->word_length = word_lengths[place % ITEMS(word_lengths)];
            s->keyword = place % 3 ? NULL : &postino_size.keyword;
            s->failed = place % 5 == 0;
            s->outstanding = place % 2;
            try_each_octet(s, &config, text);
        }
        free(text);
    }
}

static void every_state_bears_every_octet(void)
{
    struct postino_session s;
    uint32_t place = 0;
    for (size_t a = 0; a < ITEMS(lengths); a++)
        for (size_t b = 0; b < ITEMS(lines); b++)
            for (size_t c = 0; c < ITEMS(codes); c++)
                for (size_t d = 0; d < ITEMS(line_codes); d++)
                    for (size_t e = 0; e < ITEMS(heards) * 2; e++)
                        for (size_t f = 0; f < ITEMS(steps); f++) {
                            if (lengths[a] > POSTINO_REPLY_LINE_MAX && steps[f] != POSTINO_STEP_AUTH)
                                continue;
                            memset(&s, 0, sizeof s);
                            s.line_length = lengths[a];
                            s.lines = lines[b];
                            s.code = codes[c];
                            s.line_code = line_codes[d] % (lengths[a] == 0   ? 1u
                                                           : lengths[a] == 1 ? 10u
                                                           : lengths[a] == 2 ? 100u
                                                                             : 1000u);
                            s.heard = heards[e / 2];
                            s.last_line = e % 2;
                            s.awaited.step = s.spoken.step = steps[f];
                            try_texts(&s, place++);
                        }
    CHECK(sound);
    printf("# %lu pairs of state and octet\n", pairs);
    CHECK(pairs > 10000000);
}

int main(void)
{
    RUN(every_state_bears_every_octet);
    return CHECK_EXIT();
}
