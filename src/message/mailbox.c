/* Header fields of mailboxes (RFC 5322 3.4), folded between them and between name and address. */
#include "internal.h"

enum phase {
    FIELD_NAME,
    NAME,
    NAME_WORDS,
    ADDRESS,
    CLOSE
};

enum name {
    NAME_NONE,
    NAME_PLAIN,
    NAME_QUOTED,
    NAME_ENCODED
};

/* Longer names are cut into encoded words: a quoted string is not folded. */
#define NAME_LIMIT 72

static enum name name_kind(const char *name, size_t *width)
{
    enum name kind = NAME_PLAIN;
    if (!name || !*name)
        return NAME_NONE;
    *width = strlen(name);
    for (size_t i = 0; name[i]; i++) {
        char c = name[i];
        if (c < ' ' || c >= 0x7f || (c == '=' && name[i + 1] == '?'))
            return NAME_ENCODED;
        bool gap = c == ' ' && i && name[i + 1] && name[i + 1] != ' ';
        if (!gap && !postino_atext((unsigned char)c))
            kind = NAME_QUOTED;
        if (c == '"' || c == '\\')
            (*width)++;
    }
    if (kind == NAME_QUOTED)
        *width += 2;
    return *width > NAME_LIMIT ? NAME_ENCODED : kind;
}

static void put_quoted(struct postino_message_source *composed, const char *name)
{
    postino_put(composed, "\"", 1);
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            postino_put(composed, "\\", 1);
        postino_put(composed, name, 1);
    }
    postino_put(composed, "\"", 1);
}

static void next_name(struct postino_message_source *composed, const char *name)
{
    size_t width = 0;
    enum name kind = name_kind(name, &width);
    composed->phase = kind == NAME_ENCODED ? NAME_WORDS : ADDRESS;
    if (kind == NAME_ENCODED) {
        composed->at = 0;
        composed->stretch = strlen(name);
        return;
    }
    if (kind == NAME_NONE)
        return;
    postino_put_separator(composed, width);
    if (kind == NAME_QUOTED)
        put_quoted(composed, name);
    else
        postino_put_piece(composed, name, width);
}

static void next_address(struct postino_message_source *composed, const struct postino_mailbox *box)
{
    size_t length = strlen(box->address);
    bool named = box->name && *box->name;
    postino_put_separator(composed, length + (named ? 3 : 1)); /* with the comma that may follow */
    if (named)
        postino_put(composed, "<", 1);
    postino_put_piece(composed, box->address, length);
    composed->phase = CLOSE;
}

static void close_mailbox(struct postino_message_source *composed, const struct postino_mailboxes *boxes)
{
    const char *name = boxes->items[composed->item].name;
    if (name && *name)
        postino_put(composed, ">", 1);
    if (++composed->item < boxes->count) {
        postino_put(composed, ",", 1);
        composed->phase = NAME;
        return;
    }
    postino_put(composed, "\r\n", 2);
    postino_next_step(composed);
}

void postino_next_mailbox(struct postino_message_source *composed, const char *field,
                          const struct postino_mailboxes *boxes)
{
    if (!boxes->count) {
        postino_next_step(composed);
        return;
    }
    const struct postino_mailbox *box = &boxes->items[composed->item];
    switch ((enum phase)composed->phase) {
    case FIELD_NAME:
        postino_put_field_name(composed, field);
        composed->phase = NAME;
        return;
    case NAME:
        next_name(composed, box->name);
        return;
    case NAME_WORDS:
        if (composed->at < composed->stretch)
            postino_put_word(composed, box->name, true);
        else
            composed->phase = ADDRESS;
        return;
    case ADDRESS:
        next_address(composed, box);
        return;
    case CLOSE:
        close_mailbox(composed, boxes);
        return;
    }
}
