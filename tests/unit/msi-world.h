/*
 * The world of an MSI sequence, and the judge of what it does to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A device behind pciback, Xen's map and bind, and a guest. Each operation can
 * be made to fail. The invariants of docs/design.rst are checked before every
 * operation and after every event of the guest. Unit tests, the fuzzer and
 * the proof share this file; they differ in who chooses what happens.
 *
 * Plain C without allocation or library calls, because CBMC reads it too.
 */
#ifndef MSI_WORLD_H
#define MSI_WORLD_H

#include "hw/xen/xen_pt_msi_seq.h"

#ifndef WORLD_VECTORS
#define WORLD_VECTORS   3           /* the most that a world has */
#endif
#define WORLD_ENABLE    0x0001      /* in the control word */
#define WORLD_MASTER    0x0004      /* in the command register */

typedef enum WorldOp {
    WORLD_MAP,
    WORLD_UNMAP,
    WORLD_BIND,
    WORLD_UNBIND,
    WORLD_MESSAGE,
    WORLD_READ,
    WORLD_WRITE,
} WorldOp;

/* What becomes of an operation. */
typedef enum WorldFateKind {
    WORLD_FINE,
    WORLD_FAIL,         /* an error, and nothing is done */
    WORLD_FAIL_DONE,    /* of a write: an error, but it is done */
    WORLD_DROP,         /* of a write: no error, but nothing is done */
    WORLD_ONES,         /* of a read: no error, but all-ones */
    WORLD_JUNK,         /* of a read: no error, but any value */
} WorldFateKind;

typedef struct WorldFate {
    WorldFateKind kind; /* what does not apply to an operation is FINE */
    int err;            /* negative errno */
    uint16_t word;      /* what a failed or junk read leaves behind */
    XenPTMSIMessage message;
} WorldFate;

typedef struct World World;

/* @arg is the vector, or the XenPTMSIWord that is read or written. */
typedef WorldFate WorldChoose(void *chooser, WorldOp op, unsigned arg,
                              uint16_t value);

typedef struct WorldVector {
    bool mapped, bound;
    bool masked;                /* by Xen */
    bool checked;               /* a message of Xen's was read since the bind */
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

struct World {
    XenPTMSISeq seq;            /* the code under test, and its memory */
    XenPTMSIVector vec[WORLD_VECTORS];
    WorldChoose *choose;
    void *chooser;

    /* The device and Xen. */
    uint16_t control, command;
    bool permitted;             /* pciback's allow_interrupt_control */
    WorldVector v[WORLD_VECTORS];

    /* What the guest last asked for. */
    bool asked;
    struct {
        XenPTMSIMessage message;
        bool masked;
    } guest[WORLD_VECTORS];

    /* What the judge remembers. */
    unsigned ops;               /* of the running event */
    bool probing;
    uint16_t command_found;     /* when the probe began */
    bool known;                 /* the control word, since the last map */
    uint16_t last;              /* of the control word, read or written */
    WorldAccess access;
    bool command_unread;        /* COMMAND was written, not read back yet */
    bool tried_off;             /* clearing ENABLE, since it was set */
    unsigned rebinding;         /* vector + 1 whose bind must follow */
    bool trouble;               /* something has failed since the last reset */
    bool lied;                  /* a word was read that the device never had */
};

/* The world's operations; their first argument is a World. */
extern const XenPTMSIOps world_ops;

/**
 * world_init: a device as a stub domain finds it, nothing mapped
 * @w: the world
 * @nvec: vectors of the sequence, 1 to WORLD_VECTORS
 * @control: the device's control word
 * @command: its command register
 * @permitted: does pciback let the control word be written?
 */
void world_init(World *w, unsigned nvec, uint16_t control, uint16_t command,
                bool permitted, WorldChoose *choose, void *chooser);

/* The events, each judged to its end. */
bool world_clear(World *w);
bool world_probe(World *w);
void world_set_enable(World *w, bool on);
void world_set_vector(World *w, unsigned i, const XenPTMSIMessage *message,
                      bool masked);
void world_reset(World *w);

/**
 * world_unsettled: which invariant does not hold between two events?
 *
 * Returns: the first broken rule in words, NULL where all hold.
 */
const char *world_unsettled(const World *w);

/**
 * world_broken: a rule is broken; ends the program
 *
 * The user's, since only it knows how things came to this.
 */
void world_broken(const World *w, const char *rule);

#endif
