/*
 * The connection is lost after every octet that leaves, and after every octet that comes, of dialogues in which all is
 * accepted. What must become of each mail follows from the text of the dialogue alone (attacks 50, 175, 221):
 * accepted where its final reply is whole, uncertain where its last octet left, not tried where none of its MAIL did.
 */
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COMMANDS_MAX = 64
};

/* Where in the octets of the client a mail begins and ends, and which reply answers its content. */
struct span {
    size_t begin, end;
    int first_reply, last_reply;
};

struct dialogue {
    struct span mails[MAILS_MAX];
    int mail_count;
    int replies;
    bool content;
    size_t octets;
};

static const char *failure;

static void read_command(struct dialogue *d, const struct script *script, const char *line, size_t length)
{
    size_t begin = d->octets;
    d->octets += length;
    if (d->content && strncmp(line, ".\r\n", 3) == 0) {
        struct span *mail = &d->mails[d->mail_count - 1];
        mail->end = d->octets;
        mail->first_reply = d->replies;
        d->replies += script->lmtp ? (int)script->mails[d->mail_count - 1].to_count : 1;
        mail->last_reply = d->replies - 1;
        d->content = false;
    } else if (!d->content) {
        if (strncmp(line, "MAIL", 4) == 0)
            d->mails[d->mail_count++] = (struct span){begin, SIZE_MAX, -1, -1};
        d->replies++;
    }
}

static void read_dialogue(struct dialogue *d, const struct script *script)
{
    memset(d, 0, sizeof *d);
    d->replies = 1; /* the greeting */
    for (int i = 0; i < script->item_count; i++) {
        const struct item *item = &script->items[i];
        if (item->kind == ITEM_SERVER && strncmp(item->octets + item->length - 4, "go", 2) == 0)
            d->content = true;
        for (size_t at = 0; item->kind == ITEM_CLIENT && at < item->length;) {
            const char *line = item->octets + at;
            size_t length = (size_t)((char *)memchr(line, '\n', item->length - at) - line) + 1;
            read_command(d, script, line, length);
            at += length;
        }
    }
}

static int whole_replies(const char *octets, size_t length)
{
    int count = 0;
    for (size_t at = 0; at < length;) {
        const char *lf = memchr(octets + at, '\n', length - at);
        if (!lf)
            break;
        count += octets[at + 3] == ' ';
        at = (size_t)(lf - octets) + 1;
    }
    return count;
}

static unsigned expected(const struct span *mail, const struct script *script, uint32_t i, size_t left, int replies)
{
    int reply = script->lmtp ? mail->first_reply + (int)i : mail->last_reply;

    if (mail->first_reply >= 0 && replies > reply)
        return POSTINO_ACCEPTED;
    if (left >= mail->end)
        return POSTINO_UNCERTAIN;
    return left > mail->begin ? POSTINO_REFUSED_FOR_NOW : POSTINO_NOT_TRIED;
}

static void judge(struct play *p, const struct dialogue *d, size_t left, int replies)
{
    static char text[200];
    play_take_back(p);
    for (int i = 0; i < p->script->mail_count && !failure; i++) {
        for (uint32_t j = 0; j < p->script->mails[i].to_count; j++) {
            unsigned is = p->recipients[i][j].result.outcome;
            unsigned due = expected(&d->mails[i], p->script, j, left, replies);
            if (p->finished[i] && is == due)
                continue;
            snprintf(text, sizeof text, "mail %d to %u is [%s], not [%s], %zu octets sent, %d replies heard", i + 1,
                     (unsigned)j + 1, is < 5 ? play_outcomes[is] : "nothing", play_outcomes[due], left, replies);
            failure = text;
        }
    }
}

/* Where the play is cut: in front of the item, which is a flight or a block, behind `octets` of it. */
struct cut {
    int item;
    size_t octets;
    bool unsent; /* the whole flight was taken, and the rest of it never left */
};

static void cut_item(struct play *p, const struct item *item, const struct cut *cut, size_t *left, int *replies)
{
    if (item->kind == ITEM_SERVER) {
        play_drain(p);
        play_input(p, item->octets, cut->octets);
        *replies += whole_replies(item->octets, cut->octets);
    } else {
        p->take = cut->unsent ? SIZE_MAX : cut->octets;
        play_drain(p);
        *left += cut->octets;
    }
    play_lost(p, POSTINO_REASON_LOST, cut->unsent ? item->length - cut->octets : 0);
}

static void play_cut(struct play *p, const struct script *script, const struct dialogue *d, size_t output_size,
                     const struct cut *cut)
{
    struct play_way way = {output_size, 0, -1, 0, false};
    size_t left = 0;
    int replies = 0;
    if (!play_begin(p, script, &way))
        failure = "the dialogue did not begin";
    for (int i = 0; i < cut->item && !failure; i++) {
        const struct item *item = &script->items[i];
        if (!play_item(p, item))
            failure = p->failure;
        left += item->kind == ITEM_CLIENT ? item->length : 0;
        replies += item->kind == ITEM_SERVER ? whole_replies(item->octets, item->length) : 0;
    }
    if (!failure) {
        cut_item(p, &script->items[cut->item], cut, &left, &replies);
        judge(p, d, left, replies);
    }
    play_end(p);
}

static bool test(const char *path)
{
    static struct play p;
    static const size_t sizes[] = {1, 7, 4096};
    struct script *script = malloc(sizeof *script);
    struct dialogue d;
    unsigned long cuts = 0;
    if (!script)
        abort();
    failure = script_read(script, path) ? NULL : "the dialogue could not be read";
    read_dialogue(&d, script);
    for (int i = 0; i < script->item_count && !failure; i++) {
        const struct item *item = &script->items[i];
        for (size_t at = 0; item->kind != ITEM_EVENT && at <= item->length && !failure; at++) {
            for (size_t k = 0; k < 6 && !failure; k++, cuts++) {
                struct cut cut = {i, at, k % 2 && item->kind == ITEM_CLIENT};
                play_cut(&p, script, &d, sizes[k / 2], &cut);
            }
        }
    }
    if (failure)
        printf("# %s\n", failure);
    const char *slash = strrchr(path, '/');
    printf("%s lost-after-every-octet of %s\n# %lu cuts\n", failure ? "not ok" : "ok", slash ? slash + 1 : path, cuts);
    script_free(script);
    free(script);
    return !failure;
}

int main(int argc, char **argv)
{
    bool good = true;
    for (int i = 1; i < argc; i++)
        good &= test(argv[i]);
    return !good || argc < 2;
}
