/* The worlds that are explored, and the search: breadth first, states told apart by what matters. */
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
static struct postino_config config;

static const struct world_kind kinds[] = {
    {.name = "opening", .recipients = 1, .mails = 1, .command = -1, .opening = true, .pipelining = true},
    {.name = "opening, STARTTLS offered",
     .recipients = 1,
     .mails = 1,
     .command = -1,
     .opening = true,
     .pipelining = true,
     .starttls = &postino_starttls_offered},
    {.name = "opening, STARTTLS required",
     .recipients = 1,
     .mails = 1,
     .command = -1,
     .opening = true,
     .pipelining = true,
     .starttls = &postino_starttls_required,
     .starttls_required = true},
    {.name = "lock-step", .recipients = 1, .mails = 2, .command = -1},
    {.name = "lock-step, 2 recipients, late", .recipients = 2, .mails = 2, .command = -1, .late = 1},
    {.name = "pipelining", .recipients = 1, .mails = 2, .command = -1, .pipelining = true},
    {.name = "pipelining, 2 recipients", .recipients = 2, .mails = 2, .command = -1, .pipelining = true},
    {.name = "pipelining, policy all", .recipients = 2, .mails = 2, .command = -1, .pipelining = true, .all = true},
    {.name = "pipelining, window 2", .recipients = 2, .mails = 2, .command = -1, .pipelining = true, .window = 2},
    {.name = "pipelining, not yet, fails",
     .recipients = 1,
     .mails = 2,
     .command = -1,
     .pipelining = true,
     .not_yet = true,
     .fails = true},
    {.name = "behind dot", .recipients = 1, .mails = 2, .command = -1, .pipelining = true, .behind_dot = true},
    {.name = "behind dot, 2 recipients",
     .recipients = 2,
     .mails = 2,
     .command = -1,
     .pipelining = true,
     .behind_dot = true},
    {.name = "behind dot, window 2, late",
     .recipients = 1,
     .mails = 2,
     .command = -1,
     .pipelining = true,
     .behind_dot = true,
     .window = 2,
     .late = 1},
    {.name = "behind dot, policy all",
     .recipients = 2,
     .mails = 2,
     .command = -1,
     .pipelining = true,
     .behind_dot = true,
     .all = true},
    {.name = "behind dot, a command first",
     .recipients = 1,
     .mails = 2,
     .command = 0,
     .pipelining = true,
     .behind_dot = true},
    {.name = "behind dot, a command last",
     .recipients = 1,
     .mails = 2,
     .command = 1,
     .pipelining = true,
     .behind_dot = true},
    {.name = "LMTP", .recipients = 2, .mails = 2, .command = -1, .lmtp = true},
    {.name = "LMTP, pipelining", .recipients = 2, .mails = 2, .command = -1, .lmtp = true, .pipelining = true},
    {.name = "LMTP, behind dot",
     .recipients = 2,
     .mails = 2,
     .command = -1,
     .lmtp = true,
     .pipelining = true,
     .behind_dot = true},
};

static ptrdiff_t read_source(struct postino_source *source, void *buffer, size_t size)
{
    struct world_source *self = (struct world_source *)source;
    static const char content[] = "a\r\n.";
    if (world.kind->not_yet && self->at == 1 && !self->said_not_yet) {
        self->said_not_yet = true;
        return POSTINO_SOURCE_NOT_YET;
    }
    if (world.kind->fails && self == &world.sources[1] && self->at == 2)
        return POSTINO_SOURCE_FAILED;
    if (self->at == sizeof content - 1)
        return POSTINO_SOURCE_END;
    (void)size;
    *(char *)buffer = content[self->at++];
    return 1;
}

static void make_world(const struct world_kind *kind)
{
    static const char *const paths[] = {"1@x", "2@x"}, *const addresses[] = {"a@x", "b@x"};
    memset(&world, 0, sizeof world);
    memset(&config, 0, sizeof config);
    config.name = "c.test";
    config.window = kind->window;
    config.behind_dot = kind->behind_dot ? &postino_behind_dot : NULL;
    config.lmtp = kind->lmtp ? &postino_lmtp : NULL;
    config.starttls = kind->starttls;
    world.kind = kind;
    monitor_init(&world.monitor, kind);
    postino_session_init(&world.session, &config);
    for (int i = 0; i < WORLD_MAILS; i++) {
        struct postino_mail *mail = &world.mails[i];
        mail->reverse_path = paths[i];
        mail->recipients = world.recipients[i];
        mail->recipient_count = kind->recipients;
        mail->policy = kind->all ? POSTINO_POLICY_ALL : POSTINO_POLICY_ANY;
        mail->source = &world.sources[i].source;
        mail->command = kind->command == i ? &postino_noop : NULL;
        world.sources[i].source.read = read_source;
        for (int j = 0; j < WORLD_RECIPIENTS; j++)
            world.recipients[i][j].address = addresses[j];
    }
    for (int i = 0; i < kind->mails - kind->late; i++)
        explore_apply(ACTION_SUBMIT);
}

/* The opening of the conversation, where that is not what is explored. */
static void open_world(void)
{
    static const char greeting[] = "220 x\r\n", plain[] = "250 x\r\n", offers[] = "250-x\r\n250 PIPELINING\r\n";
    const char *hello = world.kind->pipelining ? offers : plain;
    postino_session_input(&world.session, greeting, strlen(greeting));
    monitor_heard(&world.monitor, 220);
    explore_apply(ACTION_SPEAK);
    postino_session_input(&world.session, hello, strlen(hello));
    monitor_heard(&world.monitor, 250);
}

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
    m->total = 0;
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
    forget_session(&w.session);
    forget_monitor(&w.monitor);
    const unsigned char *octets = (const unsigned char *)&w;
    struct fingerprint f = {14695981039346656037u, 1};
    for (size_t i = 0; i < sizeof w; i++) {
        f.a = (f.a ^ octets[i]) * 1099511628211u;
        f.b = (f.b + octets[i]) * 6364136223846793005u + (f.b >> 29);
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
    long edges = 0;
    memset(slots, 0, sizeof slots);
    make_world(kind);
    if (!kind->opening)
        open_world();
    bool good = add(&count, -1, -1);
    for (int i = 0; i < count && good; i++) {
        for (int action = 0; action < explore_actions && good; action++) {
            world = *states[i].world;
            const char *why = explore_apply(action);
            edges += why != NULL;
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
    printf("%s explored: %s\n# %d states, %ld edges\n", good ? "ok" : "not ok", kind->name, count, edges);
    return good;
}

int main(int argc, char **argv)
{
    bool good = true;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (argc < 2 || strcmp(argv[1], kinds[i].name) == 0)
            good &= explore(&kinds[i]);
    return !good;
}
