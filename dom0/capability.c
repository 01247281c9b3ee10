/*
 * What the hardware says of MSI and MSI-X
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <unistd.h>

#include "capability.h"
#include "device.h"
#include "hw/xen/xen_pt_caps.h"
#include "path.h"

#define CONFIG_SIZE 256

static uint16_t word_at(const uint8_t *config, unsigned offset)
{
    return config[offset] | config[offset + 1] << 8;
}

static int caps_word(void *config, uint8_t offset, uint16_t *word)
{
    *word = word_at(config, offset);
    return 0;
}

/* Both control words are at the same place. */
static Capability state(const uint8_t *config, const XenPTCaps *caps,
                        uint8_t id, uint16_t enable)
{
    uint8_t offset = xen_pt_caps_find(caps, id, 0);

    return !offset ? CAP_ABSENT :
           word_at(config, offset + PCI_MSI_FLAGS) & enable ? CAP_ON : CAP_OFF;
}

static bool read_config(const Bdf *bdf, uint8_t config[CONFIG_SIZE])
{
    int fd = open(path_to(DEVICES "/%s/config", bdf->text).text,
                  O_RDONLY | O_CLOEXEC);
    /* A user who is not root gets the header only. */
    bool ok = fd >= 0 && read(fd, config, CONFIG_SIZE) == CONFIG_SIZE;

    if (fd >= 0) {
        close(fd);
    }
    /* A device that does not answer (switched off) reads as all-ones. */
    return ok && word_at(config, PCI_VENDOR_ID) != 0xffff;
}

Capabilities capabilities_read(const Bdf *bdf)
{
    Capabilities found = { CAP_UNKNOWN, CAP_UNKNOWN };
    uint8_t config[CONFIG_SIZE];
    XenPTCaps caps;

    if (!read_config(bdf, config)) {
        return found;
    }
    if (xen_pt_caps_walk(&caps, caps_word, config) == 0) {
        found.msi = state(config, &caps, PCI_CAP_ID_MSI, PCI_MSI_FLAGS_ENABLE);
        found.msix = state(config, &caps, PCI_CAP_ID_MSIX,
                           PCI_MSIX_FLAGS_ENABLE);
    }
    return found;
}

const char *capability_name(Capability c)
{
    static const char *const names[] = {
        [CAP_UNKNOWN] = "unknown",
        [CAP_ABSENT] = "absent",
        [CAP_OFF] = "off",
        [CAP_ON] = "on",
    };

    return names[c];
}
