/*
 * The stub domain's one way to say something
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STUBDOM_LOG_H
#define STUBDOM_LOG_H

#define LOG_LINE_MAX 4096
#define LOG_WAIT_MS 500

/*
 * Write one line to standard error, which is the domain's console: "stubdom: ",
 * the seconds since boot, the message. A line over LOG_LINE_MAX bytes is cut.
 * It goes out in one write if there is room, so that it is not mixed with what
 * QEMU says meanwhile. Where the console does not block, the line is lost, or
 * its end, if there is no room for LOG_WAIT_MS.
 */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, but the message alone, as it is. */
void say_raw(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
