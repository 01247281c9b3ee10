/*
 * Checks of MSI messages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib.h>
#include "hw/xen/xen_pt_msi_check.h"

typedef struct Case {
    uint64_t address;
    uint32_t data;
    XenPTMSICheck check;
} Case;

static void check_device(const Case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        XenPTMSIMessage m = { cases[i].address, cases[i].data };
        XenPTMSICheck check = xen_pt_msi_check_device(&m);

        if (check != cases[i].check) {
            g_test_message("address 0x%" G_GINT64_MODIFIER "x, data 0x%x",
                           m.address, m.data);
        }
        g_assert_cmpstr(xen_pt_msi_check_reason(check), ==,
                        xen_pt_msi_check_reason(cases[i].check));
    }
}

/* --- The message in the device ------------------------------------------ */

/* A read that fails gives all-ones, in any of the registers. */
static void test_device_not_read(void)
{
    static const Case cases[] = {
        { 0x00000000ffffffff, 0x0000, XEN_PT_MSI_CHECK_NOT_READ },
        { 0xffffffffffffffff, 0xffff, XEN_PT_MSI_CHECK_NOT_READ },
        { 0xffffffff00000000, 0x4041, XEN_PT_MSI_CHECK_NOT_READ },
        { 0xfffffffffee01000, 0x4041, XEN_PT_MSI_CHECK_NOT_READ },
        { 0x00000000fee01000, 0xffff, XEN_PT_MSI_CHECK_NOT_READ },
        { 0x00000000fee00018, 0xffff, XEN_PT_MSI_CHECK_NOT_READ },
        { 0x00000000fee01000, 0xffffffff, XEN_PT_MSI_CHECK_NOT_READ },
    };

    check_device(cases, G_N_ELEMENTS(cases));
}

static void test_device_not_programmed(void)
{
    static const Case cases[] = {
        { 0x0000000000000000, 0x0000, XEN_PT_MSI_CHECK_NOT_PROGRAMMED },
        { 0x0000000000000000, 0x4041, XEN_PT_MSI_CHECK_NOT_PROGRAMMED },
        { 0x0000010000000000, 0x4041, XEN_PT_MSI_CHECK_NOT_PROGRAMMED },
    };

    check_device(cases, G_N_ELEMENTS(cases));
}

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
                const Case c = {
                    f->address | a, f->data | d, XEN_PT_MSI_CHECK_OK,
                };

                check_device(&c, 1);
                d = next_subset(d, f->data_varies);
            } while (d);
            a = next_subset(a, f->address_varies);
        } while (a);
    }
}

/* Read from devices, of emulated and real machines. */
static void test_device_seen(void)
{
    static const Case cases[] = {
        { 0xfee0100c, 0x4000, XEN_PT_MSI_CHECK_OK },    /* AMD, Xen 4.17 */
        { 0xfee012b8, 0x0000, XEN_PT_MSI_CHECK_OK },    /* VT-d, a laptop */
    };

    check_device(cases, G_N_ELEMENTS(cases));
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
            const Case c = {
                f->address ^ (bit < 64 ? UINT64_C(1) << bit : 0),
                f->data ^ (bit < 64 ? 0 : 1u << (bit - 64)),
                one_bit(f, bit),
            };

            check_device(&c, 1);
        }
    }
}

/* Above 4 GiB, or beside 0xfeexxxxx, is memory. */
static void test_device_address(void)
{
    static const Case cases[] = {
        { 0x0000000000000fee, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x000000007ee01000, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x00000000fee00013, 0x0000, XEN_PT_MSI_CHECK_ADDRESS },
        { 0xffffff00fee01000, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x000001fffee00010, 0x0000, XEN_PT_MSI_CHECK_ADDRESS },
    };

    check_device(cases, G_N_ELEMENTS(cases));
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

/* --- The guest's message ------------------------------------------------ */

/* Vector 0 and a pirq's number: Linux with event channels. */
static void test_guest_pirq(void)
{
    static const struct {
        uint64_t address;
        uint32_t data, pirq;
    } cases[] = {
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
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        XenPTMSIMessage m = { cases[i].address, cases[i].data };

        g_assert_cmphex(xen_pt_msi_requested_pirq(&m), ==, cases[i].pirq);
    }
}

static void check_usable(uint64_t address, uint32_t data, bool usable)
{
    XenPTMSIMessage m = { address, data };

    g_assert_cmpint(xen_pt_msi_guest_usable(&m), ==, usable);
}

/* A request for a pirq is passed on, whatever its delivery mode says. */
static void test_guest_usable_pirq(void)
{
    check_usable(0x00000000fee05000, 0x4300, true);
    check_usable(0x12345600fee78000, 0x4300, true);
    check_usable(0x00000000fee00000, 0x4300, false);
}

/* Not yet: what a guest finds after a reset, or between two writes. */
static void test_guest_usable_not_yet(void)
{
    check_usable(0, 0, false);
    check_usable(0, 0x4041, false);
    check_usable(0xfee01000, 0, false);     /* no request without data */
    check_usable(0xfee00000, 0, false);
    check_usable(0xfed01000, 0x4041, false);
    check_usable(0xfee01001, 0x4041, false);
    check_usable(0xfee01002, 0x4041, false);
}

static void test_guest_usable_apic(void)
{
    check_usable(0xfee01000, 0x4041, true);
    check_usable(0xfee0100c, 0x4141, true);
    check_usable(0xfee00000, 0x0010, true);
    check_usable(0xfee00000, 0x000f, false);
    check_usable(0xfee01000, 0x0001, false);
    check_usable(0xfee01000, 0x00ff, true);
}

static void test_guest_usable_delivery_mode(void)
{
    for (uint32_t mode = 0; mode < 8; mode++) {
        check_usable(0xfee01000, 0x4041 | mode << 8, mode < 2);
    }
}

/* Xen's interface has 8 bits of destination: no more can be delivered. */
static void test_guest_usable_upper_address(void)
{
    check_usable(0x0000000100000000 | 0xfee01000, 0x4041, false);
    check_usable(0x0000010000000000 | 0xfee01000, 0x4041, false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/msi-check/device/not-read", test_device_not_read);
    g_test_add_func("/msi-check/device/not-programmed",
                    test_device_not_programmed);
    g_test_add_func("/msi-check/device/forms", test_device_forms);
    g_test_add_func("/msi-check/device/seen", test_device_seen);
    g_test_add_func("/msi-check/device/bits", test_device_bits);
    g_test_add_func("/msi-check/device/address", test_device_address);
    g_test_add_func("/msi-check/reasons", test_reasons);
    g_test_add_func("/msi-check/guest/pirq", test_guest_pirq);
    g_test_add_func("/msi-check/guest/usable-pirq", test_guest_usable_pirq);
    g_test_add_func("/msi-check/guest/not-yet", test_guest_usable_not_yet);
    g_test_add_func("/msi-check/guest/apic", test_guest_usable_apic);
    g_test_add_func("/msi-check/guest/delivery-mode",
                    test_guest_usable_delivery_mode);
    g_test_add_func("/msi-check/guest/upper-address",
                    test_guest_usable_upper_address);
    return g_test_run();
}
