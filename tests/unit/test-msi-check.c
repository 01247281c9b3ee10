/*
 * Checks of MSI messages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib.h>
#include "hw/xen/xen_pt_msi_check.h"

/* A message, and the answer to the question that the test asks of it. */
typedef struct Row {
    uint64_t address;
    uint32_t data, answer;
} Row;

typedef uint32_t Question(const XenPTMSIMessage *m);

typedef struct Test {
    const char *path;
    Question *ask;
    const Row *rows;
    size_t n;
} Test;

static uint32_t check_device(const XenPTMSIMessage *m)
{
    return xen_pt_msi_check_device(m);
}

static uint32_t guest_usable(const XenPTMSIMessage *m)
{
    return xen_pt_msi_guest_usable(m);
}

static void check_row(Question *ask, const Row *row)
{
    XenPTMSIMessage m = { row->address, row->data };
    uint32_t answer = ask(&m);

    if (answer != row->answer) {
        g_test_message("address 0x%" G_GINT64_MODIFIER "x, data 0x%x",
                       m.address, m.data);
    }
    g_assert_cmphex(answer, ==, row->answer);
}

/* --- The rows ----------------------------------------------------------- */

#define ROWS(...) \
    (const Row[]) { __VA_ARGS__ }, G_N_ELEMENTS(((const Row[]) { __VA_ARGS__ }))

static const Test tests[] = {
    /* A read that fails gives all-ones, in any of the registers. */
    { "/msi-check/device/not-read", check_device, ROWS(
        { 0x00000000ffffffff, 0x0000, XEN_PT_MSI_CHECK_NOT_READ },
        { 0xffffffffffffffff, 0xffff, XEN_PT_MSI_CHECK_NOT_READ },
        { 0xffffffff00000000, 0x4041, XEN_PT_MSI_CHECK_NOT_READ },
        { 0xfffffffffee01000, 0x4041, XEN_PT_MSI_CHECK_NOT_READ },
        { 0x00000000fee01000, 0xffff, XEN_PT_MSI_CHECK_NOT_READ },
        { 0x00000000fee00018, 0xffff, XEN_PT_MSI_CHECK_NOT_READ },
        { 0x00000000fee01000, 0xffffffff, XEN_PT_MSI_CHECK_NOT_READ }) },
    { "/msi-check/device/not-programmed", check_device, ROWS(
        { 0x0000000000000000, 0x0000, XEN_PT_MSI_CHECK_NOT_PROGRAMMED },
        { 0x0000000000000000, 0x4041, XEN_PT_MSI_CHECK_NOT_PROGRAMMED },
        { 0x0000010000000000, 0x4041, XEN_PT_MSI_CHECK_NOT_PROGRAMMED }) },
    /* Read from devices, of emulated and real machines. */
    { "/msi-check/device/seen", check_device, ROWS(
        { 0xfee0100c, 0x4000, XEN_PT_MSI_CHECK_OK },    /* AMD, Xen 4.17 */
        { 0xfee012b8, 0x0000, XEN_PT_MSI_CHECK_OK }) }, /* VT-d, a laptop */
    /* Above 4 GiB, or beside 0xfeexxxxx, is memory. */
    { "/msi-check/device/address", check_device, ROWS(
        { 0x0000000000000fee, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x000000007ee01000, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x00000000fee00013, 0x0000, XEN_PT_MSI_CHECK_ADDRESS },
        { 0xffffff00fee01000, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x000001fffee00010, 0x0000, XEN_PT_MSI_CHECK_ADDRESS }) },

    /* Vector 0 and a pirq's number: Linux with event channels. */
    { "/msi-check/guest/pirq", xen_pt_msi_requested_pirq, ROWS(
        { 0x00000000fee05000, 0x4300, 0x5 },
        { 0x00000000feeff000, 0x4300, 0xff },
        { 0x00000100fee00000, 0x4300, 0x100 },
        { 0x12345600fee78000, 0x4300, 0x12345678 },
        { 0xffffff00feeff000, 0x4300, 0xffffffff },
        /* Data that is not written yet asks for nothing. */
        { 0x00000000fee05000, 0x0000, 0 },
        { 0xffffff00feeff000, 0x0000, 0 },
        /* Its lowest byte has a place in the lower address only. */
        { 0x00000001fee05000, 0x4300, 0x5 },
        { 0x000000fffee00000, 0x4300, 0 },
        { 0x00000000fee00000, 0x4300, 0 },
        /* A vector: no pirq is asked for. */
        { 0x00000000fee05000, 0x4301, 0 },
        { 0x00000000fee05000, 0x4041, 0 },
        { 0x0000000000105000, 0x0000, 0 }) },
    /* A request for a pirq is passed on, whatever its delivery mode says. */
    { "/msi-check/guest/usable-pirq", guest_usable, ROWS(
        { 0x00000000fee05000, 0x4300, true },
        { 0x12345600fee78000, 0x4300, true },
        { 0x00000000fee00000, 0x4300, false }) },
    /* Not yet: what a guest finds after a reset, or between two writes. */
    { "/msi-check/guest/not-yet", guest_usable, ROWS(
        { 0x00000000, 0x0000, false },
        { 0x00000000, 0x4041, false },
        { 0xfee01000, 0x0000, false },      /* no request without data */
        { 0xfee00000, 0x0000, false },
        { 0xfed01000, 0x4041, false },
        { 0xfee01001, 0x4041, false },
        { 0xfee01002, 0x4041, false }) },
    /* What is to be written to memory is to be sent. */
    { "/msi-check/guest/memory", guest_usable, ROWS(
        { 0x00100040, 0x0000, true },
        { 0x00000001fed00000, 0x0000, true },
        { 0x00100040, 0x0001, false },
        { 0x00100040, 0x4041, false },
        { 0xfee01001, 0x0000, false },
        { 0x0000000100000000, 0x0000, false }) },
    { "/msi-check/guest/apic", guest_usable, ROWS(
        { 0xfee01000, 0x4041, true },
        { 0xfee0100c, 0x4141, true },
        { 0xfee00000, 0x0010, true },
        { 0xfee00000, 0x000f, false },
        { 0xfee01000, 0x0001, false },
        { 0xfee01000, 0x00ff, true }) },
    { "/msi-check/guest/delivery-mode", guest_usable, ROWS(
        { 0xfee01000, 0x4041, true },       /* fixed */
        { 0xfee01000, 0x4141, true },       /* lowest priority */
        { 0xfee01000, 0x4241, false },
        { 0xfee01000, 0x4341, false },
        { 0xfee01000, 0x4441, false },
        { 0xfee01000, 0x4541, false },
        { 0xfee01000, 0x4641, false },
        { 0xfee01000, 0x4741, false }) },
    /* Xen's interface has 8 bits of destination: no more can be delivered. */
    { "/msi-check/guest/upper-address", guest_usable, ROWS(
        { 0x00000001fee01000, 0x4041, false },
        { 0x00000100fee01000, 0x4041, false }) },
};

static void test_rows(gconstpointer test)
{
    const Test *t = test;

    for (size_t i = 0; i < t->n; i++) {
        check_row(t->ask, &t->rows[i]);
    }
}

/* --- The forms that a Xen writes --------------------------------------- */

/*
 * Every form that a Xen writes, each with every value that it can have: none
 * is refused. What a form varies is given as bits, all of which take turns.
 */
typedef struct Form {
    const char *name;
    uint64_t address, address_varies;
    uint32_t data, data_varies;
} Form;

static const Form forms[] = {
    /*
     * No remapping (xen/arch/x86/msi.c, msi_compose_msg()): up to 4.20 as the
     * APIC driver has it (genapic.h, x2apic.c), later physical and fixed. Of a
     * destination in x2APIC mode the lower 8 bits are there.
     */
    { "plain, logical, lowest priority", 0xfee0000c, 0xff000, 0x4100, 0xff },
    { "plain, physical, fixed", 0xfee00000, 0xff000, 0x4000, 0xff },
    /*
     * VT-d (xen/drivers/passthrough/vtd/intremap.c, msi_msg_to_remap_entry()):
     * index 14:0, its bit 15, SHV; the same in x2APIC mode.
     */
    { "VT-d", 0xfee00018, 0xfffe4, 0, 0 },
    /*
     * AMD (xen/drivers/passthrough/amd/iommu_intr.c,
     * update_intremap_entry_from_msi_msg()): up to 4.19.3 and 4.20.1 the
     * address stays as it was; since (amd_iommu_msi_msg_update_ire()) it loses
     * destination and mode, but not the redirection hint.
     */
    { "AMD, logical, lowest priority", 0xfee0000c, 0xff000, 0x4000, 0x7ff },
    { "AMD, physical, fixed", 0xfee00000, 0xff000, 0x4000, 0x7ff },
    { "AMD, canonical, lowest priority", 0xfee00008, 0, 0x4000, 0x7ff },
    { "AMD, canonical", 0xfee00000, 0, 0x4000, 0x7ff },
};

/* The next of all subsets of @bits, 0 after the last. */
static uint32_t next_subset(uint32_t subset, uint32_t bits)
{
    return (subset - bits) & bits;
}

static void test_device_forms(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        const Form *f = &forms[i];
        uint32_t a = 0, d = 0;

        do {
            do {
                const Row row = {
                    f->address | a, f->data | d, XEN_PT_MSI_CHECK_OK,
                };

                check_row(check_device, &row);
                d = next_subset(d, f->data_varies);
            } while (d);
            a = next_subset(a, f->address_varies);
        } while (a);
    }
}

/* What takes its place if one bit is wrong; what is 0 is not known. */
static XenPTMSICheck one_bit(const Form *f, unsigned bit)
{
    bool remappable = f->address & 0x10;

    if (bit == 4) {             /* another form, whose data it has not */
        return remappable ? XEN_PT_MSI_CHECK_OK
                          : XEN_PT_MSI_CHECK_REMAPPED_DATA;
    }
    if (bit < 64) {             /* no interrupt is written there, no dword is */
        return bit < 2 || bit >= 20 ? XEN_PT_MSI_CHECK_ADDRESS
                                    : XEN_PT_MSI_CHECK_OK;
    }
    return remappable ? XEN_PT_MSI_CHECK_REMAPPED_DATA :
           bit == 64 + 15 ? XEN_PT_MSI_CHECK_TRIGGER : XEN_PT_MSI_CHECK_OK;
}

/* Just what no Xen writes is refused: each bit of each form is flipped. */
static void test_device_bits(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        for (unsigned bit = 0; bit < 96; bit++) {
            const Form *f = &forms[i];
            const Row row = {
                f->address ^ (bit < 64 ? UINT64_C(1) << bit : 0),
                f->data ^ (bit < 64 ? 0 : 1u << (bit - 64)),
                one_bit(f, bit),
            };

            check_row(check_device, &row);
        }
    }
}

/* Each has its own words; a value that is none does no harm. */
static void test_reasons(void)
{
    for (int i = XEN_PT_MSI_CHECK_OK; i <= XEN_PT_MSI_CHECK_TRIGGER; i++) {
        const char *reason = xen_pt_msi_check_reason(i);

        g_assert_cmpstr(reason, !=, "unknown");
        for (int j = XEN_PT_MSI_CHECK_OK; j < i; j++) {
            g_assert_cmpstr(reason, !=, xen_pt_msi_check_reason(j));
        }
    }
    g_assert_cmpstr(xen_pt_msi_check_reason(XEN_PT_MSI_CHECK_TRIGGER + 1), ==,
                    "unknown");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add_data_func(tests[i].path, &tests[i], test_rows);
    }
    g_test_add_func("/msi-check/device/forms", test_device_forms);
    g_test_add_func("/msi-check/device/bits", test_device_bits);
    g_test_add_func("/msi-check/reasons", test_reasons);
    return g_test_run();
}
