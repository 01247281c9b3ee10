/*
 * xen-pt-msi-allow --watch, while the system changes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Nothing here waits for nothing to be printed: something else is changed, and
 * that is what the next line has to tell.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system.h"

#define SECONDS 60          /* that a line may take on a busy machine */
#define BACKEND "xs/local/domain/0/backend/pci"

#define FREE "domain -, stub domain -"
#define HELD "domain hvm (3), stub domain hvm-dm (4)"
#define AHCI_REST "permissive no, MSI on, MSI-X absent"
#define NVME_LINE NVME ": " FREE ", permission refused, permissive no, " \
                  "MSI off, MSI-X on"

typedef struct Watcher {
    GPid pid;
    int out, err, events;
    GString *lines;         /* that were read and not looked at */
} Watcher;

/* --- the program, running ------------------------------------------------ */

/* Its output goes to OUT, to be read by next_line() where that is -1. */
static Watcher start_to(Fixture *f, const char *words, char **more, int out)
{
    Watcher w = { .out = -1, .lines = g_string_new(NULL) };
    g_autofree char *line = g_strdup_printf("%s %s", program(), words);
    g_autofree char *fifo = g_build_filename(f->dir, "events", NULL);
    g_auto(GStrv) argv = NULL, envp = environment(f);

    g_unlink(fifo);
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    w.events = open(fifo, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(w.events, >=, 0);
    envp = g_environ_setenv(envp, "FAKE_EVENTS", fifo, TRUE);
    for (; more && *more; more += 2) {
        envp = g_environ_setenv(envp, more[0], more[1], TRUE);
    }
    g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
    g_assert_true(g_spawn_async_with_pipes_and_fds(
        NULL, (const char *const *)argv, (const char *const *)envp,
        G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, -1, out, -1, NULL, NULL, 0,
        &w.pid, NULL, out < 0 ? &w.out : NULL, &w.err, NULL));
    return w;
}

static Watcher start(Fixture *f, const char *words)
{
    return start_to(f, words, NULL, -1);
}

static void event(Watcher *w, char c)
{
    g_assert_cmpint(write(w->events, &c, 1), ==, 1);
}

/* NULL where the program has ended; to be freed */
static char *next_line(Watcher *w)
{
    struct pollfd fd = { .fd = w->out, .events = POLLIN };
    char text[4096], *end, *line;
    ssize_t n;

    while (!(end = strchr(w->lines->str, '\n'))) {
        g_assert_cmpint(poll(&fd, 1, SECONDS * 1000), ==, 1);
        n = read(w->out, text, sizeof(text));
        g_assert_cmpint(n, >=, 0);
        if (n == 0) {
            g_assert_cmpstr(w->lines->str, ==, "");
            return NULL;
        }
        g_string_append_len(w->lines, text, n);
    }
    line = g_strndup(w->lines->str, end - w->lines->str);
    g_string_erase(w->lines, 0, end - w->lines->str + 1);
    return line;
}

static void expect(Watcher *w, const char *line)
{
    g_autofree char *is = next_line(w);

    g_assert_cmpstr(is, ==, line);
}

/* Both devices, as setup() leaves them */
static void expect_first(Watcher *w)
{
    expect(w, AHCI ": " FREE ", permission refused, " AHCI_REST);
    expect(w, NVME_LINE);
}

/*
 * Wait for the program's end. What it says on standard error begins with ERR,
 * or there is nothing where that is NULL.
 */
static void check_end(Watcher *w, int status, const char *err)
{
    char text[4096];
    ssize_t n;
    int is;

    alarm(SECONDS);
    g_assert_cmpint(waitpid(w->pid, &is, 0), ==, w->pid);
    alarm(0);
    n = read(w->err, text, sizeof(text) - 1);
    g_assert_cmpint(n, >=, 0);
    text[MAX(n, 0)] = '\0';
    if (err ? !strstr(text, err) : n > 0) {
        g_test_message("'%s' is wanted, not: %s", err ? err : "", text);
        g_test_fail();
    }
    g_assert_true(WIFEXITED(is));
    g_assert_cmpint(WEXITSTATUS(is), ==, status);
    if (w->out >= 0) {
        close(w->out);
    }
    close(w->err);
    close(w->events);
    g_string_free(w->lines, TRUE);
}

/* Nothing more was printed than what was expected. */
static void end(Watcher *w, int signal_number)
{
    g_autofree char *line = NULL;

    g_assert_cmpint(kill(w->pid, signal_number), ==, 0);
    line = next_line(w);
    g_assert_cmpstr(line, ==, NULL);
    check_end(w, 0, NULL);
}

static void move(Fixture *f, const char *from, const char *to)
{
    g_autofree char *a = g_build_filename(f->dir, from, NULL);
    g_autofree char *b = g_build_filename(f->dir, to, NULL);

    g_assert_cmpint(g_rename(a, b), ==, 0);
}

/* --- what is told -------------------------------------------------------- */

static void test_changes(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    Watcher w = start(f, "--watch");
    guint8 config[256];

    expect_first(&w);
    assign(f, 4, 0, AHCI);
    event(&w, 'e');
    expect(&w, AHCI ": " HELD ", permission refused, " AHCI_REST);
    put(f, ATTRIBUTE, AHCI "\n", -1);
    expect(&w, AHCI ": " HELD ", permission given, " AHCI_REST);
    put(f, PERMISSIVE, AHCI "\n", -1);
    expect(&w, AHCI ": " HELD ", permission given, permissive yes, MSI on, "
           "MSI-X absent");
    fill_config(config, MSI_OFF);
    put(f, DEVICES "/" AHCI "/config", (char *)config, 256);
    expect(&w, AHCI ": " HELD ", permission given, permissive yes, MSI off, "
           "MSI-X absent");
    fill_config(config, MSI_OFF | MSIX_OFF);
    put(f, DEVICES "/" NVME "/config", (char *)config, 256);
    expect(&w, NVME ": " FREE ", permission refused, permissive no, "
           "MSI off, MSI-X off");

    /* Another stub domain; then a guest without one; then none */
    add_domain(f, 6, "hvm-dm", 3);
    move(f, BACKEND "/4", BACKEND "/6");
    event(&w, 'e');
    expect(&w, AHCI ": domain hvm (3), stub domain hvm-dm (6), permission "
           "given, permissive yes, MSI off, MSI-X absent");
    add_domain(f, 6, "hvm-stub", 3);
    event(&w, 'e');
    expect(&w, AHCI ": domain hvm (3), stub domain hvm-stub (6), permission "
           "given, permissive yes, MSI off, MSI-X absent");
    move(f, BACKEND "/6", BACKEND "/7");
    event(&w, 'e');
    expect(&w, AHCI ": domain plain (7), stub domain -, permission given, "
           "permissive yes, MSI off, MSI-X absent");
    put(f, ATTRIBUTE, "", 0);
    expect(&w, AHCI ": domain plain (7), stub domain -, permission refused, "
           "permissive yes, MSI off, MSI-X absent");
    move(f, "xs/local/domain/0/backend", "xs/local/domain/0/gone");
    event(&w, 'e');
    expect(&w, AHCI ": " FREE ", permission refused, permissive yes, MSI off, "
           "MSI-X absent");
    end(&w, SIGTERM);
}

static void test_json(Fixture *f, gconstpointer data)
{
    Watcher w;

    assign(f, 4, 0, AHCI);
    w = start(f, data);
    expect(&w, "{\"device\": \"" AHCI "\", \"assigned\": true, \"domain\": "
           "{\"id\": 3, \"name\": \"hvm\"}, \"stub-domain\": {\"id\": 4, "
           "\"name\": \"hvm-dm\"}, \"permission\": false, \"permissive\": "
           "false, \"msi\": \"on\", \"msix\": \"absent\", \"pciback\": true}");
    expect(&w, "{\"device\": \"" NVME "\", \"assigned\": false, \"domain\": "
           "null, \"stub-domain\": null, \"permission\": false, "
           "\"permissive\": false, \"msi\": \"off\", \"msix\": \"on\", "
           "\"pciback\": true}");
    erase(f, PCIBACK "/" NVME);
    expect(&w, "{\"device\": \"" NVME "\", \"pciback\": false}");
    end(&w, SIGINT);
}

/* pciback loses devices, and gets others. */
static void test_devices(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    Watcher w = start(f, "-w");

    expect_first(&w);
    erase(f, PCIBACK "/" AHCI);
    expect(&w, AHCI ": not pciback's any more");
    add_function(f, OTHER, "pciback", 0);
    expect(&w, OTHER ": " FREE ", permission refused, permissive no, "
           "MSI absent, MSI-X absent");
    link_to(f, DEVICES "/" AHCI, PCIBACK "/" AHCI);
    expect(&w, AHCI ": " FREE ", permission refused, " AHCI_REST);
    move(f, PCIBACK, "gone");
    expect(&w, AHCI ": not pciback's any more");
    expect(&w, NVME ": not pciback's any more");
    expect(&w, OTHER ": not pciback's any more");
    move(f, "gone", PCIBACK);
    expect_first(&w);
    expect(&w, OTHER ": " FREE ", permission refused, permissive no, "
           "MSI absent, MSI-X absent");
    end(&w, SIGTERM);
}

/* xenstore is asked if it says so, and only then. */
static void test_quiet(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    Watcher w;

    assign(f, 4, 0, AHCI);
    w = start(f, "--watch");
    expect(&w, AHCI ": " HELD ", permission refused, " AHCI_REST);
    expect(&w, NVME_LINE);
    event(&w, 'e');
    event(&w, 'e');
    put(f, ATTRIBUTE, AHCI "\n", -1);
    expect(&w, AHCI ": " HELD ", permission given, " AHCI_REST);
    put(f, ATTRIBUTE, "", 0);
    expect(&w, AHCI ": " HELD ", permission refused, " AHCI_REST);
    /* It has looked twice since the events, so they are used up. */
    move(f, BACKEND "/4", "away");
    put(f, ATTRIBUTE, AHCI "\n", -1);
    expect(&w, AHCI ": " HELD ", permission given, " AHCI_REST);
    event(&w, 'e');
    expect(&w, AHCI ": " FREE ", permission given, " AHCI_REST);
    end(&w, SIGTERM);
}

static void test_evil(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    Watcher w;

    add_domain(f, 3, "a\n\033", 0);
    assign(f, 4, 0, AHCI);
    w = start(f, "--watch");
    expect(&w, AHCI ": domain a\\x0a\\x1b (3), stub domain hvm-dm (4), "
           "permission refused, " AHCI_REST);
    expect(&w, NVME_LINE);
    end(&w, SIGTERM);
}

/* --- nodes that vanish --------------------------------------------------- */

/*
 * The guest ends at each moment in turn, with all that xenstore has of it. A
 * domain that is not there any more is not told of.
 */
static void test_vanish(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *failed = g_build_filename(f->dir, "failed", NULL);

    assign(f, 4, 0, AHCI);
    put(f, "xs.then/local/domain/0/name/=", "Domain-0", -1);
    for (unsigned n = 1; n <= 16; n++) {
        g_autofree char *at = g_strdup_printf("%u", n);
        char *more[] = { "FAKE_VANISH_AT", at, NULL };
        unsigned lines = 0;
        Watcher w;

        g_unlink(failed);
        w = start_to(f, "--watch", more, -1);
        for (bool gone = false; !gone; lines++) {
            g_autofree char *line = next_line(&w);

            g_assert_nonnull(line);
            g_assert_null(strchr(line, '?'));
            event(&w, 'e');
            gone = g_str_has_prefix(line, AHCI ": " FREE);
        }
        if (lines == 1) {
            expect(&w, NVME_LINE);
        }
        g_assert_cmpint(g_access(failed, F_OK), ==, 0);
        end(&w, SIGTERM);
    }
}

/* Each operation fails in turn: it goes on as if not, or says why not. */
static void test_walk(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *failed = g_build_filename(f->dir, "failed", NULL);
    unsigned ended = 0;

    assign(f, 4, 0, AHCI);
    for (unsigned n = 1; n <= 60; n++) {
        bool known = false, alive = true;
        Watcher w;

        g_unlink(failed);
        put(f, ATTRIBUTE, "", 0);
        f->fail_at = n;
        w = start(f, "--watch");
        alarm(SECONDS);
        while (g_access(failed, F_OK) < 0) {
            g_usleep(1000);
        }
        alarm(0);
        put(f, ATTRIBUTE, AHCI "\n", -1);
        while (alive && !known) {
            g_autofree char *line = next_line(&w);

            alive = line;
            known = line && strcmp(line, AHCI ": " HELD ", permission given, "
                                   AHCI_REST) == 0;
        }
        ended += !alive;
        if (alive) {
            g_assert_cmpint(kill(w.pid, SIGTERM), ==, 0);
        }
        check_end(&w, alive ? 0 : 3, alive ? NULL : "\n");
    }
    g_assert_cmpuint(ended, >, 10);
    g_assert_cmpuint(ended, <, 50);
}

/* --- its end ------------------------------------------------------------- */

static void test_signal(Fixture *f, gconstpointer data)
{
    Watcher w = start(f, "--watch");

    expect_first(&w);
    end(&w, GPOINTER_TO_INT(data));
}

/* Nothing changes, and it ends all the same. */
static void test_reader_gone(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    Watcher w = start(f, "--watch --json");

    g_free(next_line(&w));
    g_free(next_line(&w));
    close(w.out);
    w.out = -1;
    check_end(&w, 0, NULL);
}

static void test_reader_absent(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    int fds[2];
    Watcher w;

    g_assert_cmpint(pipe(fds), ==, 0);
    close(fds[0]);
    w = start_to(f, "--watch", NULL, fds[1]);
    close(fds[1]);
    check_end(&w, 0, NULL);
}

static void test_full(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    Watcher w = start_to(f, "--watch", NULL, full);

    close(full);
    check_end(&w, 3, "standard output: No space left on device");
}

static void test_xenstored_gone(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    Watcher w = start(f, "--watch");

    expect_first(&w);
    event(&w, 'x');
    expect(&w, NULL);
    check_end(&w, 3, "the connection to xenstored is lost\n");
}

static void test_not_here(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->no_xenstore = true;
    check_refusal(f, "--watch", 3, "xenstore cannot be read; is this root");
    f->no_xenstore = false;
    move(f, PCIBACK, "gone");
    g_assert_cmpint(run(f, "--watch"), ==, 3);
    check_err(f, "modprobe xen-pciback");
}

#define ADD(name, func, data) \
    g_test_add("/msi-allow/watch/" name, Fixture, data, setup, func, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("changes", test_changes, NULL);
    ADD("json", test_json, "--watch --json");
    ADD("json/short", test_json, "-jw");
    ADD("devices", test_devices, NULL);
    ADD("quiet", test_quiet, NULL);
    ADD("evil", test_evil, NULL);
    ADD("vanish", test_vanish, NULL);
    ADD("walk", test_walk, NULL);
    ADD("end/int", test_signal, GINT_TO_POINTER(SIGINT));
    ADD("end/term", test_signal, GINT_TO_POINTER(SIGTERM));
    ADD("end/reader", test_reader_gone, NULL);
    ADD("end/no-reader", test_reader_absent, NULL);
    ADD("end/full", test_full, NULL);
    ADD("end/xenstored", test_xenstored_gone, NULL);
    ADD("end/not-here", test_not_here, NULL);
    return g_test_run();
}
