/*
 * Composes messages from arbitrary octets, and reads headers and address lists in them.
 *
 * The input is a list of texts that end with NUL; what they are is said by the first octet of each. What must hold:
 * two readings at different buffer sizes are equal, a promised length is kept, no lone CR or LF and no NUL leaves, no
 * line is over 998, and none in the header section is white space only.
 */
#include "postino/message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST      8
#define ROOM      (1u << 20)
#define TEXT_ROOM 65536

struct input {
    struct postino_mailbox to[MOST];
    struct postino_header headers[MOST];
    struct postino_part parts[MOST];
    struct postino_memory_source sources[MOST + 1];
    struct postino_date date;
    struct postino_message message;
    unsigned offers;
    size_t portion;
};

static const uint8_t randomness[POSTINO_MESSAGE_RANDOMNESS] = {1, 2, 3};
static const struct postino_mailbox from = {"Ada", "ada@example.test"};

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void add_part(struct input *input, const char *text)
{
    struct postino_part *part = &input->parts[input->message.part_count++];
    postino_memory_source_open(&input->sources[input->message.part_count], text, strlen(text));
    part->source = &input->sources[input->message.part_count].source;
    part->filename = text;
}

static void understand(struct input *input, char kind, const char *text, size_t length)
{
    struct postino_message *message = &input->message;
    switch (kind) {
    case 's':
        message->subject = text;
        return;
    case 'i':
        message->message_id = text;
        return;
    case 'n':
        if (message->to.count < MOST)
            input->to[message->to.count++] = (struct postino_mailbox){text, "a@b.test"};
        return;
    case 'a':
        if (message->to.count < MOST)
            input->to[message->to.count++] = (struct postino_mailbox){NULL, text};
        return;
    case 'h':
        if (message->header_count < MOST)
            input->headers[message->header_count++] = (struct postino_header){"X-Fuzz", text};
        return;
    case 'p':
        if (message->part_count < MOST)
            add_part(input, text);
        return;
    case 't':
        postino_memory_source_open(&input->sources[0], text, length);
        message->text = &input->sources[0].source;
        return;
    case 'o':
        input->offers = (unsigned char)text[0];
        input->portion = length > 1 ? (unsigned char)text[1] : 0;
        return;
    default:
        message->text_charset = text;
    }
}

static size_t read_all(struct postino_source *source, char *out, size_t step)
{
    size_t length = 0;
    ptrdiff_t got = 1;
    while (got > 0) {
        demand(length + step <= ROOM);
        got = source->read(source, out + length, step);
        demand(got >= 0 && got <= (ptrdiff_t)step);
        length += (size_t)got;
    }
    return length;
}

static void check_lines(const char *text, size_t length)
{
    bool header = true;
    size_t line = 0, ink = 0;
    for (size_t i = 0; i < length; i++) {
        demand(text[i] != 0);
        demand(text[i] != '\n' || (i && text[i - 1] == '\r'));
        demand(text[i] != '\r' || (i + 1 < length && text[i + 1] == '\n'));
        if (text[i] == '\n') {
            demand(!header || line == 0 || ink > 0);
            header = header && line > 0;
            line = ink = 0;
        } else if (text[i] != '\r') {
            demand(++line <= 998);
            ink += text[i] != ' ' && text[i] != '\t';
        }
    }
    demand(line == 0 && !header);
}

static bool is_canonical(const char *text, size_t length)
{
    size_t line = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\r' && i + 1 < length && text[i + 1] == '\n') {
            line = 0;
            i++;
        } else if (!text[i] || text[i] == '\r' || text[i] == '\n' || ++line > 998) {
            return false;
        }
    }
    return line == 0;
}

static void compose(struct input *input, char *one, char *two)
{
    static struct postino_message_source composed;
    struct postino_source *source = &composed.source;
    if (postino_message_open(&composed, &input->message) || !source->prepare(source, input->offers))
        return;
    size_t length = read_all(source, one, 4096);
    demand(!source->length || source->length == length);
    demand(source->canonical == !source->binary); /* or parts go as they are */
    if (source->canonical)
        check_lines(one, length);
    demand(source->rewind && source->rewind(source) && source->prepare(source, input->offers));
    demand(read_all(source, two, 1 + input->portion) == length && memcmp(one, two, length) == 0);
}

static void parse(const uint8_t *data, size_t size, char *one, char *two)
{
    static const char *const names[] = {"to", "cc", "bcc"};
    struct postino_memory_source memory;
    struct postino_header_filter filter;
    struct postino_header_scanner scanner;
    struct postino_addresses list;
    struct postino_address found;
    char value[64];
    postino_addresses_begin(&list, (const char *)data, size);
    while (postino_addresses_next(&list, &found) == POSTINO_ADDRESSES_MAILBOX)
        demand(found.address >= (const char *)data &&
               found.address + found.address_length <= (const char *)data + size);
    postino_memory_source_open_message(&memory, data, size);
    demand(memory.source.canonical == is_canonical((const char *)data, size));
    postino_header_filter_open(&filter, &memory.source);
    demand(filter.source.prepare(&filter.source, 0));
    size_t length = read_all(&filter.source, one, 4096);
    demand(filter.source.rewind(&filter.source));
    demand(read_all(&filter.source, two, 1) == length && memcmp(one, two, length) == 0);
    postino_memory_source_open_message(&memory, one, length);
    demand(memory.source.length == filter.source.length || length < size);
    postino_header_scanner_open(&scanner, &memory.source, names, 3);
    while (postino_header_scanner_next(&scanner, value, sizeof value) != POSTINO_HEADER_END)
        demand(scanner.name < 2 && scanner.length <= sizeof value); /* Bcc was left out */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char one[ROOM], two[ROOM], texts[TEXT_ROOM + 1];
    static struct input input;
    if (size > TEXT_ROOM / 4)
        return 0;
    memset(&input, 0, sizeof input);
    memcpy(texts, data, size);
    texts[size] = 0;
    input.message = (struct postino_message){.from = {&from, 1},
                                             .to = {input.to, 0},
                                             .headers = input.headers,
                                             .parts = input.parts,
                                             .multipart = &postino_multipart,
                                             .randomness = randomness};
    for (size_t at = 0; at < size; at += strlen(texts + at) + 1)
        understand(&input, texts[at], texts + at + (texts[at] != 0), strlen(texts + at + (texts[at] != 0)));
    compose(&input, one, two);
    parse(data, size, one, two);
    return 0;
}
