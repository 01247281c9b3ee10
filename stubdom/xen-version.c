/*
 * Is this the Xen that the image is made for?
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every domctl, and QEMU binds interrupts and maps memory by them, carries the
 * version of the interface. Releases of Xen may share one (4.19 to 4.21 do,
 * and so do all point releases of each), so Xen is asked: it compares the
 * version before it looks at anything else, a right included, and answers a
 * wrong one with EACCES (do_domctl() in xen/common/domctl.c, 4.17 to 4.22).
 */
#include <errno.h>
#include <string.h>
#include <xenctrl.h>

#include "log.h"
#include "xen-version.h"

/*
 * One that QEMU needs, on a domain that there cannot be: with the right version
 * it ends with ESRCH (EPERM from 4.22 on), and no policy of XSM is asked.
 */
static bool takes_domctls(xc_interface *xc)
{
    return xc_domain_unbind_msi_irq(xc, DOMID_INVALID, 0, 0, 0) == 0 ||
           errno != EACCES;
}

bool xen_version_check(void)
{
    xc_interface *xc = xc_interface_open(NULL, NULL, 0);
    int version;
    bool ok;

    if (!xc) {
        say("Xen cannot be called: %s", strerror(errno));
        return false;
    }
    ok = takes_domctls(xc);
    version = xc_version(xc, XENVER_version, NULL);
    xc_interface_close(xc);
    if (!ok) {
        say("this image is made for Xen " XEN_RELEASE ", this is Xen %d.%d: "
            "use the image of that release", version >> 16, version & 0xffff);
    }
    return ok;
}
