/* The header section, piece by piece, in the order of the steps. */
#include "internal.h"

static void next_message_id(struct postino_message_source *composed, const struct postino_message *message)
{
    const char *id = message->message_id;
    if (!id || (composed->replaced & POSTINO_REPLACED_MESSAGE_ID)) {
        postino_next_step(composed);
    } else if (composed->phase++ == 0) {
        postino_put_text(composed, "Message-ID: <");
        postino_put_piece(composed, id, strlen(id));
    } else {
        postino_put(composed, ">\r\n", 3);
        postino_next_step(composed);
    }
}

static void next_header(struct postino_message_source *composed, const struct postino_message *message)
{
    if (composed->item == message->header_count) {
        postino_next_step(composed);
        return;
    }
    const struct postino_header *header = &message->headers[composed->item];
    if (composed->phase == 0)
        composed->opaque = postino_value_opaque(header->value);
    if (postino_next_unstructured(composed, header->name, header->value, composed->opaque))
        composed->item++;
}

bool postino_next_text_header(struct postino_message_source *composed)
{
    static const char encodings[][17] = {"7bit", "8bit", "quoted-printable", "base64"};
    const struct postino_message *message = composed->message;
    const char *type = message->text_type ? message->text_type : "text/plain";
    const char *charset = message->text_charset ? message->text_charset : "utf-8";
    switch (composed->at++) {
    case 0:
        postino_put_text(composed, "Content-Type: ");
        postino_put_piece(composed, type, strlen(type));
        return false;
    case 1:
        postino_put_text(composed, "; charset=");
        postino_put_piece(composed, charset, strlen(charset));
        return false;
    default:
        postino_put_text(composed, "\r\nContent-Transfer-Encoding: ");
        postino_put_text(composed, encodings[composed->text_encoding]);
        postino_put_text(composed, "\r\n\r\n");
        return true;
    }
}

static void next_mime(struct postino_message_source *composed, const struct postino_message *message)
{
    if (composed->phase == 0) {
        composed->phase = 1;
        if (!(composed->replaced & POSTINO_REPLACED_VERSION))
            postino_put_text(composed, "MIME-Version: 1.0\r\n");
    } else if (message->part_count) {
        message->multipart->next(composed);
    } else if (postino_next_text_header(composed)) {
        postino_next_step(composed);
    }
}

static void next_text(struct postino_message_source *composed, const struct postino_message *message)
{
    if (message->text)
        postino_begin_content(composed, message->text, (enum postino_encoding)composed->text_encoding);
    postino_next_step(composed);
}

static void next_part(struct postino_message_source *composed, const struct postino_message *message)
{
    if (message->part_count)
        message->multipart->next(composed);
    else
        postino_next_step(composed);
}

static void next_people(struct postino_message_source *composed, const struct postino_message *message)
{
    if (composed->step == POSTINO_STEP_FROM)
        postino_next_mailbox(composed, "From", &message->from);
    else if (composed->step == POSTINO_STEP_SENDER)
        postino_next_mailbox(composed, "Sender", &message->sender);
    else if (composed->step == POSTINO_STEP_REPLY_TO)
        postino_next_mailbox(composed, "Reply-To", &message->reply_to);
    else if (composed->step == POSTINO_STEP_TO)
        postino_next_mailbox(composed, "To", &message->to);
    else
        postino_next_mailbox(composed, "Cc", &message->cc);
}

void postino_next_field(struct postino_message_source *composed)
{
    const struct postino_message *message = composed->message;
    switch ((enum postino_message_step)composed->step) {
    case POSTINO_STEP_DATE:
        if (message->date && !(composed->replaced & POSTINO_REPLACED_DATE))
            postino_put_date(composed, message->date);
        postino_next_step(composed);
        return;
    case POSTINO_STEP_FROM:
    case POSTINO_STEP_SENDER:
    case POSTINO_STEP_REPLY_TO:
    case POSTINO_STEP_TO:
    case POSTINO_STEP_CC:
        next_people(composed, message);
        return;
    case POSTINO_STEP_MESSAGE_ID:
        next_message_id(composed, message);
        return;
    case POSTINO_STEP_SUBJECT:
        if (!message->subject || postino_next_unstructured(composed, "Subject", message->subject, false))
            postino_next_step(composed);
        return;
    case POSTINO_STEP_HEADERS:
        next_header(composed, message);
        return;
    case POSTINO_STEP_MIME:
        next_mime(composed, message);
        return;
    case POSTINO_STEP_TEXT:
        next_text(composed, message);
        return;
    case POSTINO_STEP_PARTS:
        next_part(composed, message);
        return;
    case POSTINO_STEP_END:
        return;
    }
}
