/* AUTH with EXTERNAL. */
#include "mechanism.h"

int main(void)
{
    static const struct postino_mechanism *const mechanisms[] = {&postino_external, NULL};
    return (int)authenticate(mechanisms);
}
