/*
 * What QEMU prints, and what of it reaches the console
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "output.h"

typedef struct Bench {
    Output o;
    int to;
    int console;                /* what stands for it */
    int before;                 /* the test's own */
} Bench;

static void setup(Bench *b)
{
    g_assert_true(output_open(&b->o, &b->to));
    b->console = memfd_create("console", MFD_CLOEXEC);
    b->before = dup(STDERR_FILENO);
    g_assert_cmpint(dup2(b->console, STDERR_FILENO), ==, STDERR_FILENO);
}

/* What has reached the console. The caller frees it. */
static char *teardown(Bench *b)
{
    off_t size = lseek(b->console, 0, SEEK_END);
    char *text = g_malloc0(size + 1);

    dup2(b->before, STDERR_FILENO);
    close(b->before);
    g_assert_cmpint(pread(b->console, text, size, 0), ==, size);
    close(b->console);
    if (b->to >= 0) {
        close(b->to);
    }
    if (b->o.fd >= 0) {
        close(b->o.fd);
    }
    return text;
}

static void print(Bench *b, const void *what, size_t n)
{
    g_assert_cmpint(write(b->to, what, n), ==, n);
}

static void test_lines(void)
{
    static const struct {
        const char *printed, *shown;
    } rows[] = {
        { "one\n", "one\n" },
        { "one\ntwo\n\n", "one\ntwo\n\n" },
        { "a tab\t, a return\r\n", "a tab\t, a return\n" },
        { "\033[2J\033]0;title\007\n", "?[2J?]0;title?\n" },
        { "\302\233\377\001\177\b\n", "??????\n" },
        /* Nobody else says what init says. */
        { "stubdom: (1.00 s) all is well\n",
          "qemu: stubdom: (1.00 s) all is well\n" },
        { "a\rstubdom: x\n", "astubdom: x\n" },
        { "\rstubdom: x\n", "qemu: stubdom: x\n" },
        { "no end", "no end\n" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *shown = NULL;
        Bench b;

        setup(&b);
        print(&b, rows[i].printed, strlen(rows[i].printed));
        close(b.to);
        b.to = -1;
        output_end(&b.o, 5);
        shown = teardown(&b);
        g_assert_cmpstr(shown, ==, rows[i].shown);
    }
}

/* Line by line as they come, and not before */
static void test_parts(void)
{
    g_autofree char *shown = NULL;
    Bench b;

    setup(&b);
    g_assert_false(output_step(&b.o, 1));       /* nothing has come */
    print(&b, "on", 2);
    g_assert_true(output_step(&b.o, 1));
    g_assert_cmpint(lseek(b.console, 0, SEEK_END), ==, 0);
    print(&b, "e\ntw", 4);
    g_assert_true(output_step(&b.o, 1));
    g_assert_cmpint(lseek(b.console, 0, SEEK_END), ==, 4);
    g_assert_cmpint(b.o.fd, >=, 0);
    close(b.to);
    b.to = -1;
    g_assert_false(output_step(&b.o, 1));
    g_assert_cmpint(b.o.fd, ==, -1);
    output_end(&b.o, 1);
    shown = teardown(&b);
    g_assert_cmpstr(shown, ==, "one\ntw\n");
}

static void test_zero_bytes(void)
{
    g_autofree char *shown = NULL;
    Bench b;

    setup(&b);
    print(&b, "a\0b\n", 4);
    output_step(&b.o, 1);
    shown = teardown(&b);
    g_assert_cmpstr(shown, ==, "a?b\n");
}

static void test_long_line(void)
{
    g_autofree char *line = g_strnfill(3 * OUTPUT_LINE_MAX, 'x');
    g_autofree char *shown = NULL;
    g_auto(GStrv) lines = NULL;
    Bench b;

    setup(&b);
    print(&b, line, strlen(line));
    output_step(&b.o, 1);
    output_end(&b.o, 1);
    shown = teardown(&b);
    lines = g_strsplit(shown, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 5);
    for (int i = 0; i < 4; i++) {
        g_assert_cmpuint(strlen(lines[i]), <, OUTPUT_LINE_MAX);
    }
    g_assert_cmpuint(strlen(shown), ==, strlen(line) + 4);
}

/* N lines of 64 bytes, at NOW */
static void flood(Bench *b, size_t n, int64_t now)
{
    g_autofree char *line = g_strnfill(64, 'x');

    line[63] = '\n';
    for (size_t i = 0; i < n; i++) {
        print(b, line, 64);
        g_assert_true(output_step(&b->o, now));
    }
}

static void test_flood(void)
{
    const size_t seconds = 100, all = 40 * OUTPUT_BURST;
    g_autofree char *shown = NULL;
    const char *left_out;
    off_t size, later;
    Bench b;

    setup(&b);
    flood(&b, all / 64, 7);
    size = lseek(b.console, 0, SEEK_END);
    g_assert_cmpint(size, ==, OUTPUT_BURST);
    g_assert_cmpuint(b.o.left_out, ==, all - OUTPUT_BURST);
    /* some time after that there is room for a little more */
    flood(&b, all / 64, 7 + seconds);
    later = lseek(b.console, 0, SEEK_END) - size;
    g_assert_cmpint(later, >, seconds * OUTPUT_RATE / 2);
    g_assert_cmpint(later, <, seconds * OUTPUT_RATE + 200);
    /* and in the end for all that is not too much at once */
    flood(&b, 1, 1000000);
    g_assert_cmpuint(b.o.room, <=, OUTPUT_BURST - 64);
    g_assert_cmpuint(b.o.room, >, OUTPUT_BURST - 64 - 200);
    g_assert_cmpuint(b.o.left_out, ==, 0);
    shown = teardown(&b);
    left_out = strstr(shown, "are left out");
    g_assert_nonnull(left_out);
    g_assert_nonnull(strstr(left_out + 1, "are left out"));
}

/* The line that says what is left out counts too. */
static void test_flood_of_short_lines(void)
{
    g_autofree char *line = g_strnfill(OUTPUT_LINE_MAX, 'x');
    g_autofree char *shown = NULL;
    const int64_t seconds = 10;
    off_t size;
    Bench b;

    line[OUTPUT_LINE_MAX - 1] = '\n';
    setup(&b);
    flood(&b, OUTPUT_BURST / 64, 7);
    size = lseek(b.console, 0, SEEK_END);
    for (int64_t now = 8; now < 8 + seconds; now++) {
        for (int i = 0; i < 1000; i++) {
            print(&b, "\n", 1);
            print(&b, line, OUTPUT_LINE_MAX);
            g_assert_true(output_step(&b.o, now));
        }
    }
    size = lseek(b.console, 0, SEEK_END) - size;
    g_assert_cmpint(size, >, seconds * OUTPUT_RATE / 2);
    g_assert_cmpint(size, <=, seconds * OUTPUT_RATE);
    shown = teardown(&b);
}

/* A console that takes nothing costs the wait once, not for each line. */
static void test_stuck_console(void)
{
    g_autofree char *lines = g_strnfill(4000, '\n');
    int ends[2];
    int64_t begin;
    Bench b;

    setup(&b);
    g_assert_cmpint(pipe2(ends, O_CLOEXEC | O_NONBLOCK), ==, 0);
    while (write(ends[1], lines, 4000) > 0) {
    }
    while (write(ends[1], lines, 1) > 0) {
    }
    g_assert_cmpint(dup2(ends[1], STDERR_FILENO), ==, STDERR_FILENO);
    print(&b, lines, 4000);
    begin = g_get_monotonic_time();
    g_assert_true(output_step(&b.o, 1));
    begin = g_get_monotonic_time() - begin;
    dup2(b.console, STDERR_FILENO);
    /* 4000 waits would be half an hour. */
    g_assert_cmpint(begin, <, 20 * G_USEC_PER_SEC);
    close(ends[0]);
    close(ends[1]);
    g_free(teardown(&b));
}

/* The last line may be that something was left out. */
static void test_flood_ends(void)
{
    g_autofree char *shown = NULL;
    Bench b;

    setup(&b);
    flood(&b, OUTPUT_BURST / 64 + 1, 7);
    output_end(&b.o, 7);
    shown = teardown(&b);
    g_assert_true(g_str_has_suffix(shown, " 64 bytes of what QEMU printed are "
                                          "left out\n"));
}

/* Whoever keeps the pipe full does not keep init. */
static void test_end_is_bounded(void)
{
    g_autofree char *text = g_strnfill(65536, 'x');
    g_autofree char *shown = NULL;
    Bench b;

    setup(&b);
    g_assert_cmpint(fcntl(b.to, F_SETPIPE_SZ, 1 << 20), ==, 1 << 20);
    for (int i = 0; i < 16; i++) {
        print(&b, text, 65536);
    }
    output_end(&b.o, 7);
    g_assert_cmpint(b.o.fd, >=, 0);
    g_assert_true(output_step(&b.o, 7));
    shown = teardown(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stubdom/output/lines", test_lines);
    g_test_add_func("/stubdom/output/parts", test_parts);
    g_test_add_func("/stubdom/output/zero-bytes", test_zero_bytes);
    g_test_add_func("/stubdom/output/long-line", test_long_line);
    g_test_add_func("/stubdom/output/flood", test_flood);
    g_test_add_func("/stubdom/output/flood-of-short-lines",
                    test_flood_of_short_lines);
    g_test_add_func("/stubdom/output/stuck-console", test_stuck_console);
    g_test_add_func("/stubdom/output/flood-ends", test_flood_ends);
    g_test_add_func("/stubdom/output/end-is-bounded", test_end_is_bounded);
    return g_test_run();
}
