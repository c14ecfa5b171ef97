/* Finds header fields in a message that exists, by the same rules as the filter: LF, CR and CR LF end lines. */
#include "internal.h"

enum state {
    LINE_BEGIN,
    FIELD_NAME,
    COLON,
    VALUE,
    OTHER,
    OVER
};

static bool white(uint8_t octet)
{
    return octet == ' ' || octet == '\t';
}

void postino_header_scanner_open(struct postino_header_scanner *scanner, struct postino_source *source,
                                 const char *const *names, size_t name_count)
{
    memset(scanner, 0, sizeof *scanner);
    scanner->source = source;
    scanner->names = names;
    scanner->name_count = name_count;
}

/* Keeps the names that go on with `octet`, or, for NUL, those that are complete. */
static void narrow(struct postino_header_scanner *scanner, uint8_t octet)
{
    char c = octet >= 'A' && octet <= 'Z' ? (char)(octet + 32) : (char)octet;
    for (size_t i = 0; i < scanner->name_count; i++)
        if ((scanner->alive >> i & 1) && scanner->names[i][scanner->column] != c)
            scanner->alive &= ~(UINT64_C(1) << i);
    scanner->column++;
}

static void begin_name(struct postino_header_scanner *scanner)
{
    scanner->alive = scanner->name_count < 64 ? (UINT64_C(1) << scanner->name_count) - 1 : UINT64_MAX;
    scanner->column = 0;
    scanner->state = FIELD_NAME;
}

static void begin_value(struct postino_header_scanner *scanner)
{
    scanner->name = 0;
    while (!(scanner->alive >> scanner->name & 1))
        scanner->name++;
    scanner->length = 0;
    scanner->too_long = false;
    scanner->collecting = true;
    scanner->state = VALUE;
}

static void name_octet(struct postino_header_scanner *scanner, uint8_t octet)
{
    bool ends = octet == ':' || white(octet);
    narrow(scanner, ends ? 0 : octet);
    if (!scanner->alive || !octet)
        scanner->state = OTHER;
    else if (octet == ':')
        begin_value(scanner);
    else if (ends)
        scanner->state = COLON;
}

static void value_octet(struct postino_header_scanner *scanner, uint8_t octet, char *value, size_t size)
{
    if (!scanner->length && white(octet))
        return;
    if (scanner->length < size)
        value[scanner->length++] = (char)octet;
    else /* white space may turn out to stand at the end, where it does not count */
        scanner->too_long = scanner->too_long || !white(octet);
}

static void line_octet(struct postino_header_scanner *scanner, uint8_t octet, char *value, size_t size)
{
    if (scanner->state == LINE_BEGIN) {
        if (!white(octet))
            begin_name(scanner);
        else
            scanner->state = scanner->collecting ? VALUE : OTHER;
    }
    if (scanner->state == FIELD_NAME)
        name_octet(scanner, octet);
    else if (scanner->state == VALUE)
        value_octet(scanner, octet, value, size);
    else if (scanner->state == COLON && octet == ':')
        begin_value(scanner);
    else if (scanner->state == COLON && !white(octet))
        scanner->state = OTHER;
}

static void take(struct postino_header_scanner *scanner, uint8_t octet, char *value, size_t size)
{
    bool second = octet == '\n' && scanner->after_cr;
    scanner->after_cr = octet == '\r';
    if (second)
        return;
    if (octet == '\r' || octet == '\n')
        scanner->state = scanner->state == LINE_BEGIN ? OVER : LINE_BEGIN;
    else
        line_octet(scanner, octet, value, size);
}

static enum postino_header_found finish(struct postino_header_scanner *scanner, const char *value)
{
    scanner->collecting = false;
    while (scanner->length && white((uint8_t)value[scanner->length - 1]))
        scanner->length--;
    return scanner->too_long ? POSTINO_HEADER_TOO_LONG : POSTINO_HEADER_FIELD;
}

enum postino_header_found postino_header_scanner_next(struct postino_header_scanner *scanner, char *value, size_t size)
{
    while (scanner->state != OVER) {
        if (scanner->at == scanner->end) {
            ptrdiff_t got = scanner->source->read(scanner->source, scanner->buffer, sizeof scanner->buffer);
            if (got == POSTINO_SOURCE_NOT_YET)
                return POSTINO_HEADER_NOT_YET;
            if (got < 0)
                return POSTINO_HEADER_FAILED;
            if (!got)
                scanner->state = OVER;
            scanner->at = 0;
            scanner->end = (uint8_t)got;
            continue;
        }
        uint8_t octet = scanner->buffer[scanner->at];
        bool goes_on = white(octet) || (octet == '\n' && scanner->after_cr);
        if (scanner->state == LINE_BEGIN && scanner->collecting && !goes_on)
            return finish(scanner, value);
        scanner->at++;
        take(scanner, octet, value, size);
    }
    return scanner->collecting ? finish(scanner, value) : POSTINO_HEADER_END;
}
