/* AUTH with what challenges need, and PLAIN in it. */
#include "mechanism.h"

int main(void)
{
    static const struct postino_mechanism *const mechanisms[] = {&postino_plain, NULL};
    return (int)authenticate(mechanisms);
}
