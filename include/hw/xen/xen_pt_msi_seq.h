/*
 * Xen PCI pass-through: the sequence that turns MSI and MSI-X on and off
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One state machine for a set of vectors and the control word that switches
 * them on. It knows no QEMU object and no Xen call, allocates nothing and has
 * no global: what it does to the device and Xen goes through XenPTMSIOps.
 */
#ifndef HW_XEN_PT_MSI_SEQ_H
#define HW_XEN_PT_MSI_SEQ_H

#include "hw/xen/xen_pt_msi_check.h"

/* How far a vector has come. */
typedef enum XenPTMSIStage {
    XEN_PT_MSI_STAGE_FREE,
    XEN_PT_MSI_STAGE_MAPPED,    /* it has a pirq, Xen has programmed it */
    XEN_PT_MSI_STAGE_BOUND,     /* Xen knows what to deliver to the guest */
    XEN_PT_MSI_STAGE_CHECKED,   /* the message in the device is Xen's */
} XenPTMSIStage;

/* What the guest finds when it asks for MSI. */
typedef enum XenPTMSIState {
    XEN_PT_MSI_STATE_OFF,
    XEN_PT_MSI_STATE_PENDING,   /* asked for, its message not usable yet */
    XEN_PT_MSI_STATE_ON,
    XEN_PT_MSI_STATE_REFUSED,   /* cannot be had; tried when asked again */
} XenPTMSIState;

/* Where something went wrong. */
typedef enum XenPTMSIStep {
    XEN_PT_MSI_STEP_NONE,
    XEN_PT_MSI_STEP_MASTER, /* switching bus mastering off, for the probe */
    XEN_PT_MSI_STEP_MAP,
    XEN_PT_MSI_STEP_BIND,
    XEN_PT_MSI_STEP_READ,   /* reading the message in the device */
    XEN_PT_MSI_STEP_CHECK,
    XEN_PT_MSI_STEP_ENABLE,
    XEN_PT_MSI_STEP_MASKALL, /* switching the function mask while on */
    XEN_PT_MSI_STEP_UPDATE, /* binding another message while on */
    XEN_PT_MSI_STEP_DISABLE,
    XEN_PT_MSI_STEP_UNBIND,
    XEN_PT_MSI_STEP_UNMAP,
    XEN_PT_MSI_STEP_OTHER,  /* the other of MSI and MSI-X is on */
} XenPTMSIStep;

typedef struct XenPTMSIFault {
    XenPTMSIStep step;
    int err;                /* negative errno; -EACCES: read back otherwise */
    unsigned vector;        /* of the steps that are about one */
    uint16_t written;       /* of the steps that write a word */
    uint16_t read;          /* all-ones: it was lost */
    XenPTMSICheck check;    /* of the CHECK step */
    XenPTMSIMessage message;
} XenPTMSIFault;

/* The words of config space that the sequence reads and writes. */
typedef enum XenPTMSIWord {
    XEN_PT_MSI_WORD_CONTROL,    /* the capability's control word */
    XEN_PT_MSI_WORD_COMMAND,    /* PCI_COMMAND */
} XenPTMSIWord;

/*
 * The device and Xen. Every operation returns 0 or a negative errno; @opaque is
 * what XenPTMSISeq has of that name.
 */
typedef struct XenPTMSIOps {
    /* Give the vector a pirq, the one that the guest's message asks for. */
    int (*map)(void *opaque, unsigned vector, const XenPTMSIMessage *guest,
               int *pirq);
    int (*unmap)(void *opaque, unsigned vector, int pirq);
    /* Deliver the pirq as the guest's message says; binding anew replaces. */
    int (*bind)(void *opaque, unsigned vector, int pirq,
                const XenPTMSIMessage *guest, bool masked);
    int (*unbind)(void *opaque, unsigned vector, int pirq,
                  const XenPTMSIMessage *guest);
    /* The message in the device. */
    int (*message)(void *opaque, unsigned vector, XenPTMSIMessage *device);
    /* One aligned 16-bit access to the device. */
    int (*read)(void *opaque, XenPTMSIWord word, uint16_t *value);
    int (*write)(void *opaque, XenPTMSIWord word, uint16_t value);
    /* INTx gives way to ENABLE, or is again as the guest has it. */
    int (*intx)(void *opaque, bool back);
} XenPTMSIOps;

typedef struct XenPTMSIVector {
    XenPTMSIStage stage;
    int pirq;                               /* from MAPPED on */
    struct {
        XenPTMSIMessage message;
        bool masked;
    } want, bound;                          /* bound: from BOUND on */
    bool lost;          /* of MSI-X: used, but not to be had */
} XenPTMSIVector;

typedef struct XenPTMSISeq {
    const XenPTMSIOps *ops;
    void *opaque;
    uint16_t enable;        /* ENABLE's bit in the control word */
    uint16_t maskall;       /* the function mask's; 0 for MSI, without one */
    unsigned nvec;
    unsigned nused;         /* those from here on were never used */
    XenPTMSIVector *vec;
    XenPTMSIState state;
    bool masked;            /* the guest's function mask */
    bool armed;             /* ENABLE was written, as @control, */
    bool intx_away;         /* and INTx gave way, or could not come back */
    uint16_t control;       /* as last seen while on */
    unsigned lost;          /* vectors that are */
    XenPTMSIFault why_lost; /* the first of them */
    XenPTMSIFault fault;    /* why refused, not updated, not masked as asked */
    XenPTMSIFault undo;     /* the first step of undoing that failed, */
    unsigned undo_failures; /* and how many did; something is left */
} XenPTMSISeq;

/**
 * xen_pt_msi_seq_init: nothing mapped, nothing known to be wrong
 * @seq: the sequence
 * @ops: the operations, all of them
 * @opaque: their first argument
 * @enable: ENABLE's bit in the control word
 * @maskall: the function mask's bit for MSI-X, 0 for MSI
 * @vec: the vectors, the caller's memory
 * @nvec: how many, 1 to 2048
 *
 * The vectors of MSI are switched on together with ENABLE. Those of MSI-X are
 * used, and mapped, once they are programmed and not masked, before ENABLE or
 * after it.
 */
void xen_pt_msi_seq_init(XenPTMSISeq *seq, const XenPTMSIOps *ops, void *opaque,
                         uint16_t enable, uint16_t maskall,
                         XenPTMSIVector *vec, unsigned nvec);

/**
 * xen_pt_msi_seq_probe: may ENABLE be written at all?
 * @seq: a sequence that is off
 *
 * Sets ENABLE, and the function mask with it, and clears them again, with bus
 * mastering off meanwhile: a function that may not issue memory requests sends
 * no message either (PCIe base spec, Command register). Leaves the device as
 * found, and the sequence REFUSED where the write does not take.
 * Where it is not safe to probe, because bus mastering cannot be seen off,
 * ENABLE is not written and @seq->fault says so.
 *
 * Returns: false where refused.
 */
bool xen_pt_msi_seq_probe(XenPTMSISeq *seq);

/**
 * xen_pt_msi_seq_clear: switch off what an earlier owner left switched on
 * @seq: a sequence that is off
 *
 * Xen's map_pirq saves the control word and restores it at its end, so an
 * ENABLE that was set would be on before the new message is written.
 *
 * Returns: false, and the sequence is REFUSED, where ENABLE stays set.
 */
bool xen_pt_msi_seq_clear(XenPTMSISeq *seq);

/**
 * xen_pt_msi_seq_set_control: the guest wrote the control word
 * @seq: the sequence
 * @on: ENABLE
 * @masked: the function mask; of no meaning for MSI
 *
 * A guest that asks for what is on already has it looked after: what the device
 * has lost meanwhile, by a reset or while the host slept, is set up anew. One
 * that asks again for what was refused is tried again.
 *
 * Never fails for the caller: xen_pt_msi_seq_enabled() says what came of it,
 * and xen_pt_msi_seq_masked().
 */
void xen_pt_msi_seq_set_control(XenPTMSISeq *seq, bool on, bool masked);

/**
 * xen_pt_msi_seq_deny: the guest asked for ENABLE, and the other kind is on
 * @seq: a sequence that is not on
 * @masked: the function mask, as the guest wrote it
 *
 * One of MSI and MSI-X is on at a time (PCI 3.0, 6.8.2), as pciback has it too.
 */
void xen_pt_msi_seq_deny(XenPTMSISeq *seq, bool masked);

/**
 * xen_pt_msi_seq_set_vector: the guest wrote a vector's message or mask
 * @seq: the sequence
 * @i: the vector, below @seq->nvec
 * @message: the message as the guest has programmed it by now
 * @masked: whether the guest has masked it
 *
 * While on, what changed is bound anew without switching it off. Where Xen
 * refuses that, the binding in force stays, or the vector is set up anew. A
 * vector of MSI-X that cannot be had is lost, and leaves the others as they
 * are; it is tried again with each write.
 */
void xen_pt_msi_seq_set_vector(XenPTMSISeq *seq, unsigned i,
                               const XenPTMSIMessage *message, bool masked);

/**
 * xen_pt_msi_seq_intx_enabled: the guest has enabled INTx
 * @seq: the sequence
 *
 * While ENABLE is set, pciback before Linux 6.7 refuses that.
 */
void xen_pt_msi_seq_intx_enabled(XenPTMSISeq *seq);

/**
 * xen_pt_msi_seq_rebind: bind all anew that is bound
 * @seq: the sequence of an MSI-X whose table the guest has moved
 *
 * Xen learns where the table is when it binds the first vector.
 */
void xen_pt_msi_seq_rebind(XenPTMSISeq *seq);

/**
 * xen_pt_msi_seq_message: what is the message in the device by now?
 * @seq: the sequence
 * @i: the vector, below @seq->nvec
 * @device: the message, if it is there
 *
 * Returns: false where the vector is not on, or its message is not Xen's.
 */
bool xen_pt_msi_seq_message(XenPTMSISeq *seq, unsigned i,
                            XenPTMSIMessage *device);

/**
 * xen_pt_msi_seq_reset: the device is reset, or goes away
 * @seq: the sequence
 *
 * Undoes all that was done, tries again what could not be undone before, and
 * forgets a refusal and what the guest has programmed.
 */
void xen_pt_msi_seq_reset(XenPTMSISeq *seq);

/**
 * xen_pt_msi_seq_enabled: does the guest read ENABLE as 1?
 */
static inline bool xen_pt_msi_seq_enabled(const XenPTMSISeq *seq)
{
    return seq->state == XEN_PT_MSI_STATE_ON ||
           seq->state == XEN_PT_MSI_STATE_PENDING;
}

/**
 * xen_pt_msi_seq_masked: is the function masked? As the device has it while on.
 */
static inline bool xen_pt_msi_seq_masked(const XenPTMSISeq *seq)
{
    return seq->state == XEN_PT_MSI_STATE_ON ? seq->control & seq->maskall
                                             : seq->masked;
}

#endif
