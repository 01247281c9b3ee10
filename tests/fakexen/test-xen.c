/*
 * Tests of the fake Xen: pirqs and bindings
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As xen/arch/x86/irq.c and msi.c, and xen/drivers/passthrough/x86/hvm.c have
 * it.
 */

#include "test-common.h"

#include <glib/gstdio.h>
#include <unistd.h>

static const FkBdf bdf = { 0, 0, 5, 0 };

static int map(int *pirq)
{
    return fk_map_pirq_msi(&bdf, 0, 0, pirq);
}

/* A map programs the device, and leaves ENABLE as it was. */
static void test_map(void)
{
    FkDevice *d = new_device(0x0010);
    int pirq = -1;

    g_assert_cmpint(map(&pirq), ==, 0);
    g_assert_cmpint(pirq, ==, 55);
    expect("xc map_pirq_msi 0000:00:05.0 entry 0 pirq -1\n"
           "xen 0000:00:05.0 write 0x52/2 0x0090\n"
           "xen 0000:00:05.0 write 0x52/2 0x0080\n"
           "xen 0000:00:05.0 write 0x54/4 0xfee00218\n"
           "xen 0000:00:05.0 write 0x58/4 0x00000000\n"
           "xen 0000:00:05.0 write 0x5c/2 0x0000\n"
           "xc map_pirq_msi = 0 pirq 55\n");
    g_assert_cmphex(control(d), ==, 0x0080);
}

/* ENABLE comes back before the message is written. */
static void test_map_enabled(void)
{
    FkDevice *d = new_device(PCI_MSI_FLAGS_ENABLE);
    int pirq = -1;

    map(&pirq);
    expect("xc map_pirq_msi 0000:00:05.0 entry 0 pirq -1\n"
           "xen 0000:00:05.0 write 0x52/2 0x0080\n"
           "xen 0000:00:05.0 write 0x52/2 0x0081\n"
           "xen 0000:00:05.0 write 0x54/4 0xfee00218\n"
           "xen 0000:00:05.0 write 0x58/4 0x00000000\n"
           "xen 0000:00:05.0 write 0x5c/2 0x0000\n"
           "xc map_pirq_msi = 0 pirq 55\n");
    g_assert_cmphex(control(d), ==, 0x0081);
}

static void test_map_errors(void)
{
    static const FkBdf other = { 0, 0, 9, 0 };
    unsigned bound;
    int pirq = -1;

    new_device(0);
    g_assert_cmpint(fk_map_pirq_msi(&other, 0, 0, &pirq), ==, -ENODEV);

    new_device(0);
    say("assign 00:05.0 off");
    pirq = -1;
    g_assert_cmpint(map(&pirq), ==, -ENODEV);
    g_assert_cmpuint(fk_pirqs(&bound), ==, 0);

    new_device(0);
    pirq = -1;
    map(&pirq);
    pirq = -1;
    g_assert_cmpint(map(&pirq), ==, -EEXIST);

    new_device(0);
    say("privcmd-restricted on");
    pirq = -1;
    g_assert_cmpint(map(&pirq), ==, -EPERM);

    new_device(0);
    pirq = 56;
    g_assert_cmpint(map(&pirq), ==, -EINVAL);
}

/* A pirq that is in use: "success", and nothing is mapped. */
static void test_map_in_use(void)
{
    FkDevice *d = new_device(0);
    unsigned bound;
    int pirq = -1;

    fk_map_pirq(17, &pirq);
    g_assert_cmpint(pirq, ==, 16);
    forget();
    g_assert_cmpint(map(&pirq), ==, 0);
    expect("xc map_pirq_msi 0000:00:05.0 entry 0 pirq 16\n"
           "xc map_pirq_msi = 0 pirq 16\n");
    g_assert_cmpuint(fk_pirqs(&bound), ==, 0);
    g_assert_cmphex(fk_get(d, MSI + PCI_MSI_ADDRESS_LO, 4), ==, 0);
}

/* The message is one that the interrupt remapping asks for. */
static void test_message(void)
{
    static const struct {
        const char *form;
        uint32_t address;
        uint16_t data;
    } cases[] = {
        { "message vtd", 0xfee00218, 0 },
        { "message vtd-x2apic", 0xfee00218, 0 },
        { "message amd", 0xfee00008, 0x4000 },
        { "message amd-x2apic", 0xfee00000, 0x4000 },
        { "message amd-old", 0xfee0100c, 0x4000 },  /* seen on real Xen */
        { "message amd-old-x2apic", 0xfee01000, 0x4000 },
        { "message plain", 0xfee0100c, 0x4131 },
        { "message plain-x2apic", 0xfee01000, 0x4031 },
        { "message 0x12345678:0x9abc", 0x12345678, 0x9abc },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        FkDevice *d = new_device(0);
        int pirq = -1;

        say(cases[i].form);
        map(&pirq);
        g_assert_cmphex(fk_get(d, MSI + PCI_MSI_ADDRESS_LO, 4), ==,
                        cases[i].address);
        g_assert_cmphex(fk_get(d, MSI + PCI_MSI_DATA_64, 2), ==,
                        cases[i].data);
    }
}

static void test_bind(void)
{
    unsigned bound;
    int pirq = -1;

    new_device(0);
    g_assert_cmpint(fk_bind_msi(55, 0x41, 0, 0), ==, -EINVAL);
    map(&pirq);
    g_assert_cmpint(fk_unbind_msi(55, 0x41, 0), ==, -EINVAL);
    g_assert_cmpint(fk_bind_msi(55, 0x41, 0x10001, 0), ==, 0);
    g_assert_cmpuint(fk_pirqs(&bound), ==, 1);
    g_assert_cmpuint(bound, ==, 1);
    /* again: the guest's side changes, the device's does not */
    forget();
    g_assert_cmpint(fk_bind_msi(55, 0x42, 0x10001, 0), ==, 0);
    expect("xc bind_msi 55 gvec 0x42 gflags 0x10001 = 0\n");
    g_assert_cmpint(fk_unbind_msi(55, 0x42, 1), ==, 0);
    fk_pirqs(&bound);
    g_assert_cmpuint(bound, ==, 0);
}

/* The mask is Xen's: the guest's by the gflags. */
static void test_mask(void)
{
    FkDevice *d = new_device(PCI_MSI_FLAGS_MASKBIT);
    unsigned mask = MSI + PCI_MSI_MASK_64;
    int pirq = -1;

    map(&pirq);
    g_assert_cmphex(fk_get(d, mask, 4), ==, 1);
    fk_bind_msi(55, 0x41, 0x00001, 0);
    g_assert_cmphex(fk_get(d, mask, 4), ==, 1);
    fk_bind_msi(55, 0x41, 0x10001, 0);
    g_assert_cmphex(fk_get(d, mask, 4), ==, 0);
    fk_unbind_msi(55, 0x41, 1);
    g_assert_cmphex(fk_get(d, mask, 4), ==, 1);
}

/* Unmapping clears ENABLE, and unbinds what is still bound. */
static void test_unmap(void)
{
    FkDevice *d = new_device(0);
    unsigned bound;
    int pirq = -1;

    map(&pirq);
    fk_bind_msi(55, 0x41, 0x10001, 0);
    fk_put(d, MSI + PCI_MSI_FLAGS, 2, 0x0081);
    g_assert_cmpint(fk_unmap_pirq(55), ==, 0);
    g_assert_cmphex(control(d), ==, 0x0080);
    g_assert_cmpuint(fk_pirqs(&bound), ==, 0);
    g_assert_cmpuint(bound, ==, 0);
    g_assert_cmpint(fk_unmap_pirq(55), ==, -EINVAL);
    pirq = -1;
    g_assert_cmpint(map(&pirq), ==, 0);
    g_assert_cmpint(pirq, ==, 55);
}

static void test_intx(void)
{
    int pirq = -1, same = -1;

    new_device(0);
    g_assert_cmpint(fk_map_pirq(17, &pirq), ==, 0);
    g_assert_cmpint(fk_map_pirq(17, &same), ==, 0);
    g_assert_cmpint(pirq, ==, same);
    g_assert_cmpint(fk_bind_pci(pirq, 0, 4, 0), ==, 0);
    g_assert_cmpint(fk_bind_msi(pirq, 0x41, 0, 0), ==, -EBUSY);
    g_assert_cmpint(fk_unbind_pci(pirq, 0, 4, 0), ==, 0);
    g_assert_cmpint(fk_unbind_pci(pirq, 0, 4, 0), ==, -EINVAL);
    g_assert_cmpint(fk_unmap_pirq(pirq), ==, 0);
    g_assert_cmpint(fk_bind_pci(pirq, 0, 4, 0), ==, -EINVAL);
}

/* As many as the I/O APICs have; those of MSI come after them. */
static void test_gsis(void)
{
    int pirq = 273;

    new_device(0);
    g_assert_cmpint(fk_map_pirq(273, &pirq), ==, -EINVAL);
    say("gsis 300");
    g_assert_cmpint(fk_map_pirq(273, &pirq), ==, 0);
    g_assert_cmpint(pirq, ==, 273);
    pirq = -1;
    g_assert_cmpint(map(&pirq), ==, 0);
    g_assert_cmpint(pirq, ==, 331);
    /* One that is mapped to something else stays so, and that is a success. */
    g_assert_cmpint(fk_map_pirq(17, &pirq), ==, 0);
    g_assert_cmpint(fk_bind_pci(331, 0, 4, 0), ==, -EBUSY);
}

/* A line that is asserted as it is bound stays in service, and is told of. */
static void test_in_service(void)
{
    FkDevice *d = new_device(0);
    int pirq = -1;

    d->irq = 17;
    fk_map_pirq(17, &pirq);
    forget();
    g_assert_cmpint(fk_bind_pci(pirq, 0, 4, 0), ==, 0);
    expect("xc bind_pci 16 00:04 INTA = 0\n");
    fk_put(d, PCI_STATUS, 2, PCI_STATUS_CAP_LIST | PCI_STATUS_INTERRUPT);
    g_assert_true(fk_device_asserts(d));
    fk_bind_pci(pirq, 0, 4, 0);
    expect("xc bind_pci 16 00:04 INTA = 0\n"
           "xen 0000:00:05.0 irq 17 in service\n");
    fk_put(d, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
    g_assert_false(fk_device_asserts(d));
    fk_bind_pci(pirq, 0, 4, 0);
    expect("xc bind_pci 16 00:04 INTA = 0\n");
}

/* By number, from a number on, all; by name or whatever it is. */
static void test_faults(void)
{
    unsigned bound;
    int pirq = -1;

    new_device(0);
    say("fail map_pirq_msi 2 ENOSPC");
    g_assert_cmpint(map(&pirq), ==, 0);
    fk_unmap_pirq(55);
    pirq = -1;
    g_assert_cmpint(map(&pirq), ==, -ENOSPC);
    g_assert_cmpint(map(&pirq), ==, 0);
    say("heal");
    say("fail * 2+ EIO");
    g_assert_cmpint(fk_bind_msi(55, 0x41, 0, 0), ==, 0);
    g_assert_cmpint(fk_unbind_msi(55, 0x41, 0), ==, -EIO);
    g_assert_cmpint(fk_unmap_pirq(55), ==, -EIO);
    say("heal");
    say("fail unmap_pirq all silent");
    g_assert_cmpint(fk_unmap_pirq(55), ==, 0);
    g_assert_cmpuint(fk_pirqs(&bound), ==, 1);
}

/* An interrupt comes to the guest by a pirq that is bound, as it is bound. */
static void test_arrive(void)
{
    FkDevice *d = new_device(PCI_MSI_FLAGS_ENABLE);
    int pirq = -1;

    fk_put(d, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
    fk_device_raise(d, 0);
    expect("dev 0000:00:05.0 interrupt MSI 0x0000000000000000 0x0000\n");
    map(&pirq);
    forget();
    fk_device_raise(d, 0);
    expect("dev 0000:00:05.0 interrupt MSI 0x00000000fee00218 0x0000\n");
    g_assert_cmpint(fk_bind_msi(pirq, 0x41, 0x10001, 0), ==, 0);
    forget();
    fk_device_raise(d, 0);
    expect("dev 0000:00:05.0 interrupt MSI 0x00000000fee00218 0x0000\n"
           "guest 0000:00:05.0 interrupt pirq 55 vector 0x41 gflags 0x00001\n");
    fk_put(d, MSI + PCI_MSI_ADDRESS_LO, 4, 0xfee00238);
    fk_device_raise(d, 0);
    expect("dev 0000:00:05.0 interrupt MSI 0x00000000fee00238 0x0000\n");
}

static void test_arrive_intx(void)
{
    FkDevice *d = new_device(0);
    int pirq = -1;

    fk_map_pirq(d->irq, &pirq);
    fk_device_raise(d, 0);
    g_assert_cmpint(fk_bind_pci(pirq, 0, 5, 0), ==, 0);
    forget();
    fk_device_raise(d, 0);
    expect("dev 0000:00:05.0 interrupt INTx\n"
           "guest 0000:00:05.0 interrupt INTx\n");
}

/* A pirq that the guest was promised is had by who asks for it, once. */
static void test_new_pirq(void)
{
    int pirq = -1;

    new_device(0);
    g_assert_cmpint(fk_new_pirq(), ==, 55);
    g_assert_cmpint(map(&pirq), ==, 0);
    g_assert_cmpint(pirq, ==, 54);
    g_assert_cmpint(fk_unmap_pirq(54), ==, 0);
    pirq = 55;
    g_assert_cmpint(map(&pirq), ==, 0);
    g_assert_cmpint(pirq, ==, 55);
    g_assert_cmpint(fk_unmap_pirq(55), ==, 0);
    g_assert_cmpint(fk_new_pirq(), ==, 55);

    new_device(0);
    say("extra-irqs 1");
    say("new-pirq");
    say("new-pirq");
    expect("now new-pirq 24\n"
           "now new-pirq -28\n");
}

/* What dom0 restores is there, what it does not is gone. */
static void test_lose(void)
{
    FkDevice *d = new_device(0);
    int pirq = -1;

    map(&pirq);
    fk_device_write(d, "dev", MSI + PCI_MSI_FLAGS, 2, 0x0081);
    map_entry(d, 0);
    say("lose 00:05.0");
    g_assert_cmphex(control(d), ==, 0x0080);
    g_assert_cmphex(fk_get(d, MSI + PCI_MSI_ADDRESS_LO, 4), ==, 0);
    g_assert_cmphex(fk_entry_get(d, 0, FK_ADDRESS), ==, 0);
    g_assert_cmphex(fk_get(d, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY, !=, 0);
    g_assert_cmphex(fk_get(d, PCI_BASE_ADDRESS_0, 4), ==, 0xfeb80004);
}

#define ZEROES " 00 00 00 00 00 00 00 00"

/* Whatever was done to it, the world is as new. */
static void test_anew(void)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("anew-XXXXXX", &path, NULL);
    g_autoptr(GString) dump = g_string_new("00:05.0 x\n");
    g_autofree char *line = g_strdup_printf("device 00:05.0 %s 00:00.0", path);
    unsigned bound;
    FkDevice *d;

    for (unsigned i = 0; i < 256; i += 16) {
        g_string_append_printf(dump, "%02x:%s\n", i, i ? ZEROES ZEROES
                               : " f4 1a f0 10 02 00 00 00" ZEROES);
    }
    g_assert_cmpint(write(fd, dump->str, dump->len), ==, dump->len);
    close(fd);
    fk_init();
    say(line);
    g_remove(path);
    d = &fk.dev[0];
    fk_put(d, PCI_CACHE_LINE_SIZE, 1, 0x10);
    say("allow 00:05.0 on");
    say("new-pirq");
    say("fail * all EIO");
    say("anew");
    g_assert_cmphex(fk_get(d, PCI_CACHE_LINE_SIZE, 1), ==, 0);
    g_assert_false(d->back.allow_interrupt_control);
    g_assert_cmphex(fk_get(d, PCI_VENDOR_ID, 2), ==, 0x1af4);
    g_assert_true(fk_device_find_local(&(FkBdf) { 0, 0, 0, 0 }) == d);
    g_assert_cmpint(fk_new_pirq(), ==, 55);
    g_assert_cmpint(fk_fault("map_pirq", -1).kind, ==, FK_FAULT_NONE);
    g_assert_cmpuint(fk_pirqs(&bound), ==, 0);
}

/* Wrong commands: refused, with what is wrong with them. */
static void test_commands(void)
{
    static const char *const wrong[] = {
        "frobnicate", "domid", "domid x", "domid 1 2", "xen four",
        "xen 4.20.", "xen 4.20.3.1", "xen 4.20x",
        "kernel 2.6", "stubdom maybe", "message nonsense", "message amd-",
        "message 1:x",
        "allow 00:06.0 on", "allow 00:05.0 perhaps", "poke 00:05.0 0x52 1",
        "poke 00:05.0 0x100/1 1", "poke 00:05.0 0xff/2 1",
        "poke 00:05.0 0x52/2 0x10000", "fail frob 1 EIO", "fail * 0 EIO",
        "fail * 1 EFROB", "fail cfg.read@x 1 EIO", "irq 00:05.0 512",
        "gsis 513",
        "device 00:05.0 x", "device 00:06.0 /nonexistent", "device x y",
        "show 00:05.0 x", "master 00:05.0", "extra-irqs 4097",
        "prepared 00:05.0 perhaps", "raise 00:05.0 4", "lose 00:06.0",
        "new-pirq 55",
        "poke 00:05.0 bar0+0x3ffe/4 1", "poke 00:05.0 bar3+0/1 1",
        "poke 00:05.0 bar2+0/1 1", "poke 00:05.0 bar9+0/1 1",
        "show 00:05.0 bar0/1", "writable 00:05.0 bar0+0/1 1",
        "guest-write 0x1000 1", "guest-write 0x1000/9 1",
        "guest-write 0x1000/1 256", "guest-read 0x1000",
        "quirk 00:06.0 0xf0/4", "quirk 00:05.0 0xf0", "quirk 00:05.0 0x100/1",
        "quirk 00:05.0 0xf0/3",
    };
    char error[FK_ERROR_MAX];

    new_device(0);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        *error = '\0';
        if (fk_command(wrong[i], error)) {
            g_error("'%s' is taken", wrong[i]);
        }
        g_assert_cmpuint(strlen(error), >, 0);
    }
    say("");
    say("# nothing");
    say("poke 00:05.0 0x52/2 0x0081");
    say("show 00:05.0 0x52/2");
    say("poke 00:05.0 bar0+0x3ffe/2 0x1234");
    say("show 00:05.0 bar0+0x3fff/1");
    say("pirqs");
    say("guest-write 0x1000/4 0");
    say("guest-written");
    say("guest-read 0x1000/4");
    expect("now 0000:00:05.0 0x52/2 = 0x0081\n"
           "now 0000:00:05.0 bar0+0x3fff/1 = 0x12\n"
           "now pirqs mapped 0 bound 0\n"
           "now guest-write pass\n"
           "now guest-read pass\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fakexen/xen/map", test_map);
    g_test_add_func("/fakexen/xen/map-enabled", test_map_enabled);
    g_test_add_func("/fakexen/xen/map-errors", test_map_errors);
    g_test_add_func("/fakexen/xen/map-in-use", test_map_in_use);
    g_test_add_func("/fakexen/xen/message", test_message);
    g_test_add_func("/fakexen/xen/bind", test_bind);
    g_test_add_func("/fakexen/xen/mask", test_mask);
    g_test_add_func("/fakexen/xen/unmap", test_unmap);
    g_test_add_func("/fakexen/xen/intx", test_intx);
    g_test_add_func("/fakexen/xen/arrive", test_arrive);
    g_test_add_func("/fakexen/xen/arrive-intx", test_arrive_intx);
    g_test_add_func("/fakexen/xen/new-pirq", test_new_pirq);
    g_test_add_func("/fakexen/xen/lose", test_lose);
    g_test_add_func("/fakexen/xen/anew", test_anew);
    g_test_add_func("/fakexen/xen/gsis", test_gsis);
    g_test_add_func("/fakexen/xen/in-service", test_in_service);
    g_test_add_func("/fakexen/faults", test_faults);
    g_test_add_func("/fakexen/commands", test_commands);
    return g_test_run();
}
