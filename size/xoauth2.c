/* AUTH with XOAUTH2. */
#include "mechanism.h"

int main(void)
{
    static const struct postino_mechanism *const mechanisms[] = {&postino_xoauth2, NULL};
    return (int)authenticate(mechanisms);
}
