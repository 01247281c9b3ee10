/*
 * Which domain has which PCI device, from xenstore
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "domains.h"

#define BACKEND "/local/domain/0/backend/pci"
#define PATH_SIZE 128
/* A domain number, DOMID_FIRST_RESERVED and above are none (xen.h) */
#define DOMID_END 0x7ff0

struct Domains {
    struct xs_handle *xs;
};

Domains *domains_open(void)
{
    Domains *d = malloc(sizeof(*d));

    if (d) {
        d->xs = xs_open(0);
        if (!d->xs) {
            int error = errno;

            free(d);
            errno = error;
            return NULL;
        }
    }
    return d;
}

void domains_close(Domains *d)
{
    if (d) {
        xs_close(d->xs);
        free(d);
    }
}

static bool parse_domid(const char *text, unsigned *domid)
{
    unsigned long n;
    char *end;

    if (*text < '0' || *text > '9') {
        return false;
    }
    n = strtoul(text, &end, 10);
    *domid = n;
    return *end == '\0' && n < DOMID_END;
}

static char *read_node(Domains *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static char *read_node(Domains *d, const char *fmt, ...)
{
    char path[PATH_SIZE];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(path, sizeof(path), fmt, ap);
    va_end(ap);
    return xs_read(d->xs, XBT_NULL, path, NULL);
}

/* What is not there is empty. Returns NULL with errno set for other errors. */
static char **read_directory(Domains *d, const char *path, unsigned *n)
{
    char **names = xs_directory(d->xs, XBT_NULL, path, n);

    if (!names && errno == ENOENT) {
        *n = 0;
        names = calloc(1, sizeof(*names));
    }
    return names;
}

int domains_find(Domains *d, const char *domain, unsigned *domid)
{
    char *name;
    char **ids;
    unsigned n, i;
    bool found = false;

    if (domain[0] && domain[strspn(domain, "0123456789")] == '\0') {
        if (!parse_domid(domain, domid)) {
            errno = ENOENT;
            return -1;
        }
        name = read_node(d, "/local/domain/%u/name", *domid);
        found = name;
        free(name);
        return found ? 0 : -1;
    }
    ids = read_directory(d, "/local/domain", &n);
    if (!ids) {
        return -1;
    }
    for (i = 0; i < n && !found; i++) {
        name = read_node(d, "/local/domain/%s/name", ids[i]);
        if (!name && errno != ENOENT) {
            break;
        }
        found = name && strcmp(name, domain) == 0 &&
                parse_domid(ids[i], domid);
        free(name);
    }
    if (!found && i == n) {
        errno = ENOENT;
    }
    free(ids);
    return found ? 0 : -1;
}

/* Fill in what kind of domain A's is. Returns false with errno set. */
static bool read_target(Domains *d, Assignment *a)
{
    char *target = read_node(d, "/local/domain/%u/target", a->domid);

    if (!target && errno != ENOENT) {
        return false;
    }
    a->stubdom = target && parse_domid(target, &a->target);
    free(target);
    return true;
}

/* Sets errno if it is not, to ENOENT where there is no such domain. */
static bool is_there(Domains *d, unsigned domid)
{
    char *name = read_node(d, "/local/domain/%u/name", domid);
    bool there = name;

    free(name);
    return there;
}

/*
 * Add the devices of one backend, DOMID/DEVID, to LIST. Returns false with
 * errno set. What vanishes meanwhile is left out: the domain is ending. So is
 * what libxl leaves behind of a domain whose pcifront has crashed; pciback has
 * let the device go.
 */
static bool add_backend(Domains *d, const char *id, const char *devid,
                        Assignment **list, int *n)
{
    char path[PATH_SIZE];
    Assignment a = { .domid = 0 }, *more;
    unsigned count, i;
    char **names;
    bool ok = true;

    if (!parse_domid(id, &a.domid)) {
        return true;
    }
    snprintf(path, sizeof(path), BACKEND "/%s/%s", id, devid);
    if (!is_there(d, a.domid)) {
        return errno == ENOENT;
    }
    names = read_directory(d, path, &count);
    ok = names && read_target(d, &a);
    for (i = 0; ok && i < count; i++) {
        char *bdf;

        if (strncmp(names[i], "dev-", 4) != 0) {
            continue;
        }
        bdf = read_node(d, "%s/%s", path, names[i]);
        ok = bdf || errno == ENOENT;
        if (bdf && bdf_parse(&a.bdf, bdf)) {
            more = realloc(*list, (*n + 1) * sizeof(a));
            ok = more;
            if (ok) {
                *list = more;
                more[(*n)++] = a;
            }
        }
        free(bdf);
    }
    free(names);
    return ok;
}

static int compare(const void *a, const void *b)
{
    return bdf_compare(&((const Assignment *)a)->bdf,
                       &((const Assignment *)b)->bdf);
}

int domains_assignments(Domains *d, Assignment **list)
{
    char path[PATH_SIZE];
    unsigned n_ids, n_devids, i, j;
    char **ids = read_directory(d, BACKEND, &n_ids), **devids;
    bool ok = ids;
    int n = 0, error;

    *list = NULL;
    for (i = 0; ok && i < n_ids; i++) {
        snprintf(path, sizeof(path), BACKEND "/%s", ids[i]);
        devids = read_directory(d, path, &n_devids);
        ok = devids;
        for (j = 0; ok && j < n_devids; j++) {
            ok = add_backend(d, ids[i], devids[j], list, &n);
        }
        free(devids);
    }
    error = errno;
    free(ids);
    if (!ok) {
        free(*list);
        *list = NULL;
        errno = error;
        return -1;
    }
    if (n) {
        qsort(*list, n, sizeof(**list), compare);
    }
    return n;
}

bool domains_watch(Domains *d)
{
    return xs_watch(d->xs, BACKEND, "pci");
}

int domains_fd(Domains *d)
{
    return xs_fileno(d->xs);
}

int domains_changed(Domains *d)
{
    char **event;
    int changed = 0;

    while ((event = xs_check_watch(d->xs))) {
        free(event);
        changed = 1;
    }
    return errno == EAGAIN ? changed : -1;
}

char *domains_name(Domains *d, unsigned domid)
{
    char *name = read_node(d, "/local/domain/%u/name", domid);

    return name || errno != ENOENT ? name : strdup("?");
}
