/* Holds what became of the mails against what the transcript expects. */
#include "play.h"

#include <stdio.h>
#include <string.h>

static const char *const misuses[] = {"", "bad name", "bad reverse-path", "bad recipient", "bad command", "bad mail"};

static void judge(struct play *p, const char *key, const char *is, const char *expected)
{
    if (strcmp(is, expected) != 0)
        play_fails(p, 0, key, is, expected);
}

static void judge_mail(struct play *p, int index)
{
    char key[32], is[900];
    snprintf(key, sizeof key, "mail %d", index + 1);
    const char *shared = script_expected(p->script, key);
    if (p->misuse[index])
        snprintf(is, sizeof is, "not taken, %s", misuses[p->misuse[index]]);
    else if (!p->submitted[index])
        snprintf(is, sizeof is, "not submitted");
    else if (!p->finished[index])
        snprintf(is, sizeof is, "still going");
    else
        play_format(is, sizeof is, &p->mails[index].result);
    judge(p, key, is, shared ? shared : "not in the transcript");
    if (!p->finished[index] || p->mails[index].command)
        return;
    uint32_t count = p->script->mails[index].to_count, left_out = p->mails[index].is.cut ? p->mails[index].left_out : 0;
    judge(p, "the number of recipients", p->mails[index].recipient_count + left_out == count ? "" : "another", "");
    for (uint32_t i = 0; i < count; i++) {
        snprintf(key, sizeof key, "mail %d to %u", index + 1, (unsigned)i + 1);
        const char *own = script_expected(p->script, key);
        play_format(is, sizeof is, &p->recipients[index][i].result);
        judge(p, key, is, own ? own : shared);
    }
}

static void judge_end(struct play *p)
{
    judge(p, "leaked into the trace", p->auth.leaked, "");
    char is[900] = "none";
    const char *expected = script_expected(p->script, "error");
    const char *need = script_expected(p->script, "need");
    const struct postino_result *error = postino_session_error(p->session);
    if (error)
        play_format(is, sizeof is, error);
    judge(p, "error", is, expected ? expected : "none");
    judge(p, "need", play_needs[postino_session_need(p->session)], need ? need : "close");
    for (int i = 0; i < p->script->mail_count; i++)
        judge_mail(p, i);
}

const char *play(struct play *p, const struct script *script, const struct play_way *way)
{
    if (!play_begin(p, script, way)) {
        play_end(p);
        return p->failure[0] ? p->failure : NULL;
    }
    bool whole = true;
    for (int i = 0; i < script->item_count && whole; i++) {
        whole = play_item(p, &script->items[i]);
        if (postino_session_need(p->session) != POSTINO_NEED_CLOSE)
            play_take_back(p);
    }
    if (whole) {
        play_drain(p);
        if (p->said_length)
            play_fails(p, 0, "the end", "spoken over", "silence");
        play_take_back(p);
        judge_end(p);
    }
    play_end(p);
    return p->failure[0] ? p->failure : NULL;
}
