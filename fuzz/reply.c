/*
 * Octets of a server against the parser of replies: as a greeting, then as the replies to NOOP after NOOP. What must
 * hold: it hears what the reference hears, octet by octet, and the same when all octets come at once.
 */
#include "reference.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    COMMANDS = 64
};

struct conversation {
    struct postino_session session;
    struct postino_mail commands[COMMANDS];
    struct postino_config config;
    char text[128];
    char texts[COMMANDS][128];
};

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void begin(struct conversation *c)
{
    memset(c, 0, sizeof *c);
    c->config = (struct postino_config){.name = "c.test",
                                        .text = c->text,
                                        .text_size = sizeof c->text,
                                        .extensions = postino_extensions,
                                        .enhanced = &postino_enhanced};
    demand(postino_session_init(&c->session, &c->config) == POSTINO_OK);
    for (int i = 0; i < COMMANDS; i++) {
        c->commands[i] = (struct postino_mail){.command = &postino_noop};
        c->commands[i].result.text = c->texts[i];
        c->commands[i].result.text_size = sizeof c->texts[i];
        demand(postino_session_submit(&c->session, &c->commands[i]) == POSTINO_OK);
    }
}

static void speak(struct conversation *c)
{
    char buffer[64];
    while (postino_session_need(&c->session) == POSTINO_NEED_SEND)
        demand(postino_session_output(&c->session, buffer, sizeof buffer) > 0);
}

/* The replies are heard one by one, each answering a command that was spoken before it began. */
static void hear_by_octets(struct conversation *c, const uint8_t *data, size_t size)
{
    struct reference r = {.length = 0};
    uint32_t replies = 0;
    for (size_t i = 0; i < size; i++) {
        bool open = postino_session_need(&c->session) != POSTINO_NEED_CLOSE;
        bool failed = postino_session_error(&c->session) != NULL; /* its text sticks */
        char octet = (char)data[i];
        postino_session_input(&c->session, &octet, 1);
        unsigned code = reference_hear(&r, octet);
        replies += open && code != REFERENCE_NOTHING;
        demand(postino_session_replies(&c->session) == replies);
        if (open && !failed && code > REFERENCE_MALFORMED)
            demand(strcmp(c->text, r.text) == 0);
        bool closes = code == 421 || (code && code < 200) || code >= 600;
        if (open && !failed && closes) {
            demand(postino_session_need(&c->session) == POSTINO_NEED_CLOSE);
            unsigned told = postino_session_error(&c->session)->code;
            demand(code == REFERENCE_MALFORMED ? told <= 1 : told == code);
        }
        speak(c);
    }
}

/* Up to each LF at once: the session is the same as by octets. */
static void hear_by_lines(struct conversation *c, const uint8_t *data, size_t size)
{
    c->config.quick = &postino_quick;
    for (size_t i = 0; i < size;) {
        const uint8_t *end = memchr(data + i, '\n', size - i);
        size_t length = end ? (size_t)(end - data) - i + 1 : size - i;
        uint8_t *exact = malloc(length); /* for the sanitizer */
        demand(exact != NULL);
        memcpy(exact, data + i, length);
        postino_session_input(&c->session, exact, length);
        free(exact);
        speak(c);
        i += length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct conversation one, two;
    begin(&two);
    hear_by_octets(&two, data, size);
    one = two;
    begin(&two);
    hear_by_lines(&two, data, size);
    demand(memcmp(&one.session, &two.session, sizeof one.session) == 0);
    demand(memcmp(one.text, two.text, sizeof one.text) == 0 && memcmp(one.texts, two.texts, sizeof one.texts) == 0);
    /* Without a word between them, the greeting is what it was, and anything behind it is unsolicited. */
    begin(&two);
    two.config.quick = &postino_quick;
    postino_session_input(&two.session, data, size);
    struct postino_session before = two.session;
    begin(&two);
    for (size_t i = 0; i < size; i++)
        postino_session_input(&two.session, data + i, 1);
    demand(memcmp(&before, &two.session, sizeof before) == 0);
    return 0;
}
