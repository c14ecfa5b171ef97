/* The smallest test frame: each test is a function, each prints one line that the runner counts. */
#ifndef POSTINO_TESTS_CHECK_H
#define POSTINO_TESTS_CHECK_H

#include <stdio.h>
#include <string.h>

static int check_failures __attribute__((unused));     /* of the test that runs */
static int check_failed_tests __attribute__((unused)); /* of this program */

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            check_failures++;                                                                                          \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition);                                                   \
        }                                                                                                              \
    } while (0)

#define CHECK_NUMBER(actual, expected)                                                                                 \
    do {                                                                                                               \
        long long check_a = (long long)(actual), check_e = (long long)(expected);                                      \
        if (check_a != check_e) {                                                                                      \
            check_failures++;                                                                                          \
            printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, check_a, check_e);                  \
        }                                                                                                              \
    } while (0)

#define CHECK_TEXT(actual, expected)                                                                                   \
    do {                                                                                                               \
        const char *check_a = (actual), *check_e = (expected);                                                         \
        if (strcmp(check_a, check_e) != 0) {                                                                           \
            check_failures++;                                                                                          \
            printf("# %s:%d: %s is\n# [%s], not\n# [%s]\n", __FILE__, __LINE__, #actual, check_a, check_e);            \
        }                                                                                                              \
    } while (0)

/* Runs one test and prints `ok NAME` or `not ok NAME`, behind comment lines that say what was wrong. */
#define RUN(test)                                                                                                      \
    do {                                                                                                               \
        check_failures = 0;                                                                                            \
        test();                                                                                                        \
        printf("%s %s\n", check_failures ? "not ok" : "ok", #test);                                                    \
        fflush(stdout);                                                                                                \
        check_failed_tests += check_failures != 0;                                                                     \
    } while (0)

#define CHECK_EXIT() (check_failed_tests != 0)

#endif
