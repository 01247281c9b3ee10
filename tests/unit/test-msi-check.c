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

/* A read that fails gives all-ones, in any of the three registers. */
static void test_device_not_read(void)
{
    static const Case cases[] = {
        { 0x00000000ffffffff, 0x0000, XEN_PT_MSI_CHECK_NOT_READ },
        { 0xffffffffffffffff, 0xffff, XEN_PT_MSI_CHECK_NOT_READ },
        { 0xffffffff00000000, 0x4041, XEN_PT_MSI_CHECK_NOT_READ },
        { 0xfffffffffee01000, 0x4041, XEN_PT_MSI_CHECK_NOT_READ },
        { 0x00000000fee01000, 0xffff, XEN_PT_MSI_CHECK_NOT_READ },
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

/* Interrupts are written to 0xfeexxxxx, dword aligned (SDM, 11.11.1). */
static void test_device_address(void)
{
    static const Case cases[] = {
        { 0x00000000fed01000, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x00000000fef01000, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x000000007ee01000, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x0000000000000fee, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x00000000fee01001, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x00000000fee01002, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x00000000fee00011, 0x0000, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x00000000fee01000, 0x4041, XEN_PT_MSI_CHECK_OK },
        { 0x00000000feefffe8, 0x4041, XEN_PT_MSI_CHECK_OK },
    };

    check_device(cases, G_N_ELEMENTS(cases));
}

/* Bits 63:40 may hold the rest of a wide destination id, 39:32 nothing. */
static void test_device_upper_address(void)
{
    static const Case cases[] = {
        { 0x00000100fee01000, 0x4041, XEN_PT_MSI_CHECK_OK },
        { 0xffffff00fee01000, 0x4041, XEN_PT_MSI_CHECK_OK },
        { 0x00000001fee01000, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x00000080fee01000, 0x4041, XEN_PT_MSI_CHECK_ADDRESS },
        { 0x000001fffee00000, 0x0001, XEN_PT_MSI_CHECK_ADDRESS },
    };

    check_device(cases, G_N_ELEMENTS(cases));
}

/* VT-d: bit 4 says remappable, the rest is an index; Xen's data is 0. */
static void test_device_vtd(void)
{
    static const Case cases[] = {
        { 0x00000000fee00010, 0x0000, XEN_PT_MSI_CHECK_OK },
        { 0x00000000fee00218, 0x0000, XEN_PT_MSI_CHECK_OK },
        { 0x00000000feefffbc, 0x0000, XEN_PT_MSI_CHECK_OK },
        { 0x00000000fee00018, 0x0001, XEN_PT_MSI_CHECK_REMAPPED_DATA },
        { 0x00000000fee00018, 0x4041, XEN_PT_MSI_CHECK_REMAPPED_DATA },
        { 0x00000100fee00018, 0x0000, XEN_PT_MSI_CHECK_ADDRESS },
    };

    check_device(cases, G_N_ELEMENTS(cases));
}

/* AMD: the destination is zeroed, the data an index of up to 11 bits. */
static void test_device_amd(void)
{
    static const Case cases[] = {
        { 0x00000000fee00000, 0x0000, XEN_PT_MSI_CHECK_OK },
        { 0x00000000fee00000, 0x0001, XEN_PT_MSI_CHECK_OK },
        { 0x00000000fee00000, 0x07ff, XEN_PT_MSI_CHECK_OK },
        { 0x00000000fee00008, 0x0400, XEN_PT_MSI_CHECK_OK },
        { 0x00000000fee00000, 0x8001, XEN_PT_MSI_CHECK_TRIGGER },
    };

    check_device(cases, G_N_ELEMENTS(cases));
}

/* Without remapping, what Xen writes is edge triggered. */
static void test_device_trigger(void)
{
    static const Case cases[] = {
        { 0x00000000fee01000, 0x8041, XEN_PT_MSI_CHECK_TRIGGER },
        { 0x00000000fee01000, 0xc041, XEN_PT_MSI_CHECK_TRIGGER },
        { 0x00000000fee01000, 0x0041, XEN_PT_MSI_CHECK_OK },
    };

    check_device(cases, G_N_ELEMENTS(cases));
}

/* Fixed and lowest priority; not SMI, NMI, INIT, ExtINT, nor reserved. */
static void test_device_delivery_mode(void)
{
    for (uint32_t mode = 0; mode < 8; mode++) {
        const Case c = {
            0xfee01000, 0x4041 | mode << 8,
            mode < 2 ? XEN_PT_MSI_CHECK_OK : XEN_PT_MSI_CHECK_DELIVERY_MODE,
        };

        check_device(&c, 1);
    }
}

/* An APIC refuses the vectors 0 to 15 (SDM, 11.5.2). */
static void test_device_vector(void)
{
    for (uint32_t vector = 0; vector < 256; vector++) {
        const Case c = {
            0xfee01000, 0x4000 | vector,
            vector < 16 ? XEN_PT_MSI_CHECK_VECTOR : XEN_PT_MSI_CHECK_OK,
        };

        check_device(&c, 1);
    }
}

/* The destination id 0 of a logical destination is not AMD's form. */
static void test_device_logical(void)
{
    static const Case cases[] = {
        { 0x00000000fee00004, 0x4041, XEN_PT_MSI_CHECK_OK },
        { 0x00000000fee00004, 0x4001, XEN_PT_MSI_CHECK_VECTOR },
        { 0x00000000fee00004, 0x4441, XEN_PT_MSI_CHECK_DELIVERY_MODE },
    };

    check_device(cases, G_N_ELEMENTS(cases));
}

/* Each has its own words; a value that is none does no harm. */
static void test_reasons(void)
{
    for (int i = XEN_PT_MSI_CHECK_OK; i <= XEN_PT_MSI_CHECK_VECTOR; i++) {
        const char *reason = xen_pt_msi_check_reason(i);

        g_assert_cmpstr(reason, !=, "unknown");
        for (int j = XEN_PT_MSI_CHECK_OK; j < i; j++) {
            g_assert_cmpstr(reason, !=, xen_pt_msi_check_reason(j));
        }
    }
    g_assert_cmpstr(xen_pt_msi_check_reason(XEN_PT_MSI_CHECK_VECTOR + 1), ==,
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
        { 0xffffff00feeff000, 0x0000, 0xffffffff },
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
    check_usable(0xfee01000, 0, true);      /* pirq 1 */
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
    g_test_add_func("/msi-check/device/address", test_device_address);
    g_test_add_func("/msi-check/device/upper-address",
                    test_device_upper_address);
    g_test_add_func("/msi-check/device/vtd", test_device_vtd);
    g_test_add_func("/msi-check/device/amd", test_device_amd);
    g_test_add_func("/msi-check/device/trigger", test_device_trigger);
    g_test_add_func("/msi-check/device/delivery-mode",
                    test_device_delivery_mode);
    g_test_add_func("/msi-check/device/vector", test_device_vector);
    g_test_add_func("/msi-check/device/logical", test_device_logical);
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
