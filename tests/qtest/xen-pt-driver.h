/*
 * QTest: a guest's driver of MSI and MSI-X, of a device passed through with Xen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a test says of the guest, what it wants to see of QEMU, and what is left
 * in the device and in Xen. All of the fixture's first device.
 */
#ifndef XEN_PT_DRIVER_H
#define XEN_PT_DRIVER_H

#include "xen-pt-fixture.h"
#include "standard-headers/linux/pci_regs.h"

#define CONTROL_MSI (XEN_PT_CAP_MSI + PCI_MSI_FLAGS)
#define CONTROL_X (XEN_PT_CAP_MSIX + PCI_MSIX_FLAGS)
#define ENABLE    PCI_MSIX_FLAGS_ENABLE
#define MASKALL   PCI_MSIX_FLAGS_MASKALL

/* Plain local APIC messages: for APIC 1, vector 0x41 and on. */
#define ADDRESS 0xfee01000
#define DATA(entry) (0x41 + (entry))
/* The same for APIC 2, as a guest writes it to move the interrupt. */
#define OTHER_ADDRESS 0xfee02000
/* Event channels: pirq 55, as Linux asks for it (xen_msi_compose_msg()). */
#define PIRQ_ADDRESS 0xfee37000
#define PIRQ_DATA    0x0700

/* Where a guest moves the BAR to. */
#define MOVED (XEN_PT_GUEST0 + 0x200000)

/* What QEMU does, in the journal's words. */
#define SET(word, from, to) \
    "cfg DEV read " #word " = " #from "\n" \
    "cfg DEV write " #word " " #to "\n" \
    "cfg DEV read " #word " = " #to "\n"
#define MSI_MAP(pirq) \
    "xc map_pirq_msi DEV entry 0 pirq -1\n" \
    "xc map_pirq_msi = 0 pirq " #pirq "\n"
#define MSI_BIND(pirq, gvec, gflags) \
    "xc bind_msi " #pirq " gvec " #gvec " gflags " #gflags " = 0\n"
/* The message that is in the device is read there; MSI-X's is mapped. */
#define MSI_SEEN \
    "cfg DEV read ADDRESS = 0xfee00218\n" \
    "cfg DEV read UPPER = 0x00000000\n" \
    "cfg DEV read DATA = 0x0000\n"
#define MAP(entry, pirq) \
    "xc map_pirq_msi DEV entry " #entry " pirq -1 table 0xfeb80000\n" \
    "xc map_pirq_msi = 0 pirq " #pirq "\n"
#define BIND(pirq, gvec, gflags) \
    "xc bind_msi " #pirq " gvec " #gvec " gflags " #gflags \
    " gtable 0xe0002000 = 0\n"
/* Bound masked, to be checked, and then unmasked. */
#define UP(entry, pirq, gvec) \
    MAP(entry, pirq) BIND(pirq, gvec, 0x00001) BIND(pirq, gvec, 0x10001)
#define UNBIND(pirq, gvec) \
    "xc unbind_msi " #pirq " gvec " #gvec " gflags 0x00001 = 0\n"
#define DOWN(pirq, gvec) \
    UNBIND(pirq, gvec) "xc unmap_pirq " #pirq " = 0\n"
#define TABLE_MAPPED \
    "file DEV open resource0 = 0\n" \
    "file DEV map resource0 0x2000 n 0x1000 = 0\n" \
    "file DEV open resource0 = 0\n" \
    "file DEV map resource0 0x3000 n 0x1000 = 0\n"

/* MSI with an address of 64 bits, not maskable. */
extern const XenPTLayout msi_plain;
/* Four entries; the pending bits are in another page. Without and with MSI. */
extern const XenPTLayout msix_plain, msix_both;

/**
 * msix_realize: QEMU with a device, about which something was said before
 */
XenPT *msix_realize(const XenPTLayout *layout, const char *command,
                    const char *properties);

/**
 * msix_start: a device that the guest has given memory; the journal is empty
 * @xen: the release, "4.17" or "4.20"
 */
XenPT *msix_start_on(const XenPTLayout *layout, const char *xen);
XenPT *msix_start(const XenPTLayout *layout);           /* on 4.17 */

/**
 * msix_start_enabled: with msix_plain, and so many vectors on
 */
XenPT *msix_start_enabled(const char *xen, unsigned vectors);

/* The guest gives the BARs memory; the journal is empty after that. */
void msix_place(XenPT *x);

/* Where the guest has the table of that register, and a word of an entry. */
uint32_t msix_table(uint32_t reg);
uint32_t msix_word(XenPT *x, unsigned entry, XenPTWord word);

/*
 * What the guest does, by way of Xen. To request a vector is to program and
 * unmask it; to enable is to do all that Linux does, for the first @vectors.
 */
void msix_write(XenPT *x, unsigned entry, XenPTWord word, uint32_t value);
void msix_mask(XenPT *x, unsigned entry, bool on);
void msix_program(XenPT *x, unsigned entry);
void msix_request(XenPT *x, unsigned entry);
void msix_enable(XenPT *x, unsigned vectors);

uint16_t msix_control(XenPT *x);
/* As a driver does: what it read, with these of ENABLE and MASKALL instead. */
void msix_set_control(XenPT *x, uint16_t bits);
bool msix_enabled(XenPT *x);

/* The same of MSI. */
void msi_set_enable(XenPT *x, bool on);     /* programmed, too */
bool msi_enabled(XenPT *x);

/* What the device has. */
bool msix_hw_enabled(XenPT *x);
bool msix_hw_masked(XenPT *x, unsigned entry);

void msix_assert_pirqs(XenPT *x, unsigned mapped, unsigned bound);
/* No pirq is left, and nothing else but what was held before. */
void xen_pt_assert_held(XenPT *x, const XenPTHeld *before);
void msix_assert_status(XenPT *x, const char *state, const char *step,
                        int error);
/* Nothing of it is left: not at the device, not in Xen; */
void msix_assert_all_off(XenPT *x);
/* and that is what the guest sees, too. */
void msix_assert_refused(XenPT *x, const char *step, int error);
/* The guest finds these, and no other. */
void msix_assert_caps(XenPT *x, bool msi, bool msix);

/* A test of one device, which is plugged in and has memory. */
typedef struct XenPTTest {
    const char *name;
    void (*run)(XenPT *x);
    const XenPTLayout *layout;
    bool each_xen;              /* once on every release of Xen, else on 4.17 */
    unsigned vectors;           /* so many of MSI-X are on already */
} XenPTTest;

/**
 * xen_pt_add_tests: tests that are given a device
 * @directory: of their paths
 */
void xen_pt_add_tests(const char *directory, const XenPTTest *tests, size_t n);

/**
 * msix_add_for_xens: a test for each of the releases of Xen
 */
void msix_add_for_xens(const char *path, void (*test)(const void *xen));

/*
 * What is one for MSI and MSI-X. A driver has one vector, or as many as are
 * used here; for the first one, and for all, this is what QEMU does.
 */
typedef struct XenPTKind {
    const char *name;           /* in the paths of tests */
    const char *log;            /* in QEMU's log */
    const char *status, *other; /* properties: its own, and the other kind's */
    const XenPTLayout *layout;
    uint8_t control;            /* the register */
    uint16_t enable;            /* its bit there */
    uint16_t off;               /* what it reads while off */
    unsigned vectors;
    bool loses;                 /* a vector alone; MSI is refused */
    void (*program)(XenPT *x, unsigned vectors);
    /* The guest moves its first interrupt; writes what changes nothing. */
    void (*move)(XenPT *x, uint32_t address);
    void (*fiddle)(XenPT *x);

    /* Mapped and bound, without their results, then with them. */
    const char *map, *bind, *mapped;
    const char *seen;           /* the message in the device is read */
    const char *up, *up_all;    /* all of that but @seen, */
    const char *unmap, *down, *down_all;        /* and back */
    const char *moved;          /* as @bind, of what was moved to APIC 2 */
    /* The control word is read while off and on, ENABLE is written in it. */
    const char *is_off, *is_on, *set_on;
    const char *sets, *clears;  /* read, written, read back */
    const char *device_on, *device_off;         /* that arrives, */
    const char *device_masked;  /* and ENABLE with the function masked, if so */
} XenPTKind;

extern const XenPTKind xen_pt_msi, xen_pt_msix;

/* The parts that follow are what QEMU did, of these kinds. */
#define kind_expect(x, kinds, ...) do { \
        g_autofree char *kind_parts = g_strconcat(__VA_ARGS__, NULL); \
        xen_pt_expect_kinds(__FILE__, __LINE__, x, kinds, kind_parts); \
    } while (0)

/* Running, and the guest has given it memory; the journal is empty. */
XenPT *kind_start(const XenPTKind *k);

bool kind_enabled(XenPT *x, const XenPTKind *k);
bool kind_hw_enabled(XenPT *x, const XenPTKind *k);
/* As a driver does: what it read, with the one bit changed. */
void kind_set(XenPT *x, const XenPTKind *k, bool on);
/* A whole start of the first vector; the journal begins with ENABLE. */
void kind_enable(XenPT *x, const XenPTKind *k);

/* Nothing of it is left: not at the device, not in Xen. */
void kind_assert_off(XenPT *x, const XenPTKind *k);
/* And that is what the guest sees, too. */
void kind_assert_refused(XenPT *x, const XenPTKind *k, const char *step,
                         int error);
/* The guest has so many on, the device too, and what it sends arrives. */
void kind_assert_works(XenPT *x, const XenPTKind *k, unsigned vectors);
void kind_assert_state(XenPT *x, const XenPTKind *k, const char *state,
                       const char *step, int error);

#endif
