/*
 * QTest: MSI of a device passed through with Xen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What reaches the device and Xen, and what the guest is shown, in a stub
 * domain, where QEMU's config writes go through pcifront and pciback. A
 * refused write looks like a success there, and a failed read gives all-ones.
 */

#include "qemu/osdep.h"
#include "xen-pt-fixture.h"
#include "qobject/qdict.h"
#include "standard-headers/linux/pci_regs.h"

/* A plain local APIC message: APIC 1, vector 0x41. */
#define GUEST_ADDRESS 0xfee01000
#define GUEST_DATA    0x0041
/* The same for APIC 2, as a guest writes it to move the interrupt. */
#define OTHER_ADDRESS 0xfee02000
/* A guest that uses event channels asks for pirq 55 (vector 0). */
#define PIRQ_ADDRESS  0xfee37000
#define PIRQ_DATA     0x4300

#define CONTROL (XEN_PT_CAP_MSI + PCI_MSI_FLAGS)
#define ADDRESS (XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO)
#define UPPER   (XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_HI)

static const XenPTLayout plain;     /* 64-bit, not maskable, MSI only */

static uint8_t data_register(const XenPTLayout *l)
{
    return XEN_PT_CAP_MSI + (l->is32 ? PCI_MSI_DATA_32 : PCI_MSI_DATA_64);
}

static uint8_t mask_register(const XenPTLayout *l)
{
    return XEN_PT_CAP_MSI + (l->is32 ? PCI_MSI_MASK_32 : PCI_MSI_MASK_64);
}

static void program(XenPT *x, unsigned i, uint32_t address, uint16_t data)
{
    qpci_config_writel(x->dev[i], ADDRESS, address);
    if (!x->layout[i].is32) {
        qpci_config_writel(x->dev[i], UPPER, 0);
    }
    qpci_config_writew(x->dev[i], data_register(&x->layout[i]), data);
}

static bool enabled(XenPT *x, unsigned i)
{
    return qpci_config_readw(x->dev[i], CONTROL) & PCI_MSI_FLAGS_ENABLE;
}

/* As a driver does: what it read, with the one bit changed. */
static void set_enable(XenPT *x, unsigned i, bool on)
{
    uint16_t control = qpci_config_readw(x->dev[i], CONTROL);

    control &= ~PCI_MSI_FLAGS_ENABLE;
    qpci_config_writew(x->dev[i], CONTROL,
                       control | (on ? PCI_MSI_FLAGS_ENABLE : 0));
}

static bool hw_enabled(XenPT *x, unsigned i)
{
    return xen_pt_hw(x, i, CONTROL, 2) & PCI_MSI_FLAGS_ENABLE;
}

/* A whole start of MSI; the journal begins with the enable. */
static void start_msi(XenPT *x, unsigned i)
{
    program(x, i, GUEST_ADDRESS, GUEST_DATA);
    xen_pt_skip(x);
    set_enable(x, i, true);
}

/* Nothing of it is left: not at the device, not in Xen. */
static void assert_all_off(XenPT *x)
{
    unsigned bound;

    for (unsigned i = 0; i < x->ndev; i++) {
        g_assert_false(hw_enabled(x, i));
    }
    g_assert_cmpuint(xen_pt_pirqs(x, &bound), ==, 0);
    g_assert_cmpuint(bound, ==, 0);
}

/* The guest has it on, the device too, and what that sends arrives. */
static void assert_works(XenPT *x, unsigned i)
{
    XenPTStatus st;

    g_assert_true(enabled(x, i));
    g_assert_true(hw_enabled(x, i));
    xen_pt_status(x, i, &st);
    g_assert_cmpstr(st.state, ==, "on");
    g_assert_cmpstr(st.step, ==, "none");
    g_assert_cmpint(st.npirqs, ==, 1);
    g_assert_cmpint(st.undo_failures, ==, 0);
    qpci_config_writew(x->dev[i], PCI_COMMAND,
                       qpci_config_readw(x->dev[i], PCI_COMMAND) |
                       PCI_COMMAND_MASTER);
    g_assert_true(xen_pt_interrupts(x, i, 0));
}

/* And that is what the guest sees, too. */
static void assert_refused(XenPT *x, unsigned i, const char *step, int error)
{
    XenPTStatus st;

    g_assert_false(enabled(x, i));
    assert_all_off(x);
    xen_pt_status(x, i, &st);
    g_assert_cmpstr(st.state, ==, "refused");
    g_assert_cmpstr(st.step, ==, step);
    g_assert_cmpint(st.error, ==, error);
    g_assert_cmpint(st.npirqs, ==, 0);
}

/*
 * Enabling
 */

/* Mapped, bound, checked, one write, read back: in this order, no more. */
static void test_enable_sequence(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    start_msi(x, 0);
    xen_pt_expect(x,
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 = 0\n"
        "cfg DEV read ADDRESS = 0xfee00218\n"
        "cfg DEV read UPPER = 0x00000000\n"
        "cfg DEV read DATA = 0x0000\n"
        "cfg DEV read CONTROL = 0x0080\n"
        "cfg DEV write CONTROL 0x0081\n"
        "cfg DEV read CONTROL = 0x0081\n");
    g_assert_true(enabled(x, 0));
}

/* The device sees Xen's writes, and then one more that changes one bit. */
static void test_enable_writes(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    start_msi(x, 0);
    xen_pt_expect_writes(x,
        "xen DEV write CONTROL 0x0080\n"
        "xen DEV write CONTROL 0x0080\n"
        "xen DEV write ADDRESS 0xfee00218\n"
        "xen DEV write UPPER 0x00000000\n"
        "xen DEV write DATA 0x0000\n"
        "xen DEV write ADDRESS 0xfee00218\n"
        "xen DEV write UPPER 0x00000000\n"
        "xen DEV write DATA 0x0000\n"
        "dev DEV write CONTROL 0x0081\n");
}

static void test_enable_status(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);
    XenPTStatus st;

    xen_pt_assert_state(x, 0, "off");
    start_msi(x, 0);
    xen_pt_status(x, 0, &st);
    g_assert_cmpstr(st.state, ==, "on");
    g_assert_cmpint(st.npirqs, ==, 1);
    g_assert_cmpint(st.pirq, ==, 55);
    g_assert_cmpstr(st.step, ==, "none");
}

/* Every layout of the capability (PCI 3.0, figure 6-9). */
static void test_enable_layout(const void *opaque)
{
    const XenPTLayout *layout = opaque;
    g_autoptr(XenPT) x = xen_pt_start(layout);
    uint16_t off = (layout->is32 ? 0 : PCI_MSI_FLAGS_64BIT) |
                   (layout->maskable ? PCI_MSI_FLAGS_MASKBIT : 0);
    g_autofree char *expected = g_strdup_printf(
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 = 0\n"
        "cfg DEV read ADDRESS = 0xfee00218\n"
        "%s"
        "cfg DEV read DATA = 0x0000\n"
        "cfg DEV read CONTROL = 0x%04x\n"
        "cfg DEV write CONTROL 0x%04x\n"
        "cfg DEV read CONTROL = 0x%04x\n",
        layout->is32 ? "" : "cfg DEV read UPPER = 0x00000000\n",
        off, off | 1, off | 1);

    start_msi(x, 0);
    xen_pt_expect(x, expected);
    g_assert_cmphex(qpci_config_readw(x->dev[0], CONTROL), ==, off | 1);
    g_assert_true(hw_enabled(x, 0));
}

/* What Xen writes to the device depends on the interrupt remapping. */
static void test_enable_message(const void *form)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    xen_pt_say(x, "message %s", (const char *)form);
    start_msi(x, 0);
    g_assert_true(enabled(x, 0));
    g_assert_true(hw_enabled(x, 0));
}

/*
 * Vector 0 is legal for a guest that uses event channels for its interrupts:
 * it names the pirq that it wants (Linux, xen_msi_compose_msg()).
 */
static void test_enable_pirq(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    program(x, 0, PIRQ_ADDRESS, PIRQ_DATA);
    xen_pt_skip(x);
    set_enable(x, 0, true);
    xen_pt_expect_effects(x,
        "xc map_pirq_msi DEV entry 0 pirq 55\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x00 gflags 0x13037 = 0\n"
        "dev DEV write CONTROL 0x0081\n");
    g_assert_true(enabled(x, 0));
}

/* Enabled first, programmed later: it goes on by itself. */
static void test_enable_pending(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    set_enable(x, 0, true);
    g_assert_true(enabled(x, 0));
    xen_pt_expect_effects(x, "");
    xen_pt_assert_state(x, 0, "pending");

    qpci_config_writew(x->dev[0], data_register(&plain), GUEST_DATA);
    xen_pt_expect_effects(x, "");
    qpci_config_writel(x->dev[0], ADDRESS, GUEST_ADDRESS);
    xen_pt_expect_effects(x,
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 = 0\n"
        "dev DEV write CONTROL 0x0081\n");
    xen_pt_assert_state(x, 0, "on");
}

/*
 * In the other order an address without its data asks for no pirq: not for one
 * that there may be, nor for that of the device's INTx, nor another's.
 */
static void test_enable_pending_half(const void *address)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);
    uint32_t a = GPOINTER_TO_UINT(address);
    g_autofree char *expected = g_strdup_printf(
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x100%02x = 0\n"
        "dev DEV write CONTROL 0x0081\n", a >> 12 & 0xff);

    set_enable(x, 0, true);
    xen_pt_skip(x);
    qpci_config_writel(x->dev[0], ADDRESS, a);
    qpci_config_writel(x->dev[0], UPPER, 0);
    xen_pt_expect(x, "");
    xen_pt_assert_state(x, 0, "pending");
    qpci_config_writew(x->dev[0], data_register(&plain), GUEST_DATA);
    xen_pt_expect_effects(x, expected);
    assert_works(x, 0);
    set_enable(x, 0, false);
    assert_all_off(x);
}

/* Taken back before it was programmed: nothing has happened. */
static void test_enable_pending_off(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    set_enable(x, 0, true);
    set_enable(x, 0, false);
    program(x, 0, GUEST_ADDRESS, GUEST_DATA);
    xen_pt_expect_effects(x, "");
    xen_pt_assert_state(x, 0, "off");
}

/*
 * Xen's map sets QSIZE to one vector. A word that was read before it would
 * change more than ENABLE, and pciback refuses such a word as a whole.
 */
static void test_enable_qsize(void)
{
    static const XenPTLayout two = {
        .vectors = 3, .control = 0x0010,
    };
    g_autoptr(XenPT) x = xen_pt_start(&two);

    g_assert_cmphex(xen_pt_hw(x, 0, CONTROL, 2), ==, 0x0096);
    start_msi(x, 0);
    g_assert_true(enabled(x, 0));
    g_assert_cmphex(xen_pt_hw(x, 0, CONTROL, 2), ==, 0x0087);
}

/*
 * Xen restores an ENABLE that was set before the map at its end, before it
 * writes the new message: it has to be cleared first.
 */
static void test_enable_set_at_first(void)
{
    static const XenPTLayout on = { .control = PCI_MSI_FLAGS_ENABLE };
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &on);
    xen_pt_run(x, "");
    g_assert_false(enabled(x, 0));
    g_assert_false(hw_enabled(x, 0));
    xen_pt_skip(x);
    start_msi(x, 0);
    g_assert_true(enabled(x, 0));
    xen_pt_expect_writes(x,
        "xen DEV write CONTROL 0x0080\n"
        "xen DEV write CONTROL 0x0080\n"
        "xen DEV write ADDRESS 0xfee00218\n"
        "xen DEV write UPPER 0x00000000\n"
        "xen DEV write DATA 0x0000\n"
        "xen DEV write ADDRESS 0xfee00218\n"
        "xen DEV write UPPER 0x00000000\n"
        "xen DEV write DATA 0x0000\n"
        "dev DEV write CONTROL 0x0081\n");
}

/* An ENABLE that is there before the message was checked goes, and comes. */
static void test_enable_set_by_others(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    program(x, 0, GUEST_ADDRESS, GUEST_DATA);
    xen_pt_skip(x);
    xen_pt_say(x, "poke DEV 0x52/2 0x0081");
    set_enable(x, 0, true);
    xen_pt_expect(x,
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 = 0\n"
        "cfg DEV read ADDRESS = 0xfee00218\n"
        "cfg DEV read UPPER = 0x00000000\n"
        "cfg DEV read DATA = 0x0000\n"
        "cfg DEV read CONTROL = 0x0081\n"
        "cfg DEV write CONTROL 0x0080\n"
        "cfg DEV read CONTROL = 0x0080\n"
        "cfg DEV write CONTROL 0x0081\n"
        "cfg DEV read CONTROL = 0x0081\n");
    assert_works(x, 0);
    set_enable(x, 0, false);
    assert_all_off(x);
}

/*
 * The device's driver has reset it, and ENABLE is gone. The guest writes it as
 * it was: it is set up anew, since Xen writes a message for a map alone.
 */
static void test_enable_lost(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    start_msi(x, 0);
    assert_works(x, 0);
    xen_pt_say(x, "poke DEV 0x52/2 0x0080");
    xen_pt_say(x, "poke DEV 0x54/4 0");
    g_assert_false(hw_enabled(x, 0));
    xen_pt_skip(x);
    set_enable(x, 0, true);
    xen_pt_expect(x,
        "cfg DEV read CONTROL = 0x0080\n"
        "cfg DEV read CONTROL = 0x0080\n"
        "xc unbind_msi 55 gvec 0x41 gflags 0x00001 = 0\n"
        "xc unmap_pirq 55 = 0\n"
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 = 0\n"
        "cfg DEV read ADDRESS = 0xfee00218\n"
        "cfg DEV read UPPER = 0x00000000\n"
        "cfg DEV read DATA = 0x0000\n"
        "cfg DEV read CONTROL = 0x0080\n"
        "cfg DEV write CONTROL 0x0081\n"
        "cfg DEV read CONTROL = 0x0081\n");
    assert_works(x, 0);
    set_enable(x, 0, false);
    assert_all_off(x);
}

/* The kernel of a dom0 that counts INTx as an interrupt that is on. */
static void test_enable_old_dom0(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &plain);
    xen_pt_say(x, "kernel 6.1");
    xen_pt_run(x, ",msi-probe=off");
    /* Linux' driver switches INTx off before it switches MSI on. */
    qpci_config_writew(x->dev[0], PCI_COMMAND,
                       PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
    start_msi(x, 0);
    g_assert_true(enabled(x, 0));
    g_assert_true(hw_enabled(x, 0));
}

/*
 * Refusals
 */

/* What the device holds is not what Xen writes: ENABLE is never set. */
static void test_refused_message(const void *message)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    xen_pt_say(x, "message %s", (const char *)message);
    start_msi(x, 0);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "dev", "");
    assert_refused(x, 0, "check", EBADMSG);
}

/* A hypercall fails: the ones before it are undone. */
static void test_refused_map(const void *name)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);
    int error = g_str_equal(name, "EPERM") ? EPERM :
                g_str_equal(name, "ENODEV") ? ENODEV : EEXIST;
    g_autofree char *expected = g_strdup_printf(
        "xc map_pirq_msi DEV entry 0 pirq -1 = %s\n", (const char *)name);

    xen_pt_say(x, "fail map_pirq_msi 1 %s", (const char *)name);
    start_msi(x, 0);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "xc dev xen", expected);
    assert_refused(x, 0, "map", error);
}

static void test_refused_bind(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    xen_pt_say(x, "fail bind_msi 1 EPERM");
    start_msi(x, 0);
    xen_pt_expect_effects(x,
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 = EPERM\n"
        "xc unmap_pirq 55 = 0\n");
    assert_refused(x, 0, "bind", EPERM);
}

/* Permission is taken away after the guest has seen the capability. */
static void test_refused_late(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    xen_pt_say(x, "allow DEV off");
    start_msi(x, 0);
    xen_pt_expect_effects(x,
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 = 0\n"
        "xc unbind_msi 55 gvec 0x41 gflags 0x00001 = 0\n"
        "xc unmap_pirq 55 = 0\n");
    assert_refused(x, 0, "enable", EACCES);
    g_assert_cmpuint(xen_pt_log_lines(x, "allow_interrupt_control"), ==, 1);
}

/* A read that is lost is repeated: the one before the write, the one after. */
static void test_lost_read(const void *action)
{
    for (unsigned k = 1; k <= 2; k++) {
        g_autoptr(XenPT) x = xen_pt_start(&plain);

        xen_pt_say(x, "fail cfg.read@0x52 %u %s", k, (const char *)action);
        start_msi(x, 0);
        xen_pt_say(x, "heal");
        assert_works(x, 0);
        set_enable(x, 0, false);
        assert_all_off(x);
    }
}

/*
 * The second, too, is lost: it may be on, and so it is switched off. The next
 * time that the guest asks it works.
 */
static void test_lost_reads(const void *action)
{
    for (unsigned k = 1; k <= 2; k++) {
        g_autoptr(XenPT) x = xen_pt_start(&plain);

        for (unsigned i = 0; i < 2; i++) {
            xen_pt_say(x, "fail cfg.read@0x52 %u %s", k + i,
                       (const char *)action);
        }
        start_msi(x, 0);
        assert_refused(x, 0, "enable", EIO);
        xen_pt_say(x, "heal");
        set_enable(x, 0, true);
        assert_works(x, 0);
    }
}

/* No answer from dom0 at all: two seconds for each access, but no hang. */
static void test_refused_lost_write(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    xen_pt_say(x, "fail cfg.write@0x52 1 timeout");
    start_msi(x, 0);
    assert_refused(x, 0, "enable", EACCES);
}

/* A kernel in lockdown lets nobody write. */
static void test_refused_lockdown(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    xen_pt_say(x, "lockdown on");
    start_msi(x, 0);
    assert_refused(x, 0, "enable", EPERM);
}

/* XSA-482: the stub domain's kernel forbids hypercalls. */
static void test_refused_privcmd(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    xen_pt_say(x, "privcmd-restricted on");
    start_msi(x, 0);
    assert_refused(x, 0, "map", EPERM);
    g_assert_cmpuint(xen_pt_log_lines(x, "unrestricted=1"), ==, 1);
}

/* Each time the guest asks it is tried once, the same, and that is all. */
static void test_refused_toggle(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);
    unsigned lines;

    xen_pt_say(x, "allow DEV off");
    start_msi(x, 0);
    assert_refused(x, 0, "enable", EACCES);
    lines = xen_pt_log_lines(x, "");
    for (int i = 0; i < 2000; i++) {
        xen_pt_skip(x);
        qpci_config_writew(x->dev[0], CONTROL, 0x0081);
        xen_pt_expect(x,
            "cfg DEV read CONTROL = 0x0080\n"     /* what was left */
            "xc map_pirq_msi DEV entry 0 pirq -1\n"
            "xc map_pirq_msi = 0 pirq 55\n"
            "xc bind_msi 55 gvec 0x41 gflags 0x10001 = 0\n"
            "cfg DEV read ADDRESS = 0xfee00218\n"
            "cfg DEV read UPPER = 0x00000000\n"
            "cfg DEV read DATA = 0x0000\n"
            "cfg DEV read CONTROL = 0x0080\n"
            "cfg DEV write CONTROL 0x0081\n"
            "cfg DEV read CONTROL = 0x0080\n"
            "cfg DEV read CONTROL = 0x0080\n"     /* looked at once more */
            "cfg DEV read CONTROL = 0x0080\n"     /* to switch it off */
            "xc unbind_msi 55 gvec 0x41 gflags 0x00001 = 0\n"
            "xc unmap_pirq 55 = 0\n");
        qpci_config_writew(x->dev[0], CONTROL, 0x0080);
        xen_pt_expect(x, "");
    }
    assert_refused(x, 0, "enable", EACCES);
    g_assert_cmpuint(xen_pt_log_lines(x, ""), ==, lines);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI refused"), ==, 1);
    xen_pt_say(x, "allow DEV on");
    set_enable(x, 0, true);
    assert_works(x, 0);
}

/* Refused is so until the guest asks again, with ENABLE 0 before or not. */
static void test_refused_retried(const void *off)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    xen_pt_say(x, "fail map_pirq_msi 1 ENOSPC");
    start_msi(x, 0);
    assert_refused(x, 0, "map", ENOSPC);
    if (off) {
        set_enable(x, 0, false);
    }
    xen_pt_skip(x);
    set_enable(x, 0, true);
    xen_pt_expect_effects(x,
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 = 0\n"
        "dev DEV write CONTROL 0x0081\n");
    assert_works(x, 0);
    set_enable(x, 0, false);
    assert_all_off(x);
}

/*
 * Hiding: the guest's driver looks for MSI once, and must not find it where
 * it will not work
 */

static void assert_chain(XenPT *x, XenPTPlace place, bool msi)
{
    uint8_t ids[8], expected[3];
    unsigned n = 0;

    if (place == XEN_PT_MIDDLE || place == XEN_PT_LAST) {
        expected[n++] = PCI_CAP_ID_PM;
    }
    if (msi) {
        expected[n++] = PCI_CAP_ID_MSI;
    }
    if (place == XEN_PT_MIDDLE || place == XEN_PT_FIRST) {
        expected[n++] = PCI_CAP_ID_EXP;
    }
    g_assert_cmpmem(ids, xen_pt_caps(x, 0, ids), expected, n);
    g_assert_cmphex(qpci_config_readw(x->dev[0], PCI_STATUS) &
                    PCI_STATUS_CAP_LIST, ==, n ? PCI_STATUS_CAP_LIST : 0);
}

static void run_place(const XenPTPlace *place, bool allow)
{
    XenPTLayout layout = { .place = *place };
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &layout);
    xen_pt_say(x, "allow DEV %s", allow ? "on" : "off");
    xen_pt_run(x, "");
    assert_chain(x, *place, allow);
}

static void test_hidden_place(const void *place)
{
    run_place(place, false);
}

static void test_visible_place(const void *place)
{
    run_place(place, true);
}

/* Shown or hidden, probing leaves the device as it was. */
static void run_probe(bool allow, const char *journal, const char *writes)
{
    g_autoptr(XenPT) x = xen_pt_new();
    g_autofree char *cfg = NULL, *probe = NULL;
    const char *from;

    xen_pt_add(x, &plain);
    xen_pt_say(x, "allow DEV %s", allow ? "on" : "off");
    xen_pt_run(x, "");
    x->seen = 0;
    cfg = xen_pt_journal(x, "cfg xc");
    /* The probe begins where COMMAND is read for the first time. */
    from = strstr(cfg, "cfg DEV read COMMAND");
    probe = from ? g_strndup(from, strlen(journal)) : g_strdup("");
    xen_pt_expect_text(__FILE__, __LINE__, probe, journal);
    x->seen = 0;
    xen_pt_expect_writes(x, writes);
    g_assert_cmphex(xen_pt_hw(x, 0, CONTROL, 2), ==, 0x0080);
    xen_pt_assert_state(x, 0, allow ? "off" : "hidden");
}

static void test_probe_allowed(void)
{
    run_probe(true,
        "cfg DEV read COMMAND = 0x0002\n"
        "cfg DEV write COMMAND 0x0402\n"
        "cfg DEV read COMMAND = 0x0402\n"
        "cfg DEV read CONTROL = 0x0080\n"
        "cfg DEV write CONTROL 0x0081\n"
        "cfg DEV read CONTROL = 0x0081\n"
        "cfg DEV read CONTROL = 0x0081\n"
        "cfg DEV write CONTROL 0x0080\n"
        "cfg DEV read CONTROL = 0x0080\n"
        "cfg DEV write COMMAND 0x0002\n"
        "cfg DEV read COMMAND = 0x0002\n",
        "dev DEV write COMMAND 0x0402\n"
        "dev DEV write CONTROL 0x0081\n"
        "dev DEV write CONTROL 0x0080\n"
        "dev DEV write COMMAND 0x0002\n");
}

static void test_probe_refused(void)
{
    run_probe(false,
        "cfg DEV read COMMAND = 0x0002\n"
        "cfg DEV write COMMAND 0x0402\n"
        "cfg DEV read COMMAND = 0x0402\n"
        "cfg DEV read CONTROL = 0x0080\n"
        "cfg DEV write CONTROL 0x0081\n"
        "cfg DEV read CONTROL = 0x0080\n"
        "cfg DEV read CONTROL = 0x0080\n"
        "cfg DEV read CONTROL = 0x0080\n"
        "cfg DEV write COMMAND 0x0002\n"
        "cfg DEV read COMMAND = 0x0002\n",
        "");
}

/*
 * A bus master is made none meanwhile: no message can go out. QEMU writes
 * COMMAND once for both bits, pciback passes them on one by one.
 */
static void test_probe_master(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &plain);
    xen_pt_say(x, "master DEV on");
    xen_pt_run(x, "");
    x->seen = 0;
    xen_pt_expect_writes(x,
        "dev DEV write COMMAND 0x0002\n"
        "dev DEV write COMMAND 0x0402\n"
        "dev DEV write CONTROL 0x0081\n"
        "dev DEV write CONTROL 0x0080\n"
        "dev DEV write COMMAND 0x0406\n"
        "dev DEV write COMMAND 0x0006\n");
    g_assert_cmphex(xen_pt_hw(x, 0, PCI_COMMAND, 2), ==, 0x0006);
}

/* A bus master that cannot be switched off is not probed, nor hidden. */
static void test_probe_master_stays(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &plain);
    xen_pt_say(x, "master DEV on");
    xen_pt_say(x, "fail cfg.write@0x04 1 silent");
    xen_pt_run(x, "");
    x->seen = 0;
    xen_pt_expect_writes(x, "");
    assert_chain(x, XEN_PT_ONLY, true);
    g_assert_cmpuint(xen_pt_log_lines(x, "not probed"), ==, 1);
}

static void test_probe_off(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &plain);
    xen_pt_say(x, "allow DEV off");
    xen_pt_run(x, ",msi-probe=off");
    x->seen = 0;
    xen_pt_expect_writes(x, "");
    assert_chain(x, XEN_PT_ONLY, true);
}

/* In dom0 there is nobody to refuse, so nothing to find out. */
static void test_probe_dom0(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &plain);
    xen_pt_say(x, "stubdom off");
    xen_pt_run(x, "");
    x->seen = 0;
    xen_pt_expect_writes(x, "dev DEV write COMMAND 0x0002\n");
    assert_chain(x, XEN_PT_ONLY, true);
}

static void test_probe_dom0_on(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &plain);
    xen_pt_say(x, "stubdom off");
    xen_pt_run(x, ",msi-probe=on");
    x->seen = 0;
    xen_pt_expect_writes(x,
        "dev DEV write COMMAND 0x0402\n"
        "dev DEV write CONTROL 0x0081\n"
        "dev DEV write CONTROL 0x0080\n"
        "dev DEV write COMMAND 0x0002\n"
        /* and what realize writes in dom0, probe or not */
        "dev DEV write COMMAND 0x0002\n");
}

/* Linux before 5.6 in dom0 has no interrupt control to allow. */
static void test_hidden_old_dom0(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &plain);
    xen_pt_say(x, "kernel 5.4");
    xen_pt_run(x, "");
    assert_chain(x, XEN_PT_ONLY, false);
}

/* A hidden capability is not only unlinked: nothing is at its place. */
static void test_hidden_access(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &plain);
    xen_pt_say(x, "allow DEV off");
    xen_pt_run(x, "");
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSI), ==, 0);
    xen_pt_skip(x);
    program(x, 0, GUEST_ADDRESS, GUEST_DATA);
    qpci_config_writew(x->dev[0], CONTROL, 0x0081);
    xen_pt_expect(x, "");
    assert_all_off(x);
}

static void test_hidden_log(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &plain);
    xen_pt_say(x, "allow DEV off");
    xen_pt_run(x, "");
    g_assert_cmpuint(xen_pt_log_lines(x, "allow_interrupt_control"), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "0000:00:05.0"), ==, 1);
}

/*
 * While it is on
 */

/* The guest moves the interrupt to another CPU. */
static void test_update_affinity(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    start_msi(x, 0);
    xen_pt_skip(x);
    qpci_config_writel(x->dev[0], ADDRESS, OTHER_ADDRESS);
    xen_pt_expect_effects(x, "xc bind_msi 55 gvec 0x41 gflags 0x10002 = 0\n");
    g_assert_true(enabled(x, 0));
}

/* A round trip to dom0 is not needed for it. */
static void test_update_cost(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    start_msi(x, 0);
    xen_pt_skip(x);
    qpci_config_writel(x->dev[0], ADDRESS, OTHER_ADDRESS);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "cfg", "");
}

static void test_update_vector(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    start_msi(x, 0);
    xen_pt_skip(x);
    qpci_config_writew(x->dev[0], data_register(&plain), 0x0042);
    xen_pt_expect_effects(x, "xc bind_msi 55 gvec 0x42 gflags 0x10001 = 0\n");
}

/* The same once more is no change. */
static void test_update_same(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    start_msi(x, 0);
    xen_pt_skip(x);
    program(x, 0, GUEST_ADDRESS, GUEST_DATA);
    set_enable(x, 0, true);
    xen_pt_expect_effects(x, "");
}

/*
 * It fails, and Xen alone knows what is bound by now: all of it is set up anew,
 * with what the guest has written.
 */
static void test_update_failed(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    start_msi(x, 0);
    xen_pt_skip(x);
    xen_pt_say(x, "fail bind_msi 1 EINVAL");
    qpci_config_writel(x->dev[0], ADDRESS, OTHER_ADDRESS);
    xen_pt_expect_effects(x,
        "xc bind_msi 55 gvec 0x41 gflags 0x10002 = EINVAL\n"
        "dev DEV write CONTROL 0x0080\n"
        "xc unbind_msi 55 gvec 0x41 gflags 0x00001 = 0\n"
        "xc unmap_pirq 55 = 0\n"
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10002 = 0\n"
        "dev DEV write CONTROL 0x0081\n");
    assert_works(x, 0);
    set_enable(x, 0, false);
    assert_all_off(x);
}

/* Forbidden, so Xen has not looked at it: the binding that is there stays. */
static void test_update_forbidden(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);
    XenPTStatus st;

    start_msi(x, 0);
    xen_pt_skip(x);
    xen_pt_say(x, "fail bind_msi 1 EPERM");
    qpci_config_writel(x->dev[0], ADDRESS, OTHER_ADDRESS);
    xen_pt_expect(x,
        "xc bind_msi 55 gvec 0x41 gflags 0x10002 = EPERM\n");
    xen_pt_status(x, 0, &st);
    g_assert_cmpstr(st.state, ==, "on");
    g_assert_cmpstr(st.step, ==, "update");
    g_assert_cmpint(st.error, ==, EPERM);
    g_assert_cmpuint(xen_pt_log_lines(x, "not updated"), ==, 1);
    /* The guest takes it back: as was, and no fault any more. */
    qpci_config_writel(x->dev[0], ADDRESS, GUEST_ADDRESS);
    xen_pt_expect(x, "");
    assert_works(x, 0);
    set_enable(x, 0, false);
    assert_all_off(x);
}

/*
 * A guest that asks for a pirq may have masked its vector, and never unmask it:
 * masking is Xen's (Linux before its xen_msi_init() said so).
 */
static void test_enable_pirq_masked(void)
{
    static const XenPTLayout maskable = { .maskable = true };
    g_autoptr(XenPT) x = xen_pt_start(&maskable);

    qpci_config_writel(x->dev[0], mask_register(&maskable), 1);
    program(x, 0, PIRQ_ADDRESS, 0x4300);
    set_enable(x, 0, true);
    g_assert_true(enabled(x, 0));
    g_assert_cmphex(xen_pt_hw(x, 0, mask_register(&maskable), 4), ==, 0);
}

/* Masking is the guest's affair and Xen's; QEMU tells, and touches nothing. */
static void test_update_mask(void)
{
    static const XenPTLayout maskable = { .maskable = true };
    g_autoptr(XenPT) x = xen_pt_start(&maskable);

    start_msi(x, 0);
    xen_pt_skip(x);
    qpci_config_writel(x->dev[0], mask_register(&maskable), 1);
    g_assert_cmphex(xen_pt_hw(x, 0, mask_register(&maskable), 4), ==, 1);
    qpci_config_writel(x->dev[0], mask_register(&maskable), 0);
    g_assert_cmphex(xen_pt_hw(x, 0, mask_register(&maskable), 4), ==, 0);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "cfg dev", "");
    g_assert_true(enabled(x, 0));
}

/* The pending bit is the device's; no other register is read from it. */
static void test_pending_bit(void)
{
    static const XenPTLayout maskable = { .maskable = true };
    g_autoptr(XenPT) x = xen_pt_start(&maskable);
    uint8_t pending = XEN_PT_CAP_MSI + PCI_MSI_PENDING_64;

    g_assert_cmphex(qpci_config_readl(x->dev[0], pending), ==, 0);
    xen_pt_say(x, "poke DEV 0x%02x/4 1", pending);
    g_assert_cmphex(qpci_config_readl(x->dev[0], pending), ==, 1);
}

/*
 * The registers
 */

/*
 * Any width at any place: read-only bytes hold, the others take what was
 * written, nothing reaches the device or Xen, and ENABLE stays off.
 */
static void test_registers_widths(const void *opaque)
{
    const XenPTLayout *layout = opaque;
    g_autoptr(XenPT) x = xen_pt_start(layout);
    unsigned size = (layout->is32 ? 12 : 16) + (layout->maskable ? 8 : 0);
    uint8_t model[24] = { 0 }, writable[24] = { 0 };
    unsigned data = data_register(layout) - XEN_PT_CAP_MSI;
    uint32_t seed = 0x12345678;

    for (unsigned i = 0; i < size; i++) {
        model[i] = qpci_config_readb(x->dev[0], XEN_PT_CAP_MSI + i);
    }
    g_assert_cmphex(model[0], ==, PCI_CAP_ID_MSI);
    memset(writable + PCI_MSI_ADDRESS_LO, 0xff, layout->is32 ? 4 : 8);
    writable[PCI_MSI_ADDRESS_LO] = 0xfc;
    memset(writable + data, 0xff, 2);
    if (layout->maskable) {
        writable[mask_register(layout) - XEN_PT_CAP_MSI] = 1;
    }
    xen_pt_skip(x);

    for (unsigned len = 1; len <= 4; len *= 2) {
        for (unsigned at = 0; at < size; at += len) {
            uint32_t v;

            seed = seed * 1664525 + 1013904223;
            v = seed >> 8 | seed << 24;
            if (at <= PCI_MSI_FLAGS && PCI_MSI_FLAGS < at + len) {
                /* the byte that ENABLE is in: everything else set */
                v |= 0xfe << 8 * (PCI_MSI_FLAGS - at);
                v &= ~(1u << 8 * (PCI_MSI_FLAGS - at));
            }
            switch (len) {
            case 1:
                qpci_config_writeb(x->dev[0], XEN_PT_CAP_MSI + at, v);
                break;
            case 2:
                qpci_config_writew(x->dev[0], XEN_PT_CAP_MSI + at, v);
                break;
            case 4:
                qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI + at, v);
                break;
            }
            for (unsigned i = 0; i < len; i++) {
                uint8_t byte = v >> 8 * i, w = writable[at + i];

                model[at + i] = (model[at + i] & ~w) | (byte & w);
            }
            for (unsigned i = 0; i < size - (layout->maskable ? 4 : 0); i++) {
                uint8_t is = qpci_config_readb(x->dev[0], XEN_PT_CAP_MSI + i);

                if (is != model[i]) {
                    g_test_message("byte %u after a write of %u at %u", i,
                                   len, at);
                }
                g_assert_cmphex(is, ==, model[i]);
            }
        }
    }
    xen_pt_expect(x, "");
}

/* ENABLE is in the lower byte: the upper one alone changes nothing. */
static void test_registers_upper_byte(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    start_msi(x, 0);
    xen_pt_skip(x);
    qpci_config_writeb(x->dev[0], CONTROL + 1, 0);
    xen_pt_expect_effects(x, "");
    g_assert_true(enabled(x, 0));
}

static void test_registers_lower_byte(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    program(x, 0, GUEST_ADDRESS, GUEST_DATA);
    qpci_config_writeb(x->dev[0], CONTROL, 0x81);
    g_assert_true(enabled(x, 0));
    g_assert_true(hw_enabled(x, 0));
    qpci_config_writeb(x->dev[0], CONTROL, 0x80);
    g_assert_false(enabled(x, 0));
    assert_all_off(x);
}

/* As one write of 4 bytes, with the id and the next pointer. */
static void test_registers_dword(void)
{
    static const XenPTLayout first = { .place = XEN_PT_FIRST };
    g_autoptr(XenPT) x = xen_pt_start(&first);

    program(x, 0, GUEST_ADDRESS, GUEST_DATA);
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI, 0x00810000);
    g_assert_true(enabled(x, 0));
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSI), ==,
                    0x00810005 | XEN_PT_CAP_EXP << 8);
}

static void test_registers_next_pointer(void)
{
    static const XenPTLayout first = { .place = XEN_PT_FIRST };
    g_autoptr(XenPT) x = xen_pt_start(&first);

    qpci_config_writew(x->dev[0], XEN_PT_CAP_MSI, 0xffff);
    g_assert_cmphex(qpci_config_readw(x->dev[0], XEN_PT_CAP_MSI), ==,
                    PCI_CAP_ID_MSI | XEN_PT_CAP_EXP << 8);
}

/* One vector is what Xen gives; more are not offered and not taken. */
static void test_registers_vectors(void)
{
    static const XenPTLayout eight = { .vectors = 3 };
    g_autoptr(XenPT) x = xen_pt_start(&eight);

    g_assert_cmphex(qpci_config_readw(x->dev[0], CONTROL), ==, 0x0080);
    program(x, 0, GUEST_ADDRESS, GUEST_DATA);
    qpci_config_writew(x->dev[0], CONTROL, 0x00b1);
    g_assert_cmphex(qpci_config_readw(x->dev[0], CONTROL), ==, 0x0081);
    g_assert_cmphex(xen_pt_hw(x, 0, CONTROL, 2), ==, 0x0087);
}

/* Reading what is emulated costs no round trip to dom0. */
static void test_registers_reads(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    for (unsigned len = 1; len <= 4; len *= 2) {
        for (unsigned at = 0; at < 16; at += len) {
            uint8_t reg = XEN_PT_CAP_MSI + at;

            len == 1 ? (void)qpci_config_readb(x->dev[0], reg) :
            len == 2 ? (void)qpci_config_readw(x->dev[0], reg) :
                       (void)qpci_config_readl(x->dev[0], reg);
        }
    }
    xen_pt_expect(x, "");
}

/*
 * Switching off
 */

static void test_disable_sequence(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    start_msi(x, 0);
    xen_pt_skip(x);
    set_enable(x, 0, false);
    xen_pt_expect(x,
        "cfg DEV read CONTROL = 0x0081\n"
        "cfg DEV write CONTROL 0x0080\n"
        "cfg DEV read CONTROL = 0x0080\n"
        "xc unbind_msi 55 gvec 0x41 gflags 0x00001 = 0\n"
        "xc unmap_pirq 55 = 0\n");
    g_assert_false(enabled(x, 0));
    assert_all_off(x);
    xen_pt_assert_state(x, 0, "off");
}

static void test_disable_enable(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    for (int i = 0; i < 50; i++) {
        start_msi(x, 0);
        g_assert_true(enabled(x, 0));
        set_enable(x, 0, false);
        g_assert_false(enabled(x, 0));
    }
    assert_all_off(x);
}

/* A step of undoing fails: the others are done, and it is not hidden. */
static void test_disable_failed(const void *op)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);
    g_autofree char *journal = NULL;
    XenPTStatus st;

    start_msi(x, 0);
    xen_pt_skip(x);
    xen_pt_say(x, "fail %s 1 EINVAL", (const char *)op);
    set_enable(x, 0, false);
    journal = xen_pt_journal(x, "xc");
    g_assert_nonnull(strstr(journal, "xc unbind_msi 55"));
    g_assert_nonnull(strstr(journal, "xc unmap_pirq 55"));
    g_assert_false(enabled(x, 0));
    g_assert_false(hw_enabled(x, 0));
    xen_pt_status(x, 0, &st);
    g_assert_cmpint(st.undo_failures, ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "not undone"), ==, 1);
}

/*
 * Devices
 */

static void test_unplug(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);
    unsigned bound;

    start_msi(x, 0);
    xen_pt_skip(x);
    xen_pt_unplug(x, 0);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "dev",
        "dev DEV write CONTROL 0x0080\n");
    g_assert_cmpuint(xen_pt_pirqs(x, &bound), ==, 0);
    g_assert_false(hw_enabled(x, 0));

    g_assert_true(xen_pt_plug(x, 0));
    start_msi(x, 0);
    g_assert_true(enabled(x, 0));
}

/* Each has its own pirq, and one's refusal is not the other's. */
static void test_two_devices(void)
{
    g_autoptr(XenPT) x = xen_pt_new();
    unsigned bound;

    xen_pt_add(x, &plain);
    xen_pt_add(x, &plain);
    xen_pt_run(x, "");
    start_msi(x, 0);
    start_msi(x, 1);
    xen_pt_expect_effects(x,
        "xc map_pirq_msi DEV2 entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 54\n"
        "xc bind_msi 54 gvec 0x41 gflags 0x10001 = 0\n"
        "dev DEV2 write CONTROL 0x0081\n");
    g_assert_cmpuint(xen_pt_pirqs(x, &bound), ==, 2);
    set_enable(x, 0, false);
    g_assert_true(enabled(x, 1));
    g_assert_true(hw_enabled(x, 1));
    g_assert_cmpuint(xen_pt_pirqs(x, &bound), ==, 1);
}

/*
 * A guest may ask for a pirq that its other device has. Xen says yes and maps
 * nothing, so the device has no message; the other's interrupt must survive.
 */
static void test_two_devices_one_pirq(void)
{
    g_autoptr(XenPT) x = xen_pt_new();
    unsigned bound;

    xen_pt_add(x, &plain);
    xen_pt_add(x, &plain);
    xen_pt_run(x, "");
    start_msi(x, 0);
    program(x, 1, PIRQ_ADDRESS, PIRQ_DATA);
    set_enable(x, 1, true);
    g_assert_false(enabled(x, 1));
    g_assert_false(hw_enabled(x, 1));
    g_assert_true(enabled(x, 0));
    g_assert_true(hw_enabled(x, 0));
    g_assert_cmpuint(xen_pt_pirqs(x, &bound), ==, 1);
    g_assert_cmpuint(bound, ==, 1);
}

/* In the stub domain the device has another address than in dom0. */
static void test_local_address(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);
    g_autofree char *journal = NULL;

    x->seen = 0;
    journal = xen_pt_journal(x, "xs");
    g_assert_nonnull(strstr(journal,
        "xs read /local/domain/0/backend/pci/2/0/vdev-0 = 0000:00:00.0\n"));
    start_msi(x, 0);
    g_assert_true(enabled(x, 0));
}

/* QEMU in dom0: the same sequence, without pciback. */
static void test_dom0(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &plain);
    xen_pt_say(x, "stubdom off");
    xen_pt_run(x, "");
    start_msi(x, 0);
    xen_pt_expect_effects(x,
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 = 0\n"
        "dev DEV write CONTROL 0x0081\n");
    g_assert_true(enabled(x, 0));
}

/*
 * Every operation failing in turn, in every way that it can
 */

/* What a start of MSI consists of. */
static GStrv operations_of_start(void)
{
    g_autoptr(XenPT) x = xen_pt_start(&plain);
    g_autofree char *journal = NULL;
    g_auto(GStrv) lines = NULL;
    GStrv ops;
    unsigned n = 0;

    start_msi(x, 0);
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

/* What must hold, whatever has failed. */
static void assert_consistent(XenPT *x)
{
    unsigned bound, mapped = xen_pt_pirqs(x, &bound);
    bool guest = enabled(x, 0);

    g_assert_cmpint(hw_enabled(x, 0), ==, guest);
    g_assert_cmpuint(mapped, ==, guest);
    g_assert_cmpuint(bound, ==, guest);
}

static void test_walk_enable(void)
{
    g_auto(GStrv) ops = operations_of_start();
    unsigned paths = 0;

    for (unsigned k = 0; ops[k]; k++) {
        for (const char *const *way = xen_pt_ways_of(ops[k]); *way; way++) {
            g_autoptr(XenPT) x = xen_pt_start(&plain);

            program(x, 0, GUEST_ADDRESS, GUEST_DATA);
            xen_pt_say(x, "fail * %u %s", k + 1, *way);
            set_enable(x, 0, true);
            xen_pt_say(x, "heal");
            g_test_message("'%s' fails by %s: %s", ops[k], *way,
                           enabled(x, 0) ? "on" : "refused");
            assert_consistent(x);
            /* A read is repeated; of a short write ENABLE has arrived. */
            g_assert_cmpint(enabled(x, 0), ==, strstr(ops[k], " read ") ||
                            (strstr(ops[k], " write ") &&
                             g_str_equal(*way, "short")));
            if (!enabled(x, 0)) {
                set_enable(x, 0, true);
            }
            assert_works(x, 0);
            set_enable(x, 0, false);
            assert_all_off(x);
            paths++;
        }
    }
    g_test_message("%u failure paths", paths);
}

/* From one operation on all fail, undoing too; when that is over, all goes. */
static void test_walk_outage(const void *way)
{
    g_auto(GStrv) ops = operations_of_start();
    unsigned bound;

    for (unsigned k = 0; ops[k]; k++) {
        g_autoptr(XenPT) x = xen_pt_start(&plain);

        program(x, 0, GUEST_ADDRESS, GUEST_DATA);
        xen_pt_say(x, "fail * %u+ %s", k + 1, (const char *)way);
        set_enable(x, 0, true);
        g_test_message("from '%s' on all fails by %s: %s", ops[k],
                       (const char *)way, enabled(x, 0) ? "on" : "refused");
        g_assert_false(enabled(x, 0));
        xen_pt_say(x, "heal");
        xen_pt_unplug(x, 0);
        g_assert_cmpuint(xen_pt_pirqs(x, &bound), ==, 0);
        g_assert_false(hw_enabled(x, 0));
    }
}

/* Switching off: what cannot be undone now is when the device goes. */
static void test_walk_disable(void)
{
    static const struct {
        const char *op;
        const char *const *ways;
    } ops[] = {
        { "cfg.read@0x52", xen_pt_read_ways },
        { "cfg.write@0x52", xen_pt_write_ways },
        { "unbind_msi", xen_pt_hypercall_ways },
        { "unmap_pirq", xen_pt_hypercall_ways },
    };
    unsigned bound, paths = 0;

    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        for (unsigned k = 1; k <= (i == 0 ? 2 : 1); k++) {
            for (const char *const *way = ops[i].ways; *way; way++) {
                g_autoptr(XenPT) x = xen_pt_start(&plain);

                start_msi(x, 0);
                xen_pt_say(x, "fail %s %u %s", ops[i].op, k, *way);
                set_enable(x, 0, false);
                g_test_message("%s %u fails by %s", ops[i].op, k, *way);
                g_assert_false(enabled(x, 0));
                g_assert_false(hw_enabled(x, 0));
                xen_pt_say(x, "heal");
                xen_pt_unplug(x, 0);
                g_assert_cmpuint(xen_pt_pirqs(x, &bound), ==, 0);
                paths++;
            }
        }
    }
    g_test_message("%u failure paths", paths);
}

/* And of the probe: the device is left as it was found. */
static void test_walk_probe(void)
{
    static const XenPTWalk ops[] = {
        { "cfg.read@0x04", 1, xen_pt_read_ways },
        { "cfg.read@0x52", 5, xen_pt_read_ways },
        { "cfg.write@0x52", 2, xen_pt_write_ways },
    };

    xen_pt_walk_probe(&plain, ops, ARRAY_SIZE(ops));
}

/*
 * When the device comes, COMMAND is read and written back with what its BARs
 * need. A read that failed must not be what is written back.
 */
static void test_walk_command(void)
{
    for (unsigned k = 2; k <= 3; k++) {
        for (const char *const *way = xen_pt_read_ways; *way; way++) {
            g_autoptr(XenPT) x = xen_pt_new();

            xen_pt_add(x, &plain);
            xen_pt_run(x, NULL);
            xen_pt_say(x, "fail cfg.read@0x04 %u %s", k, *way);
            g_test_message("read %u of COMMAND fails by %s: %s", k, *way,
                           xen_pt_plug(x, 0) ? "there" : "not taken");
            xen_pt_say(x, "heal");
            g_assert_cmphex(xen_pt_hw(x, 0, PCI_COMMAND, 2), ==,
                            PCI_COMMAND_MEMORY);
        }
    }
}

int main(int argc, char **argv)
{
    static const XenPTLayout layouts[] = {
        { .is32 = true }, { 0 },
        { .is32 = true, .maskable = true }, { .maskable = true },
    };
    static const char *const layout_names[] = {
        "32", "64", "32-maskable", "64-maskable",
    };
    static const XenPTPlace places[] = {
        XEN_PT_ONLY, XEN_PT_FIRST, XEN_PT_MIDDLE, XEN_PT_LAST,
    };
    static const char *const place_names[] = {
        "only", "first", "middle", "last",
    };
    static const struct {
        const char *name;
        uint32_t address;
    } halves[] = {
        { "apic-1", GUEST_ADDRESS },
        { "intx", 0xfee11000 },
        { "free", PIRQ_ADDRESS },
    };
    static const struct {
        const char *name, *message;
    } bad[] = {
        { "zero", "0:0" },
        { "all-ones", "0xffffffffffffffff:0xffff" },
        { "address", "0x12345678:0" },
        { "upper-address", "0x100fee01000:0x4041" },
        { "trigger", "0xfee01000:0x8041" },
        { "remapped-data", "0xfee00018:0x0041" },
    };

    g_test_init(&argc, &argv, NULL);
    qtest_add_func("xen-pt/msi/enable/sequence", test_enable_sequence);
    qtest_add_func("xen-pt/msi/enable/writes", test_enable_writes);
    qtest_add_func("xen-pt/msi/enable/status", test_enable_status);
    qtest_add_func("xen-pt/msi/enable/pirq", test_enable_pirq);
    qtest_add_func("xen-pt/msi/enable/pending", test_enable_pending);
    for (size_t i = 0; i < ARRAY_SIZE(halves); i++) {
        g_autofree char *path = g_strdup_printf(
            "xen-pt/msi/enable/pending-pirq/%s", halves[i].name);

        qtest_add_data_func(path, GUINT_TO_POINTER(halves[i].address),
                            test_enable_pending_half);
    }
    qtest_add_func("xen-pt/msi/enable/pending-off", test_enable_pending_off);
    qtest_add_func("xen-pt/msi/enable/qsize", test_enable_qsize);
    qtest_add_func("xen-pt/msi/enable/set-at-first", test_enable_set_at_first);
    qtest_add_func("xen-pt/msi/enable/set-by-others",
                   test_enable_set_by_others);
    qtest_add_func("xen-pt/msi/enable/lost", test_enable_lost);
    qtest_add_func("xen-pt/msi/enable/old-dom0", test_enable_old_dom0);
    for (const char *const *form = xen_pt_messages; *form; form++) {
        g_autofree char *path = g_strdup_printf("xen-pt/msi/enable/message/%s",
                                                *form);

        qtest_add_data_func(path, *form, test_enable_message);
    }

    qtest_add_data_func("xen-pt/msi/refused/map/EPERM", "EPERM",
                        test_refused_map);
    qtest_add_data_func("xen-pt/msi/refused/map/ENODEV", "ENODEV",
                        test_refused_map);
    qtest_add_data_func("xen-pt/msi/refused/map/EEXIST", "EEXIST",
                        test_refused_map);
    qtest_add_func("xen-pt/msi/refused/bind", test_refused_bind);
    qtest_add_func("xen-pt/msi/refused/late", test_refused_late);
    qtest_add_data_func("xen-pt/msi/enable/lost-read/all-ones", "ones",
                        test_lost_read);
    qtest_add_data_func("xen-pt/msi/enable/lost-read/timeout", "timeout",
                        test_lost_read);
    qtest_add_data_func("xen-pt/msi/refused/lost-reads/all-ones", "ones",
                        test_lost_reads);
    qtest_add_data_func("xen-pt/msi/refused/lost-reads/timeout", "timeout",
                        test_lost_reads);
    qtest_add_func("xen-pt/msi/refused/lost-write", test_refused_lost_write);
    qtest_add_func("xen-pt/msi/refused/lockdown", test_refused_lockdown);
    qtest_add_func("xen-pt/msi/refused/privcmd", test_refused_privcmd);
    qtest_add_func("xen-pt/msi/refused/toggle", test_refused_toggle);
    qtest_add_data_func("xen-pt/msi/refused/retried", NULL,
                        test_refused_retried);
    qtest_add_data_func("xen-pt/msi/refused/retried-from-off", "off",
                        test_refused_retried);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/msi/refused/check/%s",
                                                bad[i].name);

        qtest_add_data_func(path, bad[i].message, test_refused_message);
    }

    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        g_autofree char *hidden = g_strdup_printf("xen-pt/msi/hidden/%s",
                                                  place_names[i]);
        g_autofree char *shown = g_strdup_printf("xen-pt/msi/visible/%s",
                                                 place_names[i]);

        qtest_add_data_func(hidden, &places[i], test_hidden_place);
        qtest_add_data_func(shown, &places[i], test_visible_place);
    }
    qtest_add_func("xen-pt/msi/hidden/old-dom0", test_hidden_old_dom0);
    qtest_add_func("xen-pt/msi/hidden/access", test_hidden_access);
    qtest_add_func("xen-pt/msi/hidden/log", test_hidden_log);
    qtest_add_func("xen-pt/msi/probe/allowed", test_probe_allowed);
    qtest_add_func("xen-pt/msi/probe/refused", test_probe_refused);
    qtest_add_func("xen-pt/msi/probe/master", test_probe_master);
    qtest_add_func("xen-pt/msi/probe/master-stays", test_probe_master_stays);
    qtest_add_func("xen-pt/msi/probe/off", test_probe_off);
    qtest_add_func("xen-pt/msi/probe/dom0", test_probe_dom0);
    qtest_add_func("xen-pt/msi/probe/dom0-on", test_probe_dom0_on);

    qtest_add_func("xen-pt/msi/update/affinity", test_update_affinity);
    qtest_add_func("xen-pt/msi/update/cost", test_update_cost);
    qtest_add_func("xen-pt/msi/update/vector", test_update_vector);
    qtest_add_func("xen-pt/msi/update/same", test_update_same);
    qtest_add_func("xen-pt/msi/update/failed", test_update_failed);
    qtest_add_func("xen-pt/msi/update/forbidden", test_update_forbidden);
    qtest_add_func("xen-pt/msi/enable/pirq-masked", test_enable_pirq_masked);
    qtest_add_func("xen-pt/msi/update/mask", test_update_mask);
    qtest_add_func("xen-pt/msi/pending-bit", test_pending_bit);

    for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
        g_autofree char *enable = g_strdup_printf("xen-pt/msi/enable/layout/%s",
                                                  layout_names[i]);
        g_autofree char *widths = g_strdup_printf(
            "xen-pt/msi/registers/widths/%s", layout_names[i]);

        qtest_add_data_func(enable, &layouts[i], test_enable_layout);
        qtest_add_data_func(widths, &layouts[i], test_registers_widths);
    }
    qtest_add_func("xen-pt/msi/registers/upper-byte",
                   test_registers_upper_byte);
    qtest_add_func("xen-pt/msi/registers/lower-byte",
                   test_registers_lower_byte);
    qtest_add_func("xen-pt/msi/registers/dword", test_registers_dword);
    qtest_add_func("xen-pt/msi/registers/next-pointer",
                   test_registers_next_pointer);
    qtest_add_func("xen-pt/msi/registers/vectors", test_registers_vectors);
    qtest_add_func("xen-pt/msi/registers/reads", test_registers_reads);

    qtest_add_func("xen-pt/msi/disable/sequence", test_disable_sequence);
    qtest_add_func("xen-pt/msi/disable/enable", test_disable_enable);
    qtest_add_data_func("xen-pt/msi/disable/unbind-fails", "unbind_msi",
                        test_disable_failed);
    qtest_add_data_func("xen-pt/msi/disable/unmap-fails", "unmap_pirq",
                        test_disable_failed);

    qtest_add_func("xen-pt/msi/unplug", test_unplug);
    qtest_add_func("xen-pt/msi/two-devices", test_two_devices);
    qtest_add_func("xen-pt/msi/two-devices-one-pirq",
                   test_two_devices_one_pirq);
    qtest_add_func("xen-pt/msi/local-address", test_local_address);
    qtest_add_func("xen-pt/msi/dom0", test_dom0);
    qtest_add_func("xen-pt/msi/walk/enable", test_walk_enable);
    qtest_add_data_func("xen-pt/msi/walk/outage/all", "EIO",
                        test_walk_outage);
    qtest_add_data_func("xen-pt/msi/walk/outage/pciback", "timeout",
                        test_walk_outage);
    qtest_add_func("xen-pt/msi/walk/disable", test_walk_disable);
    qtest_add_func("xen-pt/msi/walk/probe", test_walk_probe);
    qtest_add_func("xen-pt/msi/walk/command", test_walk_command);

    return g_test_run();
}
