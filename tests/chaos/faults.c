/* Fails one call of a process on files below a folder: loaded before the C library (LD_PRELOAD), told what by `arm`.
 *
 * Calls are counted by kind, and the Nth of a kind, or each from the Nth on, fails with an error number. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { WRITE, FSYNC, RENAME, OPEN, MMAP, LINK, MKDIR, UNLINK, FTRUNCATE, CLOSE, READ, FLOCK, KINDS };

static char root[PATH_MAX];
static char failed[PATH_MAX];
static int wanted = -1, number, lasting;
static long nth;
static atomic_long counts[KINDS];
static atomic_int hit;

void arm(const char *folder, int kind, long call, int error, int from_then_on) {
    snprintf(root, sizeof root, "%s", folder);
    wanted = kind, nth = call, number = error, lasting = from_then_on;
    atomic_store(&hit, 0);
    for (int i = 0; i < KINDS; i++) atomic_store(&counts[i], 0);
}
long count(int kind) { return atomic_load(&counts[kind]); }
const char *failed_path(void) { return atomic_load(&hit) ? failed : ""; }

/* Whether the call fails; then `errno` is set. */
static int fails(enum kind kind, const char *path) {
    if (!root[0] || strncmp(path, root, strlen(root)) != 0) return 0;
    long call = atomic_fetch_add(&counts[kind], 1) + 1;
    if ((int)kind != wanted || (lasting ? call < nth : call != nth)) return 0;
    if (!atomic_exchange(&hit, 1)) snprintf(failed, sizeof failed, "%s", path);
    errno = number;
    return 1;
}

static const char *of_descriptor(int descriptor, char *path) {
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(name, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return path;
}

static int fails_at(enum kind kind, int folder, const char *path) {
    char whole[2 * PATH_MAX];
    if (!path) return 0;
    if (path[0] == '/' || folder == AT_FDCWD) return fails(kind, path);
    of_descriptor(folder, whole);
    snprintf(whole + strlen(whole), PATH_MAX, "/%s", path);
    return fails(kind, whole);
}

static int fails_on(enum kind kind, int descriptor) {
    char path[PATH_MAX];
    int before = errno, result = root[0] ? fails(kind, of_descriptor(descriptor, path)) : 0;
    if (!result) errno = before;
    return result;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

#define ON_DESCRIPTOR(kind, type, name, parameters, arguments, first) \
    type name parameters { \
        static type(*real) parameters; \
        if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name); \
        return fails_on(kind, first) ? (type)-1 : real arguments; \
    }

ON_DESCRIPTOR(WRITE, ssize_t, write, (int d, const void *b, size_t n), (d, b, n), d)
ON_DESCRIPTOR(WRITE, ssize_t, pwrite, (int d, const void *b, size_t n, off_t o), (d, b, n, o), d)
ON_DESCRIPTOR(WRITE, ssize_t, pwrite64, (int d, const void *b, size_t n, off64_t o), (d, b, n, o), d)
ON_DESCRIPTOR(WRITE, ssize_t, writev, (int d, const struct iovec *v, int n), (d, v, n), d)
ON_DESCRIPTOR(WRITE, ssize_t, sendfile64, (int d, int s, off64_t *o, size_t n), (d, s, o, n), d)
ON_DESCRIPTOR(WRITE, ssize_t, sendfile, (int d, int s, off_t *o, size_t n), (d, s, o, n), d)
ON_DESCRIPTOR(FSYNC, int, fsync, (int d), (d), d)
ON_DESCRIPTOR(FSYNC, int, fdatasync, (int d), (d), d)
ON_DESCRIPTOR(FTRUNCATE, int, ftruncate, (int d, off_t n), (d, n), d)
ON_DESCRIPTOR(FTRUNCATE, int, ftruncate64, (int d, off64_t n), (d, n), d)
ON_DESCRIPTOR(READ, ssize_t, read, (int d, void *b, size_t n), (d, b, n), d)
ON_DESCRIPTOR(READ, ssize_t, pread, (int d, void *b, size_t n, off_t o), (d, b, n, o), d)
ON_DESCRIPTOR(READ, ssize_t, pread64, (int d, void *b, size_t n, off64_t o), (d, b, n, o), d)
ON_DESCRIPTOR(READ, ssize_t, preadv, (int d, const struct iovec *v, int n, off_t o), (d, v, n, o), d)
ON_DESCRIPTOR(READ, ssize_t, preadv64, (int d, const struct iovec *v, int n, off64_t o), (d, v, n, o), d)
ON_DESCRIPTOR(READ, ssize_t, preadv2, (int d, const struct iovec *v, int n, off_t o, int f), (d, v, n, o, f), d)
ON_DESCRIPTOR(READ, ssize_t, preadv64v2, (int d, const struct iovec *v, int n, off64_t o, int f), (d, v, n, o, f), d)
ON_DESCRIPTOR(FLOCK, int, flock, (int d, int how), (d, how), d)
ON_DESCRIPTOR(MMAP, void *, mmap, (void *a, size_t n, int p, int f, int d, off_t o), (a, n, p, f, d, o), d)
ON_DESCRIPTOR(MMAP, void *, mmap64, (void *a, size_t n, int p, int f, int d, off64_t o), (a, n, p, f, d, o), d)

#define ON_PATH(kind, name, parameters, arguments, folder, path) \
    int name parameters { \
        static int(*real) parameters; \
        if (!real) real = (int(*) parameters)dlsym(RTLD_NEXT, #name); \
        return fails_at(kind, folder, path) ? -1 : real arguments; \
    }

ON_PATH(RENAME, rename, (const char *a, const char *b), (a, b), AT_FDCWD, b)
ON_PATH(RENAME, renameat, (int d, const char *a, int e, const char *b), (d, a, e, b), e, b)
ON_PATH(LINK, link, (const char *a, const char *b), (a, b), AT_FDCWD, b)
ON_PATH(LINK, linkat, (int d, const char *a, int e, const char *b, int f), (d, a, e, b, f), e, b)
ON_PATH(LINK, symlink, (const char *a, const char *b), (a, b), AT_FDCWD, b)
ON_PATH(MKDIR, mkdir, (const char *p, mode_t m), (p, m), AT_FDCWD, p)
ON_PATH(MKDIR, mkdirat, (int d, const char *p, mode_t m), (d, p, m), d, p)
ON_PATH(UNLINK, unlink, (const char *p), (p), AT_FDCWD, p)
ON_PATH(UNLINK, unlinkat, (int d, const char *p, int f), (d, p, f), d, p)
ON_PATH(UNLINK, rmdir, (const char *p), (p), AT_FDCWD, p)

#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, name, const char *, int, ...); \
        va_list list; \
        va_start(list, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
        va_end(list); \
        return fails_at(OPEN, AT_FDCWD, path) ? -1 : real(path, flags, mode); \
    }
OPENING(open)
OPENING(open64)

#define OPENING_AT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        REAL(int, name, int, const char *, int, ...); \
        va_list list; \
        va_start(list, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
        va_end(list); \
        return fails_at(OPEN, folder, path) ? -1 : real(folder, path, flags, mode); \
    }
OPENING_AT(openat)
OPENING_AT(openat64)

#define OPENING_STREAM(name) \
    FILE *name(const char *path, const char *mode) { \
        REAL(FILE *, name, const char *, const char *); \
        return fails_at(OPEN, AT_FDCWD, path) ? NULL : real(path, mode); \
    }
OPENING_STREAM(fopen)
OPENING_STREAM(fopen64)

/* A file whose close fails is closed nevertheless. */
int close(int descriptor) {
    REAL(int, close, int);
    int result = fails_on(CLOSE, descriptor), error = errno, closed = real(descriptor);
    if (!result) return closed;
    errno = error;
    return -1;
}
