/*
 * The end of QEMU in the stub domain, with a console that QEMU has stopped
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libxendevicemodel and write() are stood in for by the functions below. A
 * child stands for init, with a pipe as its console, and another for QEMU.
 */
#define _GNU_SOURCE         /* pipe2() */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/sched.h>
#include <xendevicemodel.h>

#include "end.h"
#include "log.h"

#define TARGET 7
#define PATIENCE_MS 10000

static struct {
    bool absent;
    int reports[2];         /* a pipe: a byte, the domain, for each report */
} xen;

static size_t at_once = SIZE_MAX;   /* what write() takes */

ssize_t write(int fd, const void *data, size_t n)
{
    return syscall(SYS_write, fd, data, MIN(n, at_once));
}

static int token;           /* stands for an open interface */

xendevicemodel_handle *xendevicemodel_open(struct xentoollog_logger *logger,
                                           unsigned open_flags)
{
    (void)logger;
    (void)open_flags;
    errno = ENOENT;
    return xen.absent ? NULL : (xendevicemodel_handle *)&token;
}

int xendevicemodel_close(xendevicemodel_handle *dmod)
{
    return dmod == (xendevicemodel_handle *)&token ? 0 : -1;
}

int xendevicemodel_shutdown(xendevicemodel_handle *dmod, domid_t domid,
                            unsigned int reason)
{
    uint8_t byte = domid;

    return dmod == (xendevicemodel_handle *)&token &&
           reason == SHUTDOWN_crash &&
           write(xen.reports[1], &byte, 1) == 1 ? 0 : -1;
}

/* A pipe that stands for the console; FULL: nothing more goes in */
static void open_console(int console[2], bool full, bool block)
{
    static const char text[4096];

    g_assert_cmpint(pipe(console), ==, 0);
    g_assert_cmpint(fcntl(console[1], F_SETFL, O_NONBLOCK), ==, 0);
    while (full && write(console[1], text, sizeof(text)) > 0) {
        continue;
    }
    if (block) {
        g_assert_cmpint(fcntl(console[1], F_SETFL, 0), ==, 0);
    }
}

/* Is a report there within the time? Its domain is in *BYTE then. */
static bool reported(uint8_t *byte)
{
    struct pollfd in = { .fd = xen.reports[0], .events = POLLIN };

    return poll(&in, 1, PATIENCE_MS) > 0 && read(in.fd, byte, 1) == 1;
}

/* Be init: wait for the end of a QEMU that ends by SIGNAL, 0: by itself */
static int be_init(int console, int signal, unsigned target)
{
    pid_t qemu, other = fork();
    siginfo_t info;

    if (other == 0) {
        _exit(0);
    }
    waitid(P_PID, other, &info, WEXITED | WNOWAIT);
    if (end_reap(getpid(), target)) {
        return 1;
    }
    qemu = fork();
    if (qemu == 0) {
        if (signal) {
            kill(getpid(), signal);
        }
        _exit(3);
    }
    dup2(console, STDERR_FILENO);
    waitid(P_PID, qemu, &info, WEXITED | WNOWAIT);
    if (!end_reap(qemu, target) || end_reap(qemu, target)) {
        return 2;
    }
    end_report(target);     /* at the end of the domain, once more */
    return 0;
}

static pid_t start_init(int console, int signal, unsigned target)
{
    pid_t pid;

    g_assert_cmpint(pipe2(xen.reports, O_NONBLOCK), ==, 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(be_init(console, signal, target));
    }
    close(xen.reports[1]);
    return pid;
}

static void test_stopped_console(void)
{
    int console[2];
    uint8_t byte = 0;
    pid_t pid;

    open_console(console, true, true);
    pid = start_init(console[1], SIGKILL, TARGET);
    g_assert_true(reported(&byte));
    g_assert_cmpint(byte, ==, TARGET);
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    close(xen.reports[0]);
    close(console[0]);
    close(console[1]);
}

/* All that is said, and how often the target was reported */
static char *said(int signal, unsigned target, int *reports)
{
    char text[4096] = "";
    int console[2], status;
    uint8_t byte;
    pid_t pid;

    open_console(console, false, true);
    pid = start_init(console[1], signal, target);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    close(console[1]);
    g_assert_cmpint(read(console[0], text, sizeof(text) - 1), >=, 0);
    close(console[0]);
    for (*reports = 0; read(xen.reports[0], &byte, 1) == 1; ++*reports) {
        g_assert_cmpint(byte, ==, target);
    }
    close(xen.reports[0]);
    return g_strdup(text);
}

static void test_words(void)
{
    g_autofree char *by_itself = NULL, *killed = NULL, *forbidden = NULL;
    g_autofree char *unknown = NULL, *no_xen = NULL;
    int reports;

    by_itself = said(0, TARGET, &reports);
    g_assert_cmpint(reports, ==, 1);
    g_assert_nonnull(strstr(by_itself, "QEMU ended with exit status 3\n"));
    g_assert_nonnull(strstr(by_itself, "domain 7 has no device model any more: "
                                       "reported as crashed\n"));
    g_assert_nonnull(strstr(by_itself, "QEMU held "));
    killed = said(SIGKILL, TARGET, &reports);
    g_assert_cmpint(reports, ==, 1);
    g_assert_nonnull(strstr(killed, "killed by signal 9 (Killed)\n"));
    forbidden = said(SIGSYS, TARGET, &reports);
    g_assert_nonnull(strstr(forbidden, "sandbox forbids the system call\n"));
    unknown = said(SIGKILL, 0, &reports);
    g_assert_cmpint(reports, ==, 0);
    g_assert_null(strstr(unknown, "domain 0"));
    xen.absent = true;
    no_xen = said(SIGKILL, TARGET, &reports);
    xen.absent = false;
    g_assert_cmpint(reports, ==, 0);
    g_assert_nonnull(strstr(no_xen, "cannot report domain 7 as crashed: No "));
}

/* Be init with a console that does not block, and say one thing */
static pid_t start_saying(const int console[2])
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(console[1], STDERR_FILENO);
        say("one line");
        _exit(0);
    }
    return pid;
}

static void test_full_console(void)
{
    char text[65536];
    int console[2], status;
    ssize_t n;
    pid_t pid;

    /* nobody reads: it ends all the same */
    open_console(console, true, false);
    pid = start_saying(console);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    /* somebody reads, but late: nothing is lost */
    pid = start_saying(console);
    g_usleep(LOG_WAIT_MS * 1000 / 5);
    n = read(console[0], text, sizeof(text));
    g_assert_cmpint(n, >, 0);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    close(console[1]);
    while (n > 0 && text[n - 1] == '\0') {
        n = read(console[0], text, sizeof(text));
    }
    g_assert_cmpint(n, >, 0);
    g_assert_cmpint(strncmp(text + n - strlen(" s) one line\n"),
                            " s) one line\n", strlen(" s) one line\n")), ==, 0);
    close(console[0]);
}

static void test_slow_console(void)
{
    char text[LOG_LINE_MAX] = "";
    int console[2], status;
    pid_t pid;

    open_console(console, false, false);
    at_once = 5;
    pid = start_saying(console);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    at_once = SIZE_MAX;
    g_assert_cmpint(read(console[0], text, sizeof(text) - 1), >, 0);
    g_assert_true(g_str_has_prefix(text, "stubdom: ("));
    g_assert_true(g_str_has_suffix(text, " s) one line\n"));
    close(console[0]);
    close(console[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stubdom/end/stopped-console", test_stopped_console);
    g_test_add_func("/stubdom/end/words", test_words);
    g_test_add_func("/stubdom/end/full-console", test_full_console);
    g_test_add_func("/stubdom/end/slow-console", test_slow_console);
    return g_test_run();
}
