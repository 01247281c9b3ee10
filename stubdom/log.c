/*
 * The stub domain's one way to say something
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LOG_STEP_MS 10

/*
 * If stderr does not take it, wait, but not for long, and not again before it
 * has taken something: there are more important things to do. poll() is no
 * help, for it does not know that another process is stuck in writing. There is
 * nowhere to say what goes wrong here.
 */
static void put(const char *line, size_t n)
{
    static bool stuck;

    for (int waited = 0; n;) {
        ssize_t done = write(STDERR_FILENO, line, n);

        if (done >= 0) {
            line += done;
            n -= done;
            stuck = false;
        } else if (errno == EAGAIN && !stuck) {
            poll(NULL, 0, LOG_STEP_MS);
            waited += LOG_STEP_MS;
            stuck = waited >= LOG_WAIT_MS;
        } else if (errno != EINTR) {
            return;
        }
    }
}

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
    put(line, n);
}

void say_raw(const char *fmt, ...)
{
    char line[LOG_LINE_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    put(line, strlen(line));
}
