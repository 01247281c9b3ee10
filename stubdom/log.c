/*
 * The stub domain's one way to say something
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

void say(const char *fmt, ...)
{
    char line[LOG_LINE_MAX];
    struct timespec now = { 0 };
    size_t n;
    va_list ap;

    clock_gettime(CLOCK_BOOTTIME, &now);
    n = snprintf(line, sizeof(line), "stubdom: (%lld.%02ld s) ",
                 (long long)now.tv_sec, now.tv_nsec / 10000000);
    va_start(ap, fmt);
    vsnprintf(line + n, sizeof(line) - n, fmt, ap);
    va_end(ap);
    n = strlen(line);
    if (n == sizeof(line) - 1) {
        n--;
    }
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0) {
        /* There is nowhere left to say so. */
        return;
    }
}
