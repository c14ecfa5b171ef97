/* Server URLs, exactly: what is not understood is refused, nothing is guessed. */
#include <postino/deliver.h>
#include <string.h>

static const struct {
    const char *name;
    enum postino_scheme scheme;
    uint16_t port;
} schemes[] = {
    {"smtp", POSTINO_SCHEME_SMTP, 25},
    {"smtp+tls", POSTINO_SCHEME_SMTP_TLS, 25},
    {"smtp+notls", POSTINO_SCHEME_SMTP_NOTLS, 25},
    {"smtps", POSTINO_SCHEME_SMTPS, 465},
    {"submission", POSTINO_SCHEME_SUBMISSION, 587},
    {"lmtp", POSTINO_SCHEME_LMTP, 24},
};

static bool parse_scheme(struct postino_url *url, const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strlen(schemes[i].name) == length && strncmp(schemes[i].name, text, length) == 0) {
            url->scheme = schemes[i].scheme;
            url->port = schemes[i].port;
            return true;
        }
    }
    return false;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copies with %XX decoded; refuses controls, so that nothing of a URL can become a line of its own. */
static bool decode(char *to, size_t size, const char *from, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        int octet = (unsigned char)from[i];
        if (octet == '%') {
            int high = i + 1 < length ? hex(from[i + 1]) : -1;
            int low = high >= 0 && i + 2 < length ? hex(from[i + 2]) : -1;
            if (low < 0)
                return false;
            octet = high * 16 + low;
            i += 2;
        }
        if (octet < ' ' || octet == 0x7F || used + 1 >= size)
            return false;
        to[used++] = (char)octet;
    }
    to[used] = '\0';
    return true;
}

static const char *parse_port(struct postino_url *url, const char *text)
{
    unsigned port = 0;
    for (const char *at = text; *at && strcmp(at, "/") != 0; at++) {
        if (*at < '0' || *at > '9' || at - text > 4)
            return "the port is not a number from 1 to 65535";
        port = port * 10 + (unsigned)(*at - '0');
    }
    if (port == 0 || port > 65535)
        return "the port is not a number from 1 to 65535";
    url->port = (uint16_t)port;
    return NULL;
}

/* Of a name or an IPv4 address; between brackets, of an IPv6 address (3986 3.2.2). */
static bool host_character(char c, bool bracket)
{
    if (bracket)
        return hex(c) >= 0 || c == ':' || c == '.';
    if (c & 0x80) /* a U-label (5890), for hosts that know IDNA */
        return true;
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '.' || c == '_';
}

/* host, [IPv6], with an optional :port. */
static const char *parse_host(struct postino_url *url, const char *text)
{
    bool bracket = *text == '[';
    const char *start = text + bracket, *at = start;
    while (host_character(*at, bracket))
        at++;
    size_t length = (size_t)(at - start);
    if (bracket && (!memchr(start, ':', length) || *at++ != ']'))
        return "between brackets stands an IPv6 address";
    if (!length)
        return "there is no host";
    if (*start == '.')
        return "the host is not a name or an address";
    if (!decode(url->host, sizeof url->host, start, length))
        return "the host is not a name or an address";
    if (*at == '/' && !at[1])
        return NULL;
    if (*at == ':')
        return parse_port(url, at + 1);
    return *at ? "the host is not a name or an address" : NULL;
}

const char *postino_url_parse(struct postino_url *url, const char *text)
{
    memset(url, 0, sizeof *url);
    const char *colon = strstr(text, "://");
    if (!colon || !parse_scheme(url, text, (size_t)(colon - text)))
        return "it must begin with smtp://, smtp+tls://, smtp+notls://, smtps://, submission:// or lmtp://";
    text = colon + 3;
    if (*text == '/' && url->scheme == POSTINO_SCHEME_LMTP)
        return decode(url->path, sizeof url->path, text, strlen(text)) ? NULL : "the path of the socket is too long";
    const char *at = strrchr(text, '@');
    if (at) {
        if (memchr(text, ':', (size_t)(at - text)))
            return "a password has no place in it";
        if (!decode(url->user, sizeof url->user, text, (size_t)(at - text)))
            return "the user name holds a control character or is too long";
        text = at + 1;
    }
    return parse_host(url, text);
}
