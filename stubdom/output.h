/*
 * What QEMU prints, on its way to the console
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The console is a file in dom0 that grows, and somebody's terminal. So QEMU
 * has a pipe instead: init reads it, leaves out what no terminal is to see, and
 * all that is more than a device model has to say.
 */
#ifndef STUBDOM_OUTPUT_H
#define STUBDOM_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTPUT_LINE_MAX 1024
/* In bytes: at once, and in a second after that */
#define OUTPUT_BURST (512U << 10)
#define OUTPUT_RATE 1024U

typedef struct Output {
    int fd;                     /* where it is read, -1: it has ended */
    char line[OUTPUT_LINE_MAX];
    size_t n;
    uint64_t room;              /* bytes that may be printed now */
    int64_t second;             /* when that was looked at last */
    unsigned long long left_out;
} Output;

/*
 * Make the pipe. *TO is the end for QEMU. Returns false, and says why, if there
 * is none.
 */
bool output_open(Output *o, int *to);

/*
 * Print some of what has come, NOW (in seconds, never backwards). Never waits
 * for QEMU. Returns false if there is nothing more at the moment.
 */
bool output_step(Output *o, int64_t now);

/* QEMU has ended: print what is left, but for a limit. */
void output_end(Output *o, int64_t now);

#endif
