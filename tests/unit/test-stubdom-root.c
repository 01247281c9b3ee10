/*
 * The stub domain's root, sealed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sealing is tried in a mount namespace and a root of a child's own, with the
 * proc and sysfs of this machine in it; nothing outside changes. The child
 * exits with the number of what it could not do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "root.h"

#define EXIT_NO_NAMESPACE 200

static void put(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
    g_assert_true(g_file_set_contents(path, "", 0, NULL));
}

static bool there(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void check_sweep(bool keep_mem)
{
    static const char *const kept[] = {
        "console", "full", "hvc0", "hvc12", "null", "random", "urandom",
        "xen/evtchn", "xen/gntdev", "xen/privcmd", "xen/xenbus", "xvda",
        "xvdb1", "zero",
    };
    static const char *const gone[] = {
        "kmsg", "port", "kmem", "mem0", "nvram", "cpu/0/msr", "input/mice",
        "hvc", "hvcs", "mapper/control", "net/tun", "net/null", "null2",
        "tty", "ttyS0", "vda", "xendisk", "nullxen/evtchn", "xen/gntalloc",
        "xen/hypercall", "xen/privcmd-buf", "xen/sub/evtchn",
    };
    g_autofree char *dir = g_dir_make_tmp("stubdom-dev-XXXXXX", NULL);
    g_autofree char *clean = g_strdup_printf("rm -r %s", dir);

    g_assert_nonnull(dir);
    for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
        put(dir, kept[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(gone); i++) {
        put(dir, gone[i]);
    }
    put(dir, "mem");
    g_assert_true(root_sweep_nodes(dir, keep_mem));
    for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
        g_assert_true(there(dir, kept[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(gone); i++) {
        g_assert_false(there(dir, gone[i]));
    }
    g_assert_false(there(dir, "net"));
    g_assert_cmpint(there(dir, "mem"), ==, keep_mem);
    /* a disk that comes later is seen; to sweep again does no harm */
    put(dir, "xvdz");
    g_assert_true(root_sweep_nodes(dir, keep_mem));
    g_assert_true(there(dir, "xvdz"));
    g_assert_cmpint(system(clean), ==, 0);
}

static void test_sweep(void)
{
    check_sweep(false);
    check_sweep(true);
}

/* A root of this process's own below DIR, as root_mount() leaves it */
static bool own_root(const char *dir)
{
    /* The first two keep what follows from this machine. */
    return unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", dir, "tmpfs", 0, NULL) == 0 && chdir(dir) == 0 &&
           mkdir("dev", 0755) == 0 && mkdir("proc", 0755) == 0 &&
           mkdir("sys", 0755) == 0 && mkdir("run", 0755) == 0 &&
           mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_NOEXEC, NULL) == 0 &&
           mknod("dev/null", S_IFCHR | 0666, 1 << 8 | 3) == 0 &&
           mount("proc", "proc", "proc", 0, NULL) == 0 &&
           mount("sysfs", "sys", "sysfs", 0, NULL) == 0 &&
           chroot(".") == 0 && chdir("/") == 0;
}

static bool read_only(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd >= 0) {
        close(fd);
    }
    return fd < 0 && errno == EROFS;
}

static bool writable(const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static int seal(const char *dir)
{
    /* sysfs files that every machine has, one of a device */
    static const char device[] = "/sys/devices/virtual/mem/null/uevent";
    static const char kernel[] = "/sys/kernel/profiling";
    static const char setting[] = "/proc/sys/vm/swappiness";

    if (!own_root(dir)) {
        return EXIT_NO_NAMESPACE;
    }
    if (read_only("/before") || read_only("/run/before") ||
        !writable(setting) || !writable(device) || !writable("/dev/null")) {
        return 1;
    }
    if (!root_seal()) {
        return 2;
    }
    if (!read_only("/after") || !read_only("/run/after") ||
        !read_only("/before") || !read_only("/dev/after")) {
        return 3;
    }
    if (access("/proc", F_OK) < 0 || access("/proc/self", F_OK) == 0) {
        return 4;
    }
    if (access(kernel, F_OK) == 0 && !read_only(kernel)) {
        return 5;
    }
    if (!writable(device) || !writable("/dev/null")) {
        return 6;
    }
    return 0;
}

static void test_seal(void)
{
    g_autofree char *dir = g_dir_make_tmp("stubdom-root-XXXXXX", NULL);
    int status;
    pid_t pid;

    g_assert_nonnull(dir);
    pid = fork();
    if (pid == 0) {
        _exit(seal(dir));
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
    g_assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == EXIT_NO_NAMESPACE) {
        g_test_skip("only root may mount");
        return;
    }
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stubdom/root/sweep", test_sweep);
    g_test_add_func("/stubdom/root/seal", test_seal);
    return g_test_run();
}
