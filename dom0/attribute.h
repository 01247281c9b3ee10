/*
 * An attribute in sysfs
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef DOM0_ATTRIBUTE_H
#define DOM0_ATTRIBUTE_H

#include <sys/types.h>

/* It is at most a page. */
#define ATTRIBUTE_MAX 4096

/*
 * Read it. Returns its length, or -1 with errno set where it cannot be read:
 * then TEXT is empty.
 */
ssize_t attribute_read(const char *path, char text[ATTRIBUTE_MAX + 1]);

#endif
