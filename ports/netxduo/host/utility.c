/* The utilities of NetX Duo that add-ons use. */
#include "host.h"

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

UINT _nx_utility_string_length_check(CHAR *input_string, UINT *string_length, UINT max_string_length)
{
    if (input_string == NULL) {
        return NX_PTR_ERROR;
    }
    for (UINT i = 0; i <= max_string_length; i++) {
        if (input_string[i] == '\0') {
            if (string_length != NULL) {
                *string_length = i;
            }
            return NX_SUCCESS;
        }
    }
    return NX_SIZE_ERROR;
}

UINT _nx_utility_base64_encode(UCHAR *name, UINT name_size, UCHAR *base64name, UINT base64name_size, UINT *bytes_copied)
{
    UINT length = (name_size + 2) / 3 * 4;
    if (length >= base64name_size) {
        return NX_SIZE_ERROR;
    }
    for (UINT i = 0; i < name_size; i += 3) {
        UINT left = name_size - i;
        ULONG bits = (ULONG)name[i] << 16 | (left > 1 ? (ULONG)name[i + 1] << 8 : 0) | (left > 2 ? name[i + 2] : 0U);
        *base64name++ = (UCHAR)base64_letters[bits >> 18 & 63];
        *base64name++ = (UCHAR)base64_letters[bits >> 12 & 63];
        *base64name++ = (UCHAR)(left > 1 ? base64_letters[bits >> 6 & 63] : '=');
        *base64name++ = (UCHAR)(left > 2 ? base64_letters[bits & 63] : '=');
    }
    *base64name = '\0';
    *bytes_copied = length;
    return NX_SUCCESS;
}

UINT _nx_utility_base64_decode(UCHAR *base64name, UINT base64name_size, UCHAR *name, UINT name_size, UINT *bytes_copied)
{
    ULONG bits = 0;
    UINT held = 0;
    *bytes_copied = 0;
    for (UINT i = 0; i < base64name_size && base64name[i] != '=' && base64name[i] != '\0'; i++) {
        const char *letter = strchr(base64_letters, base64name[i]);
        if (letter == NULL) {
            return NX_INVALID_PARAMETERS;
        }
        bits = (bits << 6 | (ULONG)(letter - base64_letters)) & 0xFFFFFF;
        held += 6;
        if (held >= 8) {
            if (*bytes_copied + 1 >= name_size) {
                return NX_SIZE_ERROR;
            }
            held -= 8;
            name[(*bytes_copied)++] = (UCHAR)(bits >> held);
        }
    }
    if (*bytes_copied < name_size) {
        name[*bytes_copied] = '\0';
    }
    return NX_SUCCESS;
}
