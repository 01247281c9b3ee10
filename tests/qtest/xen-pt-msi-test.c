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
#include "xen-pt-driver.h"

/* A guest that uses event channels asks for pirq 55 (vector 0). */
#define MSI_PIRQ_DATA 0x4300

#define MSI_ADDRESS (XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO)
#define MSI_UPPER   (XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_HI)

/* What Xen writes to the device, and the one write of QEMU's after that. */
#define DEVICE_ENABLED \
    "xen DEV write CONTROL 0x0080\n" \
    "xen DEV write CONTROL 0x0080\n" \
    "xen DEV write ADDRESS 0xfee00218\n" \
    "xen DEV write UPPER 0x00000000\n" \
    "xen DEV write DATA 0x0000\n" \
    "xen DEV write ADDRESS 0xfee00218\n" \
    "xen DEV write UPPER 0x00000000\n" \
    "xen DEV write DATA 0x0000\n" \
    "dev DEV write CONTROL 0x0081\n"
#define ENABLED_EFFECTS \
    MSI_MAP(55) MSI_BIND(55, 0x41, 0x10001) "dev DEV write CONTROL 0x0081\n"

static const XenPTLayout maskable = { .maskable = true };
static const XenPTLayout first = { .place = XEN_PT_FIRST };
static const XenPTLayout eight = { .vectors = 3 };
/* As before Xen's map: more vectors are enabled than one. */
static const XenPTLayout two = { .vectors = 3, .control = 0x0010 };
static const XenPTLayout found_on = { .control = PCI_MSI_FLAGS_ENABLE };

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
    qpci_config_writel(x->dev[i], MSI_ADDRESS, address);
    if (!x->layout[i].is32) {
        qpci_config_writel(x->dev[i], MSI_UPPER, 0);
    }
    qpci_config_writew(x->dev[i], data_register(&x->layout[i]), data);
}

static bool enabled(XenPT *x, unsigned i)
{
    return qpci_config_readw(x->dev[i], CONTROL_MSI) & PCI_MSI_FLAGS_ENABLE;
}

/* As a driver does: what it read, with the one bit changed. */
static void set_enable(XenPT *x, unsigned i, bool on)
{
    uint16_t control = qpci_config_readw(x->dev[i], CONTROL_MSI);

    control &= ~PCI_MSI_FLAGS_ENABLE;
    qpci_config_writew(x->dev[i], CONTROL_MSI,
                       control | (on ? PCI_MSI_FLAGS_ENABLE : 0));
}

static bool hw_enabled(XenPT *x, unsigned i)
{
    return xen_pt_hw(x, i, CONTROL_MSI, 2) & PCI_MSI_FLAGS_ENABLE;
}

/* A whole start of MSI; the journal begins with the enable. */
static void start_msi(XenPT *x, unsigned i)
{
    program(x, i, ADDRESS, DATA(0));
    xen_pt_skip(x);
    set_enable(x, i, true);
}

/*
 * Enabling
 */

/* The device sees Xen's writes, and then one more that changes one bit. */
static void test_enable_writes(XenPT *x)
{
    start_msi(x, 0);
    xen_pt_expect_writes(x, DEVICE_ENABLED);
}

/* Every layout of the capability (PCI 3.0, figure 6-9). */
static void test_enable_layout(XenPT *x)
{
    const XenPTLayout *layout = &x->layout[0];
    uint16_t off = (layout->is32 ? 0 : PCI_MSI_FLAGS_64BIT) |
                   (layout->maskable ? PCI_MSI_FLAGS_MASKBIT : 0);
    g_autofree char *expected = g_strdup_printf(
        MSI_MAP(55)
        MSI_BIND(55, 0x41, 0x10001)
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
    g_assert_cmphex(qpci_config_readw(x->dev[0], CONTROL_MSI), ==, off | 1);
    g_assert_true(hw_enabled(x, 0));
}

/*
 * Vector 0 is legal for a guest that uses event channels for its interrupts:
 * it names the pirq that it wants (Linux, xen_msi_compose_msg()).
 */
static void test_enable_pirq(XenPT *x)
{
    program(x, 0, PIRQ_ADDRESS, MSI_PIRQ_DATA);
    xen_pt_skip(x);
    set_enable(x, 0, true);
    xen_pt_expect_effects(x,
        "xc map_pirq_msi DEV entry 0 pirq 55\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        MSI_BIND(55, 0x00, 0x13037)
        "dev DEV write CONTROL 0x0081\n");
    g_assert_true(enabled(x, 0));
}

/* Enabled first, programmed later: it goes on by itself. */
static void test_enable_pending(XenPT *x)
{
    set_enable(x, 0, true);
    g_assert_true(enabled(x, 0));
    xen_pt_expect_effects(x, "");
    xen_pt_assert_state(x, 0, "pending");

    qpci_config_writew(x->dev[0], data_register(&msi_plain), DATA(0));
    xen_pt_expect_effects(x, "");
    qpci_config_writel(x->dev[0], MSI_ADDRESS, ADDRESS);
    xen_pt_expect_effects(x, ENABLED_EFFECTS);
    xen_pt_assert_state(x, 0, "on");
}

/*
 * In the other order an address without its data asks for no pirq: not for one
 * that there may be, nor for that of the device's INTx, nor another's.
 */
static void test_enable_pending_half(const void *address)
{
    g_autoptr(XenPT) x = msix_start(&msi_plain);
    uint32_t a = GPOINTER_TO_UINT(address);
    g_autofree char *expected = g_strdup_printf(
        MSI_MAP(55)
        "xc bind_msi 55 gvec 0x41 gflags 0x100%02x = 0\n"
        "dev DEV write CONTROL 0x0081\n", a >> 12 & 0xff);

    set_enable(x, 0, true);
    xen_pt_skip(x);
    qpci_config_writel(x->dev[0], MSI_ADDRESS, a);
    qpci_config_writel(x->dev[0], MSI_UPPER, 0);
    xen_pt_expect(x, "");
    xen_pt_assert_state(x, 0, "pending");
    qpci_config_writew(x->dev[0], data_register(&msi_plain), DATA(0));
    xen_pt_expect_effects(x, expected);
    kind_assert_works(x, &xen_pt_msi, 1);
    set_enable(x, 0, false);
    kind_assert_off(x, &xen_pt_msi);
}

/* Taken back before it was programmed: nothing has happened. */
static void test_enable_pending_off(XenPT *x)
{
    set_enable(x, 0, true);
    set_enable(x, 0, false);
    program(x, 0, ADDRESS, DATA(0));
    xen_pt_expect_effects(x, "");
    xen_pt_assert_state(x, 0, "off");
}

/*
 * Xen's map sets QSIZE to one vector. A word that was read before it would
 * change more than ENABLE, and pciback refuses such a word as a whole.
 */
static void test_enable_qsize(XenPT *x)
{
    g_assert_cmphex(xen_pt_hw(x, 0, CONTROL_MSI, 2), ==, 0x0096);
    start_msi(x, 0);
    g_assert_true(enabled(x, 0));
    g_assert_cmphex(xen_pt_hw(x, 0, CONTROL_MSI, 2), ==, 0x0087);
}

/*
 * Xen restores an ENABLE that was set before the map at its end, before it
 * writes the new message: it has to be cleared first.
 */
static void test_enable_set_at_first(XenPT *x)
{
    g_assert_false(enabled(x, 0));
    g_assert_false(hw_enabled(x, 0));
    start_msi(x, 0);
    g_assert_true(enabled(x, 0));
    xen_pt_expect_writes(x, DEVICE_ENABLED);
}

/*
 * The device's driver has reset it, and ENABLE is gone. The guest writes it as
 * it was: it is set up anew, since Xen writes a message for a map alone.
 */
static void test_enable_lost(XenPT *x)
{
    start_msi(x, 0);
    kind_assert_works(x, &xen_pt_msi, 1);
    xen_pt_say(x, "poke DEV 0x52/2 0x0080");
    xen_pt_say(x, "poke DEV 0x54/4 0");
    g_assert_false(hw_enabled(x, 0));
    xen_pt_skip(x);
    set_enable(x, 0, true);
    xen_pt_expect(x,
        "cfg DEV read CONTROL = 0x0080\n"
        "cfg DEV read CONTROL = 0x0080\n"
        DOWN(55, 0x41)
        MSI_MAP(55)
        MSI_BIND(55, 0x41, 0x10001)
        MSI_SEEN
        SET(CONTROL, 0x0080, 0x0081));
    kind_assert_works(x, &xen_pt_msi, 1);
    set_enable(x, 0, false);
    kind_assert_off(x, &xen_pt_msi);
}

/* The kernel of a dom0 that counts INTx as an interrupt that is on. */
static void test_enable_old_dom0(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &msi_plain);
    xen_pt_say(x, "kernel 6.1");
    xen_pt_run(x, ",msi-probe=off");
    /* Linux' driver switches INTx off before it switches MSI on. */
    qpci_config_writew(x->dev[0], PCI_COMMAND,
                       PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
    start_msi(x, 0);
    g_assert_true(enabled(x, 0));
    g_assert_true(hw_enabled(x, 0));
}

/* A hidden capability is not only unlinked: nothing is at its place. */
static void test_hidden_access(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &msi_plain);
    xen_pt_say(x, "allow DEV off");
    xen_pt_run(x, "");
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSI), ==, 0);
    xen_pt_skip(x);
    program(x, 0, ADDRESS, DATA(0));
    qpci_config_writew(x->dev[0], CONTROL_MSI, 0x0081);
    xen_pt_expect(x, "");
    kind_assert_off(x, &xen_pt_msi);
}

/*
 * While it is on
 */

/* The guest moves the interrupt to another CPU, without a trip to dom0. */
static void test_update_affinity(XenPT *x)
{
    start_msi(x, 0);
    xen_pt_skip(x);
    qpci_config_writel(x->dev[0], MSI_ADDRESS, OTHER_ADDRESS);
    xen_pt_expect(x, MSI_BIND(55, 0x41, 0x10002));
    g_assert_true(enabled(x, 0));
}

static void test_update_vector(XenPT *x)
{
    start_msi(x, 0);
    xen_pt_skip(x);
    qpci_config_writew(x->dev[0], data_register(&msi_plain), 0x0042);
    xen_pt_expect_effects(x, MSI_BIND(55, 0x42, 0x10001));
}

/* The same once more is no change. */
static void test_update_same(XenPT *x)
{
    start_msi(x, 0);
    xen_pt_skip(x);
    program(x, 0, ADDRESS, DATA(0));
    set_enable(x, 0, true);
    xen_pt_expect_effects(x, "");
}

/*
 * It fails, and Xen alone knows what is bound by now: all of it is set up anew,
 * with what the guest has written.
 */
static void test_update_failed(XenPT *x)
{
    start_msi(x, 0);
    xen_pt_skip(x);
    xen_pt_say(x, "fail bind_msi 1 EINVAL");
    qpci_config_writel(x->dev[0], MSI_ADDRESS, OTHER_ADDRESS);
    xen_pt_expect_effects(x,
        "xc bind_msi 55 gvec 0x41 gflags 0x10002 = EINVAL\n"
        "dev DEV write CONTROL 0x0080\n"
        DOWN(55, 0x41)
        MSI_MAP(55)
        MSI_BIND(55, 0x41, 0x10002)
        "dev DEV write CONTROL 0x0081\n");
    kind_assert_works(x, &xen_pt_msi, 1);
    set_enable(x, 0, false);
    kind_assert_off(x, &xen_pt_msi);
}

/*
 * A guest that asks for a pirq may have masked its vector, and never unmask it:
 * masking is Xen's (Linux before its xen_msi_init() said so).
 */
static void test_enable_pirq_masked(XenPT *x)
{
    qpci_config_writel(x->dev[0], mask_register(&maskable), 1);
    program(x, 0, PIRQ_ADDRESS, MSI_PIRQ_DATA);
    set_enable(x, 0, true);
    g_assert_true(enabled(x, 0));
    g_assert_cmphex(xen_pt_hw(x, 0, mask_register(&maskable), 4), ==, 0);
}

/* Masking is the guest's affair and Xen's; QEMU tells, and touches nothing. */
static void test_update_mask(XenPT *x)
{
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
static void test_pending_bit(XenPT *x)
{
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
static void test_registers_widths(XenPT *x)
{
    const XenPTLayout *layout = &x->layout[0];
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
static void test_registers_upper_byte(XenPT *x)
{
    start_msi(x, 0);
    xen_pt_skip(x);
    qpci_config_writeb(x->dev[0], CONTROL_MSI + 1, 0);
    xen_pt_expect_effects(x, "");
    g_assert_true(enabled(x, 0));
}

static void test_registers_lower_byte(XenPT *x)
{
    program(x, 0, ADDRESS, DATA(0));
    qpci_config_writeb(x->dev[0], CONTROL_MSI, 0x81);
    g_assert_true(enabled(x, 0));
    g_assert_true(hw_enabled(x, 0));
    qpci_config_writeb(x->dev[0], CONTROL_MSI, 0x80);
    g_assert_false(enabled(x, 0));
    kind_assert_off(x, &xen_pt_msi);
}

/* As one write of 4 bytes, with the id and the next pointer. */
static void test_registers_dword(XenPT *x)
{
    program(x, 0, ADDRESS, DATA(0));
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI, 0x00810000);
    g_assert_true(enabled(x, 0));
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSI), ==,
                    0x00810005 | XEN_PT_CAP_EXP << 8);
}

static void test_registers_next_pointer(XenPT *x)
{
    qpci_config_writew(x->dev[0], XEN_PT_CAP_MSI, 0xffff);
    g_assert_cmphex(qpci_config_readw(x->dev[0], XEN_PT_CAP_MSI), ==,
                    PCI_CAP_ID_MSI | XEN_PT_CAP_EXP << 8);
}

/* One vector is what Xen gives; more are not offered and not taken. */
static void test_registers_vectors(XenPT *x)
{
    g_assert_cmphex(qpci_config_readw(x->dev[0], CONTROL_MSI), ==, 0x0080);
    program(x, 0, ADDRESS, DATA(0));
    qpci_config_writew(x->dev[0], CONTROL_MSI, 0x00b1);
    g_assert_cmphex(qpci_config_readw(x->dev[0], CONTROL_MSI), ==, 0x0081);
    g_assert_cmphex(xen_pt_hw(x, 0, CONTROL_MSI, 2), ==, 0x0087);
}

/* Reading what is emulated costs no round trip to dom0. */
static void test_registers_reads(XenPT *x)
{
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

static void test_disable_enable(XenPT *x)
{
    for (int i = 0; i < 50; i++) {
        start_msi(x, 0);
        g_assert_true(enabled(x, 0));
        set_enable(x, 0, false);
        g_assert_false(enabled(x, 0));
    }
    kind_assert_off(x, &xen_pt_msi);
}

/*
 * Devices
 */

/* Each has its own pirq, and one's refusal is not the other's. */
static void test_two_devices(void)
{
    g_autoptr(XenPT) x = xen_pt_new();
    unsigned bound;

    xen_pt_add(x, &msi_plain);
    xen_pt_add(x, &msi_plain);
    xen_pt_run(x, "");
    start_msi(x, 0);
    start_msi(x, 1);
    xen_pt_expect_effects(x,
        "xc map_pirq_msi DEV2 entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 54\n"
        MSI_BIND(54, 0x41, 0x10001)
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

    xen_pt_add(x, &msi_plain);
    xen_pt_add(x, &msi_plain);
    xen_pt_run(x, "");
    start_msi(x, 0);
    program(x, 1, PIRQ_ADDRESS, MSI_PIRQ_DATA);
    set_enable(x, 1, true);
    g_assert_false(enabled(x, 1));
    g_assert_false(hw_enabled(x, 1));
    g_assert_true(enabled(x, 0));
    g_assert_true(hw_enabled(x, 0));
    g_assert_cmpuint(xen_pt_pirqs(x, &bound), ==, 1);
    g_assert_cmpuint(bound, ==, 1);
}

/* In the stub domain the device has another address than in dom0. */
static void test_local_address(XenPT *x)
{
    g_autofree char *journal = NULL;

    x->seen = 0;
    journal = xen_pt_journal(x, "xs");
    g_assert_nonnull(strstr(journal,
        "xs read /local/domain/0/backend/pci/2/0/vdev-0 = 0000:00:00.0\n"));
    start_msi(x, 0);
    g_assert_true(enabled(x, 0));
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

            xen_pt_add(x, &msi_plain);
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
    static const XenPTLayout at32 = { .is32 = true };
    static const XenPTLayout maskable32 = { .is32 = true, .maskable = true };
    static const XenPTTest tests[] = {
        { "enable/writes", test_enable_writes, &msi_plain },
        { "enable/pirq", test_enable_pirq, &msi_plain },
        { "enable/pending", test_enable_pending, &msi_plain },
        { "enable/pending-off", test_enable_pending_off, &msi_plain },
        { "enable/qsize", test_enable_qsize, &two },
        { "enable/set-at-first", test_enable_set_at_first, &found_on },
        { "enable/lost", test_enable_lost, &msi_plain },
        { "enable/pirq-masked", test_enable_pirq_masked, &maskable },
        { "enable/layout/32", test_enable_layout, &at32 },
        { "enable/layout/64", test_enable_layout, &msi_plain },
        { "enable/layout/32-maskable", test_enable_layout, &maskable32 },
        { "enable/layout/64-maskable", test_enable_layout, &maskable },
        { "update/affinity", test_update_affinity, &msi_plain },
        { "update/vector", test_update_vector, &msi_plain },
        { "update/same", test_update_same, &msi_plain },
        { "update/failed", test_update_failed, &msi_plain },
        { "update/mask", test_update_mask, &maskable },
        { "pending-bit", test_pending_bit, &maskable },
        { "registers/widths/32", test_registers_widths, &at32 },
        { "registers/widths/64", test_registers_widths, &msi_plain },
        { "registers/widths/32-maskable", test_registers_widths, &maskable32 },
        { "registers/widths/64-maskable", test_registers_widths, &maskable },
        { "registers/upper-byte", test_registers_upper_byte, &msi_plain },
        { "registers/lower-byte", test_registers_lower_byte, &msi_plain },
        { "registers/dword", test_registers_dword, &first },
        { "registers/next-pointer", test_registers_next_pointer, &first },
        { "registers/vectors", test_registers_vectors, &eight },
        { "registers/reads", test_registers_reads, &msi_plain },
        { "disable/enable", test_disable_enable, &msi_plain },
        { "local-address", test_local_address, &msi_plain },
    };
    static const struct {
        const char *name;
        uint32_t address;
    } halves[] = {
        { "apic-1", ADDRESS },
        { "intx", 0xfee11000 },
        { "free", PIRQ_ADDRESS },
    };

    g_test_init(&argc, &argv, NULL);
    xen_pt_add_tests("msi", tests, ARRAY_SIZE(tests));
    for (size_t i = 0; i < ARRAY_SIZE(halves); i++) {
        g_autofree char *path = g_strdup_printf(
            "xen-pt/msi/enable/pending-pirq/%s", halves[i].name);

        qtest_add_data_func(path, GUINT_TO_POINTER(halves[i].address),
                            test_enable_pending_half);
    }
    qtest_add_func("xen-pt/msi/enable/old-dom0", test_enable_old_dom0);
    qtest_add_func("xen-pt/msi/hidden/access", test_hidden_access);
    qtest_add_func("xen-pt/msi/two-devices", test_two_devices);
    qtest_add_func("xen-pt/msi/two-devices-one-pirq",
                   test_two_devices_one_pirq);
    qtest_add_func("xen-pt/msi/walk/command", test_walk_command);
    return g_test_run();
}
