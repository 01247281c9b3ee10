/*
 * A fake Xen: config accesses that a guest's vCPU makes, as ioreqs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A port of the chipset splits an access that is not aligned; an ioreq reaches
 * the device model as the guest made it, at any offset and of any size.
 */

#include "fakexen.h"

#include <unistd.h>
#include <xen/xen.h>
#include <xen/hvm/ioreq.h>

static ioreq_t *page;           /* of the first vCPU */
static int wake = -1;           /* the event channel of QEMU's */
static ioreq_t request;
static uint64_t left;           /* how often it is still made */

void fk_ioreq_init(void *shared_page, int fd)
{
    page = shared_page ? shared_page : page;
    wake = fd >= 0 ? fd : wake;
}

static void send(void)
{
    uint64_t one = 1;

    *page = request;
    page->state = STATE_IOREQ_READY;
    if (write(wake, &one, sizeof(one)) != sizeof(one)) {
        fk_die("an event cannot be sent");
    }
}

bool fk_ioreq_config(const FkBdf *guest, unsigned offset, unsigned len,
                     const uint64_t *value, uint64_t times)
{
    uint64_t sbdf = guest->bus << 8 | guest->slot << 3 | guest->func;

    if (!page || wake < 0 || left || !times) {
        return false;
    }
    request = (ioreq_t) {
        .type = IOREQ_TYPE_PCI_CONFIG, .addr = sbdf << 32 | offset,
        .size = len, .count = 1, .dir = value ? IOREQ_WRITE : IOREQ_READ,
        .data = value ? *value : 0,
    };
    left = times;
    send();
    return true;
}

void fk_ioreq_answered(void)
{
    if (!left || page->state != STATE_IORESP_READY) {
        return;
    }
    if (--left) {
        send();
    } else {
        fk_journal("now guest-config 0x%llx", (unsigned long long)page->data);
    }
}
