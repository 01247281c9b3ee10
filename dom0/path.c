/*
 * The path of a file of the system
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>

#include "path.h"
#include "status.h"

Path path_to(const char *fmt, ...)
{
    Path p;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(p.text, sizeof(p.text), fmt, ap);
    va_end(ap);
    if (n < 0 || n >= (int)sizeof(p.text)) {
        errx(STATUS_USAGE, "a path is too long: %s", fmt);
    }
    return p;
}
