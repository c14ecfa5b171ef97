#include "fake.h"

#include "check.h"

#include <stdlib.h>

static struct fake *fake_of(struct postino_transport *transport)
{
    return (struct fake *)transport;
}

/* Counts a call, and tells whether it is the one that fails. */
static bool fails(struct fake *fake, enum fake_call call)
{
    fake->calls_of[call]++;
    return fake->calls++ == fake->fail_at;
}

static void answer(struct fake *fake, const char *reply)
{
    size_t length = strlen(reply);
    if (fake->reply_end + length > sizeof fake->reply)
        abort();
    memcpy(fake->reply + fake->reply_end, reply, length);
    fake->reply_end += length;
}

static bool begins(const char *line, const char *with)
{
    return with && *with && strncmp(line, with, strlen(with)) == 0;
}

static const char *own_reply(struct fake *fake, const char *line)
{
    if (begins(line, "EHLO") || begins(line, "LHLO"))
        return fake->offers ? fake->offers : "250-fake\r\n250 PIPELINING\r\n";
    if (begins(line, "MAIL")) {
        if (fake->open)
            return "503 one is open\r\n";
        fake->open = true;
        fake->recipients = 0;
    }
    if (begins(line, "RSET"))
        fake->open = false;
    if (begins(line, "RCPT")) {
        if (fake->recipients_max && fake->recipients == fake->recipients_max)
            return "452 4.5.3 too many\r\n";
        fake->recipients++;
    }
    if (begins(line, "DATA")) {
        fake->in_content = fake->recipients > 0;
        return fake->recipients ? "354 go\r\n" : "554 nobody\r\n";
    }
    return begins(line, "QUIT") ? "221 bye\r\n" : "250 fine\r\n";
}

static void reply_to(struct fake *fake, const char *line)
{
    if (fake->silent || fake->closed)
        return;
    fake->silent = begins(line, fake->mute);
    fake->closed = begins(line, fake->drop);
    if (fake->silent || fake->closed)
        return;
    for (const char *const *pair = fake->replies; pair && *pair; pair += 2)
        if (begins(line, pair[0])) {
            fake->in_content = begins(pair[1], "354");
            answer(fake, pair[1]);
            return;
        }
    answer(fake, own_reply(fake, line));
}

static void store(struct fake *fake)
{
    if (fake->stored_count == FAKE_MAILS)
        abort();
    memcpy(fake->stored[fake->stored_count], fake->content, fake->content_length);
    fake->stored[fake->stored_count][fake->content_length] = '\0';
    fake->stored_recipients[fake->stored_count++] = fake->recipients;
    fake->content_length = 0;
    fake->in_content = fake->open = false;
}

static void hear_line(struct fake *fake)
{
    const char *line = fake->line;
    size_t length = fake->line_length;
    if (fake->in_content && strcmp(line, ".\r\n") != 0) {
        size_t skip = line[0] == '.';
        if (fake->content_length + length < sizeof fake->content) {
            memcpy(fake->content + fake->content_length, line + skip, length - skip);
            fake->content_length += length - skip;
        }
        return;
    }
    if (fake->in_content)
        store(fake);
    if (fake->said_length + length < sizeof fake->said) {
        memcpy(fake->said + fake->said_length, line, length);
        fake->said_length += length;
    }
    reply_to(fake, line);
}

static void hear(struct fake *fake, const char *octets, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (fake->line_length + 1 == sizeof fake->line)
            abort();
        fake->line[fake->line_length++] = octets[i];
        fake->line[fake->line_length] = '\0';
        if (octets[i] == '\n') {
            hear_line(fake);
            fake->line_length = 0;
        }
    }
}

static int fake_connect(struct postino_transport *transport)
{
    struct fake *fake = fake_of(transport);
    if (fails(fake, FAKE_CONNECT))
        return fake->failure;
    if (fake->connects_never)
        return 0;
    fake->connections++;
    fake->reply_begin = fake->reply_end = fake->line_length = fake->content_length = 0;
    fake->in_content = fake->silent = fake->closed = fake->open = false;
    fake->written = 0;
    fake->closed = fake->drop && !*fake->drop;
    if (!fake->closed && !(fake->mute && !*fake->mute))
        answer(fake, "220 fake\r\n");
    return 1;
}

static ptrdiff_t fake_read(struct postino_transport *transport, void *buffer, size_t size)
{
    struct fake *fake = fake_of(transport);
    size_t length = fake->reply_end - fake->reply_begin;
    if (fails(fake, FAKE_READ))
        return fake->failure;
    if (fake->floods)
        return memset(buffer, 'x', size) ? (ptrdiff_t)size : 0;
    if (length == 0)
        return fake->closed || fake->written >= fake->lose_behind ? POSTINO_TRANSPORT_LOST : 0;
    if (length > size)
        length = size;
    memcpy(buffer, fake->reply + fake->reply_begin, length);
    fake->reply_begin += length;
    return (ptrdiff_t)length;
}

static ptrdiff_t fake_write(struct postino_transport *transport, const void *octets, size_t length)
{
    struct fake *fake = fake_of(transport);
    if (fails(fake, FAKE_WRITE))
        return fake->failure;
    if (fake->closed || fake->written >= fake->lose_behind)
        return POSTINO_TRANSPORT_LOST;
    if (fake->blocked || (fake->blocks_while_unread && fake->reply_begin < fake->reply_end))
        return 0;
    if (length > fake->piece)
        length = fake->piece;
    if (length > fake->lose_behind - fake->written)
        length = fake->lose_behind - fake->written;
    fake->written += length;
    hear(fake, octets, length);
    if (fake->written >= fake->lose_behind)
        fake->reply_begin = fake->reply_end; /* what it would have said is lost, too */
    return (ptrdiff_t)length;
}

static int fake_secure(struct postino_transport *transport)
{
    struct fake *fake = fake_of(transport);
    fake->asked_to_secure = !fake->asked_to_secure;
    return fake->asked_to_secure ? 0 : fake->secure_result;
}

static void fake_close(struct postino_transport *transport)
{
    fake_of(transport)->closes++;
}

/* The clock moves only here. */
static bool fake_wait(struct postino_transport *transport, bool writing, uint64_t until_ms)
{
    struct fake *fake = fake_of(transport);
    if (fails(fake, FAKE_WAIT) && fake->failure)
        return false;
    if (fake->calls > 1000000)
        abort(); /* it turns round and round */
    bool readable = fake->reply_begin < fake->reply_end || fake->closed || fake->written >= fake->lose_behind;
    bool connecting = fake->connections == 0 && !fake->connects_never;
    bool writable =
        connecting || fake->asked_to_secure || (writing && !fake->blocked && !(fake->blocks_while_unread && readable));
    if (!readable && !writable && until_ms > fake->now_ms)
        fake->now_ms = until_ms;
    return true;
}

static uint64_t fake_now_ms(struct postino_transport *transport)
{
    return fake_of(transport)->now_ms;
}

static const char *fake_name(struct postino_transport *transport)
{
    (void)transport;
    return "[192.0.2.1]";
}

void fake_init(struct fake *fake)
{
    memset(fake, 0, sizeof *fake);
    fake->transport = (struct postino_transport){.connect = fake_connect,
                                                 .read = fake_read,
                                                 .write = fake_write,
                                                 .secure = fake_secure,
                                                 .close = fake_close,
                                                 .wait = fake_wait,
                                                 .now_ms = fake_now_ms,
                                                 .name = fake_name};
    fake->now_ms = 1000000;
    fake->fail_at = fake->piece = fake->lose_behind = FAKE_NEVER;
    fake->failure = POSTINO_TRANSPORT_LOST;
    fake->secure_result = 1;
}

static ptrdiff_t read_text(struct postino_source *source, void *buffer, size_t size)
{
    struct text_source *text = (struct text_source *)source;
    size_t left = strlen(text->text + text->at);
    if (text->not_yet && text->not_yet--)
        return POSTINO_SOURCE_NOT_YET;
    if (text->at >= text->fail_at)
        return POSTINO_SOURCE_FAILED;
    if (left > size)
        left = size;
    if (left > text->fail_at - text->at)
        left = text->fail_at - text->at;
    memcpy(buffer, text->text + text->at, left);
    text->at += left;
    return (ptrdiff_t)left;
}

static bool rewind_text(struct postino_source *source)
{
    ((struct text_source *)source)->at = 0;
    return true;
}

void text_source_init(struct text_source *source, const char *text)
{
    *source = (struct text_source){{.read = read_text, .rewind = rewind_text}, .text = text, .fail_at = FAKE_NEVER};
}

void delivering_init(struct delivering *d, size_t mails)
{
    static const char *const texts[FAKE_MAILS] = {"one\n.\n", "two\n", "three",   "four\n",
                                                  "five\n",   "six\n", "seven\n", "eight\n"};
    memset(d, 0, sizeof *d);
    fake_init(&d->fake);
    for (size_t i = 0; i < mails; i++) {
        text_source_init(&d->sources[i], texts[i]);
        d->recipients[i].address = "b@x.test";
        d->mails[i] = (struct postino_mail){.reverse_path = "a@x.test",
                                            .recipients = &d->recipients[i],
                                            .recipient_count = 1,
                                            .source = &d->sources[i].source,
                                            .next = i + 1 < mails ? &d->mails[i + 1] : NULL};
    }
    d->config = (struct postino_delivery_config){
        .transport = &d->fake.transport,
        .session = {.text = d->text, .text_size = sizeof d->text, .extensions = postino_extensions},
        .output = d->output,
        .output_size = sizeof d->output,
        .input = d->input,
        .input_size = sizeof d->input};
}

void delivering_run(struct delivering *d)
{
    CHECK_NUMBER(postino_delivery_init(&d->delivery, &d->config, d->mails), POSTINO_OK);
    postino_delivery_run(&d->delivery);
    CHECK(d->fake.closes > 0 || d->fake.connections == 0);
}

/* The mails in order, as the server has them. */
static bool is_stored(const struct delivering *d, size_t mail)
{
    static const char *const texts[] = {"one\r\n.\r\n", "two\r\n", "three\r\n", "four\r\n"};
    for (size_t i = 0; i < d->fake.stored_count; i++)
        if (strcmp(d->fake.stored[i], texts[mail]) == 0)
            return true;
    return false;
}

bool delivering_told_the_truth(const struct delivering *d, size_t mails)
{
    bool right = true;
    for (size_t i = 0; i < mails; i++) {
        enum postino_outcome outcome = (enum postino_outcome)d->mails[i].result.outcome;
        bool expected = is_stored(d, i) ? outcome == POSTINO_ACCEPTED || outcome == POSTINO_UNCERTAIN
                                        : outcome == POSTINO_REFUSED_FOR_NOW || outcome == POSTINO_NOT_TRIED;
        if (!expected || d->recipients[i].result.outcome != outcome)
            printf("# call %zu, mail %zu: %s, stored: %d, recipient: %s\n", d->fake.fail_at, i,
                   postino_outcome_name(outcome), is_stored(d, i),
                   postino_outcome_name((enum postino_outcome)d->recipients[i].result.outcome));
        right = right && expected && d->recipients[i].result.outcome == outcome;
    }
    return right;
}
