/*
 * The world of an MSI or MSI-X sequence, and what a guest does in it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A device behind pciback, Xen's map and bind, and a guest. Each operation can
 * be made to fail. msi-judge.c checks the invariants of docs/design.rst before
 * every operation and after every event of the guest. Unit tests, the fuzzer
 * and the proof share both; they differ in who chooses what happens.
 *
 * Plain C without allocation or library calls, because CBMC reads it too.
 */
#ifndef MSI_WORLD_H
#define MSI_WORLD_H

#include "hw/xen/xen_pt_msi_seq.h"

#ifndef WORLD_VECTORS
#define WORLD_VECTORS   3           /* the most that a world has */
#endif

/* Bits of the control word, for each kind, and of the command register. */
#define WORLD_ENABLE        0x0001
#define WORLD_MSIX_ENABLE   0x8000
#define WORLD_MSIX_MASKALL  0x4000
#define WORLD_MASTER        0x0004
#define WORLD_INTX_DISABLE  0x0400
#define WORLD_COMMAND       0x07ff  /* its other bits read as 0 */

typedef enum WorldKind {
    WORLD_MSI,
    WORLD_MSIX,
} WorldKind;

typedef enum WorldOp {
    WORLD_MAP,
    WORLD_UNMAP,
    WORLD_BIND,
    WORLD_UNBIND,
    WORLD_MESSAGE,
    WORLD_READ,
    WORLD_WRITE,
    WORLD_INTX,
} WorldOp;

/* What becomes of an operation. */
typedef enum WorldFateKind {
    WORLD_FINE,
    WORLD_FAIL,         /* an error, and nothing is done */
    WORLD_FAIL_DONE,    /* of a write: an error, but it is done */
    WORLD_DROP,         /* of a write: no error, but nothing is done */
    WORLD_ONES,         /* of a read: no error, but all-ones */
    WORLD_JUNK,         /* of a read: no error, but any value */
    WORLD_RESETS,       /* the device loses its state, then all is fine */
} WorldFateKind;

typedef struct WorldFate {
    WorldFateKind kind; /* what does not apply to an operation is FINE */
    int err;            /* negative errno */
    uint16_t word;      /* what a failed or junk read leaves behind, or which
                           bits of the control word the device does not lose */
    XenPTMSIMessage message;
} WorldFate;

typedef struct World World;

/*
 * @arg is the vector, or the XenPTMSIWord that is read or written; @value what
 * is written, of a bind whether it is masked, of INTx whether it comes back.
 */
typedef WorldFate WorldChoose(void *chooser, WorldOp op, unsigned arg,
                              uint16_t value);

typedef struct WorldVector {
    bool mapped, bound;
    bool masked;                /* by Xen, while bound */
    bool checked;               /* a message of Xen's was read since */
                                /* the bind, of MSI-X since the map */
    bool trouble;               /* an operation of it has failed since it was */
                                /* last asked for */
    bool missed;                /* its message was not read right, once */
    int pirq;
    XenPTMSIMessage guest;      /* what Xen delivers */
    XenPTMSIMessage device;     /* what Xen has written to the device */
} WorldVector;

/* How the last access to the control word ended. */
typedef enum WorldAccess {
    WORLD_NO_ACCESS,
    WORLD_WAS_READ,             /* @last is what was read */
    WORLD_READ_LOST,
    WORLD_WAS_WRITTEN,          /* not read back yet */
} WorldAccess;

/* What runs. */
typedef enum WorldEvent {
    WORLD_CLEAR,
    WORLD_PROBE,
    WORLD_SET_CONTROL,
    WORLD_SET_VECTOR,
    WORLD_SET_INTX,
    WORLD_REBIND,
    WORLD_ASK,
    WORLD_RESET,
} WorldEvent;

struct World {
    XenPTMSISeq seq;            /* the code under test, and its memory */
    XenPTMSIVector vec[WORLD_VECTORS];
    WorldChoose *choose;
    void *chooser;

    /* The device and Xen. */
    uint16_t enable, maskall;   /* bits of the control word; maskall 0: MSI */
    uint16_t control, command;
    bool permitted;             /* pciback's allow_interrupt_control */
    bool strict;                /* it has no ENABLE set while INTx is on */
    bool moved;                 /* the table, since Xen saw where it is */
    WorldVector v[WORLD_VECTORS];

    /* What the guest last asked for. */
    bool asked, masked;         /* ENABLE and the function mask */
    bool intx;                  /* INTx, in the command register */
    struct {
        XenPTMSIMessage message;
        bool masked;
    } guest[WORLD_VECTORS];

    /* What the judge remembers. */
    WorldEvent event;           /* the running one, */
    unsigned subject;           /* the vector that it is about, */
    unsigned busy;              /* how many there are to be seen to, */
    unsigned ops;               /* and the operations that it has made */
    uint16_t command_found;     /* when the probe began */
    bool known;                 /* the control word, since the last map */
    uint16_t last;              /* of the control word, read or written */
    WorldAccess access;
    bool confirmed;             /* ENABLE was read set since it was written */
    bool acted;                 /* the device has, since it was last read */
    unsigned missed;            /* XenPTMSIWord + 1 whose last read was lost */
    bool seen;                  /* the control word, in this event */
    bool command_unread;        /* COMMAND was written, not read back yet */
    bool tried_off;             /* clearing ENABLE, since it was set */
    unsigned rebinding;         /* vector + 1 whose bind must follow */
    bool trouble;               /* an access has failed since the guest last */
                                /* wrote the control word */
    bool lied;                  /* a word was read that the device never had */
};

/* The world's operations; their first argument is a World. */
extern const XenPTMSIOps world_ops;

/**
 * world_init: a device as a stub domain finds it, nothing mapped
 * @w: the world
 * @kind: which of the two capabilities
 * @nvec: vectors of the sequence, 1 to WORLD_VECTORS
 * @control: the device's control word
 * @command: its command register
 * @permitted: does pciback let the control word be written?
 */
void world_init(World *w, WorldKind kind, unsigned nvec, uint16_t control,
                uint16_t command, bool permitted, WorldChoose *choose,
                void *chooser);

/* The events, each judged to its end. */
bool world_clear(World *w);
bool world_probe(World *w);
void world_set_control(World *w, bool on, bool masked);
void world_set_vector(World *w, unsigned i, const XenPTMSIMessage *message,
                      bool masked);
void world_set_intx(World *w, bool on);
void world_rebind(World *w);
bool world_ask(World *w, unsigned i);   /* Xen's message is there */
void world_reset(World *w);

/* The same for MSI, which has no function mask. */
static inline void world_set_enable(World *w, bool on)
{
    world_set_control(w, on, false);
}

/**
 * world_broken: a rule is broken; ends the program
 *
 * The user's, since only it knows how things came to this.
 */
void world_broken(const World *w, const char *rule);

#endif
