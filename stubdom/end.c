/*
 * The end of QEMU, and what the guest's owner learns of it
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <xen/xen.h>
#include <xen/sched.h>
#include <xendevicemodel.h>

#include "end.h"
#include "log.h"

/*
 * Without its device model the guest hangs at its next access to a device, and
 * neither xl nor libxl looks after the stub domain. A crashed guest they do
 * see: on_crash= decides, and both domains are cleared away. A guest that was
 * shut down already keeps its reason.
 */
void end_report(unsigned target)
{
    static bool reported;
    xendevicemodel_handle *dm;

    if (!target || reported) {
        return;
    }
    reported = true;
    dm = xendevicemodel_open(NULL, 0);
    if (!dm || xendevicemodel_shutdown(dm, target, SHUTDOWN_crash) < 0) {
        say("cannot report domain %u as crashed: %s", target, strerror(errno));
    } else {
        say("domain %u has no device model any more: reported as crashed",
            target);
    }
    if (dm) {
        xendevicemodel_close(dm);
    }
}

static void say_how(int status, const struct rusage *usage)
{
    if (WIFSIGNALED(status)) {
        say("QEMU was killed by signal %d (%s)%s", WTERMSIG(status),
            strsignal(WTERMSIG(status)), WTERMSIG(status) == SIGSYS ?
            ": its sandbox forbids the system call" : "");
    } else {
        say("QEMU ended with exit status %d", WEXITSTATUS(status));
    }
    say("QEMU held %ld KiB at most", usage->ru_maxrss);
}

bool end_reap(pid_t qemu, unsigned target)
{
    struct rusage usage;
    bool ended = false;
    int status;
    pid_t pid;

    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
        if (pid == qemu) {
            ended = true;
            end_report(target);
            say_how(status, &usage);
        }
    }
    return ended;
}
