/*
 * xenstore: what is not its own
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>

#include "evil.h"

/* Returns 0 if any of the paths can be written; a %u is this domain. */
static long write_any(const char *const *paths, size_t n, unsigned domid)
{
    struct xs_handle *xs = xs_open(0);
    long rc = -EPERM;

    for (size_t i = 0; xs && i < n; i++) {
        char path[128];

        snprintf(path, sizeof(path), paths[i], domid);
        if (xs_write(xs, XBT_NULL, path, "", 0)) {
            note("%s", path);
            rc = 0;
        } else if (rc < 0) {
            rc = -errno;
        }
    }
    return rc;
}

#define WRITE_ANY(domid, ...) \
    write_any((const char *const[]) { __VA_ARGS__ }, \
              ARRAY_SIZE(((const char *const[]) { __VA_ARGS__ })), domid)

static long dom0s(void)
{
    return WRITE_ANY(0, "/local/domain/%u/evil", "/local/domain/%u/name",
                     "/local/domain/%u/device-model/evil",
                     "/local/domain/%u/backend/evil");
}

static long backends(void)
{
    return WRITE_ANY(own, "/local/domain/0/backend/pci/%u/0/num_devs",
                     "/local/domain/0/backend/pci/%u/0/dev-1",
                     "/local/domain/0/backend/pci/%u/0/vdev-0",
                     "/local/domain/0/backend/pci/%u/0/state",
                     "/local/domain/0/backend/pci/%u/evil",
                     "/local/domain/0/backend/console/%u/0/state");
}

static long toolstacks(void)
{
    return WRITE_ANY(own, "/evil", "/libxl/%u/evil", "/libxl/%u/dm-version",
                     "/tool/evil", "/tool/xenstored", "/vm/evil",
                     "@releaseDomain");
}

static long guests_name(void)
{
    return WRITE_ANY(target, "/local/domain/%u/name", "/local/domain/%u/vm",
                     "/local/domain/%u/domid", "/local/domain/%u/evil",
                     "/libxl/%u/type", "/local/domain/%u/memory/target",
                     "/local/domain/%u/console/type");
}

static long guests_data(void)
{
    return WRITE_ANY(target, "/local/domain/%u/data/evil");
}

static long others(void)
{
    return WRITE_ANY(own + 1, "/local/domain/%u/data/evil",
                     "/local/domain/%u/evil");
}

static long own_identity(void)
{
    return WRITE_ANY(own, "/local/domain/%u/target", "/local/domain/%u/domid",
                     "/local/domain/%u/name", "/local/domain/%u/vm",
                     "/local/domain/%u/evil");
}

static long own_data(void)
{
    return WRITE_ANY(own, "/local/domain/%u/data/evil");
}

/* A front end that the kernel would take up; its back end could be QEMU. */
static long new_front_end(void)
{
    return WRITE_ANY(own, "/local/domain/%u/device/pci/7/state",
                     "/local/domain/%u/device/vbd/7/state",
                     "/local/domain/%u/device/vif/7/state",
                     "/local/domain/%u/device/evil/0/state");
}

/* The kernel would end the domain, and nobody report the guest as crashed. */
static long own_end(void)
{
    return WRITE_ANY(own, "/local/domain/%u/control/shutdown",
                     "/local/domain/%u/control/sysrq");
}

static long become_guest(void)
{
    struct xs_handle *xs = xs_open(0);

    return xs_set_target(xs, own, 0) || xs_introduce_domain(xs, own, 0, 0) ||
           xs_release_domain(xs, target) ? 0 : -errno;
}

static long command(void)
{
    char *answer = xs_control_command(xs_open(0), "log", (void *)"off", 4);

    return answer && strcmp(answer, "OK") == 0 ? 0 : -errno;
}

static const Attempt attempts[] = {
    REFUSED("nodes of dom0", dom0s),
    REFUSED("nodes of its back ends", backends),
    REFUSED("nodes of the toolstack", toolstacks),
    REFUSED("nodes of the guest that are dom0's", guests_name),
    ALLOWED("nodes of the guest that are the guest's",
            "xenstored gives a device model its guest's rights", guests_data),
    REFUSED("nodes of another domain", others),
    REFUSED("who it is, and whom it serves", own_identity),
    ALLOWED("nodes of its own", "it tells libxl that it runs", own_data),
    REFUSED("a front end that dom0 has not made", new_front_end),
    REFUSED("its own domain's shutdown and sysrq nodes", own_end),
    REFUSED("xenstored's calls about domains", become_guest),
    REFUSED("xenstored's commands", command),
};

THEME(store_theme, "xenstore");
