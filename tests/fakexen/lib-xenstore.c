/*
 * A fake Xen: libxenstore
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Transactions always succeed: nobody else writes. A watch fires when it is
 * set and when something below its path is written or removed.
 */

#include "lib.h"
#include "store.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <xenstore.h>

#define PATH_SIZE 512

typedef struct Event {
    struct Event *next;
    char *path, *token;
} Event;

typedef struct Watch {
    struct Watch *next;
    char *path, *token;         /* the path as it was given */
} Watch;

struct xs_handle {
    struct xs_handle *next;
    int fd;                     /* counts the events */
    Watch *watches;
    Event *first, **last;
};

static struct xs_handle *handles;

/* A relative path is below the home of the domain that asks. */
static const char *absolute(const char *path, char *buf)
{
    if (*path == '/') {
        /* "/domid" is how QEMU asks for its own number */
        snprintf(buf, PATH_SIZE, "%s", path);
    } else {
        snprintf(buf, PATH_SIZE, "/local/domain/%u/%s",
                 fk.stubdom ? fk.domid + 1 : 0, path);
    }
    return buf;
}

static void add_event(struct xs_handle *h, const char *path, const char *token)
{
    Event *e = calloc(1, sizeof(*e));
    uint64_t one = 1;

    if (!e || write(h->fd, &one, sizeof(one)) != sizeof(one)) {
        fk_die("cannot note a watch's event");
    }
    e->path = strdup(path);
    e->token = strdup(token);
    *h->last = e;
    h->last = &e->next;
}

/* @path is absolute; events carry it in the form that the watch has. */
static void fire(const char *path)
{
    char watched[PATH_SIZE], relative[PATH_SIZE * 2];

    for (struct xs_handle *h = handles; h; h = h->next) {
        for (Watch *w = h->watches; w; w = w->next) {
            absolute(w->path, watched);
            if (fk_store_below(path, watched)) {
                snprintf(relative, sizeof(relative), "%s%s", w->path,
                         path + strlen(watched));
                add_event(h, relative, w->token);
            }
        }
    }
}

struct xs_handle *xs_open(unsigned long flags)
{
    struct xs_handle *h = calloc(1, sizeof(*h));

    if (!h) {
        return NULL;
    }
    h->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
    h->last = &h->first;
    fk_lock();
    h->next = handles;
    handles = h;
    fk_unlock();
    return h;
}

struct xs_handle *xs_daemon_open(void)
{
    return xs_open(0);
}

static void free_watch(Watch *w)
{
    free(w->path);
    free(w->token);
    free(w);
}

void xs_close(struct xs_handle *h)
{
    if (!h) {
        return;
    }
    fk_lock();
    for (struct xs_handle **p = &handles; *p; p = &(*p)->next) {
        if (*p == h) {
            *p = h->next;
            break;
        }
    }
    fk_unlock();
    while (h->watches) {
        Watch *w = h->watches;

        h->watches = w->next;
        free_watch(w);
    }
    while (h->first) {
        Event *e = h->first;

        h->first = e->next;
        free(e->path);
        free(e->token);
        free(e);
    }
    close(h->fd);
    free(h);
}

void xs_daemon_close(struct xs_handle *h)
{
    xs_close(h);
}

int xs_fileno(struct xs_handle *h)
{
    return h->fd;
}

static void *do_read(const char *path, unsigned int *len)
{
    char buf[PATH_SIZE];
    const char *value = fk_store_get(absolute(path, buf));

    fk_journal("xs read %s%s%s", path, value ? " = " : "",
               value ? value : "");
    if (!value) {
        errno = ENOENT;
        return NULL;
    }
    if (len) {
        *len = strlen(value);
    }
    return strdup(value);
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    return FK_OP(do_read(path, len));
}

static bool do_write(const char *path, const void *data, unsigned int len)
{
    char buf[PATH_SIZE], *value = strndup(data, len);

    if (!value) {
        return false;
    }
    fk_journal("xs write %s = %s", path, value);
    fk_store_set(absolute(path, buf), value);
    free(value);
    fire(buf);
    return true;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    return FK_OP(do_write(path, data, len));
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    char buf[PATH_SIZE];

    fk_lock();
    fk_sync();
    if (!fk_store_get(absolute(path, buf))) {
        xs_write(h, t, path, "", 0);
    }
    fk_unlock();
    return true;
}

static bool do_remove(const char *path)
{
    char buf[PATH_SIZE];
    bool there = fk_store_get(absolute(path, buf));

    fk_journal("xs rm %s", path);
    if (!there) {
        errno = ENOENT;
        return false;
    }
    fk_store_remove(buf);
    fire(buf);
    return true;
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    return FK_OP(do_remove(path));
}

bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
                        const char *path, struct xs_permissions *perms,
                        unsigned int num_perms)
{
    return true;
}

typedef struct Names {
    char **entry;
    char *text;
    size_t size;
} Names;

static void measure(void *opaque, const char *name, size_t len)
{
    ((Names *)opaque)->size += len + 1;
}

static void collect(void *opaque, const char *name, size_t len)
{
    Names *n = opaque;

    *n->entry++ = n->text;
    memcpy(n->text, name, len);
    n->text[len] = '\0';
    n->text += len + 1;
}

/* One block, as the caller frees it in one. */
static char **do_directory(const char *path, unsigned int *num)
{
    char buf[PATH_SIZE], **block;
    Names n = { NULL };

    fk_journal("xs directory %s", path);
    if (!fk_store_get(absolute(path, buf))) {
        errno = ENOENT;
        return NULL;
    }
    *num = fk_store_children(buf, measure, &n);
    block = malloc((*num + 1) * sizeof(char *) + n.size);
    if (block) {
        n.entry = block;
        n.text = (char *)(block + *num + 1);
        fk_store_children(buf, collect, &n);
        block[*num] = NULL;
    }
    return block;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
                    unsigned int *num)
{
    return FK_OP(do_directory(path, num));
}

static bool do_watch(struct xs_handle *h, const char *path, const char *token)
{
    Watch *w = calloc(1, sizeof(*w));

    if (!w) {
        return false;
    }
    w->path = strdup(path);
    w->token = strdup(token);
    w->next = h->watches;
    h->watches = w;
    add_event(h, path, token);
    return true;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    return FK_OP(do_watch(h, path, token));
}

static bool do_unwatch(struct xs_handle *h, const char *path,
                       const char *token)
{
    for (Watch **p = &h->watches; *p; p = &(*p)->next) {
        Watch *w = *p;

        if (!strcmp(w->path, path) && !strcmp(w->token, token)) {
            *p = w->next;
            free_watch(w);
            return true;
        }
    }
    errno = ENOENT;
    return false;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
    return FK_OP(do_unwatch(h, path, token));
}

static char **do_check_watch(struct xs_handle *h)
{
    Event *e = h->first;
    char **block;
    size_t path, token;
    uint64_t one;

    if (!e || read(h->fd, &one, sizeof(one)) != sizeof(one)) {
        errno = EAGAIN;
        return NULL;
    }
    path = strlen(e->path) + 1;
    token = strlen(e->token) + 1;
    block = malloc(2 * sizeof(char *) + path + token);
    if (block) {
        block[XS_WATCH_PATH] = memcpy(block + 2, e->path, path);
        block[XS_WATCH_TOKEN] = memcpy(block[XS_WATCH_PATH] + path, e->token,
                                       token);
    }
    h->first = e->next;
    if (!h->first) {
        h->last = &h->first;
    }
    free(e->path);
    free(e->token);
    free(e);
    return block;
}

char **xs_check_watch(struct xs_handle *h)
{
    return FK_OP(do_check_watch(h));
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    return 1;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    return true;
}

char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
    char *path;

    return asprintf(&path, "/local/domain/%u", domid) < 0 ? NULL : path;
}
