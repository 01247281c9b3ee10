/*
 * QTest: guests, as words that a driver's life is told in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A script is a list of words, separated by blanks: "boot load unload load".
 * What a word such as "load" does to the device depends on the guest, whose
 * dialect has it in smaller words.
 */
#ifndef XEN_PT_DIFF_H
#define XEN_PT_DIFF_H

#include "xen-pt-fixture.h"

/* Which interrupt a driver uses; the index of what a dialect says of it. */
typedef enum XenPTKind {
    XEN_PT_MSI,
    XEN_PT_MSIX,
    XEN_PT_INTX,
} XenPTKind;

typedef struct XenPTDialect {
    const char *name;
    bool pv;                    /* interrupts are event channels */
    bool dwords;                /* accesses config space by 32 bits alone */
    bool caches;                /* the control word: it reads that once */
    bool plain;                 /* does not mask a vector around its message */
    bool keeps_intx;            /* disabled, where its driver wants INTx */
    const char *load[2];        /* by kind */
    const char *unload[2];
    const char *resume[2];      /* the device may have lost its state; and */
    const char *move[2];        /* to another vCPU; NULL: it is not known to */
} XenPTDialect;

/* The guests there are; the last one has no name. */
extern const XenPTDialect xen_pt_dialects[];

typedef struct XenPTGuest XenPTGuest;

/**
 * xen_pt_guest_new: a guest that has QEMU's devices
 * @dom0: QEMU runs there, so pcifront loses nothing
 */
XenPTGuest *xen_pt_guest_new(XenPT *x, const XenPTDialect *os, bool dom0);
void xen_pt_guest_free(XenPTGuest *g);

/**
 * xen_pt_guest_run: have it do what a script says
 */
void xen_pt_guest_run(XenPTGuest *g, const char *script);

/**
 * xen_pt_guest_can: does the guest have each word of a script?
 * @kind: of the device
 */
bool xen_pt_guest_can(const XenPTDialect *os, XenPTKind kind,
                      const char *script);

/**
 * xen_pt_show_end: print the last lines of a text, of the journal if it is NULL
 */
void xen_pt_show_end(XenPT *x, const char *title, const char *text);

/**
 * xen_pt_guest_verdict: do the interrupts of the drivers that are loaded work?
 *
 * Each device interrupts by each vector: those that are not masked must come
 * to the guest as it has programmed them, and no other.
 *
 * Returns: "works, MSI" or what does not. The caller frees it.
 */
char *xen_pt_guest_verdict(XenPTGuest *g);

#endif
