/* The trace: whole lines, cut to what there is room for, and nothing of the content. */
#define _DEFAULT_SOURCE
#include "check.h"
#include "talk.h"

#include <stdlib.h>

static char log_text[8192];

static void note(struct postino_trace *trace, enum postino_direction direction, const char *line, size_t length)
{
    size_t at = strlen(log_text);
    CHECK(length <= trace->size / 2);
    snprintf(log_text + at, sizeof log_text - at, "%c %.*s\n", direction == POSTINO_FROM_SERVER ? 'S' : 'C',
             (int)length, line);
}

static void converse(size_t trace_size)
{
    struct postino_trace trace;
    struct postino_session s;
    char buffer[512];
    log_text[0] = '\0';
    char *room = malloc(trace_size);
    memset(&trace, 0xA5, sizeof trace);
    postino_trace_init(&trace, room, trace_size, note);
    config.trace = &trace;
    postino_session_init(&s, &config);
    CHECK_NUMBER(postino_session_submit(&s, new_mail()), POSTINO_OK);
    to_final_reply(&s);
    say(&s, "250 done\n");
    postino_session_quit(&s);
    spoken(&s, buffer, sizeof buffer - 1);
    say(&s, "221 bye\r\n");
    config.trace = NULL;
    free(room);
    CHECK_NUMBER(postino_session_need(&s), POSTINO_NEED_CLOSE);
    CHECK(postino_session_finished(&s) == &mail);
    CHECK_NUMBER(mail.result.outcome, POSTINO_ACCEPTED);
    CHECK_NUMBER(prepares, 1);
}

static void the_trace_sees_whole_lines_and_no_content(void)
{
    converse(128);
    CHECK_TEXT(log_text,
               "S 220 x\nC EHLO c.test\nS 250-x\nS 250 PIPELINING\nC MAIL FROM:<a@x.test>\n"
               "C RCPT TO:<b@x.test>\nC DATA\nS 250 x\nS 250 x\nS 354 x\nC .\nS 250 done\nC QUIT\nS 221 bye\n");
}

/* attacks 206 */
static void the_trace_works_in_a_buffer_of_any_size(void)
{
    for (size_t size = 0; size <= 64; size++) {
        converse(size);
        size_t lines = 0;
        for (const char *at = log_text; *at; at++)
            lines += *at == '\n';
        CHECK_NUMBER(lines, 14);
    }
}

/* Half of the buffer for what is heard, half for what is spoken. */
static void the_trace_cuts_lines_to_half_of_its_buffer(void)
{
    converse(22);
    CHECK_TEXT(log_text, "S 220 x\nC EHLO c.test\nS 250-x\nS 250 PIPELIN\nC MAIL FROM:<\n"
                         "C RCPT TO:<b@\nC DATA\nS 250 x\nS 250 x\nS 354 x\nC .\nS 250 done\nC QUIT\nS 221 bye\n");
    converse(16);
    CHECK_TEXT(log_text, "S 220 x\nC EHLO c.t\nS 250-x\nS 250 PIPE\nC MAIL FRO\n"
                         "C RCPT TO:\nC DATA\nS 250 x\nS 250 x\nS 354 x\nC .\nS 250 done\nC QUIT\nS 221 bye\n");
    converse(2);
    CHECK_TEXT(log_text, "S 2\nC E\nS 2\nS 2\nC M\nC R\nC D\nS 2\nS 2\nS 3\nC \nS 2\nC Q\nS 2\n");
}

int main(void)
{
    RUN(the_trace_sees_whole_lines_and_no_content);
    RUN(the_trace_works_in_a_buffer_of_any_size);
    RUN(the_trace_cuts_lines_to_half_of_its_buffer);
    return CHECK_EXIT();
}
