/* What goes over the wire: existing servers and test benches count on each of these. */
#include "scripted.h"

#define CREDENTIALS "YWRhAGFkYQBzZWNyZXQ=" /* ada NUL ada NUL secret */
#define HEAD                                                                                                           \
    "To: bob@example.com\r\nFrom: ada@example.com\r\nSubject: A short mail\r\nMIME-Version: 1.0\r\n"                   \
    "Content-Type: text/plain; charset=\"utf-8\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
#define BODY     "Hello Bob,\r\n..this line begins with a dot\r\nAda\r\n"
#define ENVELOPE "MAIL FROM:<ada@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n"
#define EHLO     "EHLO device.example.com\r\n"
#define PLAIN    "AUTH PLAIN\r\n" CREDENTIALS "\r\n"
#define MESSAGE  HEAD BODY ".\r\n"

static void one_mail_whole(void)
{
    begin(accepting);
    CHECK_STATUS(send_mail(), NX_SUCCESS);
    finish();
    check_heard(EHLO PLAIN ENVELOPE MESSAGE "QUIT\r\n");
}

int main(void)
{
    RUN(one_mail_whole);
    return CHECK_EXIT();
}
