/* One mail, one session, and what is said to it. */
#define _DEFAULT_SOURCE
#include "talk.h"

#include "guard.h"

struct postino_config config = {.name = "c.test", .extensions = postino_extensions};
struct postino_recipient recipient = {.address = "b@x.test"};
struct postino_mail mail;
static int octets_left;
bool with_line_end;

static ptrdiff_t read_nothing(struct postino_source *self, void *buffer, size_t size)
{
    (void)self;
    if (octets_left == 0)
        return POSTINO_SOURCE_END;
    octets_left--;
    memset(buffer, with_line_end ? '\n' : 'x', size < 5 ? size : 5);
    return (ptrdiff_t)(size < 5 ? size : 5);
}

int prepares;

static bool count_prepare(struct postino_source *self, unsigned offers)
{
    (void)self, (void)offers;
    prepares++;
    return true;
}

struct postino_source source = {.read = read_nothing, .prepare = count_prepare};

struct postino_mail *new_mail(void)
{
    mail = (struct postino_mail){
        .reverse_path = "a@x.test", .recipients = &recipient, .recipient_count = 1, .source = &source};
    octets_left = 1;
    prepares = 0;
    return &mail;
}

/* The input ends at an unreadable page. */
void hear(struct postino_session *s, const char *octets, size_t length)
{
    postino_session_input(s, memcpy(guarded(length), octets, length), length);
}

void say(struct postino_session *s, const char *line)
{
    hear(s, line, strlen(line));
}

size_t spoken(struct postino_session *s, char *buffer, size_t size)
{
    size_t length = 0, got;
    while (postino_session_need(s) == POSTINO_NEED_SEND &&
           (got = postino_session_output(s, buffer + length, size - length)))
        length += got;
    buffer[length] = '\0';
    return length;
}

void to_final_reply(struct postino_session *s)
{
    char buffer[512];
    static const char *const lines[] = {"220 x\r\n", "250-x\r\n250 PIPELINING\r\n", "250 x\r\n", "250 x\r\n",
                                        "354 x\r\n"};
    for (size_t i = 0; i < 5; i++) {
        say(s, lines[i]);
        spoken(s, buffer, sizeof buffer - 1);
    }
}
