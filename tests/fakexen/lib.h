/*
 * A fake Xen: what the functions of the preloaded library have in common
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FAKEXEN_LIB_H
#define FAKEXEN_LIB_H

#include "fakexen.h"

#include <errno.h>
#include <stdlib.h>

/* Names that the headers at hand may not have. */

/* What open() of two arguments is with _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

/* Xen 4.20's, for a dom0 that has no pirqs of its own. */
struct xc_interface_core;
int xc_physdev_map_pirq_gsi(struct xc_interface_core *xch, uint32_t domid,
                            int gsi, int *pirq);
int xc_pcidev_get_gsi(struct xc_interface_core *xch, uint32_t sbdf);

/* The libraries' way of saying what went wrong: errno, and -1. */
static inline int fk_result(int rc)
{
    if (rc < 0) {
        errno = -rc;
        return -1;
    }
    return rc;
}

/* Run one operation on the model: what the test said last goes first. */
#define FK_OP(expression) ({ \
    __typeof__(expression) fk_op_rc; \
    fk_lock(); \
    fk_sync(); \
    fk_op_rc = (expression); \
    fk_unlock(); \
    fk_op_rc; })

/* For operations that always succeed and are only noted. */
#define FK_NOTE(...) ({ \
    fk_lock(); \
    fk_sync(); \
    fk_journal(__VA_ARGS__); \
    fk_unlock(); })

/* A library's handle is never looked into; it only has to be one. */
static inline void *fk_handle(void)
{
    return calloc(1, 16);
}

#endif
