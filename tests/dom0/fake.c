/*
 * The system that xen-pt-msi-allow runs on, for its test
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libxenstore is stood in for by a directory, $FAKE_XENSTORE: a node is a
 * directory, its value the file "=" in it. Sysfs is below $FAKE_ROOT, with
 * files for attributes; what a write to pciback's attribute does is modelled
 * here, as the linker leads the program's calls through these functions.
 * A byte in the fifo $FAKE_EVENTS is an event of the program's watch, "x" is
 * xenstored's end, and time passes quickly.
 * Nothing of this is in the program that is shipped.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xenstore.h>

#include "fake.h"
#include "../../dom0/path.h"

#define ATTRIBUTE "/drivers/pciback/allow_interrupt_control"

struct xs_handle {
    char *dir;
    int events;
};

Path __real_path_to(const char *fmt, ...);
int __real_open64(const char *path, int flags, ...);
ssize_t __real_read(int fd, void *buf, size_t size);
ssize_t __real_write(int fd, const void *buf, size_t size);
ssize_t __real_readlink(const char *path, char *buf, size_t size);
DIR *__real_opendir(const char *path);
int __real_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                 const sigset_t *mask);

Path __wrap_path_to(const char *fmt, ...);
int __wrap_open64(const char *path, int flags, ...);
ssize_t __wrap_read(int fd, void *buf, size_t size);
ssize_t __wrap_write(int fd, const void *buf, size_t size);
ssize_t __wrap_readlink(const char *path, char *buf, size_t size);
DIR *__wrap_opendir(const char *path);
int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                 const sigset_t *mask);

static unsigned long number(const char *variable)
{
    const char *value = getenv(variable);

    return value ? strtoul(value, NULL, 10) : 0;
}

static bool has_fault(FakeFault fault)
{
    return number("FAKE_FAULTS") & fault;
}

static void leave_mark(void)
{
    int fd = __real_open64(getenv("FAKE_FAILED"), O_CREAT | O_WRONLY, 0600);

    if (fd < 0) {
        abort();
    }
    close(fd);
}

/*
 * Is this the operation, counted from 1, that $FAKE_FAIL_AT wants to fail? To
 * say that it came to that, the file $FAKE_FAILED is made.
 */
static bool fails(void)
{
    static unsigned long n;

    if (++n != number("FAKE_FAIL_AT")) {
        return false;
    }
    leave_mark();
    errno = EIO;
    return true;
}

/* --- files --------------------------------------------------------------- */

Path __wrap_path_to(const char *fmt, ...)
{
    char path[PATH_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(path, sizeof(path), fmt, ap);
    va_end(ap);
    return __real_path_to("%s%s", getenv("FAKE_ROOT"), path);
}

/* --- pciback ------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

int __wrap_open64(const char *path, int flags, ...)
{
    if (ends_with(path, ATTRIBUTE) && (flags & O_ACCMODE) != O_RDONLY &&
        has_fault(FAKE_NOT_ROOT)) {
        errno = EACCES;
        return -1;
    }
    /* An attribute is never made. */
    return fails() ? -1 : __real_open64(path, flags & ~O_CREAT);
}

ssize_t __wrap_read(int fd, void *buf, size_t size)
{
    return fails() ? -1 : __real_read(fd, buf, size);
}

ssize_t __wrap_readlink(const char *path, char *buf, size_t size)
{
    return fails() ? -1 : __real_readlink(path, buf, size);
}

DIR *__wrap_opendir(const char *path)
{
    return fails() ? NULL : __real_opendir(path);
}

/* As Linux, allow_interrupt_control_store(): an address, nothing behind it */
static ssize_t give(const char *attribute, const char *text, size_t size)
{
    unsigned domain, bus, dev, func;
    int parsed = 0;
    char bound[4096], line[32];
    int fd;

    if (sscanf(text, " %x:%x:%x.%x %n", &domain, &bus, &dev, &func,
               &parsed) != 4 || text[parsed]) {
        errno = EINVAL;
        return -1;
    }
    snprintf(line, sizeof(line), "%04x:%02x:%02x.%x\n", domain, bus, dev, func);
    snprintf(bound, sizeof(bound), "%.*s/%.12s",
             (int)(strrchr(attribute, '/') - attribute), attribute, line);
    if (access(bound, F_OK) < 0 || has_fault(FAKE_RELEASED)) {
        errno = ENODEV;
        return -1;
    }
    if (has_fault(FAKE_REFUSED)) {
        errno = ENXIO;
        return -1;
    }
    if (has_fault(FAKE_LOST)) {
        return size;
    }
    fd = __real_open64(attribute, O_WRONLY | O_APPEND);
    if (fd < 0 || __real_write(fd, line, 13) != 13) {
        abort();
    }
    close(fd);
    return has_fault(FAKE_SHORT) ? (ssize_t)size - 1 : (ssize_t)size;
}

ssize_t __wrap_write(int fd, const void *buf, size_t size)
{
    char link[64], path[4096], text[4096];
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = __real_readlink(link, path, sizeof(path) - 1);
    if (n < 0 || size >= sizeof(text)) {
        abort();
    }
    path[n] = '\0';
    if (!ends_with(path, ATTRIBUTE)) {
        return __real_write(fd, buf, size);
    }
    memcpy(text, buf, size);
    text[size] = '\0';
    return fails() ? -1 : give(path, text, size);
}

/* --- time ---------------------------------------------------------------- */

int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                 const sigset_t *mask)
{
    struct timespec quick = { .tv_nsec = timeout->tv_sec * 20000000 };

    return __real_ppoll(fds, n, &quick, mask);
}

/* --- libxenstore --------------------------------------------------------- */

struct xs_handle *xs_open(unsigned long flags)
{
    struct xs_handle *h;

    (void)flags;
    if (fails()) {
        return NULL;
    }
    if (!getenv("FAKE_XENSTORE")) {
        errno = ENOENT;
        return NULL;
    }
    h = calloc(1, sizeof(*h));
    h->events = -1;
    h->dir = strdup(getenv("FAKE_XENSTORE"));
    return h;
}

void xs_close(struct xs_handle *h)
{
    if (h->events >= 0) {
        close(h->events);
    }
    free(h->dir);
    free(h);
}

/*
 * Before the read that is number $FAKE_VANISH_AT, counted from 1, xenstore
 * becomes what $FAKE_XENSTORE.then is, for which there is an event.
 */
static void vanish(struct xs_handle *h)
{
    static unsigned long n;
    char then[4096];

    if (++n != number("FAKE_VANISH_AT")) {
        return;
    }
    snprintf(then, sizeof(then), "%s.then", h->dir);
    free(h->dir);
    h->dir = strdup(then);
    leave_mark();
    if (__real_write(h->events, "e", 1) != 1) {
        abort();
    }
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    char file[4096], *value;
    size_t n;
    FILE *f;

    (void)t;
    vanish(h);
    snprintf(file, sizeof(file), "%s%s/=", h->dir, path);
    if (fails()) {
        return NULL;
    }
    f = fopen(file, "r");
    if (!f) {
        return NULL;
    }
    /* Not a byte more: the sanitizer watches what is read behind it. */
    value = malloc(4096);
    n = fread(value, 1, 4095, f);
    value[n] = '\0';
    value = realloc(value, n + 1);
    fclose(f);
    if (len) {
        *len = n;
    }
    return value;
}

static int is_child(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_name[0] != '=';
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *num)
{
    char dir[4096], **block, *text;
    struct dirent **entries;
    size_t size = 0;
    int n;

    (void)t;
    vanish(h);
    snprintf(dir, sizeof(dir), "%s%s", h->dir, path);
    if (fails()) {
        return NULL;
    }
    n = scandir(dir, &entries, is_child, alphasort);
    if (n < 0) {
        return NULL;
    }
    for (int i = 0; i < n; i++) {
        size += strlen(entries[i]->d_name) + 1;
    }
    /* One block, as the caller frees it in one. */
    block = malloc(n * sizeof(*block) + size + 1);
    text = (char *)(block + n);
    for (int i = 0; i < n; i++) {
        block[i] = text;
        text = stpcpy(text, entries[i]->d_name) + 1;
        free(entries[i]);
    }
    free(entries);
    *num = n;
    return block;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    (void)token;
    if (fails()) {
        return false;
    }
    if (strcmp(path, "/local/domain/0/backend/pci")) {
        errno = EINVAL;
        return false;
    }
    h->events = __real_open64(getenv("FAKE_EVENTS"), O_RDWR | O_NONBLOCK);
    /* As xenstored, which says of a new watch that it is there */
    if (h->events < 0 || __real_write(h->events, "e", 1) != 1) {
        abort();
    }
    return true;
}

int xs_fileno(struct xs_handle *h)
{
    return h->events;
}

char **xs_check_watch(struct xs_handle *h)
{
    static bool ended;
    char c;

    if (fails()) {
        return NULL;
    }
    if (!ended && __real_read(h->events, &c, 1) == 1) {
        ended = c == 'x';
    } else {
        c = '\0';
    }
    if (ended) {
        errno = EINVAL;
    } else if (!c) {
        errno = EAGAIN;
    }
    return ended || !c ? NULL : calloc(2, sizeof(char *));
}
