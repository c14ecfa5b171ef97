/* One mail, one session, and what is said to it: for tests that look at one thing. */
#ifndef POSTINO_TESTS_TALK_H
#define POSTINO_TESTS_TALK_H

#include <postino/session.h>

extern struct postino_config config;
extern struct postino_recipient recipient;
extern struct postino_mail mail; /* to that recipient, from that source */
extern struct postino_source source;
extern bool with_line_end; /* the content ends with one */
extern int prepares;       /* of the source, since new_mail */

struct postino_mail *new_mail(void);
/* The octets end at an unreadable page. */
void hear(struct postino_session *session, const char *octets, size_t length);
void say(struct postino_session *session, const char *line);
/* All that is spoken now, ended with NUL. */
size_t spoken(struct postino_session *session, char *buffer, size_t size);
/* Up to where the final reply is awaited. */
void to_final_reply(struct postino_session *session);

#endif
