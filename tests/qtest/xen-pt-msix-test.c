/*
 * QTest: MSI-X of a device passed through with Xen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As xen-pt-msi-test.c, of the vectors of a table that is in the device's
 * memory. What the guest writes there goes to Xen first, whose releases differ
 * in what they pass on to QEMU; what is in the device is written by Xen alone.
 */

#include "qemu/osdep.h"
#include "xen-pt-fixture.h"
#include "qobject/qdict.h"
#include "standard-headers/linux/pci_regs.h"

#define CONTROL_X   (XEN_PT_CAP_MSIX + PCI_MSIX_FLAGS)
#define CONTROL_MSI (XEN_PT_CAP_MSI + PCI_MSI_FLAGS)
#define ENABLE      PCI_MSIX_FLAGS_ENABLE
#define MASKALL     PCI_MSIX_FLAGS_MASKALL

/* Plain local APIC messages: for APIC 1, vector 0x41 and on. */
#define ADDRESS 0xfee01000
#define DATA(entry) (0x41 + (entry))
/* The same for APIC 2, as a guest writes it to move the interrupt. */
#define OTHER_ADDRESS 0xfee02000
/* Event channels: pirq 55, as Linux asks for it (xen_msi_compose_msg()). */
#define PIRQ_ADDRESS 0xfee37000
#define PIRQ_DATA    0x0700

/* What QEMU does, in the journal's words. */
#define SET(word, from, to) \
    "cfg DEV read " #word " = " #from "\n" \
    "cfg DEV write " #word " " #to "\n" \
    "cfg DEV read " #word " = " #to "\n"
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

/* Four entries; the pending bits are in another page. */
static const XenPTLayout plain = {
    .no_msi = true, .entries = 4, .table = 0x2000, .pba = 0x3000,
};

static const XenPTLayout both = {
    .entries = 4, .table = 0x2000, .pba = 0x3000,
};

static const char *const xens[] = { "4.17", "4.20" };

static uint32_t bar_address(uint32_t reg)
{
    return ((reg & PCI_MSIX_TABLE_BIR) ? XEN_PT_GUEST2 : XEN_PT_GUEST0) +
           (reg & PCI_MSIX_TABLE_OFFSET);
}

static uint32_t word_address(XenPT *x, unsigned entry, XenPTWord word)
{
    return bar_address(x->layout[0].table) + entry * 16 + word * 4;
}

static void write_word(XenPT *x, unsigned entry, XenPTWord word,
                       uint32_t value)
{
    xen_pt_guest_write(x, word_address(x, entry, word), 4, value);
}

static void set_mask(XenPT *x, unsigned entry, bool on)
{
    write_word(x, entry, XEN_PT_MASK, on);
}

static void program(XenPT *x, unsigned entry)
{
    write_word(x, entry, XEN_PT_ADDRESS, ADDRESS);
    write_word(x, entry, XEN_PT_UPPER, 0);
    write_word(x, entry, XEN_PT_DATA, DATA(entry));
}

/* A driver asks for the vector: programmed, and then unmasked. */
static void request(XenPT *x, unsigned entry)
{
    program(x, entry);
    set_mask(x, entry, false);
}

static uint16_t control(XenPT *x)
{
    return qpci_config_readw(x->dev[0], CONTROL_X);
}

/* As a driver does: what it read, with these bits instead. */
static void set_control(XenPT *x, uint16_t bits)
{
    qpci_config_writew(x->dev[0], CONTROL_X,
                       (control(x) & ~(ENABLE | MASKALL)) | bits);
}

static bool enabled(XenPT *x)
{
    return control(x) & ENABLE;
}

static bool hw_enabled(XenPT *x)
{
    return xen_pt_hw(x, 0, CONTROL_X, 2) & ENABLE;
}

static bool hw_masked(XenPT *x, unsigned entry)
{
    return xen_pt_hw_entry(x, 0, entry, XEN_PT_MASK) & 1;
}

/* The guest has found the device, and given it memory. */
static void place(XenPT *x)
{
    xen_pt_place(x, 0, 0, XEN_PT_GUEST0);
    xen_pt_place(x, 0, 2, XEN_PT_GUEST2);
    xen_pt_skip(x);
}

static XenPT *start_on(const XenPTLayout *layout, const char *xen)
{
    XenPT *x = xen_pt_new();

    xen_pt_add(x, layout);
    xen_pt_say(x, "xen %s", xen);
    xen_pt_run(x, "");
    place(x);
    return x;
}

static XenPT *start(const XenPTLayout *layout)
{
    return start_on(layout, "4.17");
}

/* As Linux does it: enabled and masked, then programmed, then unmasked. */
static void enable(XenPT *x, unsigned vectors)
{
    set_control(x, ENABLE | MASKALL);
    for (unsigned i = 0; i < x->layout[0].entries; i++) {
        set_mask(x, i, true);
    }
    set_control(x, ENABLE);
    for (unsigned i = 0; i < vectors; i++) {
        request(x, i);
    }
}

/* One vector on, of which the journal says nothing. */
static XenPT *start_enabled(const char *xen, unsigned vectors)
{
    XenPT *x = start_on(&plain, xen);

    enable(x, vectors);
    xen_pt_skip(x);
    return x;
}

static void assert_pirqs(XenPT *x, unsigned mapped, unsigned bound)
{
    unsigned n, b;

    n = xen_pt_pirqs(x, &b);
    g_assert_cmpuint(n, ==, mapped);
    g_assert_cmpuint(b, ==, bound);
}

/* Nothing of it is left: not at the device, not in Xen. */
static void assert_all_off(XenPT *x)
{
    g_assert_false(hw_enabled(x));
    assert_pirqs(x, 0, 0);
    for (unsigned i = 0; i < x->layout[0].entries; i++) {
        g_assert_true(hw_masked(x, i));
    }
}

static void assert_status(XenPT *x, const char *state, const char *step,
                          int error)
{
    XenPTStatus st;

    xen_pt_msix_status(x, 0, &st);
    g_assert_cmpstr(st.state, ==, state);
    g_assert_cmpstr(st.step, ==, step);
    g_assert_cmpint(st.error, ==, error);
}

static void assert_refused(XenPT *x, const char *step, int error)
{
    g_assert_false(enabled(x));
    assert_all_off(x);
    assert_status(x, "refused", step, error);
}

static void assert_caps(XenPT *x, bool msi, bool msix)
{
    uint8_t ids[8], expected[2];
    unsigned n = 0;

    if (msi) {
        expected[n++] = PCI_CAP_ID_MSI;
    }
    if (msix) {
        expected[n++] = PCI_CAP_ID_MSIX;
    }
    g_assert_cmpmem(ids, xen_pt_caps(x, 0, ids), expected, n);
}

/* Of MSI, for those devices that have both. */
static void enable_msi(XenPT *x, bool on)
{
    uint16_t msi = qpci_config_readw(x->dev[0], CONTROL_MSI);

    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO,
                       ADDRESS);
    qpci_config_writew(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_DATA_64, DATA(0));
    qpci_config_writew(x->dev[0], CONTROL_MSI, (msi & ~PCI_MSI_FLAGS_ENABLE) |
                       (on ? PCI_MSI_FLAGS_ENABLE : 0));
}

static bool msi_enabled(XenPT *x)
{
    return qpci_config_readw(x->dev[0], CONTROL_MSI) & PCI_MSI_FLAGS_ENABLE;
}

/*
 * When the device comes: may MSI-X be enabled, and where is its table?
 */

#define TABLE_MAPPED \
    "file DEV open resource0 = 0\n" \
    "file DEV map resource0 0x2000 n 0x1000 = 0\n"

/* From the first read of CONTROL_X, or of CONTROL, on, @lines. */
static void expect_realize(XenPT *x, const char *first, const char *lines)
{
    g_autofree char *all = NULL, *text = NULL;
    const char *from;

    x->seen = 0;
    all = xen_pt_journal(x, "cfg file");
    from = strstr(all, first);
    text = from ? g_strndup(from, strlen(lines)) : g_strdup("");
    xen_pt_expect_text(__FILE__, __LINE__, text, lines);
}

static void expect_realize_writes(XenPT *x, const char *lines)
{
    x->seen = 0;
    xen_pt_expect_writes(x, lines);
}

static XenPT *realize(const XenPTLayout *layout, const char *command,
                      const char *properties)
{
    XenPT *x = xen_pt_new();

    xen_pt_add(x, layout);
    xen_pt_say(x, "%s", command);
    xen_pt_run(x, properties);
    return x;
}

/* ENABLE and the function mask in one write, so that nothing is sent. */
static void test_probe_allowed(void)
{
    XenPT *x = realize(&plain, "allow DEV on", "");

    expect_realize(x, "cfg DEV read CONTROL_X",
        "cfg DEV read CONTROL_X = 0x0003\n"
        "cfg DEV read TABLE = 0x00002000\n"
        "cfg DEV read PBA = 0x00003000\n"
        TABLE_MAPPED
        "cfg DEV read COMMAND = 0x0002\n"
        SET(CONTROL_X, 0x0003, 0xc003)
        SET(CONTROL_X, 0xc003, 0x0003));
    expect_realize_writes(x,
        "dev DEV write CONTROL_X 0xc003\n"
        "dev DEV write CONTROL_X 0x0003\n");
    assert_caps(x, false, true);
    assert_status(x, "off", "none", 0);
    xen_pt_free(x);
}

static void test_probe_refused(void)
{
    XenPT *x = realize(&plain, "allow DEV off", "");

    expect_realize(x, "cfg DEV read COMMAND",
        "cfg DEV read COMMAND = 0x0002\n"
        "cfg DEV read CONTROL_X = 0x0003\n"
        "cfg DEV write CONTROL_X 0xc003\n"
        "cfg DEV read CONTROL_X = 0x0003\n");
    expect_realize_writes(x, "");
    assert_caps(x, false, false);
    assert_status(x, "hidden", "enable", EACCES);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X hidden from the guest"), ==,
                     1);
    g_assert_cmpuint(xen_pt_log_lines(x, "allow_interrupt_control"), ==, 1);
    xen_pt_free(x);
}

/* A bus master is made none, for each of the two. */
static void test_probe_master(void)
{
    XenPT *x = realize(&both, "master DEV on", "");

    expect_realize_writes(x,
        "dev DEV write COMMAND 0x0002\n"
        "dev DEV write CONTROL 0x0081\n"
        "dev DEV write CONTROL 0x0080\n"
        "dev DEV write COMMAND 0x0006\n"
        "dev DEV write COMMAND 0x0002\n"
        "dev DEV write CONTROL_X 0xc003\n"
        "dev DEV write CONTROL_X 0x0003\n"
        "dev DEV write COMMAND 0x0006\n");
    xen_pt_free(x);
}

/* One that cannot be switched off is not probed, nor hidden. */
static void test_probe_master_stays(void)
{
    XenPT *x = xen_pt_new();

    xen_pt_add(x, &plain);
    xen_pt_say(x, "master DEV on");
    xen_pt_say(x, "fail cfg.write@0x04 1 silent");
    xen_pt_run(x, "");
    expect_realize_writes(x, "");
    assert_caps(x, false, true);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X not probed"), ==, 1);
    xen_pt_free(x);
}

static void test_probe_off(void)
{
    XenPT *x = realize(&both, "allow DEV off", ",msi-probe=off");

    expect_realize_writes(x, "");
    assert_caps(x, true, true);
    xen_pt_free(x);
}

/* In dom0 there is nobody to refuse, so nothing to find out. */
static void test_probe_dom0(void)
{
    XenPT *x = realize(&plain, "stubdom off", "");

    expect_realize_writes(x, "dev DEV write COMMAND 0x0002\n");
    assert_caps(x, false, true);
    xen_pt_free(x);
}

static void test_probe_both(void)
{
    XenPT *x = realize(&both, "allow DEV on", "");

    expect_realize_writes(x,
        "dev DEV write CONTROL 0x0081\n"
        "dev DEV write CONTROL 0x0080\n"
        "dev DEV write CONTROL_X 0xc003\n"
        "dev DEV write CONTROL_X 0x0003\n");
    assert_caps(x, true, true);
    xen_pt_free(x);
}

static void test_probe_both_refused(void)
{
    XenPT *x = realize(&both, "allow DEV off", "");

    assert_caps(x, false, false);
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSIX), ==, 0);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI hidden"), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X hidden"), ==, 1);
    xen_pt_free(x);
}

/*
 * Linux before 6.1 in dom0 does not let the function mask through: the guest
 * finds MSI, and that works.
 */
static void test_probe_old_dom0(void)
{
    XenPT *x = xen_pt_new();

    xen_pt_add(x, &both);
    xen_pt_say(x, "kernel 5.6");
    xen_pt_say(x, "poke DEV 0x04/2 0x0402");
    xen_pt_run(x, "");
    assert_caps(x, true, false);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X hidden"), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI hidden"), ==, 0);
    place(x);
    enable_msi(x, true);
    xen_pt_expect_effects(x,
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 = 0\n"
        "dev DEV write CONTROL 0x0081\n");
    g_assert_true(msi_enabled(x));
    xen_pt_free(x);
}

/* Found with one on, the other is probed when that is off. */
static void test_probe_found_on(void)
{
    static const XenPTLayout on = {
        .entries = 4, .table = 0x2000, .pba = 0x3000,
        .control_x = ENABLE | MASKALL,
    };
    XenPT *x = realize(&on, "allow DEV on", "");

    expect_realize_writes(x,
        "dev DEV write CONTROL_X 0x0003\n"
        "dev DEV write CONTROL 0x0081\n"
        "dev DEV write CONTROL 0x0080\n"
        "dev DEV write CONTROL_X 0xc003\n"
        "dev DEV write CONTROL_X 0x0003\n");
    assert_caps(x, true, true);
    g_assert_cmphex(control(x), ==, 0x0003);
    xen_pt_free(x);
}

/* pcifront shows the file only when it has scanned the whole bus. */
static void test_table_late(void)
{
    XenPT *x = xen_pt_new();

    xen_pt_add(x, &plain);
    for (int i = 1; i <= 3; i++) {
        xen_pt_say(x, "fail open_resource %d ENOENT", i);
    }
    xen_pt_run(x, "");
    expect_realize(x, "file DEV open",
        "file DEV open resource0 = ENOENT\n"
        "file DEV open resource0 = ENOENT\n"
        "file DEV open resource0 = ENOENT\n"
        TABLE_MAPPED);
    assert_caps(x, false, true);
    xen_pt_free(x);
}

/* Without the table, no message can be checked: hidden, and MSI works. */
static void test_table_unmapped(const void *command)
{
    XenPT *x = realize(&both, command, "");

    assert_caps(x, true, false);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X hidden from the guest: its "
                                      "table cannot be mapped"), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X"), ==, 1);
    place(x);
    enable_msi(x, true);
    g_assert_true(msi_enabled(x));
    enable_msi(x, false);
    xen_pt_unplug(x, 0);
    xen_pt_free(x);
}

static void test_table_nowhere(const void *table)
{
    XenPTLayout layout = both;
    XenPT *x;

    layout.table = GPOINTER_TO_UINT(table);
    x = realize(&layout, "allow DEV on", "");
    assert_caps(x, true, false);
    g_assert_cmpuint(xen_pt_log_lines(x, "has its table in no BAR"), ==, 1);
    xen_pt_free(x);
}

/* The stub domain's /dev/mem is none of our business. */
static void test_no_devmem(void)
{
    XenPT *x = start(&both);

    xen_pt_say(x, "devmem on");
    enable(x, 2);
    set_control(x, 0);
    enable_msi(x, true);
    enable_msi(x, false);
    xen_pt_unplug(x, 0);
    g_assert_true(xen_pt_plug(x, 0));
    place(x);
    enable(x, 1);
    x->seen = 0;
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "file",
                        TABLE_MAPPED TABLE_MAPPED);
    xen_pt_free(x);
}

/*
 * Enabling
 */

/* Linux' order: nothing it does is refused by pciback, nor undone. */
static void test_enable_linux(const void *xen)
{
    XenPT *x = start_on(&plain, xen);

    set_control(x, ENABLE | MASKALL);
    xen_pt_expect(x, SET(CONTROL_X, 0x0003, 0xc003));
    for (unsigned i = 0; i < 4; i++) {
        set_mask(x, i, true);
    }
    program(x, 0);
    xen_pt_expect(x, "");
    set_control(x, ENABLE);
    xen_pt_expect(x, SET(CONTROL_X, 0xc003, 0x8003));
    set_mask(x, 0, false);
    xen_pt_expect(x, UP(0, 55, 0x41));
    g_assert_cmphex(control(x), ==, 0x8003);
    g_assert_false(hw_masked(x, 0));
    request(x, 2);
    xen_pt_expect(x, UP(2, 54, 0x43));
    assert_pirqs(x, 2, 2);
    g_assert_true(hw_masked(x, 1));
    g_assert_false(hw_masked(x, 2));
    assert_status(x, "on", "none", 0);
    x->seen = 0;
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "back", "");
    xen_pt_free(x);
}

/* Unmasked before ENABLE: all are mapped and checked, then one write. */
static void test_enable_unmasked(const void *xen)
{
    XenPT *x = start_on(&plain, xen);

    request(x, 0);
    request(x, 3);
    xen_pt_expect(x, "");
    set_control(x, ENABLE);
    xen_pt_expect(x, UP(0, 55, 0x41) UP(3, 54, 0x44)
                  SET(CONTROL_X, 0x0003, 0x8003));
    g_assert_true(hw_enabled(x));
    g_assert_false(hw_masked(x, 0));
    g_assert_false(hw_masked(x, 3));
    xen_pt_free(x);
}

/* What the device sees, the first vector's start and all. */
static void test_enable_writes(void)
{
    XenPT *x = start(&plain);

    set_control(x, ENABLE);
    xen_pt_expect_writes(x, "dev DEV write CONTROL_X 0x8003\n");
    request(x, 1);
    xen_pt_expect_writes(x,
        "xen DEV write CONTROL_X 0xc003\n"
        "xen DEV entry 1 MASK 0x00000001\n"
        "xen DEV write CONTROL_X 0x8003\n"
        "xen DEV entry 1 ADDRESS 0xfee00218\n"
        "xen DEV entry 1 UPPER 0x00000000\n"
        "xen DEV entry 1 DATA 0x00000000\n"
        "xen DEV entry 1 ADDRESS 0xfee00218\n"
        "xen DEV entry 1 UPPER 0x00000000\n"
        "xen DEV entry 1 DATA 0x00000000\n"
        "xen DEV entry 1 MASK 0x00000001\n"
        "xen DEV entry 1 MASK 0x00000000\n"
        /* and once more, as the guest's write is completed */
        "xen DEV entry 1 MASK 0x00000000\n");
    xen_pt_say(x, "raise DEV 1");
    assert_pirqs(x, 1, 1);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "dev",
        "dev DEV interrupt MSI-X 0x00000000fee00218 0x00000000\n");
    xen_pt_free(x);
}

/* A guest with event channels leaves masking to Xen, and never unmasks. */
static void test_enable_pirq(const void *xen)
{
    XenPT *x = start_on(&plain, xen);

    set_control(x, ENABLE | MASKALL);
    set_control(x, ENABLE);
    xen_pt_skip(x);
    write_word(x, 0, XEN_PT_ADDRESS, PIRQ_ADDRESS);
    write_word(x, 0, XEN_PT_UPPER, 0);
    xen_pt_expect(x, "");
    write_word(x, 0, XEN_PT_DATA, PIRQ_DATA);
    xen_pt_expect(x,
        "xc map_pirq_msi DEV entry 0 pirq 55 table 0xfeb80000\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x00 gflags 0x07037 gtable 0xe0002000 = 0\n"
        "xc bind_msi 55 gvec 0x00 gflags 0x17037 gtable 0xe0002000 = 0\n");
    g_assert_false(hw_masked(x, 0));
    xen_pt_free(x);
}

static void test_enable_message(const void *form)
{
    XenPT *x = start(&plain);

    xen_pt_say(x, "message %s", (const char *)form);
    enable(x, 2);
    assert_pirqs(x, 2, 2);
    g_assert_false(hw_masked(x, 1));
    xen_pt_free(x);
}

static void test_enable_status(void)
{
    XenPT *x = start_enabled("4.17", 3);
    XenPTStatus st;

    xen_pt_msix_status(x, 0, &st);
    g_assert_cmpstr(st.state, ==, "on");
    g_assert_cmpint(st.npirqs, ==, 3);
    g_assert_cmpint(st.pirq, ==, 55);
    xen_pt_status(x, 0, &st);
    g_assert_cmpstr(st.state, ==, "absent");
    xen_pt_free(x);
}

/* Somebody else has set ENABLE: no message was checked before it. */
static void test_enable_set_by_others(void)
{
    XenPT *x = start(&plain);

    request(x, 0);
    xen_pt_say(x, "poke DEV 0x%02x/2 0x8003", CONTROL_X);
    set_control(x, ENABLE);
    assert_refused(x, "enable", EBUSY);
    xen_pt_free(x);
}

/* As many as there can be, one by one: the work for each is the same. */
static void test_enable_2048(void)
{
    static const XenPTLayout large = {
        .no_msi = true, .entries = 2048, .table = 0x8000, .pba = 0x4000,
    };
    const unsigned per_vector = 4, of_session = 3;
    XenPT *x = xen_pt_new();
    uint32_t table = XEN_PT_GUEST0 + large.table;
    g_autofree char *journal = NULL, *off = NULL;
    g_auto(GStrv) lines = NULL, off_lines = NULL;

    xen_pt_add(x, &large);
    xen_pt_say(x, "extra-irqs 2048");
    xen_pt_run(x, "");
    place(x);
    set_control(x, ENABLE);
    /* None of them is bound yet, so Xen passes all of it on. */
    for (unsigned i = 0; i < 2048; i++) {
        xen_pt_write(x, table + i * 16, 4, ADDRESS);
        xen_pt_write(x, table + i * 16 + 8, 4, 0x41 + i % 0x80);
        xen_pt_write(x, table + i * 16 + 12, 4, 0);
    }
    journal = xen_pt_journal(x, "cfg xc");
    lines = g_strsplit(g_strchomp(journal), "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, of_session + 2048 * per_vector);
    assert_pirqs(x, 2048, 2048);
    g_assert_false(hw_masked(x, 2047));

    xen_pt_skip(x);
    set_control(x, 0);
    off = xen_pt_journal(x, "cfg xc");
    off_lines = g_strsplit(g_strchomp(off), "\n", -1);
    g_assert_cmpuint(g_strv_length(off_lines), ==, 3 + 2048 * 2);
    g_assert_false(hw_enabled(x));
    assert_pirqs(x, 0, 0);
    xen_pt_free(x);
}

/*
 * Refusals
 */

/* What the device holds is not what Xen writes: that vector stays masked. */
static void test_refused_message(const void *message)
{
    XenPT *x = start(&plain);

    xen_pt_say(x, "message %s", (const char *)message);
    request(x, 0);
    set_control(x, ENABLE);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "dev", "");
    assert_refused(x, "check", EBADMSG);
    xen_pt_free(x);
}

/* Permission is taken away after the guest has seen the capability. */
static void test_refused_late(void)
{
    XenPT *x = start(&plain);

    xen_pt_say(x, "allow DEV off");
    request(x, 0);
    request(x, 1);
    set_control(x, ENABLE);
    xen_pt_expect_effects(x, UP(0, 55, 0x41) UP(1, 54, 0x42)
                          DOWN(54, 0x42) DOWN(55, 0x41));
    assert_refused(x, "enable", EACCES);
    g_assert_cmpuint(xen_pt_log_lines(x, "allow_interrupt_control"), ==, 1);
    xen_pt_free(x);
}

/* Trying again and again costs nothing and says nothing. */
static void test_refused_toggle(void)
{
    XenPT *x = start(&plain);
    unsigned lines;

    xen_pt_say(x, "allow DEV off");
    request(x, 0);
    set_control(x, ENABLE);
    g_assert_false(enabled(x));
    lines = xen_pt_log_lines(x, "");
    xen_pt_skip(x);
    for (int i = 0; i < 300; i++) {
        set_control(x, ENABLE | MASKALL);
        set_control(x, ENABLE);
        xen_pt_write(x, word_address(x, 0, XEN_PT_ADDRESS), 4,
                     ADDRESS + 0x1000 * (i % 2));
        xen_pt_write(x, word_address(x, 0, XEN_PT_MASK), 4, i % 2);
        set_control(x, 0);
    }
    xen_pt_expect(x, "");
    g_assert_cmpuint(xen_pt_log_lines(x, ""), ==, lines);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X refused"), ==, 1);
    xen_pt_free(x);
}

/* dom0 has not prepared it: Xen does not know of a table. */
static void test_refused_unprepared(void)
{
    XenPT *x = start(&plain);

    xen_pt_say(x, "prepared DEV off");
    request(x, 0);
    set_control(x, ENABLE);
    assert_refused(x, "map", ENODATA);
    xen_pt_free(x);
}

/*
 * A vector that comes late, and cannot be had, is not the others' problem
 */

static void assert_first_alone(XenPT *x)
{
    g_assert_true(enabled(x));
    g_assert_true(hw_enabled(x));
    assert_pirqs(x, 1, 1);
    g_assert_false(hw_masked(x, 0));
    g_assert_true(hw_masked(x, 1));
}

static void test_late_failure(void)
{
    XenPT *x = start_enabled("4.17", 1);

    xen_pt_say(x, "fail bind_msi 1 EPERM");
    request(x, 1);
    xen_pt_expect(x, MAP(1, 54)
        "xc bind_msi 54 gvec 0x42 gflags 0x00001 gtable 0xe0002000 = EPERM\n"
        "xc unmap_pirq 54 = 0\n");
    assert_first_alone(x);
    assert_status(x, "on", "bind", EPERM);

    /* Not tried again before MSI-X was off. */
    for (int i = 0; i < 50; i++) {
        set_mask(x, 1, true);
        request(x, 1);
    }
    xen_pt_expect(x, "");
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X"), ==, 1);
    set_control(x, 0);
    assert_all_off(x);
    xen_pt_skip(x);
    set_control(x, ENABLE);
    xen_pt_expect(x, UP(0, 55, 0x41) UP(1, 54, 0x42)
                  SET(CONTROL_X, 0x0003, 0x8003));
    xen_pt_free(x);
}

/* Of more vectors than Xen has interrupts, the first work: one warning. */
static void test_late_no_pirqs(void)
{
    static const XenPTLayout many = {
        .no_msi = true, .entries = 40, .table = 0x2000, .pba = 0x3000,
    };
    XenPT *x = start(&many);

    enable(x, 40);
    assert_pirqs(x, 32, 32);
    g_assert_true(enabled(x));
    g_assert_false(hw_masked(x, 31));
    g_assert_true(hw_masked(x, 32));
    g_assert_cmpuint(xen_pt_log_lines(x, "extra_guest_irqs"), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X"), ==, 1);
    set_control(x, 0);
    assert_all_off(x);
    xen_pt_free(x);
}

/* Its message is wrong: it is the one that is not unmasked. */
static void test_late_message(void)
{
    XenPT *x = start_enabled("4.17", 1);

    xen_pt_say(x, "message 0xfee01000:0x8041");
    request(x, 1);
    xen_pt_expect(x, MAP(1, 54) BIND(54, 0x42, 0x00001) DOWN(54, 0x42));
    assert_first_alone(x);
    assert_status(x, "on", "check", EBADMSG);
    xen_pt_free(x);
}

/*
 * While it is on
 */

/*
 * The guest moves an interrupt to another CPU, as Linux does: masked,
 * changed, unmasked. One bind, whatever Xen shows of it.
 */
static void test_update_affinity(const void *xen)
{
    XenPT *x = start_enabled(xen, 2);

    set_mask(x, 1, true);
    g_assert_true(hw_masked(x, 1));
    write_word(x, 1, XEN_PT_ADDRESS, OTHER_ADDRESS);
    write_word(x, 1, XEN_PT_UPPER, 0);
    write_word(x, 1, XEN_PT_DATA, 0x52);
    xen_pt_expect(x, "");
    set_mask(x, 1, false);
    xen_pt_expect(x, BIND(54, 0x52, 0x10002));
    g_assert_false(hw_masked(x, 1));
    g_assert_false(hw_masked(x, 0));
    xen_pt_free(x);
}

/* The same message once more is no change. */
static void test_update_same(const void *xen)
{
    XenPT *x = start_enabled(xen, 1);

    set_mask(x, 0, true);
    request(x, 0);
    set_control(x, ENABLE);
    xen_pt_expect(x, "");
    g_assert_false(hw_masked(x, 0));
    xen_pt_free(x);
}

/* Masking is between the guest and Xen. */
static void test_update_mask(const void *xen)
{
    XenPT *x = start_enabled(xen, 2);

    for (int i = 0; i < 3; i++) {
        set_mask(x, 0, true);
        g_assert_true(hw_masked(x, 0));
        g_assert_cmphex(xen_pt_guest_read(x, word_address(x, 0, XEN_PT_MASK),
                                          4), ==, 1);
        set_mask(x, 0, false);
        g_assert_false(hw_masked(x, 0));
        g_assert_cmphex(xen_pt_guest_read(x, word_address(x, 0, XEN_PT_MASK),
                                          4), ==, 0);
    }
    xen_pt_expect(x, "");
    xen_pt_free(x);
}

/* Changed without masking it, which is undefined: it is not lost. */
static void test_update_unmasked(const void *xen)
{
    XenPT *x = start_enabled(xen, 1);
    g_autofree char *journal = NULL;

    write_word(x, 0, XEN_PT_ADDRESS, OTHER_ADDRESS);
    set_mask(x, 0, false);
    journal = xen_pt_journal(x, "cfg xc");
    g_assert_cmpstr(journal, ==, BIND(55, 0x41, 0x10002));
    xen_pt_free(x);
}

/* It fails: the binding that is there stays, and MSI-X stays on. */
static void test_update_failed(void)
{
    XenPT *x = start_enabled("4.17", 1);

    xen_pt_say(x, "fail bind_msi 1 EINVAL");
    set_mask(x, 0, true);
    write_word(x, 0, XEN_PT_ADDRESS, OTHER_ADDRESS);
    set_mask(x, 0, false);
    xen_pt_expect(x,
        "xc bind_msi 55 gvec 0x41 gflags 0x10002 gtable 0xe0002000 = "
        "EINVAL\n");
    g_assert_true(enabled(x));
    assert_pirqs(x, 1, 1);
    assert_status(x, "on", "update", EINVAL);
    g_assert_cmpuint(xen_pt_log_lines(x, "not updated"), ==, 1);
    xen_pt_free(x);
}

/* Another pirq is a new map; the vector beside it does not notice. */
static void test_update_pirq(void)
{
    XenPT *x = start_enabled("4.17", 2);

    set_mask(x, 1, true);
    write_word(x, 1, XEN_PT_ADDRESS, 0xfee34000);
    write_word(x, 1, XEN_PT_DATA, PIRQ_DATA);
    set_mask(x, 1, false);
    xen_pt_expect(x, DOWN(54, 0x42)
        "xc map_pirq_msi DEV entry 1 pirq 52 table 0xfeb80000\n"
        "xc map_pirq_msi = 0 pirq 52\n"
        "xc bind_msi 52 gvec 0x00 gflags 0x07034 gtable 0xe0002000 = 0\n"
        "xc bind_msi 52 gvec 0x00 gflags 0x17034 gtable 0xe0002000 = 0\n");
    assert_pirqs(x, 2, 2);
    xen_pt_free(x);
}

/* The function mask follows the guest's, by one write each. */
static void test_maskall(void)
{
    XenPT *x = start_enabled("4.17", 1);

    for (int i = 0; i < 3; i++) {
        set_control(x, ENABLE | MASKALL);
        xen_pt_expect(x, SET(CONTROL_X, 0x8003, 0xc003));
        g_assert_cmphex(control(x), ==, 0xc003);
        set_control(x, ENABLE);
        xen_pt_expect(x, SET(CONTROL_X, 0xc003, 0x8003));
    }
    set_control(x, ENABLE);
    xen_pt_expect(x, "");
    /* while off it is the guest's alone */
    set_control(x, 0);
    xen_pt_skip(x);
    set_control(x, MASKALL);
    g_assert_cmphex(control(x), ==, 0x4003);
    set_control(x, 0);
    xen_pt_expect(x, "");
    xen_pt_free(x);
}

/* A kernel of dom0 that has grown older meanwhile does not let it through. */
static void test_maskall_refused(void)
{
    XenPT *x = start_enabled("4.17", 2);

    xen_pt_say(x, "kernel 5.6");
    set_control(x, ENABLE | MASKALL);
    assert_refused(x, "maskall", EACCES);
    g_assert_cmpuint(xen_pt_log_lines(x, "6.1 or newer"), ==, 1);
    xen_pt_free(x);
}

/*
 * Switching off
 */

static void test_disable_sequence(void)
{
    XenPT *x = start_enabled("4.17", 2);

    set_control(x, 0);
    xen_pt_expect(x, SET(CONTROL_X, 0x8003, 0x0003)
                  DOWN(54, 0x42) DOWN(55, 0x41));
    g_assert_false(enabled(x));
    assert_all_off(x);
    assert_status(x, "off", "none", 0);
    xen_pt_free(x);
}

/* Masked when it goes: one write clears both bits. */
static void test_disable_masked(void)
{
    XenPT *x = start_enabled("4.17", 1);

    set_control(x, ENABLE | MASKALL);
    xen_pt_skip(x);
    set_control(x, MASKALL);
    xen_pt_expect(x, SET(CONTROL_X, 0xc003, 0x0003) DOWN(55, 0x41));
    assert_all_off(x);
    xen_pt_free(x);
}

/* What is programmed is still so when MSI-X is on again. */
static void test_disable_enable(const void *xen)
{
    XenPT *x = start_on(&plain, xen);

    enable(x, 2);
    for (int i = 0; i < 10; i++) {
        set_control(x, 0);
        assert_all_off(x);
        xen_pt_skip(x);
        set_control(x, ENABLE);
        xen_pt_expect(x, UP(0, 55, 0x41) UP(1, 54, 0x42)
                      SET(CONTROL_X, 0x0003, 0x8003));
        g_assert_false(hw_masked(x, 1));
    }
    xen_pt_free(x);
}

static void test_disable_failed(const void *op)
{
    XenPT *x = start_enabled("4.17", 2);
    g_autofree char *journal = NULL;
    XenPTStatus st;

    xen_pt_say(x, "fail %s 1 EINVAL", (const char *)op);
    set_control(x, 0);
    journal = xen_pt_journal(x, "xc");
    g_assert_nonnull(strstr(journal, "xc unbind_msi 54"));
    g_assert_nonnull(strstr(journal, "xc unmap_pirq 54"));
    g_assert_nonnull(strstr(journal, DOWN(55, 0x41)));
    g_assert_false(enabled(x));
    g_assert_false(hw_enabled(x));
    xen_pt_msix_status(x, 0, &st);
    g_assert_cmpint(st.undo_failures, ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "not undone"), ==, 1);
    xen_pt_free(x);
}

/* A reset empties the table, and a refusal is forgotten. */
static void test_reset(void)
{
    XenPT *x = start_enabled("4.17", 2);

    qtest_system_reset(x->qts);
    xen_pt_expect_effects(x, "dev DEV write CONTROL_X 0x0003\n"
                          DOWN(54, 0x42) DOWN(55, 0x41));
    assert_all_off(x);
    place(x);
    g_assert_cmphex(control(x), ==, 0x0003);
    g_assert_cmphex(xen_pt_read(x, word_address(x, 0, XEN_PT_ADDRESS), 4),
                    ==, 0);
    g_assert_cmphex(xen_pt_read(x, word_address(x, 0, XEN_PT_MASK), 4), ==,
                    1);
    xen_pt_say(x, "fail map_pirq_msi 1 EPERM");
    request(x, 0);
    set_control(x, ENABLE);
    assert_refused(x, "map", EPERM);
    qtest_system_reset(x->qts);
    place(x);
    enable(x, 1);
    assert_pirqs(x, 1, 1);
    assert_status(x, "on", "none", 0);
    xen_pt_free(x);
}

static void test_unplug(void)
{
    XenPT *x = start_enabled("4.17", 2);

    xen_pt_unplug(x, 0);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "dev",
                        "dev DEV write CONTROL_X 0x0003\n");
    assert_all_off(x);
    g_assert_true(xen_pt_plug(x, 0));
    place(x);
    enable(x, 2);
    assert_pirqs(x, 2, 2);
    xen_pt_free(x);
}

/*
 * The table in the guest's memory
 */

#define MOVED (XEN_PT_GUEST0 + 0x200000)

/* The guest moves the BAR: all is bound anew, with the new place. */
static void test_bar_moved(const void *xen)
{
    XenPT *x = start_enabled(xen, 2);
    uint32_t mask = MOVED + 0x2000 + 16 + 12;

    xen_pt_place(x, 0, 0, MOVED);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "xc",
        UNBIND(55, 0x41) UNBIND(54, 0x42)
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 gtable 0xe0202000 = 0\n"
        "xc bind_msi 54 gvec 0x42 gflags 0x10001 gtable 0xe0202000 = 0\n");
    g_assert_true(hw_enabled(x));
    g_assert_false(hw_masked(x, 0));
    g_assert_false(hw_masked(x, 1));
    /* Xen has understood where it is. */
    xen_pt_guest_write(x, mask, 4, 1);
    g_assert_true(hw_masked(x, 1));
    xen_pt_guest_write(x, mask, 4, 0);
    g_assert_false(hw_masked(x, 1));
    set_control(x, 0);
    assert_all_off(x);
    xen_pt_free(x);
}

/* Decoding goes off and on again: the same place, and nothing to do. */
static void test_bar_same(void)
{
    XenPT *x = start_enabled("4.17", 2);
    uint16_t command = qpci_config_readw(x->dev[0], PCI_COMMAND);

    xen_pt_skip(x);
    qpci_config_writew(x->dev[0], PCI_COMMAND, command & ~PCI_COMMAND_MEMORY);
    qpci_config_writew(x->dev[0], PCI_COMMAND, command);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "xc", "");
    assert_pirqs(x, 2, 2);
    g_assert_false(hw_masked(x, 0));
    xen_pt_free(x);
}

/* The guest has memory of the BAR but not where the table is. */
static void test_bar_frames(void)
{
    XenPT *x = realize(&plain, "allow DEV on", "");
    g_autofree char *journal = NULL;

    xen_pt_skip(x);
    xen_pt_place(x, 0, 0, XEN_PT_GUEST0);
    journal = xen_pt_journal(x, "dm");
    g_assert_cmpstr(journal, ==,
        "dm map mmio 0xe0000000-0xe0001fff to server 1\n"
        "dm map frames 0xfeb80 to 0xe0000 n 0x2 = 0\n"
        "dm map mmio 0xe0002000-0xe0002fff to server 1\n"
        "dm map mmio 0xe0003000-0xe000ffff to server 1\n"
        "dm map frames 0xfeb83 to 0xe0003 n 0xd = 0\n");
    xen_pt_free(x);
}

/* Anywhere in a BAR, whatever is beside it, and however small that is. */
static void test_table_layout(const void *opaque)
{
    const XenPTLayout *layout = opaque;
    XenPT *x = xen_pt_new();
    uint32_t gtable = bar_address(layout->table) + layout->small;

    xen_pt_add(x, layout);
    xen_pt_run(x, "");
    xen_pt_place(x, 0, 0, XEN_PT_GUEST0 + layout->small);
    xen_pt_place(x, 0, 2, XEN_PT_GUEST2);
    set_control(x, ENABLE);
    xen_pt_skip(x);
    for (unsigned i = 0; i < layout->entries; i++) {
        g_autofree char *journal = NULL, *expected = g_strdup_printf(
            "xc bind_msi %u gvec 0x%02x gflags 0x10001 gtable 0x%x = 0\n",
            55 - i, DATA(i), gtable);

        xen_pt_guest_write(x, gtable + i * 16, 4, ADDRESS);
        xen_pt_guest_write(x, gtable + i * 16 + 8, 4, DATA(i));
        xen_pt_guest_write(x, gtable + i * 16 + 12, 4, 0);
        journal = xen_pt_journal(x, "cfg xc");
        g_assert_true(g_str_has_suffix(journal, expected));
        g_assert_false(hw_masked(x, i));
    }
    g_assert_true(enabled(x));
    xen_pt_free(x);
}

/*
 * Registers beside the table read as the device has them. Written, they are
 * with a Xen that does it, else the write is lost, and one line says so.
 */
static void test_beside(const void *xen)
{
    static const XenPTLayout odd = {
        .no_msi = true, .entries = 4, .table = 0x2810, .pba = 0x3000,
    };
    XenPT *x = start_on(&odd, xen);
    uint32_t before = XEN_PT_GUEST0 + 0x2800, after = before + 0x50;
    bool lost = g_str_equal(xen, "4.17");

    xen_pt_say(x, "poke DEV bar0+0x2800/4 0x11223344");
    xen_pt_say(x, "poke DEV bar0+0x2850/4 0x55667788");
    for (int i = 0; i < 2; i++) {
        g_assert_cmphex(xen_pt_guest_read(x, before, 4), ==, 0x11223344);
        g_assert_cmphex(xen_pt_guest_read(x, before + 2, 2), ==, 0x1122);
        g_assert_cmphex(xen_pt_guest_read(x, after, 8), ==, 0x55667788);
        g_assert_cmphex(xen_pt_guest_read(x, after + 1, 1), ==, 0x77);
        if (!i) {
            enable(x, 1);
        }
    }
    for (int i = 0; i < 20; i++) {
        xen_pt_guest_write(x, before, 4, 0xabcdef00 + i);
        xen_pt_guest_write(x, after, 2, i);
    }
    g_assert_cmphex(xen_pt_guest_read(x, before, 4), ==,
                    lost ? 0x11223344 : 0xabcdef13);
    g_assert_cmphex(xen_pt_guest_read(x, after, 2), ==, lost ? 0x7788 : 0x13);
    g_assert_cmpuint(xen_pt_log_lines(x, "Xen 4.19"), ==, lost);
    xen_pt_free(x);
}

/* Before a vector is bound no Xen knows of the table. */
static void test_beside_early(const void *xen)
{
    static const XenPTLayout odd = {
        .no_msi = true, .entries = 4, .table = 0x2810, .pba = 0x3000,
    };
    XenPT *x = start_on(&odd, xen);

    xen_pt_guest_write(x, XEN_PT_GUEST0 + 0x2800, 4, 1);
    xen_pt_guest_write(x, XEN_PT_GUEST0 + 0x2804, 4, 1);
    g_assert_cmphex(xen_pt_guest_read(x, XEN_PT_GUEST0 + 0x2800, 4), ==, 0);
    g_assert_cmpuint(xen_pt_log_lines(x, "Xen 4.19"), ==, 1);
    xen_pt_free(x);
}

/* Pending bits in the table's page are the device's. */
static void test_pba_same_page(const void *xen)
{
    static const XenPTLayout near = {
        .no_msi = true, .entries = 4, .table = 0x2000, .pba = 0x2800,
    };
    XenPT *x = start_on(&near, xen);
    uint32_t pba = XEN_PT_GUEST0 + 0x2800;

    set_control(x, ENABLE);
    g_assert_cmphex(xen_pt_guest_read(x, pba, 4), ==, 0);
    xen_pt_say(x, "raise DEV 3");
    g_assert_cmphex(xen_pt_guest_read(x, pba, 4), ==, 1 << 3);
    request(x, 3);
    g_assert_cmphex(xen_pt_guest_read(x, pba, 4), ==, 0);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "cfg",
                        SET(CONTROL_X, 0x0003, 0x8003));
    xen_pt_free(x);
}

/* In another BAR they are in memory that the guest has itself. */
static void test_pba_other_bar(void)
{
    static const XenPTLayout far = {
        .no_msi = true, .entries = 4, .table = 0x2000, .pba = 0x1002,
    };
    XenPT *x = realize(&far, "allow DEV on", "");
    g_autofree char *journal = NULL;

    xen_pt_skip(x);
    xen_pt_place(x, 0, 2, XEN_PT_GUEST2);
    journal = xen_pt_journal(x, "dm");
    g_assert_nonnull(strstr(journal, "dm map frames 0xfebc0 to 0xe0100 n 0x4"));
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSIX +
                                      PCI_MSIX_PBA), ==, far.pba);
    xen_pt_free(x);
}

/* Any width at any place; what the specification reserves holds. */
static void test_table_widths(void)
{
    XenPT *x = start(&plain);
    uint8_t model[64] = { 0 }, writable[64];
    uint32_t base = XEN_PT_GUEST0 + 0x2000, seed = 0x12345678;

    memset(writable, 0xff, sizeof(writable));
    for (unsigned i = 0; i < 64; i += 16) {
        model[i + 12] = 1;
        writable[i] = 0xfc;
        writable[i + 12] = 1;
        memset(writable + i + 13, 0, 3);
    }
    for (unsigned len = 1; len <= 8; len *= 2) {
        for (unsigned at = 0; at < sizeof(model); at += len) {
            uint64_t v;

            seed = seed * 1664525 + 1013904223;
            v = seed | (uint64_t)~seed << 32;
            xen_pt_write(x, base + at, len, v);
            for (unsigned i = 0; i < len; i++) {
                uint8_t byte = v >> 8 * i, w = writable[at + i];

                model[at + i] = (model[at + i] & ~w) | (byte & w);
            }
            for (unsigned i = 0; i < sizeof(model); i++) {
                uint8_t is = xen_pt_read(x, base + i, 1);

                if (is != model[i]) {
                    g_test_message("byte %u after a write of %u at %u", i,
                                   len, at);
                }
                g_assert_cmphex(is, ==, model[i]);
            }
        }
    }
    g_assert_cmphex(xen_pt_read(x, base + 6, 2), ==,
                    model[6] | model[7] << 8);
    xen_pt_expect(x, "");
    xen_pt_free(x);
}

/*
 * The capability
 */

/* ENABLE is in the upper byte. */
static void test_registers_bytes(void)
{
    XenPT *x = start(&plain);

    request(x, 0);
    qpci_config_writeb(x->dev[0], CONTROL_X, 0xff);
    xen_pt_expect(x, "");
    g_assert_cmphex(control(x), ==, 0x0003);
    qpci_config_writeb(x->dev[0], CONTROL_X + 1, 0x80);
    xen_pt_expect(x, UP(0, 55, 0x41) SET(CONTROL_X, 0x0003, 0x8003));
    g_assert_cmphex(control(x), ==, 0x8003);
    qpci_config_writeb(x->dev[0], CONTROL_X, 0);
    xen_pt_expect(x, "");
    qpci_config_writeb(x->dev[0], CONTROL_X + 1, 0);
    assert_all_off(x);
    xen_pt_free(x);
}

/* As one write of 4 bytes; all but the two bits is read-only. */
static void test_registers_dword(void)
{
    XenPT *x = start(&plain);

    request(x, 0);
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSIX, 0xffffffff);
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSIX), ==,
                    0xc0030000 | PCI_CAP_ID_MSIX);
    g_assert_true(hw_enabled(x));
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSIX + PCI_MSIX_TABLE, ~0u);
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSIX + PCI_MSIX_PBA, ~0u);
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSIX +
                                      PCI_MSIX_TABLE), ==, plain.table);
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSIX +
                                      PCI_MSIX_PBA), ==, plain.pba);
    xen_pt_free(x);
}

/* Reading what is emulated costs no round trip to dom0. */
static void test_registers_reads(void)
{
    XenPT *x = start(&plain);

    for (unsigned at = 0; at < 12; at += 2) {
        qpci_config_readw(x->dev[0], XEN_PT_CAP_MSIX + at);
    }
    for (unsigned at = 0; at < 64; at += 4) {
        xen_pt_read(x, XEN_PT_GUEST0 + 0x2000 + at, 4);
    }
    xen_pt_expect(x, "");
    xen_pt_free(x);
}

/*
 * MSI and MSI-X of one device: one at a time
 */

static void test_other_msi(void)
{
    XenPT *x = start(&both);

    enable(x, 2);
    xen_pt_skip(x);
    for (int i = 0; i < 20; i++) {
        enable_msi(x, true);
        g_assert_false(msi_enabled(x));
        enable_msi(x, false);
    }
    xen_pt_expect(x, "");
    g_assert_cmpuint(xen_pt_log_lines(x, "the other of MSI and MSI-X is on") +
                     xen_pt_log_lines(x, "has the other of MSI and MSI-X on"),
                     ==, 1);
    g_assert_true(enabled(x));
    assert_pirqs(x, 2, 2);
    set_control(x, 0);
    enable_msi(x, true);
    g_assert_true(msi_enabled(x));
    assert_pirqs(x, 1, 1);
    xen_pt_free(x);
}

static void test_other_msix(void)
{
    XenPT *x = start(&both);

    request(x, 0);
    enable_msi(x, true);
    xen_pt_skip(x);
    for (int i = 0; i < 20; i++) {
        set_control(x, ENABLE);
        g_assert_false(enabled(x));
        set_control(x, 0);
    }
    xen_pt_expect(x, "");
    g_assert_cmpuint(xen_pt_log_lines(x, "has the other of MSI and MSI-X on"),
                     ==, 1);
    g_assert_true(msi_enabled(x));
    assert_pirqs(x, 1, 1);
    enable_msi(x, false);
    set_control(x, ENABLE);
    g_assert_true(enabled(x));
    assert_pirqs(x, 1, 1);
    xen_pt_free(x);
}

/* QEMU in dom0: the same sequence, without pciback. */
static void test_dom0(void)
{
    XenPT *x = realize(&plain, "stubdom off", "");

    place(x);
    request(x, 0);
    set_control(x, ENABLE);
    xen_pt_expect(x, UP(0, 55, 0x41) SET(CONTROL_X, 0x0003, 0x8003));
    set_control(x, 0);
    assert_all_off(x);
    xen_pt_free(x);
}

/*
 * Every operation failing in turn, in every way that it can
 */

static const char *const hypercall_ways[] = { "EPERM", "ENOSPC", NULL };
static const char *const read_ways[] = { "EIO", "ones", "short", "timeout",
                                         NULL };
static const char *const write_ways[] = { "EIO", "silent", "short", "timeout",
                                          NULL };

/* By the operation's line in the journal. */
static const char *const *ways_of(const char *line)
{
    return g_str_has_prefix(line, "xc") ? hypercall_ways :
           strstr(line, " read ") ? read_ways : write_ways;
}

typedef void Action(XenPT *x);

/* What an action consists of, after @before. */
static GStrv operations(Action *before, Action *action)
{
    XenPT *x = start(&plain);
    g_autofree char *journal = NULL;
    g_auto(GStrv) lines = NULL;
    GStrv ops;
    unsigned n = 0;

    before(x);
    xen_pt_skip(x);
    action(x);
    journal = xen_pt_journal(x, "cfg xc");
    xen_pt_free(x);

    lines = g_strsplit(journal, "\n", -1);
    ops = g_new0(char *, g_strv_length(lines) + 1);
    for (char **l = lines; **l; l++) {
        /* a map has a second line, for its result */
        if (!g_str_has_prefix(*l, "xc map_pirq_msi =")) {
            ops[n++] = g_strdup(*l);
        }
    }
    g_assert_cmpuint(n, >, 0);
    return ops;
}

typedef void Judge(XenPT *x, const char *op, const char *way);

static void walk(Action *before, Action *action, Judge *judge)
{
    g_auto(GStrv) ops = operations(before, action);
    unsigned paths = 0;

    for (unsigned k = 0; ops[k]; k++) {
        for (const char *const *way = ways_of(ops[k]); *way; way++) {
            XenPT *x = start(&plain);

            before(x);
            xen_pt_say(x, "fail * %u %s", k + 1, *way);
            action(x);
            xen_pt_say(x, "heal");
            g_test_message("'%s' fails by %s: %s", ops[k], *way,
                           enabled(x) ? "on" : "off");
            judge(x, ops[k], *way);
            paths++;
            xen_pt_free(x);
        }
    }
    g_test_message("%u failure paths", paths);
}

static void two_programmed(XenPT *x)
{
    request(x, 0);
    request(x, 1);
}

static void one_enabled(XenPT *x)
{
    enable(x, 1);
    program(x, 1);
}

static void two_enabled(XenPT *x)
{
    enable(x, 2);
}

static void set_on(XenPT *x)
{
    set_control(x, ENABLE);
}

static void set_off(XenPT *x)
{
    set_control(x, 0);
}

static void set_masked(XenPT *x)
{
    set_control(x, ENABLE | MASKALL);
}

static void unmask_second(XenPT *x)
{
    xen_pt_write(x, word_address(x, 1, XEN_PT_MASK), 4, 0);
}

/* All or nothing, and what is undone has left nothing. */
static void judge_enable(XenPT *x, const char *op, const char *way)
{
    g_assert_false(enabled(x));
    assert_all_off(x);
    set_control(x, 0);
    assert_all_off(x);
}

static void test_walk_enable(void)
{
    walk(two_programmed, set_on, judge_enable);
}

/* The first vector does not notice. */
static void judge_late(XenPT *x, const char *op, const char *way)
{
    assert_first_alone(x);
    set_control(x, 0);
    assert_all_off(x);
}

static void test_walk_late(void)
{
    walk(one_enabled, unmask_second, judge_late);
}

/* A toggle that may be half done: nothing of MSI-X is left. */
static void test_walk_maskall(void)
{
    walk(two_enabled, set_masked, judge_enable);
}

/* What cannot be undone now is when the device goes. */
static void judge_disable(XenPT *x, const char *op, const char *way)
{
    g_assert_false(enabled(x));
    g_assert_false(hw_enabled(x));
    xen_pt_unplug(x, 0);
    assert_pirqs(x, 0, 0);
}

static void test_walk_disable(void)
{
    walk(two_enabled, set_off, judge_disable);
}

/* A vector that cannot be bound at the new place: all is undone. */
static void test_walk_moved(void)
{
    static const char *const ops[] = { "unbind_msi", "bind_msi" };

    for (unsigned i = 0; i < ARRAY_SIZE(ops) * 2; i++) {
        XenPT *x = start_enabled("4.17", 2);

        xen_pt_say(x, "fail %s %u EPERM", ops[i / 2], i % 2 + 1);
        g_test_message("%s %u fails", ops[i / 2], i % 2 + 1);
        xen_pt_place(x, 0, 0, MOVED);
        assert_refused(x, "update", EPERM);
        xen_pt_free(x);
    }
}

/* From one operation on all fail, undoing too; when that is over, all goes. */
static void test_walk_outage(const void *way)
{
    g_auto(GStrv) ops = operations(two_programmed, set_on);

    for (unsigned k = 0; ops[k]; k++) {
        XenPT *x = start(&plain);

        two_programmed(x);
        xen_pt_say(x, "fail * %u+ %s", k + 1, (const char *)way);
        set_on(x);
        g_test_message("from '%s' on all fails by %s: %s", ops[k],
                       (const char *)way, enabled(x) ? "on" : "refused");
        g_assert_false(enabled(x));
        xen_pt_say(x, "heal");
        xen_pt_unplug(x, 0);
        assert_pirqs(x, 0, 0);
        g_assert_false(hw_enabled(x));
        xen_pt_free(x);
    }
}

/* And of the device's coming: it is left as it was found. */
static void test_walk_probe(void)
{
    static const struct {
        const char *op;
        unsigned n;
        const char *const *ways;
    } ops[] = {
        { "cfg.read@0x04", 1, read_ways },
        { "cfg.read@0xc2", 5, read_ways },
        { "cfg.write@0xc2", 2, write_ways },
        { "cfg.read@0xc4", 1, read_ways },
        { "cfg.read@0xc8", 1, read_ways },
    };
    unsigned paths = 0;

    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        for (unsigned k = 1; k <= ops[i].n; k++) {
            for (const char *const *way = ops[i].ways; *way; way++) {
                XenPT *x = xen_pt_new();
                g_autofree char *found = NULL, *left = NULL;

                xen_pt_add(x, &plain);
                xen_pt_run(x, NULL);
                found = xen_pt_hw_config(x, 0);
                xen_pt_say(x, "fail %s %u %s", ops[i].op, k, *way);
                g_test_message("%s %u fails by %s: %s", ops[i].op, k, *way,
                               xen_pt_plug(x, 0) ? "there" : "not taken");
                xen_pt_say(x, "heal");
                left = xen_pt_hw_config(x, 0);
                g_assert_cmpstr(left, ==, found);
                paths++;
                xen_pt_free(x);
            }
        }
    }
    g_test_message("%u failure paths", paths);
}

/* A test for each of the releases of Xen. */
static void add_for_xens(const char *path, void (*test)(const void *))
{
    for (size_t i = 0; i < ARRAY_SIZE(xens); i++) {
        g_autofree char *full = g_strdup_printf("xen-pt/msix/%s/xen-%s", path,
                                                xens[i]);

        qtest_add_data_func(full, xens[i], test);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        XenPTLayout layout;
    } layouts[] = {
        { "first", { .entries = 1, .table = 0, .pba = 0x800 } },
        { "odd", { .entries = 3, .table = 0x2818, .pba = 0x3000 } },
        { "two-pages", { .entries = 20, .table = 0x2f00, .pba = 0x4000 } },
        { "end", { .entries = 8, .table = 0xff80, .pba = 0 } },
        { "bar-2", { .entries = 5, .table = 0x3002, .pba = 0x2002 } },
        { "small", { .entries = 4, .table = 0x100, .pba = 0x200,
                     .small = 0x400 } },
    };
    static const struct {
        const char *name, *command;
    } unmapped[] = {
        { "open", "fail open_resource all EACCES" },
        { "map", "fail mmap_resource all EINVAL" },
        { "never", "fail open_resource all ENOENT" },
    };
    static const struct {
        const char *name;
        uint32_t table;
    } nowhere[] = {
        { "beyond", 0x10000 }, { "across", 0xffd0 }, { "absent", 0x1 },
        { "reserved", 0x6 },
    };
    static const struct {
        const char *name, *message;
    } bad[] = {
        { "zero", "0:0" },
        { "all-ones", "0xffffffffffffffff:0xffffffff" },
        { "address", "0x12345678:0" },
        { "trigger", "0xfee01000:0x8041" },
        { "vector", "0xfee01000:0x0005" },
        { "remapped-data", "0xfee00018:0x0041" },
    };

    g_test_init(&argc, &argv, NULL);
    qtest_add_func("xen-pt/msix/probe/allowed", test_probe_allowed);
    qtest_add_func("xen-pt/msix/probe/refused", test_probe_refused);
    qtest_add_func("xen-pt/msix/probe/master", test_probe_master);
    qtest_add_func("xen-pt/msix/probe/master-stays", test_probe_master_stays);
    qtest_add_func("xen-pt/msix/probe/off", test_probe_off);
    qtest_add_func("xen-pt/msix/probe/dom0", test_probe_dom0);
    qtest_add_func("xen-pt/msix/probe/both", test_probe_both);
    qtest_add_func("xen-pt/msix/probe/both-refused", test_probe_both_refused);
    qtest_add_func("xen-pt/msix/probe/old-dom0", test_probe_old_dom0);
    qtest_add_func("xen-pt/msix/probe/found-on", test_probe_found_on);

    qtest_add_func("xen-pt/msix/table/late", test_table_late);
    for (size_t i = 0; i < ARRAY_SIZE(unmapped); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/msix/table/no-%s",
                                                unmapped[i].name);

        qtest_add_data_func(path, unmapped[i].command, test_table_unmapped);
    }
    for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/msix/table/nowhere/%s",
                                                nowhere[i].name);

        qtest_add_data_func(path, GUINT_TO_POINTER(nowhere[i].table),
                            test_table_nowhere);
    }
    for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/msix/table/at/%s",
                                                layouts[i].name);

        qtest_add_data_func(path, &layouts[i].layout, test_table_layout);
    }
    qtest_add_func("xen-pt/msix/table/widths", test_table_widths);
    qtest_add_func("xen-pt/msix/table/no-devmem", test_no_devmem);
    add_for_xens("table/beside", test_beside);
    add_for_xens("table/beside-early", test_beside_early);
    add_for_xens("pba/same-page", test_pba_same_page);
    qtest_add_func("xen-pt/msix/pba/other-bar", test_pba_other_bar);

    add_for_xens("enable/linux", test_enable_linux);
    add_for_xens("enable/unmasked", test_enable_unmasked);
    add_for_xens("enable/pirq", test_enable_pirq);
    qtest_add_func("xen-pt/msix/enable/writes", test_enable_writes);
    qtest_add_data_func("xen-pt/msix/enable/message/amd", "amd",
                        test_enable_message);
    qtest_add_data_func("xen-pt/msix/enable/message/plain", "plain",
                        test_enable_message);
    qtest_add_func("xen-pt/msix/enable/status", test_enable_status);
    qtest_add_func("xen-pt/msix/enable/set-by-others",
                   test_enable_set_by_others);
    qtest_add_func("xen-pt/msix/enable/2048", test_enable_2048);

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/msix/refused/check/%s",
                                                bad[i].name);

        qtest_add_data_func(path, bad[i].message, test_refused_message);
    }
    qtest_add_func("xen-pt/msix/refused/late", test_refused_late);
    qtest_add_func("xen-pt/msix/refused/toggle", test_refused_toggle);
    qtest_add_func("xen-pt/msix/refused/unprepared", test_refused_unprepared);
    qtest_add_func("xen-pt/msix/late/failure", test_late_failure);
    qtest_add_func("xen-pt/msix/late/no-pirqs", test_late_no_pirqs);
    qtest_add_func("xen-pt/msix/late/message", test_late_message);

    add_for_xens("update/affinity", test_update_affinity);
    add_for_xens("update/same", test_update_same);
    add_for_xens("update/mask", test_update_mask);
    add_for_xens("update/unmasked", test_update_unmasked);
    qtest_add_func("xen-pt/msix/update/failed", test_update_failed);
    qtest_add_func("xen-pt/msix/update/pirq", test_update_pirq);
    qtest_add_func("xen-pt/msix/maskall/toggle", test_maskall);
    qtest_add_func("xen-pt/msix/maskall/refused", test_maskall_refused);

    qtest_add_func("xen-pt/msix/disable/sequence", test_disable_sequence);
    qtest_add_func("xen-pt/msix/disable/masked", test_disable_masked);
    add_for_xens("disable/enable", test_disable_enable);
    qtest_add_data_func("xen-pt/msix/disable/unbind-fails", "unbind_msi",
                        test_disable_failed);
    qtest_add_data_func("xen-pt/msix/disable/unmap-fails", "unmap_pirq",
                        test_disable_failed);
    qtest_add_func("xen-pt/msix/reset", test_reset);
    qtest_add_func("xen-pt/msix/unplug", test_unplug);

    add_for_xens("bar/moved", test_bar_moved);
    qtest_add_func("xen-pt/msix/bar/same", test_bar_same);
    qtest_add_func("xen-pt/msix/bar/frames", test_bar_frames);

    qtest_add_func("xen-pt/msix/registers/bytes", test_registers_bytes);
    qtest_add_func("xen-pt/msix/registers/dword", test_registers_dword);
    qtest_add_func("xen-pt/msix/registers/reads", test_registers_reads);
    qtest_add_func("xen-pt/msix/other/msi", test_other_msi);
    qtest_add_func("xen-pt/msix/other/msix", test_other_msix);
    qtest_add_func("xen-pt/msix/dom0", test_dom0);

    qtest_add_func("xen-pt/msix/walk/enable", test_walk_enable);
    qtest_add_func("xen-pt/msix/walk/late", test_walk_late);
    qtest_add_func("xen-pt/msix/walk/maskall", test_walk_maskall);
    qtest_add_func("xen-pt/msix/walk/disable", test_walk_disable);
    qtest_add_func("xen-pt/msix/walk/moved", test_walk_moved);
    qtest_add_data_func("xen-pt/msix/walk/outage/all", "EIO",
                        test_walk_outage);
    qtest_add_data_func("xen-pt/msix/walk/outage/pciback", "timeout",
                        test_walk_outage);
    qtest_add_func("xen-pt/msix/walk/probe", test_walk_probe);

    return g_test_run();
}
