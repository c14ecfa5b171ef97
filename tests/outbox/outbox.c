/* The outbox: what it keeps, in which order it gives it, and what is left of it wherever the power goes. */
#include "check.h"
#include "flash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST = 64 /* mails of a story */
};

/* ---- Mails by their numbers: each says which one it is, and its content follows from that ---- */

struct letter {
    struct postino_source source;
    unsigned number;
    size_t size, at;
    size_t fails_at; /* 0: it does not */
};

static char octet_of(unsigned number, size_t at)
{
    if (at % 64 == 63)
        return '\n';
    return (char)('a' + (number * 7 + at * (at / 64 + 3)) % 26);
}

static ptrdiff_t read_letter(struct postino_source *source, void *buffer, size_t size)
{
    struct letter *letter = (struct letter *)source;
    size_t count = 0;
    if (letter->fails_at && letter->at >= letter->fails_at)
        return POSTINO_SOURCE_FAILED;
    for (; count < size && count < 50 && letter->at < letter->size; count++, letter->at++)
        ((char *)buffer)[count] = octet_of(letter->number, letter->at);
    return (ptrdiff_t)count;
}

static enum postino_outbox_error put(struct postino_outbox *outbox, unsigned number, size_t size, uint32_t recipients,
                                     size_t fails_at)
{
    static const char *const names[] = {"a@x.test", "bb@x.test", "ccc@x.test", "d@x.test", "e@x.test",
                                        "f@x.test", "g@x.test",  "h@x.test",   "i@x.test"};
    struct letter letter = {{.read = read_letter}, number, size, 0, fails_at};
    struct postino_recipient people[9];
    char sender[32];
    memset(people, 0, sizeof people);
    for (uint32_t i = 0; i < recipients && i < 9; i++)
        people[i].address = names[i];
    snprintf(sender, sizeof sender, "n%u@x.test", number);
    struct postino_mail mail = {
        .reverse_path = sender, .recipients = people, .recipient_count = recipients, .source = &letter.source};
    return postino_outbox_put(outbox, &mail);
}

/* The number of the mail, or 0 where it is not what was put. */
static unsigned number_of(struct postino_mail *mail)
{
    unsigned number;
    char octets[37];
    size_t at = 0;
    ptrdiff_t got;
    if (sscanf(mail->reverse_path, "n%u@x.test", &number) != 1 || !mail->source->rewind(mail->source))
        return 0;
    while ((got = mail->source->read(mail->source, octets, sizeof octets)) > 0)
        for (ptrdiff_t i = 0; i < got; i++, at++)
            if (octets[i] != octet_of(number, at))
                return 0;
    return got == POSTINO_SOURCE_END && at ? number : 0;
}

static void give(struct postino_mail *mail, enum postino_outcome outcome)
{
    for (uint32_t i = 0; i < mail->recipient_count; i++)
        mail->recipients[i].result.outcome = (uint8_t)outcome;
    mail->result.outcome = (uint8_t)outcome;
}

/* The numbers of all that waits, as text, without changing anything. */
static const char *waiting(struct postino_store *store)
{
    static char text[512];
    static struct postino_outbox outbox;
    struct postino_mail *mail;
    size_t length = 0;
    text[0] = '\0';
    if (postino_outbox_open(&outbox, store) != POSTINO_OUTBOX_OK)
        return "the flash fails";
    while ((mail = postino_outbox_next(&outbox, 0)) != NULL) {
        length += (size_t)snprintf(text + length, sizeof text - length, "%u/%u ", number_of(mail),
                                   (unsigned)mail->recipient_count);
        give(mail, POSTINO_NOT_TRIED);
        if (!postino_outbox_done(&outbox, 0))
            return "the flash fails";
    }
    if (outbox.damaged)
        snprintf(text + length, sizeof text - length, "damaged %u", (unsigned)outbox.damaged);
    return text;
}

/* ---- Without cuts ---- */

static struct flash flash;
static struct postino_outbox outbox;

static void begin(uint32_t block_size, uint32_t block_count, uint32_t program_size)
{
    flash_begin(&flash, block_size, block_count, program_size);
    CHECK_NUMBER(postino_outbox_open(&outbox, &flash.store), POSTINO_OUTBOX_OK);
}

static void mails_come_back_as_they_were_put(void)
{
    static const uint32_t programs[] = {1, 2, 4, 8, 16, 32, 64};
    static const size_t sizes[] = {1, 63, 64, 65, 800, 1300, 4000};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        begin(1024, 16, programs[i]);
        for (unsigned j = 0; j < sizeof sizes / sizeof *sizes; j++)
            CHECK_NUMBER(put(&outbox, j + 1, sizes[j], j + 1, 0), POSTINO_OUTBOX_OK);
        CHECK_NUMBER(outbox.waiting, 7);
        CHECK_TEXT(waiting(&flash.store), "1/1 2/2 3/3 4/4 5/5 6/6 7/7 ");
        CHECK(!flash.broken_promise);
    }
}

static void what_cannot_be_kept_is_refused(void)
{
    char longest[POSTINO_OUTBOX_ENVELOPE];
    begin(1024, 3, 4);
    CHECK_NUMBER(put(&outbox, 1, 10, 0, 0), POSTINO_OUTBOX_MAIL);
    CHECK_NUMBER(put(&outbox, 1, 10, 9, 0), POSTINO_OUTBOX_MAIL);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    struct postino_recipient person = {.address = longest};
    struct letter letter = {{.read = read_letter}, 1, 10, 0, 0};
    struct postino_mail mail = {
        .reverse_path = "", .recipients = &person, .recipient_count = 1, .source = &letter.source};
    CHECK_NUMBER(postino_outbox_put(&outbox, &mail), POSTINO_OUTBOX_MAIL);
    CHECK_NUMBER(put(&outbox, 1, 1000, 1, 500), POSTINO_OUTBOX_SOURCE);
    CHECK_NUMBER(put(&outbox, 1, 100000, 1, 0), POSTINO_OUTBOX_FULL);
    CHECK_TEXT(waiting(&flash.store), "");
    CHECK_NUMBER(put(&outbox, 1, 900, 1, 0), POSTINO_OUTBOX_OK); /* two blocks; one stays free */
    CHECK_NUMBER(put(&outbox, 2, 1, 1, 0), POSTINO_OUTBOX_FULL);
    CHECK_TEXT(waiting(&flash.store), "1/1 ");
    CHECK(!flash.broken_promise);
    static const struct postino_store wrong[] = {{.block_size = 1024, .block_count = 2, .program_size = 4},
                                                 {.block_size = 1000, .block_count = 3, .program_size = 4},
                                                 {.block_size = 1024, .block_count = 3, .program_size = 3},
                                                 {.block_size = 1024, .block_count = 3, .program_size = 128},
                                                 {.block_size = 1032, .block_count = 3, .program_size = 16}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct postino_store store = wrong[i];
        CHECK_NUMBER(postino_outbox_open(&outbox, &store), POSTINO_OUTBOX_STORE);
    }
}

static unsigned refusals;

static void count_refusal(struct postino_outbox *of, const struct postino_recipient *recipient)
{
    (void)of;
    refusals += recipient->result.outcome == POSTINO_REFUSED_FOR_GOOD;
}

static void outcomes_are_obeyed(void)
{
    begin(1024, 16, 8);
    outbox.refused = count_refusal;
    refusals = 0;
    static const enum postino_outcome outcomes[] = {POSTINO_ACCEPTED, POSTINO_REFUSED_FOR_NOW, POSTINO_REFUSED_FOR_GOOD,
                                                    POSTINO_UNCERTAIN, POSTINO_NOT_TRIED};
    for (unsigned i = 0; i < 5; i++)
        CHECK_NUMBER(put(&outbox, i + 1, 100, 1, 0), POSTINO_OUTBOX_OK);
    for (unsigned i = 0; i < 5; i++) {
        struct postino_mail *mail = postino_outbox_next(&outbox, 0);
        CHECK(mail && number_of(mail) == i + 1);
        CHECK(!postino_outbox_next(&outbox, 0)); /* one at a time */
        if (mail)
            give(mail, outcomes[i]);
        CHECK(postino_outbox_done(&outbox, 0));
    }
    CHECK_NUMBER(refusals, 1);
    CHECK_NUMBER(outbox.waiting, 3);
    CHECK_TEXT(waiting(&flash.store), "2/1 4/1 5/1 ");
}

static void recipients_are_settled_one_by_one(void)
{
    begin(1024, 16, 8);
    outbox.refused = count_refusal;
    refusals = 0;
    CHECK_NUMBER(put(&outbox, 1, 100, 4, 0), POSTINO_OUTBOX_OK);
    struct postino_mail *mail = postino_outbox_next(&outbox, 0);
    CHECK(mail);
    give(mail, POSTINO_REFUSED_FOR_NOW);
    mail->recipients[0].result.outcome = POSTINO_ACCEPTED;
    mail->recipients[2].result.outcome = POSTINO_REFUSED_FOR_GOOD;
    CHECK(postino_outbox_done(&outbox, 0));
    CHECK_NUMBER(refusals, 1);
    for (int round = 0; round < 2; round++) {
        if (round)
            CHECK_NUMBER(postino_outbox_open(&outbox, &flash.store), POSTINO_OUTBOX_OK);
        mail = postino_outbox_next(&outbox, 3600000);
        CHECK(mail && mail->recipient_count == 2);
        if (!mail)
            return;
        CHECK_TEXT(mail->recipients[0].address, "bb@x.test");
        CHECK_TEXT(mail->recipients[1].address, "d@x.test");
        give(mail, POSTINO_REFUSED_FOR_NOW);
        CHECK(postino_outbox_done(&outbox, 3600000));
    }
    mail = postino_outbox_next(&outbox, 7200000);
    CHECK(mail);
    give(mail, POSTINO_ACCEPTED);
    CHECK(postino_outbox_done(&outbox, 0));
    CHECK_TEXT(waiting(&flash.store), "");
}

static unsigned try_at(uint64_t now_ms, enum postino_outcome outcome)
{
    struct postino_mail *mail = postino_outbox_next(&outbox, now_ms);
    unsigned number = mail ? number_of(mail) : 0;
    if (mail)
        give(mail, outcome);
    CHECK(postino_outbox_done(&outbox, now_ms));
    return number;
}

static void pauses_grow(void)
{
    begin(1024, 16, 8);
    CHECK_NUMBER(postino_outbox_wait_ms(&outbox, 5), UINT32_MAX);
    CHECK_NUMBER(put(&outbox, 1, 100, 1, 0), POSTINO_OUTBOX_OK);
    CHECK_NUMBER(put(&outbox, 2, 100, 1, 0), POSTINO_OUTBOX_OK);
    CHECK_NUMBER(postino_outbox_wait_ms(&outbox, 5), 0);
    CHECK_NUMBER(try_at(0, POSTINO_REFUSED_FOR_NOW), 1);
    CHECK_NUMBER(try_at(0, POSTINO_REFUSED_FOR_NOW), 2);
    CHECK_NUMBER(postino_outbox_wait_ms(&outbox, 0), 60000);
    CHECK_NUMBER(try_at(59999, POSTINO_REFUSED_FOR_NOW), 0);
    /* A new one goes at once, and does not put off the others. */
    CHECK_NUMBER(put(&outbox, 3, 100, 1, 0), POSTINO_OUTBOX_OK);
    CHECK_NUMBER(try_at(30000, POSTINO_REFUSED_FOR_NOW), 3);
    CHECK_NUMBER(postino_outbox_wait_ms(&outbox, 30000), 30000);
    uint64_t now = 60000;
    static const uint32_t pauses[] = {120000, 240000, 480000, 960000, 1920000, 3600000, 3600000};
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        for (unsigned number = 1; number <= 3; number++)
            CHECK_NUMBER(try_at(now, POSTINO_REFUSED_FOR_NOW), number);
        CHECK_NUMBER(postino_outbox_wait_ms(&outbox, now), pauses[i]);
        now += pauses[i];
    }
    CHECK_NUMBER(try_at(now, POSTINO_REFUSED_FOR_NOW), 1);
    CHECK_NUMBER(try_at(now, POSTINO_ACCEPTED), 2);
    CHECK_NUMBER(try_at(now, POSTINO_REFUSED_FOR_NOW), 3);
    CHECK_NUMBER(postino_outbox_wait_ms(&outbox, now), 60000); /* it goes on again */
}

static void it_goes_round(void)
{
    begin(1024, 5, 4);
    for (unsigned i = 1; i < 200; i++) {
        CHECK_NUMBER(put(&outbox, i, i % 3 ? 100 : 1500, 1, 0), POSTINO_OUTBOX_OK);
        if (i % 4 == 0)
            CHECK_NUMBER(postino_outbox_open(&outbox, &flash.store), POSTINO_OUTBOX_OK);
        if (i < 2)
            continue;
        CHECK_NUMBER(try_at(i * 7200000ull, POSTINO_ACCEPTED), i - 1);
    }
    CHECK_TEXT(waiting(&flash.store), "199/1 ");
    CHECK(!flash.broken_promise);
}

static void the_rest_is_found_behind_a_full_one(void)
{
    begin(1024, 6, 4);
    for (unsigned i = 1; i <= 5; i++)
        CHECK_NUMBER(put(&outbox, i, 100, 1, 0), POSTINO_OUTBOX_OK);
    CHECK_NUMBER(put(&outbox, 6, 100, 1, 0), POSTINO_OUTBOX_FULL);
    CHECK_NUMBER(try_at(0, POSTINO_REFUSED_FOR_NOW), 1);
    for (unsigned i = 2; i <= 5; i++)
        CHECK_NUMBER(try_at(0, POSTINO_ACCEPTED), i);
    CHECK_NUMBER(put(&outbox, 6, 100, 1, 0), POSTINO_OUTBOX_FULL); /* the oldest holds the ring */
    CHECK_NUMBER(try_at(3600000, POSTINO_ACCEPTED), 1);
    CHECK_NUMBER(put(&outbox, 6, 100, 1, 0), POSTINO_OUTBOX_OK);
    CHECK_TEXT(waiting(&flash.store), "6/1 ");
}

static void a_flash_that_fails_is_told(void)
{
    begin(1024, 6, 4);
    CHECK_NUMBER(put(&outbox, 1, 2000, 1, 0), POSTINO_OUTBOX_OK);
    flash.fails = true;
    CHECK_NUMBER(put(&outbox, 2, 100, 1, 0), POSTINO_OUTBOX_STORE);
    CHECK(!postino_outbox_next(&outbox, 0));
    flash.fails = false;
    CHECK_NUMBER(outbox.damaged, 0);
    CHECK_NUMBER(outbox.waiting, 1);
    CHECK_NUMBER(outbox.oldest, 1);
    CHECK_NUMBER(put(&outbox, 2, 100, 1, 0), POSTINO_OUTBOX_OK);
    CHECK_NUMBER(try_at(3600000, POSTINO_REFUSED_FOR_NOW), 2);
    CHECK_NUMBER(try_at(3600000, POSTINO_REFUSED_FOR_NOW), 1);
    CHECK_NUMBER(try_at(3600000, POSTINO_ACCEPTED), 2);
    CHECK_TEXT(waiting(&flash.store), "1/1 ");
    flash.fails = true;
    CHECK_NUMBER(postino_outbox_open(&outbox, &flash.store), POSTINO_OUTBOX_STORE);
    CHECK_NUMBER(outbox.damaged, 0);
    flash.fails = false;
    CHECK_NUMBER(postino_outbox_open(&outbox, &flash.store), POSTINO_OUTBOX_OK);
    struct postino_mail *mail = postino_outbox_next(&outbox, 0);
    CHECK(mail);
    if (!mail)
        return;
    give(mail, POSTINO_ACCEPTED);
    flash.fails = true;
    CHECK(!postino_outbox_done(&outbox, 0));
    flash.fails = false;
    CHECK_TEXT(waiting(&flash.store), "1/1 ");
}

/* Some of four mails are settled, the power goes while the fifth is put, and it all is opened again; one read fails. */
static bool with_a_read_that_fails(unsigned long at)
{
    begin(1024, 8, 16);
    for (unsigned i = 1; i <= 4; i++)
        CHECK_NUMBER(put(&outbox, i, 100, 2, 0), POSTINO_OUTBOX_OK);
    CHECK_NUMBER(try_at(0, POSTINO_ACCEPTED), 1);
    flash.cut_at = flash.operations + 9;
    flash.cut = CUT_AMID;
    CHECK(put(&outbox, 5, 1500, 1, 0) != POSTINO_OUTBOX_OK);
    flash_power(&flash);
    flash.reads = 0;
    flash.fails_at = at;
    bool opened = postino_outbox_open(&outbox, &flash.store) == POSTINO_OUTBOX_OK;
    if (!opened) { /* who does not look at that does no harm */
        CHECK_NUMBER(put(&outbox, 7, 100, 1, 0), POSTINO_OUTBOX_STORE);
        CHECK(!postino_outbox_next(&outbox, 0));
    }
    for (int i = 0; i < 3 && opened; i++) {
        struct postino_mail *mail = postino_outbox_next(&outbox, (uint64_t)i * 3600000);
        if (mail && number_of(mail) == 2)
            give(mail, POSTINO_ACCEPTED);
        else if (mail)
            give(mail, POSTINO_REFUSED_FOR_NOW);
        postino_outbox_done(&outbox, (uint64_t)i * 3600000);
    }
    if (opened)
        put(&outbox, 6, 100, 1, 0);
    CHECK_NUMBER(outbox.damaged, 0);
    bool failed = flash.reads >= at;
    flash.fails_at = 0;
    const char *left = waiting(&flash.store);
    CHECK(strstr(left, "3/2 4/2 ") && !strstr(left, "1/") && !strstr(left, "5/") && !strstr(left, "damaged"));
    if (!strstr(left, "3/2 4/2 "))
        printf("# read %lu: %s\n", at, left);
    CHECK(!flash.broken_promise);
    return failed;
}

static void a_read_that_fails_loses_nothing(void)
{
    unsigned long at = 1;
    while (with_a_read_that_fails(at))
        at++;
    printf("# %lu reads\n", at - 1);
    CHECK(at > 100);
}

/* ---- Corruption ---- */

static void damage_is_found_and_survived(void)
{
    unsigned told = 0, lost = 0;
    for (uint32_t at = 0; at < 6 * 1024; at += 3) {
        begin(1024, 8, 4);
        CHECK_NUMBER(put(&outbox, 1, 1200, 2, 0), POSTINO_OUTBOX_OK);
        CHECK_NUMBER(put(&outbox, 2, 700, 1, 0), POSTINO_OUTBOX_OK);
        CHECK_NUMBER(put(&outbox, 3, 1500, 1, 0), POSTINO_OUTBOX_OK);
        flash.octets[at] ^= (uint8_t)(1u << at % 8);
        if (postino_outbox_open(&outbox, &flash.store) != POSTINO_OUTBOX_OK)
            CHECK(false);
        unsigned seen = 0;
        struct postino_mail *mail;
        while ((mail = postino_outbox_next(&outbox, 0)) != NULL) {
            unsigned number = number_of(mail);
            CHECK(number >= 1 && number <= 3 && !(seen & 1u << number));
            seen |= 1u << number;
            give(mail, POSTINO_ACCEPTED);
            CHECK(postino_outbox_done(&outbox, 0));
        }
        unsigned missing = 3 - (unsigned)__builtin_popcount(seen);
        CHECK(missing <= 1);
        told += outbox.damaged;
        lost += missing;
        CHECK_NUMBER(outbox.waiting, 0);
        CHECK_NUMBER(put(&outbox, 4, 900, 1, 0), POSTINO_OUTBOX_OK);
        CHECK_NUMBER(try_at(0, POSTINO_ACCEPTED), 4);
        CHECK(!flash.broken_promise);
    }
    printf("# %u mails lost by damage, %u of them told\n", lost, told);
    CHECK(told && lost - told < lost / 20); /* a mark, or the newest, can look like what a cut left */
}

static void garbage_is_no_outbox(void)
{
    for (uint32_t seed = 1; seed < 300; seed++) {
        flash_begin(&flash, 1024, 8, 4);
        for (size_t i = 0; i < sizeof flash.octets; i++)
            flash.octets[i] = (uint8_t)((seed = seed * 1103515245u + 12345u) >> 24);
        memset(flash.programmed, 1, sizeof flash.programmed);
        CHECK_NUMBER(postino_outbox_open(&outbox, &flash.store), POSTINO_OUTBOX_OK);
        CHECK_NUMBER(outbox.waiting, 0);
        CHECK_NUMBER(put(&outbox, 1, 3000, 1, 0), POSTINO_OUTBOX_OK);
        CHECK_TEXT(waiting(&flash.store), "1/1 ");
        CHECK(!flash.broken_promise);
        seed %= 1000;
        if (seed < 700)
            break;
    }
}

/* ---- Loss of power ---- */

enum standing {
    NEVER,
    PERHAPS, /* it was being put when the power went */
    KEPT,
    PERHAPS_GONE, /* it was being settled */
    GONE
};

struct story {
    enum standing standing[MOST];
    unsigned next; /* number */
};

/* What waits must be what the story says. What was uncertain is certain from here on. */
static bool as_told(struct story *story)
{
    bool seen[MOST] = {false}, right = true;
    struct postino_mail *mail;
    if (postino_outbox_open(&outbox, &flash.store) != POSTINO_OUTBOX_OK)
        return false;
    uint32_t promised = outbox.waiting, found = 0;
    while ((mail = postino_outbox_next(&outbox, 0)) != NULL) {
        unsigned number = number_of(mail);
        right = right && number && number < MOST && !seen[number];
        if (!right)
            break;
        seen[number] = true;
        found++;
        give(mail, POSTINO_NOT_TRIED);
        right = right && postino_outbox_done(&outbox, 0);
    }
    right = right && found == promised && !outbox.damaged;
    for (unsigned i = 1; i < MOST; i++) {
        enum standing *standing = &story->standing[i];
        if ((*standing == KEPT && !seen[i]) || ((*standing == GONE || *standing == NEVER) && seen[i])) {
            printf("# mail %u %s\n", i, seen[i] ? "is there again" : "is lost");
            right = false;
        }
        *standing = seen[i] ? KEPT : *standing == NEVER || *standing == PERHAPS ? NEVER : GONE;
    }
    return right;
}

/* One step of a story: mails are put, and settled in their order. Returns false once the power is gone. */
static bool step(struct story *story, unsigned turn)
{
    static const size_t sizes[] = {200, 1500, 90, 2600, 700};
    if (turn % 3 != 2 && story->next < MOST) {
        unsigned number = story->next++;
        story->standing[number] = PERHAPS;
        enum postino_outbox_error error = put(&outbox, number, sizes[number % 5], 1 + number % 3, 0);
        if (error == POSTINO_OUTBOX_OK)
            story->standing[number] = KEPT;
        else if (error != POSTINO_OUTBOX_STORE)
            story->standing[number] = NEVER;
        return error != POSTINO_OUTBOX_STORE;
    }
    for (int i = 0; i < 2; i++) {
        struct postino_mail *mail = postino_outbox_next(&outbox, turn * 3600000ull);
        if (!mail)
            return !flash.dead;
        unsigned number = number_of(mail);
        give(mail, POSTINO_ACCEPTED);
        story->standing[number] = PERHAPS_GONE;
        if (!postino_outbox_done(&outbox, turn * 3600000ull))
            return false;
        story->standing[number] = GONE;
    }
    return true;
}

/* Tells a story of so many turns with cuts at these operations. Returns whether the last cut came. */
static bool tell(unsigned turns, uint32_t program_size, const unsigned long *cuts, const enum cut *kinds, int count)
{
    struct story story = {.next = 1};
    unsigned turn = 0;
    bool cut = true;
    begin(1024, 9, program_size);
    for (int i = 0; i <= count; i++) {
        flash.cut_at = i < count ? flash.operations + cuts[i] : 0;
        flash.cut = i < count ? kinds[i] : CUT_BEFORE;
        flash.seed = (uint32_t)(cuts[0] * 31 + (unsigned long)turn);
        bool opened = i == 0 || postino_outbox_open(&outbox, &flash.store) == POSTINO_OUTBOX_OK;
        while (opened && turn < turns && step(&story, turn))
            turn++;
        turn += !flash.dead;
        cut = i == count || flash.dead;
        if (!cut)
            break;
        flash_power(&flash);
        if (!as_told(&story)) {
            printf("# behind cut %d of %d, of kind %d at %lu and %d at %lu, in turn %u, program size %u\n", i + 1,
                   count, (int)kinds[0], cuts[0], (int)kinds[count - 1], cuts[count - 1], turn, (unsigned)program_size);
            CHECK(false);
            return false;
        }
        CHECK_NUMBER(postino_outbox_open(&outbox, &flash.store), POSTINO_OUTBOX_OK);
        turn++;
    }
    CHECK(!flash.broken_promise);
    return cut;
}

static bool all_of_them; /* else a part, in seconds */

static void every_cut_leaves_what_was_kept(void)
{
    static const uint32_t programs[] = {1, 16, 64};
    unsigned stories = 0;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        for (int kind = 0; kind < CUTS; kind++) {
            enum cut cut = (enum cut)kind;
            unsigned long stride = all_of_them || programs[i] == 16 ? 1 : 11;
            for (unsigned long at = 1; tell(40, programs[i], &at, &cut, 1); at += stride)
                stories++;
        }
    printf("# %u stories with one cut\n", stories);
    CHECK(stories > 1000);
}

static void every_pair_of_cuts_does(void)
{
    unsigned stories = 0;
    for (int kind = 0; kind < CUTS * CUTS; kind++) {
        enum cut kinds[2] = {(enum cut)(kind / CUTS), (enum cut)(kind % CUTS)};
        unsigned long cuts[2] = {1, 1};
        for (bool first = true; first; cuts[0] += all_of_them ? 1 : 11) {
            unsigned told = 0;
            cuts[1] = all_of_them ? 1 : 1 + cuts[0] % 3;
            for (; cuts[1] < 60 && tell(13, 16, cuts, kinds, 2); cuts[1] += all_of_them ? 1 : 6)
                told++;
            stories += told;
            first = told > 0;
        }
    }
    printf("# %u stories with two cuts\n", stories);
    CHECK(stories > 5000);
}

/* The ring is full and all of it done; a mail of two blocks is cut while the second is erased, which holds the oldest
 * of those; and the next one while its first block is erased, which says what is the oldest that counts. */
static void what_was_erased_in_part_stays_away(void)
{
    for (unsigned long first = 1; first < 40; first++) {
        for (int kind = 0; kind < CUTS; kind++) {
            begin(1024, 5, 16);
            for (unsigned i = 1; i <= 4; i++)
                CHECK_NUMBER(put(&outbox, i, 100, 1, 0), POSTINO_OUTBOX_OK);
            for (unsigned i = 1; i <= 4; i++)
                CHECK_NUMBER(try_at(0, POSTINO_ACCEPTED), i);
            flash.cut_at = flash.operations + first;
            flash.cut = CUT_MARKS;
            bool whole = put(&outbox, 5, 1500, 1, 0) == POSTINO_OUTBOX_OK;
            flash_power(&flash);
            CHECK_TEXT(waiting(&flash.store), whole ? "5/1 " : "");
            CHECK_NUMBER(postino_outbox_open(&outbox, &flash.store), POSTINO_OUTBOX_OK);
            flash.cut_at = flash.operations + 1;
            flash.cut = (enum cut)kind;
            CHECK(put(&outbox, 6, 100, 1, 0) != POSTINO_OUTBOX_OK);
            flash_power(&flash);
            CHECK_TEXT(waiting(&flash.store), whole ? "5/1 " : "");
            CHECK(!flash.broken_promise);
        }
    }
}

int main(int argc, char **argv)
{
    all_of_them = argc > 1 && strcmp(argv[1], "all") == 0;
    RUN(mails_come_back_as_they_were_put);
    RUN(what_cannot_be_kept_is_refused);
    RUN(outcomes_are_obeyed);
    RUN(recipients_are_settled_one_by_one);
    RUN(pauses_grow);
    RUN(it_goes_round);
    RUN(the_rest_is_found_behind_a_full_one);
    RUN(a_flash_that_fails_is_told);
    RUN(a_read_that_fails_loses_nothing);
    RUN(damage_is_found_and_survived);
    RUN(garbage_is_no_outbox);
    RUN(what_was_erased_in_part_stays_away);
    RUN(every_cut_leaves_what_was_kept);
    RUN(every_pair_of_cuts_does);
    return CHECK_EXIT();
}
