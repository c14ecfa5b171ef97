/*
 * Composes the message that standard input describes, to standard output, for tests in other languages. Each line is a
 * word and its arguments in hexadecimal ("-" is NULL, "." is empty); see `understand`. The message is read twice: exit
 * 4 where its length was promised wrong, 5 where the second reading differs, 3 with "ERROR FIELD ITEM" where it is
 * refused.
 */
#include "postino/message.h"
#include "reading.h"

#include <stdio.h>

#define MOST 64

static struct postino_mailbox people[5][MOST];
static struct postino_header headers[MOST];
static struct postino_part parts[MOST];
static struct postino_memory_source memories[MOST];
static struct portions stream;
static struct postino_date date;
static struct postino_message message;
static unsigned offers;
static size_t buffer_size = 4096;

static char *kept[512]; /* freed at the end */
static size_t kept_count;

static char *decode(const char *word, size_t *length)
{
    size_t count = word[0] == '.' ? 0 : strlen(word) / 2;
    if (word[0] == '-')
        return NULL;
    char *text = kept[kept_count++] = malloc(count + 1);
    for (size_t i = 0; i < count; i++) {
        unsigned octet;
        if (sscanf(word + 2 * i, "%2x", &octet) != 1)
            abort();
        text[i] = (char)octet;
    }
    text[count] = 0;
    *length = count;
    return text;
}

static void add_person(struct postino_mailboxes *boxes, struct postino_mailbox *items, char *name, char *address)
{
    items[boxes->count++] = (struct postino_mailbox){name, address};
    boxes->items = items;
}

static void add_part(char **word, char *octets, size_t length)
{
    size_t unused;
    struct postino_part *part = &parts[message.part_count++];
    postino_memory_source_open(&memories[message.part_count], octets, length);
    part->source = &memories[message.part_count].source;
    part->filename = decode(word[1], &unused);
    part->type = decode(word[2], &unused);
    part->charset = decode(word[4], &unused);
    part->content_id = decode(word[5], &unused);
    part->disposition = *word[6] == 'i' ? POSTINO_INLINE : POSTINO_ATTACHMENT;
    message.parts = parts;
    message.multipart = &postino_multipart;
}

static bool understand_person(char **word, char *first, char *second)
{
    static const char names[5][9] = {"from", "sender", "reply-to", "to", "cc"};
    struct postino_mailboxes *lists[5] = {&message.from, &message.sender, &message.reply_to, &message.to, &message.cc};
    for (size_t i = 0; i < 5; i++) {
        if (strcmp(word[0], names[i]) == 0) {
            add_person(lists[i], people[i], first, second);
            return true;
        }
    }
    return false;
}

static void understand(char **word)
{
    size_t length = 0, length2 = 0, part_length = 0;
    bool plain = !strcmp(word[0], "date") || !strcmp(word[0], "offers") || !strcmp(word[0], "buffer");
    char *first = plain ? NULL : decode(word[1], &length), *second = plain ? NULL : decode(word[2], &length2);
    if (understand_person(word, first, second))
        return;
    if (!strcmp(word[0], "subject")) {
        message.subject = first;
    } else if (!strcmp(word[0], "date")) {
        date = (struct postino_date){atoll(word[1]), (int16_t)atoi(word[2])};
        message.date = &date;
    } else if (!strcmp(word[0], "id")) {
        message.message_id = first;
    } else if (!strcmp(word[0], "header")) {
        headers[message.header_count++] = (struct postino_header){first, second};
        message.headers = headers;
    } else if (!strcmp(word[0], "text")) {
        postino_memory_source_open(&memories[0], first, length);
        message.text = &memories[0].source;
    } else if (!strcmp(word[0], "stream")) {
        stream = portions_of(first, length, 100);
        message.text = &stream.source;
    } else if (!strcmp(word[0], "randomness")) {
        message.randomness = (uint8_t *)first;
    } else if (!strcmp(word[0], "part")) {
        char *octets = decode(word[3], &part_length);
        add_part(word, octets, part_length);
    } else if (!strcmp(word[0], "offers")) {
        offers = (unsigned)atoi(word[1]);
    } else if (!strcmp(word[0], "buffer")) {
        buffer_size = (size_t)atoi(word[1]);
    } else {
        abort();
    }
}

static void read_description(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        char *word[7] = {"-", "-", "-", "-", "-", "-", "-"}, *at = strtok(line, " \n");
        for (size_t i = 0; i < 7 && at; i++, at = strtok(NULL, " \n"))
            word[i] = at;
        if (word[0][0] != '-')
            understand(word);
    }
    free(line);
}

static bool length_known(void)
{
    bool known = !stream.octets;
    for (size_t i = 0; i < message.part_count; i++)
        known = known && parts[i].source->length;
    return known;
}

/* Sends the message to standard output; says how it went as an exit code. */
static int compose(struct postino_source *source)
{
    if (!source->prepare(source, offers))
        return 2;
    struct reading once = read_all(source, buffer_size);
    fwrite(once.octets, 1, once.length, stdout);
    int result = once.failed ? 1 : source->length != (length_known() ? once.length : 0) ? 4 : 0;
    if (!result && source->rewind) {
        result = source->rewind(source) && source->prepare(source, offers) ? 0 : 5;
        struct reading again = read_all(source, buffer_size == 4096 ? 1 : 4096);
        if (again.length != once.length || memcmp(again.octets, once.octets, once.length) != 0)
            result = 5;
        free(again.octets);
    }
    free(once.octets);
    return result;
}

int main(void)
{
    static struct postino_message_source composed;
    read_description();
    enum postino_message_error error = postino_message_open(&composed, &message);
    int result = 3;
    if (error)
        printf("%d %s %zu\n", (int)error, composed.wrong_field, composed.wrong_item);
    else
        result = compose(&composed.source);
    while (kept_count)
        free(kept[--kept_count]);
    return result;
}
