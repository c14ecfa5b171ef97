/* The search: breadth first, states told apart by what matters. */
#include "explore.h"
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    STATES_MAX = 1 << 20,
    SLOTS = 1 << 22,
    FAR = 64 /* octets ago that are all the same */
};

struct state {
    struct world *world; /* until it has been expanded */
    int parent, action;
};

struct fingerprint {
    uint64_t a, b;
};

static struct state states[STATES_MAX];
static struct fingerprint slots[SLOTS];

static size_t near(size_t total, size_t at)
{
    return total - at < FAR ? total - at : FAR;
}

static void forget_code(struct postino_result *result)
{
    result->code = result->code == 421;
    result->subject = result->detail = 0;
}

static void forget_session(struct postino_session *s)
{
    if (s->line_length == 0)
        s->code = s->line_code = 0;
    if (s->last_line && s->line_length == 0)
        s->lines = 0;
    if (!(s->spilled))
        s->pending = 0;
    s->word_length = 0;
    s->heard = s->heard == '\r' ? '\r' : 0;
    memset(s->word, 0, sizeof s->word);
    s->total = s->replies = s->text_length = 0;
    forget_code(&s->error);
}

static void forget_monitor(struct monitor *m)
{
    m->answered = near(m->total, m->answered);
    m->line_begin = m->line_length ? near(m->total, m->line_begin) : 0;
    memset(m->line + m->line_length, 0, sizeof m->line - m->line_length);
    memset(m->queue + m->queued, 0, sizeof m->queue - sizeof *m->queue * m->queued);
    for (int i = 0; i < m->queued; i++)
        m->queue[i].end = near(m->total, m->queue[i].end);
    for (int i = 0; i < WORLD_MAILS; i++) {
        m->mails[i].begin = near(m->total, m->mails[i].begin);
        m->mails[i].end = near(m->total, m->mails[i].end);
    }
    m->total = m->most = 0;
    m->confirms = false;
}

/* Of two states with the same fingerprint one is explored. */
static struct fingerprint fingerprint(void)
{
    static struct world w;
    w = world;
    for (int i = 0; i < WORLD_MAILS; i++) {
        w.mails[i].begin = near(w.session.total, w.mails[i].begin);
        w.mails[i].end = near(w.session.total, w.mails[i].end);
        forget_code(&w.mails[i].result);
        if (i < w.handed)
            memset(&w.monitor.mails[i], 0, sizeof w.monitor.mails[i]);
        for (int j = 0; j < WORLD_RECIPIENTS; j++)
            forget_code(&w.recipients[i][j].result);
    }
    memset(w.text, 0, sizeof w.text);
    forget_session(&w.session);
    forget_monitor(&w.monitor);
    struct fingerprint f = {14695981039346656037u, 1};
    for (size_t i = 0; i < sizeof w; i += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, (const unsigned char *)&w + i, sizeof w - i < sizeof word ? sizeof w - i : sizeof word);
        f.a = (f.a ^ word ^ f.a >> 31) * 1099511628211u;
        f.b = (f.b + word) * 6364136223846793005u + (f.b >> 29);
    }
    return f;
}

static bool seen(void)
{
    struct fingerprint f = fingerprint();
    size_t at = (size_t)(f.a ^ f.b >> 7) % SLOTS;
    for (; slots[at].a | slots[at].b; at = (at + 1) % SLOTS)
        if (slots[at].a == f.a && slots[at].b == f.b)
            return true;
    slots[at] = f;
    return false;
}

static void print_path(int index, int most)
{
    if (states[index].parent >= 0 && most)
        print_path(states[index].parent, most - 1);
    if (states[index].action >= 0) {
        printf("#   ");
        for (const char *at = explore_name(states[index].action); *at; at++)
            printf(*at == '\r' ? "\\r" : *at == '\n' ? "\\n" : "%c", *at);
        printf("\n");
    }
}

static bool add(int *count, int parent, int action)
{
    if (seen())
        return true;
    struct state *state = &states[*count];
    *state = (struct state){malloc(sizeof world), parent, action};
    if (!state->world || *count == STATES_MAX - 1) {
        printf("# too many states\n");
        return false;
    }
    *state->world = world;
    const char *why = explore_losses();
    if (why) {
        printf("# lost: %s, behind\n", why);
        print_path(*count, 40);
    }
    ++*count;
    return !why;
}

static bool explore(const struct world_kind *kind)
{
    int count = 0;
    unsigned most = 0;
    long edges = 0;
    memset(slots, 0, sizeof slots);
    world_make(kind);
    bool good = add(&count, -1, -1);
    for (int i = 0; i < count && good; i++) {
        for (int action = 0; action < explore_actions && good; action++) {
            world = *states[i].world;
            const char *why = explore_apply(action);
            edges += why != NULL;
            if (world.monitor.most > most)
                most = world.monitor.most;
            if (why && *why) {
                states[count] = (struct state){NULL, i, action};
                printf("# %s, at the end of\n", why);
                print_path(count, 40);
                good = false;
            } else if (why) {
                good = add(&count, i, action);
            }
        }
        free(states[i].world);
        states[i].world = NULL;
    }
    for (int i = 0; i < count; i++)
        free(states[i].world);
    good = good && (most > 1) == kind->pipelining; /* so that no world is another one than it says */
    printf("%s explored: %s\n# %d states, %ld edges, up to %u replies outstanding\n", good ? "ok" : "not ok",
           kind->name, count, edges, most);
    return good;
}

/* All worlds, or those that are named. */
int main(int argc, char **argv)
{
    bool good = true;
    for (int i = 0; i < world_kind_count; i++) {
        bool asked = argc < 2;
        for (int j = 1; j < argc; j++)
            asked = asked || strcmp(argv[j], world_kinds[i].name) == 0;
        if (asked)
            good &= explore(&world_kinds[i]);
    }
    return !good;
}
