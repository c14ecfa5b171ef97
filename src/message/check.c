/* Everything that a message is made of is checked here, before an octet of it exists. */
#include "internal.h"

#define HEADER_NAME_LIMIT 70

enum header {
    HEADER_OTHER,
    HEADER_TAKEN,
    HEADER_BCC,
    HEADER_ONCE
};

/* The names are in the order of their kinds; Date, Message-ID and MIME-Version in that of POSTINO_REPLACED_…. */
#define FIRST_BCC  8
#define FIRST_ONCE 10
static const char names[][26] = {"from",         "sender",      "reply-to",     "to",
                                 "cc",           "subject",     "content-type", "content-transfer-encoding",
                                 "bcc",          "resent-bcc",  "date",         "message-id",
                                 "mime-version", "in-reply-to", "references"};

static enum header header_kind(const char *name, unsigned *once)
{
    size_t length = strlen(name);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) != length || !postino_same(name, names[i], length))
            continue;
        *once = i >= FIRST_ONCE ? 1u << (i - FIRST_ONCE) : 0;
        return i >= FIRST_ONCE ? HEADER_ONCE : i >= FIRST_BCC ? HEADER_BCC : HEADER_TAKEN;
    }
    return HEADER_OTHER;
}

static bool header_name_valid(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++)
        if (name[i] <= ' ' || name[i] >= 0x7f || name[i] == ':') /* ftext, RFC 5322 3.6.8 */
            return false;
    return length && length <= HEADER_NAME_LIMIT;
}

static enum postino_message_error check_header(const struct postino_header *header, unsigned *seen)
{
    unsigned once = 0;
    if (!header->name || !header_name_valid(header->name))
        return POSTINO_MESSAGE_HEADER_NAME;
    if (!header->value || !postino_text_clean(header->value, true))
        return POSTINO_MESSAGE_TEXT;
    switch (header_kind(header->name, &once)) {
    case HEADER_TAKEN:
        return POSTINO_MESSAGE_HEADER_TAKEN;
    case HEADER_BCC:
        return POSTINO_MESSAGE_HEADER_BCC;
    case HEADER_ONCE:
        if (*seen & once)
            return POSTINO_MESSAGE_HEADER_TWICE;
        *seen |= once;
        return POSTINO_MESSAGE_OK;
    case HEADER_OTHER:
        break;
    }
    return POSTINO_MESSAGE_OK;
}

static enum postino_message_error check_headers(struct postino_message_source *composed,
                                                const struct postino_message *message)
{
    unsigned seen = 0;
    for (size_t i = 0; i < message->header_count; i++) {
        enum postino_message_error error = check_header(&message->headers[i], &seen);
        composed->wrong_field = message->headers[i].name;
        composed->wrong_item = i;
        if (error)
            return error;
    }
    composed->replaced = (uint8_t)seen;
    return POSTINO_MESSAGE_OK;
}

static enum postino_message_error check_mailboxes(struct postino_message_source *composed, const char *field,
                                                  const struct postino_mailboxes *boxes)
{
    composed->wrong_field = field;
    for (size_t i = 0; i < boxes->count; i++) {
        const struct postino_mailbox *box = &boxes->items[i];
        composed->wrong_item = i;
        if (!box->address || !postino_text_clean(box->address, false))
            return POSTINO_MESSAGE_ADDRESS;
        const char *end = box->address + strlen(box->address);
        if (postino_addr_spec(box->address, end) != end)
            return POSTINO_MESSAGE_ADDRESS;
        if (box->name && !postino_text_clean(box->name, false))
            return POSTINO_MESSAGE_TEXT;
        composed->wide = composed->wide || !postino_ascii(box->address);
    }
    composed->wrong_item = 0;
    return POSTINO_MESSAGE_OK;
}

static enum postino_message_error check_people(struct postino_message_source *composed,
                                               const struct postino_message *message)
{
    enum postino_message_error error = check_mailboxes(composed, "From", &message->from);
    if (!error && !message->from.count)
        return POSTINO_MESSAGE_NO_FROM;
    error = error ? error : check_mailboxes(composed, "Sender", &message->sender);
    if (!error && (message->sender.count > 1 || (message->from.count > 1 && !message->sender.count)))
        return POSTINO_MESSAGE_SENDER; /* RFC 5322 3.6.2 */
    error = error ? error : check_mailboxes(composed, "Reply-To", &message->reply_to);
    error = error ? error : check_mailboxes(composed, "To", &message->to);
    return error ? error : check_mailboxes(composed, "Cc", &message->cc);
}

static enum postino_message_error check_text(struct postino_message_source *composed,
                                             const struct postino_message *message)
{
    const char *type = message->text_type, *charset = message->text_charset;
    composed->wrong_field = "text";
    if (type && (strlen(type) < 6 || !postino_same(type, "text/", 5) || !postino_token(type + 5, strlen(type + 5))))
        return POSTINO_MESSAGE_TYPE;
    if (charset && !postino_token(charset, strlen(charset)))
        return POSTINO_MESSAGE_CHARSET;
    return POSTINO_MESSAGE_OK;
}

static enum postino_message_error check_parts(struct postino_message_source *composed,
                                              const struct postino_message *message)
{
    composed->wrong_field = "part";
    if (!message->part_count)
        return POSTINO_MESSAGE_OK;
    return message->multipart ? message->multipart->check(composed, message) : POSTINO_MESSAGE_NO_MULTIPART;
}

enum postino_message_error postino_message_check(struct postino_message_source *composed,
                                                 const struct postino_message *message)
{
    enum postino_message_error error = check_people(composed, message);
    if (error)
        return error;
    composed->wrong_field = "Date";
    if (message->date && !postino_date_valid(message->date))
        return POSTINO_MESSAGE_DATE;
    composed->wrong_field = "Message-ID";
    if (message->message_id && !postino_id_valid(message->message_id))
        return POSTINO_MESSAGE_ID;
    composed->wrong_field = "Subject";
    if (message->subject && !postino_text_clean(message->subject, true))
        return POSTINO_MESSAGE_TEXT;
    error = check_headers(composed, message);
    composed->wrong_item = error ? composed->wrong_item : 0;
    error = error ? error : check_text(composed, message);
    return error ? error : check_parts(composed, message);
}
