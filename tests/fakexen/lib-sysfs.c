/*
 * A fake Xen: the C library's functions on files that the model has
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Everything else goes on to the C library. A config file is an empty file
 * whose descriptor is remembered; attributes are files in memory.
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
#define MAX_FDS 1024

static FkDevice *config_fd[MAX_FDS];

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

/* The memory above the devices' registers, for those who map it. */
static int open_devmem(void)
{
    static int memory = -1;

    if (!fk.devmem) {
        errno = ENOENT;
        return -1;
    }
    if (memory < 0) {
        memory = memory_file("devmem", "");
        if (ftruncate(memory, 1LL << 52) && ftruncate(memory, 1LL << 42)) {
            fk_die("devmem: %s", strerror(errno));
        }
    }
    return dup(memory);
}

/* Returns false where the path is none of the model's. */
static bool fake_open(const char *path, int *fd)
{
    char text[1024];
    const char *name;
    FkDevice *d;

    if (!strcmp(path, "/dev/mem")) {
        fk_sync();
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
        *fd = memory_file("config", "");
        if (*fd >= MAX_FDS) {
            fk_die("more than %d files are open", MAX_FDS);
        }
        config_fd[*fd] = d;
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

    name = split(path, &d);
    if (!name) {
        return false;
    }
    if (d && (!*name || !strcmp(name, "config") ||
              (!strcmp(name, "physfn") && d->is_virtfn) ||
              fk_sysfs_text(d, name, text))) {
        *rc = 0;
    } else {
        errno = ENOENT;
        *rc = -1;
    }
    return true;
}

static FkDevice *config_of(int fd)
{
    return fd >= 0 && fd < MAX_FDS ? config_fd[fd] : NULL;
}

static bool fake_open_locked(const char *path, int *fd)
{
    bool fake;

    fk_lock();
    fake = fake_open(path, fd);
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
    return fake_open_locked(path, &fd) ? fd : REAL(name)(path, flags, mode); \
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
    fk_lock();
    if (config_of(fd)) {
        config_fd[fd] = NULL;
    }
    fk_unlock();
    return REAL(close)(fd);
}

#define DEFINE_PREAD(name, off) \
ssize_t name(int fd, void *buf, size_t len, off offset) \
{ \
    FkDevice *d = config_of(fd); \
    ssize_t rc; \
 \
    if (!d) { \
        return REAL(name)(fd, buf, len, offset); \
    } \
    fk_lock(); \
    fk_sync(); \
    rc = fk_config_read(d, buf, len, offset); \
    fk_unlock(); \
    return rc; \
}

DEFINE_PREAD(pread, off_t)
DEFINE_PREAD(pread64, off64_t)

#define DEFINE_PWRITE(name, off) \
ssize_t name(int fd, const void *buf, size_t len, off offset) \
{ \
    FkDevice *d = config_of(fd); \
    ssize_t rc; \
 \
    if (!d) { \
        return REAL(name)(fd, buf, len, offset); \
    } \
    fk_lock(); \
    fk_sync(); \
    rc = fk_config_write(d, buf, len, offset); \
    fk_unlock(); \
    return rc; \
}

DEFINE_PWRITE(pwrite, off_t)
DEFINE_PWRITE(pwrite64, off64_t)

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
