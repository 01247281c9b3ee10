/*
 * Xen PCI pass-through: writes to config space that did not take
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a device can refuse by its specification is no refusal: bits that are
 * read-only, that a written 1 clears, or that clear themselves. Pure functions,
 * of a fixed size: a guest can have as many writes refused as it likes.
 */
#ifndef HW_XEN_PT_REFUSED_H
#define HW_XEN_PT_REFUSED_H

#include "hw/xen/xen_pt_caps.h"

#define XEN_PT_REFUSED_MAX 16   /* registers that are remembered, a device */
#define XEN_PT_REFUSED_SIZE 256 /* of the config space that xen_pt has */

/* Who has kept the write from the device. */
typedef enum XenPTRefusedBy {
    XEN_PT_REFUSED_BY_PCIBACK,
    XEN_PT_REFUSED_BY_QEMU,
} XenPTRefusedBy;

/* What there is to be done about it. */
typedef enum XenPTRefusedRemedy {
    XEN_PT_REFUSED_ANY,         /* a quirk of pciback, or permissive mode */
    XEN_PT_REFUSED_COMMAND,     /* none: pciback should have let it pass */
    XEN_PT_REFUSED_ROM,         /* none: pciback lets none of these pass */
    XEN_PT_REFUSED_VPD,
    XEN_PT_REFUSED_POWER,       /* none: the device has no such state */
} XenPTRefusedRemedy;

typedef struct XenPTRefusal {
    uint8_t offset, len;        /* the field that the guest wrote, in bytes */
    XenPTRefusedBy by;
    XenPTRefusedRemedy remedy;
    const char *name;           /* of the register */
    uint32_t wanted, got;       /* by the first write */
    unsigned count;             /* of writes that would have changed it */
} XenPTRefusal;

typedef struct XenPTRefused {
    const XenPTCaps *caps;      /* the caller's: the device's chain */
    uint8_t size[XEN_PT_CAPS_MAX]; /* of each of them; 0: not known */
    uint8_t seen[XEN_PT_REFUSED_SIZE / 8]; /* a bit a byte of config space */
    unsigned n;                 /* registers that are in @reg */
    unsigned more;              /* and those that did not fit */
    XenPTRefusal reg[XEN_PT_REFUSED_MAX];
} XenPTRefused;

/* A write to config space. */
typedef struct XenPTWrite {
    uint8_t offset, len;        /* 1 to 4 bytes, none beyond the dword's end */
    uint32_t old;               /* what was read there before */
    uint32_t value;
} XenPTWrite;

/**
 * xen_pt_refused_due: is it to be found out whether a write took?
 *
 * Once for each register, which is the field that was written: pciback decides
 * by the field, whatever the value. Only what changes a bit that has to take
 * counts, and only where @w->old is a value: all-ones may be a lost read. A
 * register that is known to refuse costs no more than a count.
 */
bool xen_pt_refused_due(XenPTRefused *r, const XenPTWrite *w);

/**
 * xen_pt_refused_judge: did the write take that was due?
 * @got: what the register reads as now; all-ones is no answer
 *
 * It took if one of the bits did that it changes.
 *
 * Returns: whether there is something to be told: the last one of @r->reg or,
 * if @r->more is not 0, that no more are remembered.
 */
bool xen_pt_refused_judge(XenPTRefused *r, const XenPTWrite *w, uint32_t got,
                          XenPTRefusedBy by);

#endif
