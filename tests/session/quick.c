/* What postino_quick takes for itself: that it is right is shown where it is held against the engine's octets
 * (content.c, transcripts, fuzz/reply); here, that it does not leave the work to them. */
#define _DEFAULT_SOURCE
#include "check.h"
#include "guard.h"
#include "internal.h"

static const struct postino_config config = {.name = "c.test", .quick = &postino_quick};

static struct postino_session begun(void)
{
    struct postino_session s;
    CHECK_NUMBER(postino_session_init(&s, &config), POSTINO_OK);
    return s;
}

/* How many octets of the reply are taken at once. */
static size_t taken(const char *reply, size_t length)
{
    struct postino_session s = begun();
    return postino_quick.hear(&s, memcpy(guarded(length), reply, length), length);
}

static size_t taken_text(const char *reply)
{
    return taken(reply, strlen(reply));
}

static void whole_lines_are_taken(void)
{
    CHECK_NUMBER(taken_text("220 \r\n"), 6);
    CHECK_NUMBER(taken_text("220-\r\n"), 6);
    CHECK_NUMBER(taken_text("220 x\r\n"), 7);
    CHECK_NUMBER(taken_text("220 x\r\n220 y"), 7);
    CHECK_NUMBER(taken_text("599 ~ 9 a text of more than two blocks, with what is plain\r\n"), 60);
    CHECK_NUMBER(taken_text("220 16 octets of it\r\n"), 21);
}

static void others_are_left(void)
{
    static const char *const replies[] = {"",
                                          "2",
                                          "220",
                                          "220\r\n",
                                          "220 ",
                                          "220 x",
                                          "220 x\r",
                                          "220 x\n",
                                          "220 x\ry\r\n",
                                          "220 \x7f\r\n",
                                          "22: x\r\n",
                                          "/20 x\r\n",
                                          "2 20 x\r\n",
                                          "220_x\r\n",
                                          "220\tx\r\n",
                                          "220 a\tb\r\n",
                                          "220 x\r\r\n",
                                          "220 x\n\n",
                                          "000 x\r\n",
                                          "220 a text of more than two blocks \x1f not plain\r\n"};
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
        CHECK_NUMBER(taken_text(replies[i]), 0);
    CHECK_NUMBER(taken("220 \0\r\n", 7), 0);
}

static void a_line_may_be_as_long_as_for_the_engine(void)
{
    static char reply[POSTINO_REPLY_LINE_MAX + 8];
    for (size_t length = POSTINO_REPLY_LINE_MAX - 2; length <= POSTINO_REPLY_LINE_MAX + 2; length++) {
        memset(reply, 'x', sizeof reply);
        memcpy(reply, "220 ", 4);
        memcpy(reply + length, "\r\n", 2);
        CHECK_NUMBER(taken(reply, length + 2), length <= POSTINO_REPLY_LINE_MAX ? length + 2 : 0);
    }
}

static void lines_of_one_reply_are_taken_up_to_their_limit(void)
{
    struct postino_session s = begun();
    for (unsigned i = 0; i < POSTINO_REPLY_LINES_MAX; i++)
        CHECK_NUMBER(postino_quick.hear(&s, "220-x\r\n", 7), 7);
    CHECK_NUMBER(postino_quick.hear(&s, "220-x\r\n", 7), 0);
    s = begun();
    CHECK_NUMBER(postino_quick.hear(&s, "220-x\r\n", 7), 7);
    CHECK_NUMBER(postino_quick.hear(&s, "221 x\r\n", 7), 0);
    CHECK_NUMBER(postino_quick.hear(&s, "220 x\r\n", 7), 7);
    CHECK_NUMBER(postino_session_replies(&s), 1);
}

static void texts_are_cut_to_their_room(void)
{
    for (uint16_t room = 1; room <= 20; room++) {
        struct postino_config with_text = config;
        struct postino_session s;
        with_text.text = guarded(room);
        with_text.text_size = room;
        CHECK_NUMBER(postino_session_init(&s, &with_text), POSTINO_OK);
        CHECK_NUMBER(postino_quick.hear(&s, "220-abcdef\r\n", 12), 12);
        CHECK_NUMBER(postino_quick.hear(&s, "220 ghijkl\r\n", 12), 12);
        CHECK(strncmp(with_text.text, "abcdef\nghijkl", room - 1u) == 0);
        CHECK_NUMBER(strlen(with_text.text), room <= 13 ? room - 1 : 13);
    }
}

/* Of content in the midst of a line or at its start, with so much room in front of it, what is left to the engine. */
static size_t left_of(const char *content, size_t length, size_t apart, size_t column, unsigned offers, char *out_end)
{
    struct postino_session s = begun();
    char *room = guarded(apart + length);
    memcpy(room + apart, content, length);
    s.column = (uint32_t)column;
    s.offers = offers;
    struct postino_expansion e = {room + apart, room + apart + length, room};
    postino_quick.expand(&s, &e);
    *out_end = e.out > room ? e.out[-1] : '\0';
    return (size_t)(e.end - e.in);
}

static size_t left_of_text(const char *content)
{
    char out_end;
    return left_of(content, strlen(content), 64, 0, 0, &out_end);
}

static void content_is_taken_to_its_end(void)
{
    CHECK_NUMBER(left_of_text("x"), 0);
    CHECK_NUMBER(left_of_text("16 octets of it."), 0);
    CHECK_NUMBER(left_of_text("a line\r\n"), 0);
    CHECK_NUMBER(left_of_text("a line\n"), 0);
    CHECK_NUMBER(left_of_text("\n\r\n.\r\n..\nand text of more than two blocks at its end"), 0);
    char out_end;
    CHECK_NUMBER(left_of("x\n", 2, 17, 0, 0, &out_end), 0);
    CHECK_NUMBER(out_end, '\n');
    CHECK_NUMBER(left_of("\xe4", 1, 64, 0, POSTINO_OFFERS_8BITMIME, &out_end), 0);
}

static void what_is_extraordinary_is_left(void)
{
    char out_end;
    CHECK_NUMBER(left_of_text("ab\rc"), 2);
    CHECK_NUMBER(left_of_text("ab\r"), 1);
    CHECK_NUMBER(left_of_text("ab\tc"), 2);
    CHECK_NUMBER(left_of("ab\0c", 4, 64, 0, 0, &out_end), 2);
    CHECK_NUMBER(left_of_text("\xe4"), 1);
    CHECK_NUMBER(left_of("x\n", 2, 16, 0, 0, &out_end), 2); /* too near for a block */
    CHECK_NUMBER(left_of("abcd\n", 5, 64, 995, 0, &out_end), 2);
    CHECK_NUMBER(left_of("abc\n", 4, 64, 995, 0, &out_end), 0);
    CHECK_NUMBER(left_of("\n", 1, 64, 998, 0, &out_end), 0);
    CHECK_NUMBER(left_of("\n", 1, 64, 999, 0, &out_end), 1);
}

int main(void)
{
    RUN(whole_lines_are_taken);
    RUN(others_are_left);
    RUN(a_line_may_be_as_long_as_for_the_engine);
    RUN(lines_of_one_reply_are_taken_up_to_their_limit);
    RUN(texts_are_cut_to_their_room);
    RUN(content_is_taken_to_its_end);
    RUN(what_is_extraordinary_is_left);
    return CHECK_EXIT();
}
