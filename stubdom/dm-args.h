/*
 * QEMU's command line in the stub domain
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_DM_ARGS_H
#define STUBDOM_DM_ARGS_H

#include <stdbool.h>
#include <stddef.h>

/* What libxl writes where the migration stream is to be named (libxl_dm.c) */
#define DM_RESTORE_ARG "$STUBDOM_RESTORE_INCOMING_ARG"
/* The descriptor that takes its place */
#define DM_RESTORE_FD 3

/*
 * Sort the N names below image/dm-argv by their number: libxl pads them to
 * three digits, which does not order more than 999 as text. Returns false if
 * one is no decimal number of at most nine digits, or is there twice.
 */
bool dm_keys_sort(char **keys, size_t n);

/*
 * Join the NULL-terminated FIRST and the N arguments of libxl to a
 * NULL-terminated vector for execv(). It, but none of its strings, is the
 * caller's to free(). *RESTORE says whether DM_RESTORE_FD has to be open in
 * QEMU. Returns NULL when out of memory.
 */
char **dm_argv_build(char *const *first, char *const *args, size_t n,
                     bool *restore);

#endif
