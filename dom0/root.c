/*
 * Where the system's files are
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <err.h>
#include <stdarg.h>
#include <stdio.h>

#include "root.h"
#include "status.h"

static const char *root = "";

void root_set(const char *dir)
{
    root = dir;
}

Path root_path(const char *fmt, ...)
{
    Path p;
    int n, m;
    va_list ap;

    n = snprintf(p.text, sizeof(p.text), "%s", root);
    if (n >= (int)sizeof(p.text)) {
        errx(STATUS_USAGE, "the path is too long: %s", root);
    }
    va_start(ap, fmt);
    m = vsnprintf(p.text + n, sizeof(p.text) - n, fmt, ap);
    va_end(ap);
    if (m >= (int)sizeof(p.text) - n) {
        errx(STATUS_USAGE, "the path is too long: %s", root);
    }
    return p;
}
