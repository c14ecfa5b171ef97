/* The worlds that are explored: small, and each with another rule in it. */
#include "../../src/sasl/internal.h"
#include "explore.h"

static struct postino_config config;

static const struct postino_extension *const pipelining[] = {&postino_pipelining, NULL};
static const struct postino_extension *const chunking[] = {&postino_pipelining, &postino_chunking, &postino_pipeconnect,
                                                           NULL};

/* A mechanism with two challenges, of which the first takes two slices of time, and both must be "a". */
static bool fake_is_ready(struct postino_session *s)
{
    (void)s;
    world.slices = 0;
    return true;
}

static bool fake_hears(struct postino_session *s, unsigned round)
{
    if (s->code != 334)
        return s->config->sasl->round == 2;
    if (strcmp(s->config->text, "a") != 0)
        return false;
    if (round == 0) {
        world.slices = 2;
        s->held = POSTINO_NEED_TIME;
    }
    return true;
}

static bool fake_works(struct postino_session *s)
{
    (void)s;
    return --world.slices == 0;
}

static void fake_responds(const struct postino_sasl *sasl, unsigned round, struct postino_response *response)
{
    (void)sasl;
    postino_response_put(response, round ? 'y' : 'x');
}

static const struct postino_challenged fake_challenged = {fake_is_ready, fake_hears, fake_works};
static const struct postino_mechanism fake = {"FAKE", 2, false, fake_responds, &fake_challenged};

static const struct postino_mechanism *const plain_only[] = {&postino_plain, NULL};
static const struct postino_mechanism *const login_only[] = {&postino_login, NULL};
static const struct postino_mechanism *const fake_and_plain[] = {&fake, &postino_plain, NULL};

const struct world_kind world_kinds[] = {
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
    {.name = "chunks, lock-step", .recipients = 2, .mails = 2, .command = -1, .chunking = true},
    {.name = "chunks", .recipients = 1, .mails = 2, .command = -1, .chunking = true, .pipelining = true},
    {.name = "chunks, 2 recipients, a mail",
     .recipients = 2,
     .mails = 1,
     .command = -1,
     .chunking = true,
     .pipelining = true},
    {.name = "chunks, policy all",
     .recipients = 2,
     .mails = 2,
     .command = -1,
     .chunking = true,
     .pipelining = true,
     .all = true},
    {.name = "chunks, window 2, late",
     .recipients = 1,
     .mails = 2,
     .command = -1,
     .chunking = true,
     .pipelining = true,
     .window = 2,
     .late = 1},
    {.name = "chunks, not yet, fails",
     .recipients = 1,
     .mails = 2,
     .command = -1,
     .chunking = true,
     .pipelining = true,
     .not_yet = true,
     .fails = true},
    {.name = "chunks, a command first",
     .recipients = 1,
     .mails = 2,
     .command = 0,
     .chunking = true,
     .pipelining = true},
    {.name = "chunks, a command last", .recipients = 1, .mails = 2, .command = 1, .chunking = true, .pipelining = true},
    {.name = "ahead of the greeting",
     .recipients = 1,
     .mails = 2,
     .command = -1,
     .chunking = true,
     .pipelining = true,
     .recalled = true},
    {.name = "ahead of the greeting, window 4, late",
     .recipients = 1,
     .mails = 2,
     .command = -1,
     .chunking = true,
     .pipelining = true,
     .recalled = true,
     .window = 4,
     .late = 1},
    {.name = "ahead of the greeting, 2 recipients",
     .recipients = 2,
     .mails = 1,
     .command = -1,
     .chunking = true,
     .pipelining = true,
     .recalled = true},
    {.name = "ahead of the greeting, policy all",
     .recipients = 2,
     .mails = 1,
     .command = -1,
     .chunking = true,
     .pipelining = true,
     .recalled = true,
     .all = true},
    {.name = "ahead of the greeting, a command first",
     .recipients = 1,
     .mails = 2,
     .command = 0,
     .chunking = true,
     .pipelining = true,
     .recalled = true},
    {.name = "LMTP", .recipients = 2, .mails = 2, .command = -1, .lmtp = true},
    {.name = "LMTP, pipelining", .recipients = 2, .mails = 2, .command = -1, .lmtp = true, .pipelining = true},
    {.name = "LMTP, behind dot",
     .recipients = 2,
     .mails = 2,
     .command = -1,
     .lmtp = true,
     .pipelining = true,
     .behind_dot = true},
    {.name = "AUTH in clear",
     .recipients = 1,
     .mails = 2,
     .command = -1,
     .opening = true,
     .auth = &postino_auth_basic,
     .mechanisms = plain_only,
     .watched = {{"PLAIN", {"AHUAcA=="}, true, false}},
     .in_clear = true},
    {.name = "AUTH with a first response, STARTTLS required",
     .recipients = 1,
     .mails = 1,
     .command = -1,
     .opening = true,
     .starttls = &postino_starttls_required,
     .starttls_required = true,
     .auth = &postino_auth,
     .mechanisms = plain_only,
     .watched = {{"PLAIN", {"AHUAcA=="}, true, false}},
     .initial_response = true},
    {.name = "AUTH in two rounds, STARTTLS offered",
     .recipients = 1,
     .mails = 1,
     .command = -1,
     .opening = true,
     .starttls = &postino_starttls_offered,
     .auth = &postino_auth,
     .mechanisms = login_only,
     .watched = {{"LOGIN", {"dQ==", "cA=="}, false, false}},
     .initial_response = true},
    {.name = "AUTH that takes time, another mechanism behind it, STARTTLS offered",
     .recipients = 1,
     .mails = 1,
     .command = -1,
     .opening = true,
     .starttls = &postino_starttls_offered,
     .auth = &postino_auth,
     .mechanisms = fake_and_plain,
     .watched = {{"FAKE", {"eA==", "eQ=="}, false, true}, {"PLAIN", {"AHUAcA=="}, true, false}},
     .in_clear = true},
};

const int world_kind_count = (int)(sizeof world_kinds / sizeof *world_kinds);

static ptrdiff_t read_source(struct postino_source *source, void *buffer, size_t size)
{
    struct world_source *self = (struct world_source *)source;
    const char *content = world.kind->chunking ? "a\r" : "a\r\n."; /* where each octet may be a chunk */
    if (world.kind->not_yet && self->at == 1 && !self->said_not_yet) {
        self->said_not_yet = true;
        return POSTINO_SOURCE_NOT_YET;
    }
    if (world.kind->fails && self == &world.sources[1] && self->at == 2)
        return POSTINO_SOURCE_FAILED;
    if (self->at == strlen(content))
        return POSTINO_SOURCE_END;
    (void)size;
    *(char *)buffer = content[self->at++];
    return 1;
}

static void make_mails(const struct world_kind *kind)
{
    static const char *const paths[] = {"1@x", "2@x"}, *const addresses[] = {"a@x", "b@x"};
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
static void open_session(void)
{
    static const char greeting[] = "220 x\r\n";
    static const char *const hellos[] = {"250 x\r\n", "250-x\r\n250 PIPELINING\r\n", "250-x\r\n250 CHUNKING\r\n",
                                         "250-x\r\n250-CHUNKING\r\n250 PIPELINING\r\n"};
    const char *hello = hellos[world.kind->pipelining + 2 * world.kind->chunking];
    postino_session_input(&world.session, greeting, strlen(greeting));
    monitor_heard(&world.monitor, 220);
    explore_apply(ACTION_SPEAK);
    postino_session_input(&world.session, hello, strlen(hello));
    monitor_heard(&world.monitor, 250);
}

/* EHLO and what follows it go ahead of the greeting. */
static void recall(void)
{
    static const struct postino_known known = {.offers = POSTINO_OFFERS_PIPECONNECT | POSTINO_OFFERS_PIPELINING |
                                                         POSTINO_OFFERS_CHUNKING};
    char buffer[64];
    monitor_spoke(&world.monitor, buffer, postino_session_recall(&world.session, &known, buffer, sizeof buffer));
}

static void configure_auth(const struct world_kind *kind)
{
    config.opening[1] = kind->auth;
    config.sasl = &world.sasl;
    config.text = world.text;
    config.text_size = sizeof world.text;
    world.sasl.mechanisms = kind->mechanisms;
    world.sasl.user = "u";
    world.sasl.password = "p";
    world.sasl.in_clear = kind->in_clear;
    world.sasl.initial_response = kind->initial_response ? postino_initial_response : NULL;
}

void world_make(const struct world_kind *kind)
{
    memset(&world, 0, sizeof world);
    memset(&config, 0, sizeof config);
    config.name = "c.test";
    config.window = kind->window;
    config.extensions = kind->chunking ? chunking : kind->pipelining ? pipelining : NULL;
    config.behind_dot = kind->behind_dot ? &postino_behind_dot : NULL;
    config.lmtp = kind->lmtp ? &postino_lmtp : NULL;
    config.opening[0] = kind->starttls;
    if (kind->auth)
        configure_auth(kind);
    world.kind = kind;
    monitor_init(&world.monitor, kind);
    postino_session_init(&world.session, &config);
    make_mails(kind);
    if (kind->recalled)
        recall();
    else if (!kind->opening)
        open_session();
}
