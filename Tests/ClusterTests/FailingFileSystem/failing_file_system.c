/* A file system that cannot do something: a library to preload, for files whose path holds LEGEND_TEST_FOLDER.
   LEGEND_TEST_FAILURE is CALL-ERRNO, for example flock-ENOLCK or write-EDQUOT. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#define REAL(name, type, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

static const struct { const char *name; int code; } codes[] = {
    {"ENOLCK", ENOLCK}, {"EOPNOTSUPP", EOPNOTSUPP}, {"EINVAL", EINVAL}, {"ENODEV", ENODEV}, {"EDQUOT", EDQUOT},
    {"EROFS", EROFS}, {"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EWOULDBLOCK", EWOULDBLOCK},
};

/* The error that this call is to end with; 0 for none. */
static int failure(const char *call) {
    const char *wish = getenv("LEGEND_TEST_FAILURE");
    size_t length = strlen(call);
    if (!wish || strncmp(wish, call, length) || wish[length] != '-') return 0;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (!strcmp(wish + length + 1, codes[i].name)) return codes[i].code;
    return 0;
}

static int is_there(const char *path) {
    const char *folder = getenv("LEGEND_TEST_FOLDER");
    return folder && path && strstr(path, folder);
}

static int fails(const char *call, int file) {
    char link[64], path[4096];
    int code = failure(call);
    if (!code || file < 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count < 0) return 0;
    path[count] = 0;
    if (!is_there(path)) return 0;
    errno = code;
    return 1;
}

static int lock_or_not(const char *real, int file, int command, void *argument) {
    if ((command == F_SETLK || command == F_SETLKW || command == F_GETLK) && fails("fcntl", file)) return -1;
    return REAL(real, int, int, int, ...)(file, command, argument);
}

int fcntl(int file, int command, ...) {
    va_list list;
    va_start(list, command);
    void *argument = va_arg(list, void *);
    va_end(list);
    return lock_or_not("fcntl", file, command, argument);
}

int fcntl64(int file, int command, ...) {
    va_list list;
    va_start(list, command);
    void *argument = va_arg(list, void *);
    va_end(list);
    return lock_or_not("fcntl64", file, command, argument);
}

int flock(int file, int operation) {
    return fails("flock", file) ? -1 : REAL("flock", int, int, int)(file, operation);
}

void *mmap(void *place, size_t count, int protection, int flags, int file, off_t offset) {
    if (flags & MAP_SHARED && fails("mmap", file)) return MAP_FAILED;
    return REAL("mmap", void *, void *, size_t, int, int, int, off_t)(place, count, protection, flags, file, offset);
}

void *mmap64(void *place, size_t count, int protection, int flags, int file, off64_t offset) {
    return mmap(place, count, protection, flags, file, offset);
}

ssize_t write(int file, const void *bytes, size_t count) {
    return fails("write", file) ? -1 : REAL("write", ssize_t, int, const void *, size_t)(file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    return fails("write", file) ? -1
                                : REAL("pwrite", ssize_t, int, const void *, size_t, off_t)(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    return pwrite(file, bytes, count, offset);
}

int fsync(int file) { return fails("sync", file) ? -1 : REAL("fsync", int, int)(file); }

static int open_or_not(const char *real, const char *path, int flags, mode_t mode) {
    int code = failure("open");
    if (code && flags & (O_WRONLY | O_RDWR | O_CREAT) && is_there(path)) {
        errno = code;
        return -1;
    }
    return REAL(real, int, const char *, int, ...)(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    return open_or_not("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    return open_or_not("open64", path, flags, mode);
}
