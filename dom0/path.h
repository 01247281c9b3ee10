/*
 * The path of a file of the system
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_PATH_H
#define DOM0_PATH_H

#include <limits.h>

typedef struct Path {
    char text[PATH_MAX];
} Path;

/*
 * The path FMT; ends the program if it is too long. All files of sysfs and of
 * the configuration are named by it: the tests put their own in its place.
 */
Path path_to(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
