/* Words for errors; a file of its own, so that who does not print them does not carry them. */
#include "postino/message.h"

const char *postino_message_error_text(enum postino_message_error error)
{
    switch (error) {
    case POSTINO_MESSAGE_OK:
        return "nothing is wrong";
    case POSTINO_MESSAGE_NO_FROM:
        return "a From address is missing";
    case POSTINO_MESSAGE_SENDER:
        return "several From addresses need exactly one Sender";
    case POSTINO_MESSAGE_ADDRESS:
        return "is not an address of the form local-part@domain";
    case POSTINO_MESSAGE_TEXT:
        return "holds a control character or is not UTF-8";
    case POSTINO_MESSAGE_DATE:
        return "is out of range";
    case POSTINO_MESSAGE_ID:
        return "has an identifier that is not of the form left@right";
    case POSTINO_MESSAGE_HEADER_NAME:
        return "is not a header name";
    case POSTINO_MESSAGE_HEADER_TAKEN:
        return "cannot be given as an extra header";
    case POSTINO_MESSAGE_HEADER_TWICE:
        return "may be given only once";
    case POSTINO_MESSAGE_HEADER_BCC:
        return "is never sent: blind recipients belong in the envelope";
    case POSTINO_MESSAGE_TYPE:
        return "has a content type that is not of the form type/subtype";
    case POSTINO_MESSAGE_COMPOSITE:
        return "cannot be attached as message/… or multipart/…; application/octet-stream can";
    case POSTINO_MESSAGE_CHARSET:
        return "has a charset that is not a token";
    case POSTINO_MESSAGE_FILENAME:
        return "has a file name that is empty, holds a control character or is not UTF-8";
    case POSTINO_MESSAGE_NO_SOURCE:
        return "has no source";
    case POSTINO_MESSAGE_NO_MULTIPART:
        return "needs the code for parts, which is not there";
    case POSTINO_MESSAGE_NO_RANDOMNESS:
        return "needs randomness for its boundary";
    }
    return "is wrong";
}
