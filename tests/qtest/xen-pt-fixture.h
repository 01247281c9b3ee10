/*
 * QTest fixture: a device passed through, on a fake Xen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU runs unmodified, with tests/fakexen preloaded in the place of Xen's
 * libraries and of the host device's files. What it did to them is in the
 * fake's journal, in order.
 */
#ifndef XEN_PT_FIXTURE_H
#define XEN_PT_FIXTURE_H

#include "libqtest.h"
#include "libqos/pci.h"

#define XEN_PT_MAX_DEVICES 2

/* Where MSI is in the device's list of capabilities. */
typedef enum XenPTPlace {
    XEN_PT_ONLY,
    XEN_PT_FIRST,
    XEN_PT_MIDDLE,
    XEN_PT_LAST,
} XenPTPlace;

/* The capabilities beside MSI, and where all are. */
#define XEN_PT_CAP_PM   0x40
#define XEN_PT_CAP_MSI  0x50
#define XEN_PT_CAP_VPD  0x70
#define XEN_PT_CAP_EXP  0x80
#define XEN_PT_CAP_MSIX 0xc0    /* the last one, where there is one */

/* The BARs: of the machine, and where a guest has them. */
#define XEN_PT_BAR0_SIZE 0x10000
#define XEN_PT_BAR2_SIZE 0x4000
#define XEN_PT_BAR0(i)   (0xfeb80000u + (i) * XEN_PT_BAR0_SIZE)
#define XEN_PT_LARGE(i)  (0xfe400000u + (i) * 0x200000)
#define XEN_PT_BAR2(i)   (0xfebc0000u + (i) * XEN_PT_BAR2_SIZE)
#define XEN_PT_ROM       0xfe000000u
#define XEN_PT_GUEST0    0xe0000000u
#define XEN_PT_GUEST2    0xe0100000u

typedef struct XenPTLayout {
    XenPTPlace place;
    bool is32;          /* the address has 32 bits, not 64 */
    bool maskable;      /* per vector */
    uint8_t vectors;    /* log2 of what the device is capable of */
    uint16_t control;   /* bits of the control word that are set at first */

    bool no_msi;
    uint16_t entries;   /* of the MSI-X table; 0: there is no MSI-X */
    uint16_t control_x; /* as @control, of MSI-X */
    uint32_t table;     /* MSI-X's registers: an offset, and BAR 0 or 2 */
    uint32_t pba;
    bool undecoded;     /* pciback found it with memory decoding off */
    uint16_t small;     /* BAR 0 has that many bytes, and so much before it */
    uint32_t large;     /* it has that many, at XEN_PT_LARGE; 2 MiB at most */
    uint32_t ids;       /* device and vendor; 0: those of nobody's */
    bool rom;
} XenPTLayout;

/* The words of an entry of the MSI-X table. */
typedef enum XenPTWord {
    XEN_PT_ADDRESS,
    XEN_PT_UPPER,
    XEN_PT_DATA,
    XEN_PT_MASK,
} XenPTWord;

typedef struct XenPT {
    QTestState *qts;            /* once it runs */
    QPCIBus *bus;
    QPCIDevice *dev[XEN_PT_MAX_DEVICES];
    XenPTLayout layout[XEN_PT_MAX_DEVICES];
    unsigned ndev;
    const char *xen;            /* its release, where a test has named one */
    bool permissive;            /* QEMU passes on what it does not know */
    char *dir;
    gsize seen;                 /* of the journal, in bytes */
} XenPT;

/**
 * xen_pt_new: a stub domain without devices, QEMU not yet running
 */
XenPT *xen_pt_new(void);

/**
 * xen_pt_free: end QEMU, remove what was made
 */
void xen_pt_free(XenPT *x);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XenPT, xen_pt_free)

/**
 * xen_pt_say: a command to the fake Xen, see tests/fakexen/control.c
 *
 * "DEV" and "DEV2" stand for the devices. Takes effect before QEMU's next
 * operation.
 */
void xen_pt_say(XenPT *x, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/**
 * xen_pt_ask: a command that the journal answers, in lines of "now"
 *
 * Whatever was said before has happened, too. The caller frees it.
 */
char *xen_pt_ask(XenPT *x, const char *command);

/**
 * xen_pt_add: a device with MSI, its interrupt control allowed
 *
 * Its address in the stub domain is not the one in dom0.
 */
void xen_pt_add(XenPT *x, const XenPTLayout *layout);

/**
 * xen_pt_run: start QEMU, with the devices plugged in
 * @properties: of each device, "" or ",name=value"; NULL: leave them unplugged
 */
void xen_pt_run(XenPT *x, const char *properties);

/**
 * xen_pt_start: xen_pt_new() with one device, running, the journal skipped
 */
XenPT *xen_pt_start(const XenPTLayout *layout);

/**
 * xen_pt_plug, xen_pt_unplug: a device comes, or goes, while QEMU runs
 *
 * Where its ids could not be read there is no x->dev for what has come.
 */
bool xen_pt_plug(XenPT *x, unsigned i);     /* false: QEMU does not take it */
bool xen_pt_plug_with(XenPT *x, unsigned i, const char *property,
                      const char *value);
void xen_pt_unplug(XenPT *x, unsigned i);

/**
 * xen_pt_journal: what QEMU has done since the last time it was asked
 * @kinds: first words of the lines that count, separated by blanks
 *
 * Registers of MSI and the command register have names: "CONTROL", "ADDRESS",
 * "UPPER", "DATA", "MASK", "PENDING", "COMMAND", when accessed whole; those of
 * MSI-X "CONTROL_X", "TABLE" and "PBA". The caller frees it.
 */
char *xen_pt_journal(XenPT *x, const char *kinds);

/**
 * xen_pt_operations: the same of all that can be made to fail, a line each
 */
GStrv xen_pt_operations(XenPT *x);

/**
 * xen_pt_skip: what has been done so far is not of interest
 */
void xen_pt_skip(XenPT *x);

/**
 * xen_pt_expect: QEMU's accesses and hypercalls since then are exactly these
 * @lines: each with its newline; "" for none
 */
#define xen_pt_expect(x, lines) \
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "cfg xc", lines)

/**
 * xen_pt_expect_effects: so are its hypercalls and the writes that arrive
 */
#define xen_pt_expect_effects(x, lines) \
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "xc dev", lines)

/**
 * xen_pt_expect_writes: the device was written exactly so, by whom
 */
#define xen_pt_expect_writes(x, lines) \
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "dev xen", lines)

void xen_pt_expect_kinds(const char *file, int line, XenPT *x,
                         const char *kinds, const char *lines);
void xen_pt_expect_text(const char *file, int line, const char *text,
                        const char *lines);

/**
 * xen_pt_hw: the device's register as it is, which no guest has to see
 */
uint32_t xen_pt_hw(XenPT *x, unsigned i, uint8_t offset, unsigned len);

/**
 * xen_pt_hw_entry: the same of a word of its MSI-X table
 */
uint32_t xen_pt_hw_entry(XenPT *x, unsigned i, unsigned entry, XenPTWord word);

/**
 * xen_pt_hw_config: all of them, to be compared; the caller frees it
 */
char *xen_pt_hw_config(XenPT *x, unsigned i);

/**
 * xen_pt_pirqs: how many MSIs are mapped, and bound
 */
unsigned xen_pt_pirqs(XenPT *x, unsigned *bound);

/**
 * xen_pt_interrupts: the device sends a message; does it come to the guest?
 * @entry: of MSI-X; 0 for MSI
 */
bool xen_pt_interrupts(XenPT *x, unsigned i, unsigned entry);

/* What of devices there is besides, in QEMU and in Xen. */
typedef struct XenPTHeld {
    unsigned files;             /* that QEMU has open */
    unsigned mappings;          /* and mapped of them, of a device's BARs */
    unsigned mapped, bound;     /* interrupts by INTx */
    unsigned ranges;            /* of the guest's memory: the device's */
} XenPTHeld;

/**
 * xen_pt_held: what is held, to be compared with what was before
 */
XenPTHeld xen_pt_held(XenPT *x);

/**
 * xen_pt_log_lines: how many lines of QEMU's standard error hold @text
 */
unsigned xen_pt_log_lines(XenPT *x, const char *text);

/**
 * xen_pt_place: the guest gives a BAR an address, and switches memory on
 * @bar: 0 or 2
 */
void xen_pt_place(XenPT *x, unsigned i, unsigned bar, uint32_t address);

/**
 * xen_pt_guest_write, xen_pt_guest_read: the guest accesses its memory
 * @len: 1, 2, 4 or 8 bytes
 *
 * An MSI-X table is looked after by Xen, which does or does not pass an access
 * on to QEMU, as the Xen that the fake is.
 */
void xen_pt_guest_write(XenPT *x, uint64_t address, unsigned len,
                        uint64_t value);
uint64_t xen_pt_guest_read(XenPT *x, uint64_t address, unsigned len);

/**
 * xen_pt_write, xen_pt_read: an access that Xen has passed on to QEMU
 */
void xen_pt_write(XenPT *x, uint64_t address, unsigned len, uint64_t value);
uint64_t xen_pt_read(XenPT *x, uint64_t address, unsigned len);

/**
 * xen_pt_caps: the capabilities that the guest finds, in order
 * @ids: at least 8
 *
 * Returns: how many there are.
 */
unsigned xen_pt_caps(XenPT *x, unsigned i, uint8_t *ids);

/* The messages that Xen writes to devices, as the fake calls them. */
extern const char *const xen_pt_messages[];

/* The ways in which an operation can fail, and those of a journal's line. */
extern const char *const xen_pt_hypercall_ways[], *const xen_pt_read_ways[],
    *const xen_pt_write_ways[];
const char *const *xen_pt_ways_of(const char *line);

/* Operations that shall fail, the first to the last of that name. */
typedef struct XenPTWalk {
    const char *op;
    unsigned n;
    const char *const *ways;
} XenPTWalk;

/**
 * xen_pt_walk_probe: have what realize does fail, each operation in each way
 * @layout: the device that comes
 *
 * Asserts that the device is left as it was found, whether QEMU takes it or
 * not.
 */
void xen_pt_walk_probe(const XenPTLayout *layout, const XenPTWalk *ops,
                       size_t n);

/* What "msi-status" or "msix-status" says. */
typedef struct XenPTStatus {
    char state[16];
    char step[16];
    int error;
    int64_t npirqs, pirq;       /* the first one */
    int64_t undo_failures;
} XenPTStatus;

void xen_pt_status_of(XenPT *x, unsigned i, const char *property,
                      XenPTStatus *status);
#define xen_pt_status(x, i, status) \
    xen_pt_status_of(x, i, "msi-status", status)
#define xen_pt_msix_status(x, i, status) \
    xen_pt_status_of(x, i, "msix-status", status)

/**
 * xen_pt_qom_get: ask QEMU for a property of a device
 * Returns the reply, which the caller releases. It is flat: a value is
 * "return", and what is in it is "return.NAME" or "return.0", "return.1", ...
 */
QDict *xen_pt_qom_get(XenPT *x, unsigned i, const char *property);

/**
 * xen_pt_reset: the guest's machine is reset, as by its reset button
 */
void xen_pt_reset(XenPT *x);

/**
 * xen_pt_assert_lost: "msix-status" names these vectors as lost
 * @vectors: "1 3", or ""
 */
void xen_pt_assert_lost(XenPT *x, unsigned i, const char *vectors);

#define xen_pt_assert_state(x, i, name) do { \
        XenPTStatus xen_pt_st; \
        xen_pt_status(x, i, &xen_pt_st); \
        g_assert_cmpstr(xen_pt_st.state, ==, name); \
    } while (0)

#endif
