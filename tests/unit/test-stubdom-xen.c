/*
 * The stub domain's question whether this is its Xen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libxenctrl is stood in for by the functions below. What real releases of Xen
 * answer is in xen-version.c.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>
#include <xenctrl.h>

#include "xen-version.h"

static struct {
    bool absent;
    int answer;             /* to the domctl: 0 or an errno */
    int version;            /* major << 16 | minor */
    int opened, closed, domctls;
} xen;

static int token;           /* stands for an open interface */

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild_logger,
                                unsigned open_flags)
{
    g_assert_null(logger);
    g_assert_null(dombuild_logger);
    g_assert_cmpuint(open_flags, ==, 0);
    if (xen.absent) {
        errno = ENOENT;
        return NULL;
    }
    xen.opened++;
    return (xc_interface *)&token;
}

int xc_interface_close(xc_interface *xch)
{
    g_assert_true(xch == (xc_interface *)&token);
    xen.closed++;
    errno = EIO;
    return 0;
}

int xc_domain_unbind_msi_irq(xc_interface *xch, uint32_t domid, uint32_t gvec,
                             uint32_t pirq, uint32_t gflags)
{
    /* It must have no effect if Xen should take it. */
    g_assert_cmpuint(domid, ==, DOMID_INVALID);
    (void)xch;
    (void)gvec;
    (void)pirq;
    (void)gflags;
    xen.domctls++;
    errno = xen.answer;
    return xen.answer ? -1 : 0;
}

int xc_version(xc_interface *xch, int cmd, void *arg)
{
    (void)xch;
    (void)arg;
    g_assert_cmpint(cmd, ==, XENVER_version);
    errno = EACCES;
    return xen.version;
}

/* What the check says when ANSWER is Xen's, NULL: that it is the right one */
static char *check(int answer, int version)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(),
                                             "stubdom-xen-XXXXXX", NULL);
    int fd = g_mkstemp(path), before = dup(STDERR_FILENO);
    char *said = NULL;
    bool ok;

    g_assert_cmpint(fd, >=, 0);
    xen.answer = answer;
    xen.version = version;
    xen.opened = xen.closed = xen.domctls = 0;
    dup2(fd, STDERR_FILENO);
    ok = xen_version_check();
    dup2(before, STDERR_FILENO);
    close(before);
    close(fd);
    g_assert_true(g_file_get_contents(path, &said, NULL, NULL));
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpint(xen.closed, ==, xen.opened);
    g_assert_cmpint(ok, ==, *said == '\0');
    if (ok) {
        g_clear_pointer(&said, g_free);
    }
    return said;
}

static void test_right(void)
{
    /* 4.17 to 4.21; 4.22; and were there such a domain and a right to it */
    g_assert_null(check(ESRCH, 4 << 16 | 17));
    g_assert_cmpint(xen.domctls, ==, 1);
    g_assert_null(check(EPERM, 4 << 16 | 22));
    g_assert_null(check(0, 4 << 16 | 17));
    /* another release with the same interface */
    g_assert_null(check(ESRCH, 99 << 16));
}

static void test_wrong(void)
{
    g_autofree char *other = check(EACCES, 4 << 16 | 20);
    g_autofree char *next = check(EACCES, 5 << 16 | 1);

    g_assert_nonnull(strstr(other, "this image is made for Xen " XEN_RELEASE
                            ", this is Xen 4.20: use the image of that "
                            "release\n"));
    g_assert_nonnull(strstr(next, "this is Xen 5.1:"));
}

static void test_absent(void)
{
    g_autofree char *said = NULL;

    xen.absent = true;
    said = check(0, 0);
    xen.absent = false;
    g_assert_nonnull(strstr(said, "Xen cannot be called: No such file"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stubdom/xen/right", test_right);
    g_test_add_func("/stubdom/xen/wrong", test_wrong);
    g_test_add_func("/stubdom/xen/absent", test_absent);
    return g_test_run();
}
