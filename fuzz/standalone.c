/*
 * A main for a fuzzer where the compiler brings none: replays the files of the folders that are named, then runs inputs
 * made of them by chance. An input that fails is left in crash.bin of the working folder.
 *
 * usage: fuzzer [-t SECONDS] [-s SEED] FOLDER...
 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    FILES_MAX = 4096,
    INPUT_MAX = 4096
};

static struct input {
    uint8_t *octets;
    size_t length;
} files[FILES_MAX];
static size_t file_count;
static uint8_t current[INPUT_MAX];
static size_t current_length;
static uint64_t state = 88172645463325252u;

static unsigned chance(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % below);
}

static void leave_input(int signal_number)
{
    int file = open("crash.bin", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file >= 0 && write(file, current, current_length) < 0)
        _exit(2);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void read_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = entry->d_name[0] == '.' || file_count == FILES_MAX ? NULL : fopen(path, "rb");
        if (!file)
            continue;
        struct input *input = &files[file_count++];
        input->octets = malloc(INPUT_MAX);
        if (!input->octets)
            exit(2);
        input->length = fread(input->octets, 1, INPUT_MAX, file);
        fclose(file);
    }
    if (directory)
        closedir(directory);
}

static void run(void)
{
    uint8_t *exact = malloc(current_length ? current_length : 1); /* so that a read behind it is seen */
    if (!exact)
        exit(2);
    memcpy(exact, current, current_length);
    LLVMFuzzerTestOneInput(exact, current_length);
    free(exact);
}

static void take(const struct input *input)
{
    memcpy(current, input->octets, input->length);
    current_length = input->length;
}

static void splice(size_t at)
{
    const struct input *other = &files[chance((unsigned)file_count)];
    size_t from = other->length ? chance((unsigned)other->length) : 0, length = other->length - from;
    if (length > INPUT_MAX - at)
        length = INPUT_MAX - at;
    memcpy(current + at, other->octets + from, length);
    current_length = at + length;
}

static void mutate(void)
{
    static const uint8_t octets[] = {0, '.', '\r', '\n', ' ', '-', '2', '5', 0x80, 0xFF};
    size_t at = current_length ? chance((unsigned)current_length) : 0;
    unsigned how = chance(6);
    if (how == 0 && current_length < INPUT_MAX) {
        memmove(current + at + 1, current + at, current_length - at);
        current[at] = octets[chance(sizeof octets)];
        current_length++;
    } else if (how == 1 && current_length) {
        memmove(current + at, current + at + 1, current_length - at - 1);
        current_length--;
    } else if (how == 2) {
        splice(at);
    } else if (current_length) {
        current[at] = (uint8_t)(how == 3   ? chance(256)
                                : how == 4 ? current[at] ^ 1u << chance(8)
                                           : octets[chance(sizeof octets)]);
    }
}

int main(int argc, char **argv)
{
    long seconds = 0;
    const char *name = "nothing";
    for (int option; (option = getopt(argc, argv, "t:s:")) != -1;) {
        if (option == 't')
            seconds = atol(optarg);
        else
            state ^= (uint64_t)atol(optarg) << 20;
    }
    for (; optind < argc; optind++) {
        name = strrchr(argv[optind], '/') ? strrchr(argv[optind], '/') + 1 : argv[optind];
        read_folder(argv[optind]);
    }
    signal(SIGABRT, leave_input);
    signal(SIGSEGV, leave_input);
    for (size_t i = 0; i < file_count; i++) {
        take(&files[i]);
        run();
    }
    unsigned long runs = 0;
    for (time_t end = time(NULL) + seconds; file_count && time(NULL) < end; runs++) {
        take(&files[chance((unsigned)file_count)]);
        for (unsigned times = 1 + chance(8); times; times--)
            mutate();
        run();
    }
    printf("%s fuzzed: %s\n# %zu files replayed, %lu inputs made\n", file_count ? "ok" : "not ok", name, file_count,
           runs);
    return file_count == 0;
}
