/*
 * Where the system's files are
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_ROOT_H
#define DOM0_ROOT_H

#include <limits.h>

typedef struct Path {
    char text[PATH_MAX];
} Path;

/* Look for all files below DIR, which has to stay valid; at first, "" */
void root_set(const char *dir);

/* The path FMT, which begins with "/", below the root; ends if too long */
Path root_path(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
