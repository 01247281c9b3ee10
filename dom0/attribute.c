/*
 * An attribute in sysfs
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "attribute.h"
#include "path.h"

ssize_t attribute_read(const char *path, char text[ATTRIBUTE_MAX + 1])
{
    int fd = open(path_to("%s", path).text, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, ATTRIBUTE_MAX);
    int error = errno;

    if (fd >= 0) {
        close(fd);
    }
    errno = error;
    text[n < 0 ? 0 : n] = '\0';
    return n;
}
