/* A pool of connections to one server, stepped in the caller's thread: mails wait in one queue, and go over as many
 * connections as there may be. */
#define _GNU_SOURCE
#include "internal.h"
#include "sender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 4, /* unless the caller says another number */
    AHEAD = 16,
    OUTPUT_SIZE = 65536,
    INPUT_SIZE = 16384,
    TEXT_SIZE = 512,
    EVENTS = 256
};

struct connection {
    struct postino_feed feed; /* first */
    struct postino_delivery delivery;
    struct postino_pool *pool;
    struct postino_sender *sender; /* serves one connection after the other; NULL: there was none yet */
    uint32_t taken, done;          /* mails, by this connection */
    uint64_t until_ms;             /* to be stepped by then */
    uint32_t watched_made;         /* which of its sockets epoll watches; 0: none yet */
    uint32_t watched;              /* for what */
    bool open;
    bool idle; /* it has no mail */
    bool full; /* it takes no more mails */
};

struct queue {
    struct postino_mail *first, **end;
};

struct postino_pool {
    struct postino_url url;
    const char *server;
    struct postino_send_options *options;
    struct postino_pool_options limits;
    struct postino_sender_sizes sizes;
    struct queue waiting, done;
    uint32_t open, idle; /* connections */
    uint32_t allowed;    /* connections, as the server has shown */
    uint64_t under_way;  /* mails */
    uint64_t timer_ms;   /* when the next connection is to be stepped, whatever happens */
    struct connection *connections;
    uint64_t next_mail_ms; /* where there is a rate */
    int epoll;
    bool closing, cancelled;
};

static void put(struct queue *queue, struct postino_mail *mail)
{
    mail->next = NULL;
    *queue->end = mail;
    queue->end = &mail->next;
}

static struct postino_mail *take(struct queue *queue)
{
    struct postino_mail *mail = queue->first;
    if (mail && !(queue->first = mail->next))
        queue->end = &queue->first;
    return mail;
}

/* ---- A connection ---- */

/* Is it too early for another mail? */
static bool is_early(const struct postino_pool *pool)
{
    return pool->limits.mails_per_minute && postino_posix_now_ms() < pool->next_mail_ms;
}

/* What was not used is not made up for later. */
static void pace(struct postino_pool *pool)
{
    if (!pool->limits.mails_per_minute)
        return;
    uint64_t now = postino_posix_now_ms(), pause = 60000u / pool->limits.mails_per_minute;
    pool->next_mail_ms = (pool->next_mail_ms + pause < now ? now : pool->next_mail_ms) + pause;
}

static struct postino_mail *next_mail(struct postino_feed *feed)
{
    struct connection *c = (struct connection *)feed;
    struct postino_pool *pool = c->pool;
    struct postino_mail *mail = NULL;
    if (!c->full && pool->waiting.first && !is_early(pool)) {
        pace(pool);
        mail = take(&pool->waiting);
        c->full = ++c->taken == pool->limits.mails_per_connection;
    }
    feed->closing = c->full || (pool->closing && !pool->waiting.first);
    return mail;
}

static void finish(struct postino_pool *pool, struct postino_mail *mail)
{
    put(&pool->done, mail);
    pool->under_way--;
}

/* What a connection did not try another one may, as if it were new. */
static void mail_done(struct postino_feed *feed, struct postino_mail *mail)
{
    struct connection *c = (struct connection *)feed;
    struct postino_pool *pool = c->pool;
    bool tried = mail->result.outcome != POSTINO_NOT_TRIED;
    c->done += tried;
    if (tried || pool->open == 1 || pool->cancelled || postino_mail_check(mail))
        finish(pool, mail);
    else
        put(&pool->waiting, mail);
}

/* The first one reads the files that options name, and those that follow make use of that. */
static struct postino_sender *new_sender(struct postino_pool *pool)
{
    struct postino_sender *sender = postino_sender_new(&pool->url, pool->server, pool->options, &pool->sizes);
    if (sender && !postino_sender_prepare(sender, false, false, pool->connections[0].sender)) {
        postino_sender_free(sender);
        return NULL;
    }
    return sender;
}

/* Returns false where no memory is left, or the options are wrong. */
static bool connect_one(struct postino_pool *pool, struct connection *c)
{
    struct postino_sender *sender = c->sender ? c->sender : new_sender(pool);
    if (!sender)
        return false;
    *c = (struct connection){
        .feed = {next_mail, mail_done, AHEAD, (uint16_t)pool->limits.idle_s, false},
        .pool = pool,
        .sender = sender,
        .open = true,
    };
    if (sender->config.session.mails_in_flight)
        c->feed.ahead = (uint16_t)(2 * sender->config.session.mails_in_flight);
    sender->config.feeding = &postino_feeding;
    sender->config.feed = &c->feed;
    pool->open++;
    return postino_delivery_init(&c->delivery, &sender->config, NULL) == POSTINO_OK;
}

/* While there is one descriptor it is watched; while names and addresses are tried, the connection is stepped often. */
static void watch(struct connection *c, const struct postino_wants *wants)
{
    enum {
        TRY_AGAIN_MS = 5
    };
    const struct postino_posix *posix = &c->sender->posix;
    uint64_t soon = postino_posix_now_ms() + TRY_AGAIN_MS;
    c->until_ms = posix->fd < 0 && soon < wants->until_ms ? soon : wants->until_ms;
    if (c->until_ms < c->pool->timer_ms)
        c->pool->timer_ms = c->until_ms;
    if (posix->fd < 0)
        return;
    uint32_t reading = posix->transport.blocked ? 0 : EPOLLIN;
    struct epoll_event event = {.events = reading | (wants->writing ? EPOLLOUT : 0u), .data = {.ptr = c}};
    bool known = c->watched_made == posix->made; /* epoll forgets a descriptor that was closed */
    if (known && c->watched == event.events)
        return;
    epoll_ctl(c->pool->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, posix->fd, &event);
    c->watched_made = posix->made;
    c->watched = event.events;
}

/* ---- The pool ---- */

struct postino_pool *postino_pool_open(const char *server, struct postino_send_options *options,
                                       const struct postino_pool_options *limits)
{
    struct postino_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->epoll = -1;
    pool->timer_ms = UINT64_MAX;
    pool->allowed = UINT32_MAX;
    pool->server = server;
    pool->options = options;
    if (limits)
        pool->limits = *limits;
    if (!pool->limits.connections)
        pool->limits.connections = CONNECTIONS_MAX;
    pool->sizes = (struct postino_sender_sizes){
        .output = pool->limits.output_size ? pool->limits.output_size : OUTPUT_SIZE,
        .input = pool->limits.input_size ? pool->limits.input_size : INPUT_SIZE,
        .text = options->user || options->password || options->token || options->mechanisms ? POSTINO_SECURE_TEXT
                                                                                            : TEXT_SIZE,
    };
    pool->waiting.end = &pool->waiting.first;
    pool->done.end = &pool->done.first;
    if (postino_sender_url(&pool->url, server, options)) {
        pool->connections = calloc(pool->limits.connections, sizeof *pool->connections);
        pool->epoll = epoll_create1(EPOLL_CLOEXEC);
        if (pool->connections && pool->epoll >= 0)
            return pool;
        snprintf(options->problem, sizeof options->problem, "no memory or no descriptors are left");
    }
    postino_pool_close(pool);
    return NULL;
}

enum postino_misuse postino_pool_submit(struct postino_pool *pool, struct postino_mail *mail)
{
    enum postino_misuse misuse = postino_mail_check(mail);
    if (!misuse) {
        put(&pool->waiting, mail);
        pool->under_way++;
    }
    return misuse;
}

struct postino_mail *postino_pool_finished(struct postino_pool *pool)
{
    return take(&pool->done);
}

/* Every mail that waits hears why it does not go. */
static void give_up(struct postino_pool *pool, const struct postino_result *why)
{
    for (struct postino_mail *mail; (mail = take(&pool->waiting)) != NULL;) {
        postino_mail_end(mail, why);
        finish(pool, mail);
    }
}

/* Why it did not work, for people. */
static void remember_problem(const struct connection *c, const struct postino_result *error)
{
    struct postino_send_options *options = c->pool->options;
    const char *problem = postino_sender_tls_problem(c->sender);
    if (error->step == POSTINO_STEP_CONNECT)
        problem = postino_posix_problem(&c->sender->posix);
    else if (!*problem)
        problem = postino_reason_name((enum postino_reason)error->reason);
    snprintf(options->problem, sizeof options->problem, "%s: at %s: %s", c->pool->server,
             postino_step_name((enum postino_step)error->step), problem);
}

static const struct postino_result no_memory = {
    .outcome = POSTINO_REFUSED_FOR_NOW, .step = POSTINO_STEP_CONNECT, .reason = POSTINO_REASON_LOST};

/* A connection is over. One that brought nothing is one more than the server takes, or, where there is no other, the
 * end of it all. */
static void ended(struct connection *c)
{
    struct postino_pool *pool = c->pool;
    const struct postino_result *error = postino_delivery_error(&c->delivery);
    bool useless = error && !c->done;
    if (useless)
        remember_problem(c, error);
    if (useless && pool->open > 1)
        pool->allowed = pool->open - 1;
    else if (useless)
        give_up(pool, error);
    c->open = false;
    pool->open--;
}

static void step(struct connection *c)
{
    struct postino_wants wants;
    bool idle = c->idle;
    if (!postino_delivery_step(&c->delivery, &wants)) {
        c->idle = false;
        c->pool->idle -= idle;
        ended(c);
        return;
    }
    c->idle = c->delivery.state == POSTINO_DELIVERY_TALKING && !c->delivery.fed &&
              postino_session_need(&c->delivery.session) == POSTINO_NEED_MAIL;
    c->pool->idle += c->idle;
    c->pool->idle -= idle;
    watch(c, &wants);
}

/* Mails go to connections that have none, then to new ones. */
static void distribute(struct postino_pool *pool)
{
    uint32_t most = pool->allowed < pool->limits.connections ? pool->allowed : pool->limits.connections;
    for (uint32_t i = 0; pool->waiting.first && pool->idle && i < pool->limits.connections; i++)
        if (pool->connections[i].idle)
            step(&pool->connections[i]);
    for (uint32_t i = 0; pool->waiting.first && pool->open < most && i < pool->limits.connections; i++) {
        struct connection *c = &pool->connections[i];
        if (c->open || is_early(pool))
            continue;
        if (connect_one(pool, c))
            step(c);
        else
            give_up(pool, &no_memory);
    }
}

/* Those whose time has come. */
static void step_late(struct postino_pool *pool)
{
    uint64_t now = postino_posix_now_ms();
    if (now < pool->timer_ms)
        return;
    pool->timer_ms = UINT64_MAX;
    for (uint32_t i = 0; i < pool->limits.connections; i++) {
        struct connection *c = &pool->connections[i];
        if (c->open && c->until_ms <= now)
            step(c);
        if (c->open && c->until_ms < pool->timer_ms)
            pool->timer_ms = c->until_ms;
    }
}

int postino_pool_wait_ms(const struct postino_pool *pool)
{
    enum {
        AT_MOST_MS = 3600000
    };
    uint64_t now = postino_posix_now_ms(), until = pool->timer_ms;
    if (pool->waiting.first && is_early(pool) && pool->next_mail_ms < until)
        until = pool->next_mail_ms;
    if (until <= now)
        return 0;
    return until - now < AT_MOST_MS ? (int)(until - now) : AT_MOST_MS;
}

bool postino_pool_step(struct postino_pool *pool, int wait_ms)
{
    struct epoll_event events[EVENTS];
    distribute(pool);
    int most = postino_pool_wait_ms(pool);
    bool busy = pool->under_way || (pool->closing && pool->open);
    int count = busy ? epoll_wait(pool->epoll, events, EVENTS, wait_ms < 0 || wait_ms > most ? most : wait_ms) : 0;
    for (int i = 0; i < count; i++) {
        struct connection *c = events[i].data.ptr;
        if (c->open)
            step(c);
    }
    step_late(pool);
    return pool->under_way || (pool->closing && pool->open);
}

int postino_pool_fd(const struct postino_pool *pool)
{
    return pool->epoll;
}

void postino_pool_finish(struct postino_pool *pool)
{
    pool->closing = true;
    for (uint32_t i = 0; i < pool->limits.connections; i++) {
        struct connection *c = &pool->connections[i];
        if (c->open && c->idle)
            step(c);
    }
}

void postino_pool_cancel(struct postino_pool *pool)
{
    static const struct postino_result why = {.outcome = POSTINO_REFUSED_FOR_NOW, .reason = POSTINO_REASON_CANCELLED};
    pool->closing = pool->cancelled = true;
    for (uint32_t i = 0; i < pool->limits.connections; i++) {
        struct connection *c = &pool->connections[i];
        if (c->open) {
            postino_delivery_cancel(&c->delivery);
            step(c);
        }
    }
    give_up(pool, &why);
}

void postino_pool_close(struct postino_pool *pool)
{
    if (pool->connections)
        postino_pool_cancel(pool);
    for (uint32_t i = 0; pool->connections && i < pool->limits.connections; i++)
        if (pool->connections[i].sender)
            postino_sender_free(pool->connections[i].sender);
    if (pool->epoll >= 0)
        close(pool->epoll);
    free(pool->connections);
    free(pool);
}
