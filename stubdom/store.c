/*
 * What the toolstack tells the stub domain through xenstore
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/xen.h>
#include <xenstore.h>

#include "dm-args.h"
#include "log.h"
#include "store.h"

static struct xs_handle *store_open(void)
{
    struct xs_handle *xs = xs_open(0);

    if (!xs) {
        say("xenstore cannot be opened: %s", strerror(errno));
    }
    return xs;
}

static char *store_read(struct xs_handle *xs, const char *path)
{
    char *value = xs_read(xs, XBT_NULL, path, NULL);

    if (!value) {
        say("xenstore: %s cannot be read: %s", path, strerror(errno));
    }
    return value;
}

/* A number that a domain can have, 0 apart */
static bool read_domid(const char *path, unsigned *domid)
{
    struct xs_handle *xs = store_open();
    char *value = xs ? store_read(xs, path) : NULL;
    unsigned long n;
    char *end;
    bool ok = false;

    if (value) {
        n = strtoul(value, &end, 10);
        ok = end != value && *end == '\0' && n > 0 && n < DOMID_FIRST_RESERVED;
        if (ok) {
            *domid = n;
        } else {
            say("xenstore: %s is no domain that can be served: %s", path,
                value);
        }
    }
    free(value);
    if (xs) {
        xs_close(xs);
    }
    return ok;
}

bool store_close_controls(void)
{
    static const char *const nodes[] = { "control/shutdown", "control/sysrq" };
    struct xs_handle *xs = store_open();
    bool ok = xs;

    for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]) && ok; i++) {
        ok = xs_rm(xs, XBT_NULL, nodes[i]) || errno == ENOENT;
        if (!ok) {
            say("xenstore: %s cannot be removed: %s", nodes[i],
                strerror(errno));
        }
    }
    if (xs) {
        xs_close(xs);
    }
    return ok;
}

bool store_read_target(unsigned *domid)
{
    return read_domid("target", domid);
}

bool store_read_domid(unsigned *domid)
{
    return read_domid("domid", domid);
}

static bool read_args(struct xs_handle *xs, const char *dir,
                      char ***args, size_t *n)
{
    unsigned count = 0;
    char **keys = xs_directory(xs, XBT_NULL, dir, &count);
    char **values = keys ? calloc(count, sizeof(*values)) : NULL;
    char path[256];
    size_t i = 0;

    if (!keys || count == 0) {
        say("xenstore: %s has no arguments for QEMU: %s; is the stub domain's "
            "device_model_version qemu-xen?", dir, strerror(errno));
    } else if (!dm_keys_sort(keys, count)) {
        say("xenstore: %s has names that are not argument numbers", dir);
    } else if (values) {
        for (; i < count; i++) {
            snprintf(path, sizeof(path), "%s/%s", dir, keys[i]);
            values[i] = store_read(xs, path);
            if (!values[i]) {
                break;
            }
        }
    }
    free(keys);
    *args = values;
    *n = count;
    return count && i == count;
}

bool store_read_dm_args(unsigned target, char ***args, size_t *n)
{
    struct xs_handle *xs = store_open();
    char path[128];
    char *vm = NULL;
    bool ok = false;

    if (xs) {
        snprintf(path, sizeof(path), "/local/domain/%u/vm", target);
        vm = store_read(xs, path);
    }
    if (vm) {
        snprintf(path, sizeof(path), "%s/image/dm-argv", vm);
        ok = read_args(xs, path, args, n);
    }
    free(vm);
    if (xs) {
        xs_close(xs);
    }
    return ok;
}

/* Without a word: what is not there is no fault. */
static bool read_name(const StorePciDevices *s, const char *prefix, unsigned i,
                      char name[STORE_NAME_MAX])
{
    char path[sizeof(s->dir) + 16], *value;
    bool ok;

    snprintf(path, sizeof(path), "%s/%s-%u", s->dir, prefix, i);
    value = xs_read(s->xs, XBT_NULL, path, NULL);
    ok = value && strlen(value) < STORE_NAME_MAX;
    if (ok) {
        strcpy(name, value);
    }
    free(value);
    return ok;
}

bool store_pci_open(StorePciDevices *s, unsigned domid)
{
    char path[sizeof(s->dir) + 16], *value;

    s->next = s->n = 0;
    s->xs = store_open();
    if (!s->xs) {
        return false;
    }
    snprintf(s->dir, sizeof(s->dir), "/local/domain/0/backend/pci/%u/0", domid);
    snprintf(path, sizeof(path), "%s/num_devs", s->dir);
    value = xs_read(s->xs, XBT_NULL, path, NULL);
    if (value) {
        s->n = strtoul(value, NULL, 10);
    }
    free(value);
    if (!s->n) {
        xs_close(s->xs);
    }
    return s->n;
}

bool store_pci_next(StorePciDevices *s, char host[STORE_NAME_MAX],
                    char local[STORE_NAME_MAX])
{
    while (s->next < s->n) {
        unsigned i = s->next++;

        if (read_name(s, "dev", i, host) && read_name(s, "vdev", i, local)) {
            return true;
        }
    }
    return false;
}

void store_pci_close(StorePciDevices *s)
{
    xs_close(s->xs);
}
