/* AUTH with SCRAM-SHA-256, and bound to TLS; in slices. */
#include "mechanism.h"

int main(void)
{
    static const struct postino_mechanism *const mechanisms[] = {&postino_scram_sha256_plus, &postino_scram_sha256,
                                                                 NULL};
    return (int)authenticate(mechanisms);
}
