/*
 * QEMU's command line in the stub domain
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>

#include "dm-args.h"

#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)

static int compare_keys(const void *a, const void *b)
{
    long x = strtol(*(char *const *)a, NULL, 10);
    long y = strtol(*(char *const *)b, NULL, 10);

    return (x > y) - (x < y);
}

bool dm_keys_sort(char **keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(keys[i]);

        if (len == 0 || len > 9 || strspn(keys[i], "0123456789") != len) {
            return false;
        }
    }
    if (n > 1) {
        qsort(keys, n, sizeof(*keys), compare_keys);
    }
    for (size_t i = 1; i < n; i++) {
        if (compare_keys(&keys[i - 1], &keys[i]) == 0) {
            return false;
        }
    }
    return true;
}

char **dm_argv_build(char *const *first, char *const *args, size_t n,
                     bool *restore)
{
    static char restore_arg[] = "fd:" STRINGIFY(DM_RESTORE_FD);
    size_t nfirst = 0;
    char **argv;

    while (first[nfirst]) {
        nfirst++;
    }
    argv = calloc(nfirst + n + 1, sizeof(*argv));
    if (!argv) {
        return NULL;
    }
    memcpy(argv, first, nfirst * sizeof(*argv));
    *restore = false;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(args[i], DM_RESTORE_ARG) == 0) {
            *restore = true;
            argv[nfirst + i] = restore_arg;
        } else {
            argv[nfirst + i] = args[i];
        }
    }
    return argv;
}
