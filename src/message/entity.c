/* What Content-Type and Content-Transfer-Encoding say of an entity, octet by octet (RFC 2045 5.1, 6.1). */
#include "internal.h"

enum at {
    AT_TYPE,
    AT_NAME,
    AT_VALUE,
    AT_QUOTED,
    AT_BEHIND, /* a value */
    AT_NOTHING /* that counts */
};

void postino_entity_begin(struct postino_entity *entity)
{
    memset(entity, 0, sizeof *entity);
}

static bool white(uint8_t octet)
{
    return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

static bool is(const struct postino_entity *entity, const char *word)
{
    return entity->word_length == strlen(word) && memcmp(entity->word, word, entity->word_length) == 0;
}

/* A word that is too long is none of those that are looked for. */
static void add(struct postino_entity *entity, uint8_t octet)
{
    if (entity->word_length < sizeof entity->word)
        entity->word[entity->word_length++] = (char)(octet >= 'A' && octet <= 'Z' ? octet + 32 : octet);
}

static bool begins(const struct postino_entity *entity, const char *word)
{
    size_t length = strlen(word);
    return entity->word_length > length && memcmp(entity->word, word, length) == 0;
}

static void type_ends(struct postino_entity *entity)
{
    if (is(entity, "multipart/signed") || is(entity, "multipart/encrypted"))
        entity->kind = POSTINO_ENTITY_SEALED;
    else if (begins(entity, "multipart/"))
        entity->kind = POSTINO_ENTITY_MULTIPART;
    else if (is(entity, "message/rfc822"))
        entity->kind = POSTINO_ENTITY_MESSAGE;
    else if (begins(entity, "message/") && !is(entity, "message/global"))
        entity->kind = POSTINO_ENTITY_SEALED;
    else
        entity->kind = POSTINO_ENTITY_LEAF;
    entity->digest = is(entity, "multipart/digest");
}

static void boundary_octet(struct postino_entity *entity, uint8_t octet)
{
    if (!entity->takes_boundary)
        return;
    if (entity->boundary.length == POSTINO_BOUNDARY_MAX)
        entity->broken = true;
    else
        entity->boundary.octets[entity->boundary.length++] = octet;
}

static void name_ends(struct postino_entity *entity)
{
    entity->takes_boundary = is(entity, "boundary");
    entity->broken = entity->broken || (entity->takes_boundary && entity->boundary.length);
    entity->at = AT_VALUE;
    entity->value_began = false;
}

static void item_ends(struct postino_entity *entity)
{
    if (entity->at == AT_TYPE)
        type_ends(entity);
    entity->word_length = 0;
    entity->at = AT_NAME;
}

/* Outside of quotes and comments. */
static void type_octet(struct postino_entity *entity, uint8_t octet)
{
    bool space = white(octet);
    if (octet == ';') {
        item_ends(entity);
    } else if (octet == '=' && entity->at == AT_NAME) {
        name_ends(entity);
    } else if (octet == '"') {
        entity->broken = entity->broken || entity->at != AT_VALUE || entity->value_began;
        entity->at = AT_QUOTED;
    } else if (entity->at == AT_VALUE) {
        if (!space)
            boundary_octet(entity, octet);
        else if (entity->value_began)
            entity->at = AT_BEHIND;
        entity->value_began = entity->value_began || !space;
    } else if (!space && entity->at != AT_BEHIND) {
        add(entity, octet);
    } else {
        entity->broken = entity->broken || !space;
    }
}

static void quoted_octet(struct postino_entity *entity, uint8_t octet)
{
    if (entity->escaped || (octet != '"' && octet != '\\')) {
        boundary_octet(entity, octet);
        entity->escaped = false;
    } else if (octet == '"') {
        entity->at = AT_BEHIND;
    } else {
        entity->escaped = true;
    }
}

static void comment_octet(struct postino_entity *entity, uint8_t octet)
{
    if (entity->escaped)
        entity->escaped = false;
    else if (octet == '\\')
        entity->escaped = true;
    else if (octet == '(' && entity->comments < UINT8_MAX)
        entity->comments++;
    else if (octet == ')')
        entity->comments--;
}

void postino_entity_type_begin(struct postino_entity *entity)
{
    entity->twice = entity->typed;
    entity->typed = true;
    entity->kind = POSTINO_ENTITY_LEAF;
    entity->at = AT_TYPE;
    entity->word_length = 0;
    entity->boundary.length = 0;
    entity->comments = 0;
    entity->escaped = false;
    entity->takes_boundary = false;
}

void postino_entity_type_octet(struct postino_entity *entity, uint8_t octet)
{
    if (entity->comments)
        comment_octet(entity, octet);
    else if (entity->at == AT_QUOTED)
        quoted_octet(entity, octet);
    else if (octet == '(')
        entity->comments = 1;
    else
        type_octet(entity, octet);
}

void postino_entity_type_end(struct postino_entity *entity)
{
    if (entity->at == AT_TYPE)
        type_ends(entity);
    /* What is open at the field's end is not what it seems, and a boundary may not end in a space (RFC 2046 5.1.1). */
    struct postino_boundary *boundary = &entity->boundary;
    if (entity->at == AT_QUOTED || entity->comments ||
        (boundary->length && boundary->octets[boundary->length - 1] == ' '))
        entity->broken = true;
    entity->at = AT_NOTHING;
}

bool postino_entity_is_encoded(const uint8_t *value, size_t length, const char *encoding)
{
    const uint8_t *end = value + length;
    while (value < end && white(*value))
        value++;
    if (end - value < 4 || !postino_same((const char *)value, encoding, 4))
        return false;
    for (value += 4; value < end && white(*value);)
        value++;
    return value == end || *value == '(';
}
