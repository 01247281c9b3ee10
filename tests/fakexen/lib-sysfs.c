/*
 * A fake Xen: the C library's functions on files that the model has
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Everything else goes on to the C library. A config file is an empty file
 * whose descriptor is remembered; attributes are files in memory; a resource
 * file is the memory that the BAR is.
 */

/* Both names of each function are needed, so no renaming by the headers. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#include "lib.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICES "/sys/bus/pci/devices/"
#define RESOURCE "resource"     /* and the BAR's number */
#define MAX_FDS 1024

/* The descriptors that are more than they seem. */
static struct {
    enum { OTHER, CONFIG, BAR, DEVMEM } what;
    FkDevice *d;                /* not of DEVMEM */
    unsigned bar;
} opened[MAX_FDS];

#define REAL(name) ({ \
    static __typeof__(name) *real; \
    if (!real) { \
        real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); \
    } \
    real; })

/* The name of the attribute, or NULL where the path is not a device's. */
static const char *split(const char *path, FkDevice **d)
{
    char address[16];
    const char *slash;
    FkBdf bdf;

    *d = NULL;
    if (strncmp(path, DEVICES, strlen(DEVICES))) {
        return NULL;
    }
    path += strlen(DEVICES);
    slash = strchrnul(path, '/');
    snprintf(address, sizeof(address), "%.*s", (int)(slash - path), path);
    fk_sync();
    *d = fk_bdf_parse(address, &bdf) ? fk_device_find_local(&bdf) : NULL;
    return *slash ? slash + 1 : slash;
}

static int memory_file(const char *name, const char *text)
{
    int fd = memfd_create(name, MFD_CLOEXEC);

    if (fd < 0 || pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text)) {
        fk_die("memfd: %s", strerror(errno));
    }
    return fd;
}

static int remember(int fd, int what, FkDevice *d, unsigned bar)
{
    if (fd >= MAX_FDS) {
        fk_die("more than %d files are open", MAX_FDS);
    }
    if (fd >= 0) {
        opened[fd].what = what;
        opened[fd].d = d;
        opened[fd].bar = bar;
    }
    return fd;
}

/* Of the machine's memory, what the devices' BARs are can be mapped. */
static int open_devmem(void)
{
    fk_sync();
    fk_journal("file open /dev/mem = %s", fk.devmem ? "0" : "ENOENT");
    if (!fk.devmem) {
        errno = ENOENT;
        return -1;
    }
    return remember(memory_file("devmem", ""), DEVMEM, NULL, 0);
}

/* "resource0" to "resource5", where there is such a file. */
static bool is_resource(const FkDevice *d, const char *name, unsigned *bar)
{
    uint64_t n;
    const char *end = strncmp(name, RESOURCE, strlen(RESOURCE)) ? NULL
        : fk_number(name + strlen(RESOURCE), 10, &n);

    *bar = end && !*end && n < FK_MAX_BARS - 1 ? n : FK_MAX_BARS - 1;
    return *bar < FK_MAX_BARS - 1 && d->bar[*bar].size && !d->bar[*bar].io;
}

static bool can_write(int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY;
}

static int open_resource(FkDevice *d, unsigned bar, int flags)
{
    FkFault f = fk_fault("open_resource", -1);
    int err = f.kind == FK_FAULT_ERRNO ? (int)f.value : 0;
    char path[32];

    fk_journal("file %s open resource%u%s = %s", fk_bdf(&d->bdf), bar,
               can_write(flags) ? " to write" : "",
               err ? fk_errno_name(err) : "0");
    if (err) {
        errno = err;
        return -1;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fk_memory(d, bar));
    return remember(REAL(open)(path, (flags & O_ACCMODE) | O_CLOEXEC), BAR, d,
                    bar);
}

/* Returns false where the path is none of the model's. */
static bool fake_open(const char *path, int flags, int *fd)
{
    char text[1024];
    const char *name;
    unsigned bar;
    FkDevice *d;

    if (!strcmp(path, "/dev/mem")) {
        *fd = open_devmem();
        return true;
    }
    if (!strcmp(path, "/sys/hypervisor/guest_type")) {
        *fd = memory_file("guest_type", "PV\n");
        return true;
    }
    name = split(path, &d);
    if (!name) {
        return false;
    }
    if (!d) {
        errno = ENOENT;
        *fd = -1;
    } else if (!strcmp(name, "config")) {
        *fd = remember(memory_file("config", ""), CONFIG, d, 0);
    } else if (is_resource(d, name, &bar)) {
        *fd = open_resource(d, bar, flags);
    } else if (fk_sysfs_text(d, name, text)) {
        *fd = memory_file(name, text);
    } else {
        errno = ENOENT;
        *fd = -1;
    }
    return true;
}

static bool fake_stat(const char *path, int *rc)
{
    const char *name;
    FkDevice *d;
    char text[1024];
    unsigned bar;

    name = split(path, &d);
    if (!name) {
        return false;
    }
    if (d && (!*name || !strcmp(name, "config") ||
              (!strcmp(name, "physfn") && d->is_virtfn) ||
              is_resource(d, name, &bar) || fk_sysfs_text(d, name, text))) {
        *rc = 0;
    } else {
        errno = ENOENT;
        *rc = -1;
    }
    return true;
}

static FkDevice *config_of(int fd)
{
    return fd >= 0 && fd < MAX_FDS && opened[fd].what == CONFIG
        ? opened[fd].d : NULL;
}

static bool fake_open_locked(const char *path, int flags, int *fd)
{
    bool fake;

    fk_lock();
    fake = fake_open(path, flags, fd);
    fk_unlock();
    return fake;
}

#define DEFINE_OPEN(name) \
int name(const char *path, int flags, ...) \
{ \
    mode_t mode = 0; \
    va_list ap; \
    int fd; \
 \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
        va_start(ap, flags); \
        mode = va_arg(ap, mode_t); \
        va_end(ap); \
    } \
    return fake_open_locked(path, flags, &fd) ? fd \
        : REAL(name)(path, flags, mode); \
}

DEFINE_OPEN(open)
DEFINE_OPEN(open64)

int __open_2(const char *path, int flags)
{
    return open(path, flags);
}

int __open64_2(const char *path, int flags)
{
    return open64(path, flags);
}

int close(int fd)
{
    if (fd >= 0 && fd < MAX_FDS) {
        fk_lock();
        opened[fd].what = OTHER;
        fk_unlock();
    }
    return REAL(close)(fd);
}

/* As Linux: whole pages from the one that the BAR begins in, and no more. */
static int map_resource(FkDevice *d, unsigned bar, size_t len, int prot,
                        off64_t offset)
{
    FkFault f = fk_fault("mmap_resource", -1);
    int err = f.kind == FK_FAULT_ERRNO ? (int)f.value : fk.lockdown ? EPERM : 0;
    uint64_t pages = (d->bar[bar].size - 1) / FK_PAGE + 1;

    if (!err && (offset < 0 ||
                 offset + len > pages * FK_PAGE)) {
        err = EINVAL;
    }
    fk_journal("file %s map resource%u 0x%llx n 0x%zx%s = %s",
               fk_bdf(&d->bdf), bar, (long long)offset, len,
               prot & PROT_WRITE ? " to write" : "",
               err ? fk_errno_name(err) : "0");
    return err;
}

/* What is to be mapped in the place of @fd and @offset; false: errno says. */
static bool translate(int *fd, size_t len, int prot, off64_t *offset)
{
    FkDevice *d;
    unsigned bar;
    int err = 0;

    if (*fd < 0 || *fd >= MAX_FDS || opened[*fd].what < BAR) {
        return true;
    }
    fk_lock();
    fk_sync();
    if (opened[*fd].what == BAR) {
        err = map_resource(opened[*fd].d, opened[*fd].bar, len, prot, *offset);
    } else {
        d = fk_memory_at(*offset, &bar);
        if (d) {
            *fd = fk_memory(d, bar);
            *offset -= d->bar[bar].base & ~(FK_PAGE - 1ull);
        }
        err = d ? 0 : EPERM;
    }
    fk_unlock();
    errno = err ? err : errno;
    return !err;
}

#define DEFINE_MMAP(name, off) \
void *name(void *addr, size_t len, int prot, int flags, int fd, off offset) \
{ \
    off64_t at = offset; \
 \
    return translate(&fd, len, prot, &at) \
        ? REAL(name)(addr, len, prot, flags, fd, at) : MAP_FAILED; \
}

DEFINE_MMAP(mmap, off_t)
DEFINE_MMAP(mmap64, off64_t)

#define DEFINE_ACCESS(name, access, qualifier, off) \
ssize_t name(int fd, qualifier void *buf, size_t len, off offset) \
{ \
    FkDevice *d = config_of(fd); \
    ssize_t rc; \
 \
    if (!d) { \
        return REAL(name)(fd, buf, len, offset); \
    } \
    fk_lock(); \
    fk_sync(); \
    rc = access(d, buf, len, offset); \
    fk_unlock(); \
    return rc; \
}

DEFINE_ACCESS(pread, fk_config_read, , off_t)
DEFINE_ACCESS(pread64, fk_config_read, , off64_t)
DEFINE_ACCESS(pwrite, fk_config_write, const, off_t)
DEFINE_ACCESS(pwrite64, fk_config_write, const, off64_t)

#define DEFINE_STAT(name, type) \
int name(const char *path, struct type *st) \
{ \
    bool fake; \
    int rc; \
 \
    fk_lock(); \
    fake = fake_stat(path, &rc); \
    fk_unlock(); \
    if (!fake) { \
        return REAL(name)(path, st); \
    } \
    memset(st, 0, sizeof(*st)); \
    st->st_mode = S_IFREG | 0644; \
    return rc; \
}

DEFINE_STAT(stat, stat)
DEFINE_STAT(stat64, stat64)
