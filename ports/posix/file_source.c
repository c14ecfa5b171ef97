/* A file, or standard input, as a source of octets. */
#include <errno.h>
#include <fcntl.h>
#include <postino/posix.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct postino_file_source *file_of(struct postino_source *source)
{
    return (struct postino_file_source *)source;
}

static ptrdiff_t read_file(struct postino_file_source *file, void *buffer, size_t size)
{
    ptrdiff_t count;
    do
        count = read(file->fd, buffer, size);
    while (count < 0 && errno == EINTR && !(file->cancelled && *file->cancelled));
    if (count < 0)
        return POSTINO_SOURCE_FAILED;
    file->at += (uint64_t)count;
    if (file->regular && (file->at > file->size || (count == 0 && file->at != file->size))) {
        errno = EIO;
        return POSTINO_SOURCE_FAILED;
    }
    return count;
}

/* Reads ahead, since a composer asks for little at a time. */
static ptrdiff_t read_some(struct postino_source *source, void *buffer, size_t size)
{
    struct postino_file_source *file = file_of(source);
    if (file->begin == file->end) {
        if (size >= sizeof file->buffer)
            return read_file(file, buffer, size);
        ptrdiff_t count = read_file(file, file->buffer, sizeof file->buffer);
        if (count <= 0)
            return count;
        file->begin = 0;
        file->end = (size_t)count;
    }
    if (size > file->end - file->begin)
        size = file->end - file->begin;
    memcpy(buffer, file->buffer + file->begin, size);
    file->begin += size;
    return (ptrdiff_t)size;
}

static bool rewind_file(struct postino_source *source)
{
    struct postino_file_source *file = file_of(source);
    file->at = 0;
    file->begin = file->end = 0;
    return lseek(file->fd, 0, SEEK_SET) == 0;
}

bool postino_file_source_open(struct postino_file_source *file, const char *path)
{
    struct stat status;
    memset(file, 0, sizeof *file);
    file->source.read = read_some;
    file->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file->fd < 0)
        return false;
    if (fstat(file->fd, &status) != 0 || S_ISDIR(status.st_mode)) {
        int error = S_ISDIR(status.st_mode) ? EISDIR : errno;
        postino_file_source_close(file);
        errno = error;
        return false;
    }
    /* Standard input may stand in the midst of its file. */
    if (S_ISREG(status.st_mode) && lseek(file->fd, 0, SEEK_CUR) == 0) {
        file->regular = status.st_size > 0; /* what says 0 may be made as it is read, as in /proc */
        file->size = (uint64_t)status.st_size;
        file->source.rewind = rewind_file;
    }
    return true;
}

void postino_file_source_close(struct postino_file_source *file)
{
    if (file->fd > STDIN_FILENO)
        close(file->fd);
    file->fd = -1;
}
