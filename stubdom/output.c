/*
 * What QEMU prints, on its way to the console
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE         /* pipe2() */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "output.h"

/* A full pipe has 16 of these. */
#define STEP 4096
#define LAST_STEPS 32
/* What this process says begins so; nobody else's line may. */
#define OWN "stubdom:"
/* The longest line that says what is left out */
#define SAY_MAX 100

bool output_open(Output *o, int *to)
{
    int ends[2];

    *o = (Output) { .fd = -1, .room = OUTPUT_BURST };
    if (pipe2(ends, O_CLOEXEC) < 0 ||
        fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
        say("QEMU's output: %s", strerror(errno));
        return false;
    }
    o->fd = ends[0];
    *to = ends[1];
    return true;
}

static void refill(Output *o, int64_t now)
{
    if (!o->second) {
        o->second = now;
    }
    o->room += (uint64_t)(now - o->second) * OUTPUT_RATE;
    if (o->room > OUTPUT_BURST) {
        o->room = OUTPUT_BURST;
    }
    o->second = now;
}

static void put_line(Output *o)
{
    const char *mark = strncmp(o->line, OWN, strlen(OWN)) == 0 ? "qemu: " : "";

    size_t n = o->n + strlen(mark) + 1;

    /* To say what was left out takes room, too. */
    if (n + (o->left_out ? SAY_MAX : 0) > o->room) {
        o->left_out += o->n + 1;
    } else {
        if (o->left_out) {
            say("%llu bytes of what QEMU printed are left out", o->left_out);
            o->left_out = 0;
            o->room -= SAY_MAX;
        }
        o->room -= n;
        say_raw("%s%s\n", mark, o->line);
    }
    o->n = 0;
    o->line[0] = '\0';
}

/* Terminals act on what is no text; beyond ASCII that depends on their set. */
static char printable(char c)
{
    return c == '\t' || (c >= ' ' && c <= '~') ? c : '?';
}

static void take(Output *o, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\r') {
            continue;
        }
        if (text[i] == '\n' || o->n == sizeof(o->line) - 1) {
            put_line(o);
        }
        if (text[i] != '\n') {
            o->line[o->n++] = printable(text[i]);
            o->line[o->n] = '\0';
        }
    }
}

bool output_step(Output *o, int64_t now)
{
    char text[STEP];
    ssize_t n = read(o->fd, text, sizeof(text));

    if (n < 0) {
        return false;
    }
    refill(o, now);
    if (n == 0) {
        close(o->fd);
        o->fd = -1;
        return false;
    }
    take(o, text, n);
    return true;
}

void output_end(Output *o, int64_t now)
{
    int steps = 0;

    while (steps < LAST_STEPS && o->fd >= 0 && output_step(o, now)) {
        steps++;
    }
    if (o->n) {
        put_line(o);
    }
    if (o->left_out) {
        say("%llu bytes of what QEMU printed are left out", o->left_out);
    }
}
