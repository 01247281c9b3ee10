/*
 * Tests of the fake Xen: pciback's rules, and pcifront's way to report them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The rules as of Linux' drivers/xen/xen-pciback: conf_space.c,
 * conf_space_header.c and conf_space_capability.c.
 */

#include "test-common.h"

#define CONTROL (MSI + PCI_MSI_FLAGS)
#define CONTROL_X (MSIX + PCI_MSIX_FLAGS)

/* What a write of the control word comes to, by permission and kernel. */
static void test_control(void)
{
    static const struct {
        const char *setup[3];
        uint16_t old, new;
        int error;
        bool written;
    } cases[] = {
        /* not allowed: refused, but the same value is no write at all */
        { { NULL }, 0x0080, 0x0081, FK_PCI_ERR_ACCESS_DENIED, false },
        { { NULL }, 0x0080, 0x0080, 0, false },
        { { NULL }, 0x0081, 0x0080, FK_PCI_ERR_ACCESS_DENIED, false },
        /* allowed: ENABLE alone */
        { { "allow 00:05.0 on" }, 0x0080, 0x0081, 0, true },
        { { "allow 00:05.0 on" }, 0x0081, 0x0080, 0, true },
        { { "allow 00:05.0 on" }, 0x0090, 0x0081, FK_PCI_ERR_ACCESS_DENIED,
          false },
        { { "allow 00:05.0 on" }, 0x0080, 0x0010, FK_PCI_ERR_ACCESS_DENIED,
          false },
        /* the other kind is on: no */
        { { "allow 00:05.0 on", "poke 00:05.0 0x72/2 0x8003" },
          0x0080, 0x0081, FK_PCI_ERR_ACCESS_DENIED, false },
        { { "allow 00:05.0 on", "poke 00:05.0 0x72/2 0x8003" },
          0x0081, 0x0080, 0, true },
        /* older kernels count INTx as well */
        { { "allow 00:05.0 on", "kernel 6.1" },
          0x0080, 0x0081, FK_PCI_ERR_ACCESS_DENIED, false },
        { { "allow 00:05.0 on", "kernel 6.1",
            "poke 00:05.0 0x04/2 0x0400" }, 0x0080, 0x0081, 0, true },
        /* even older ones do not know the register: dropped */
        { { "allow 00:05.0 on", "kernel 5.4" }, 0x0080, 0x0081, 0, false },
        /* permissive: anything */
        { { "permissive 00:05.0 on" }, 0x0080, 0x0091, 0, true },
        { { "permissive 00:05.0 on", "kernel 5.4" }, 0x0080, 0x0081, 0,
          true },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        FkDevice *d = new_device(0x0006);

        fk_put(d, CONTROL, 2, cases[i].old);
        for (unsigned j = 0; j < 3 && cases[i].setup[j]; j++) {
            say(cases[i].setup[j]);
        }
        g_test_message("case %zu", i);
        g_assert_cmpint(fk_pciback_write(d, CONTROL, 2, cases[i].new), ==,
                        cases[i].error);
        g_assert_cmphex(control(d), ==,
                        cases[i].written ? cases[i].new & ~0x0006
                                           : cases[i].old);
    }
}

/* MSI-X: MASKALL too, since Linux 6.1. */
static void test_control_msix(void)
{
    FkDevice *d = new_device(0);

    g_assert_cmpint(fk_pciback_write(d, CONTROL_X, 2, 0xc003), ==,
                    FK_PCI_ERR_ACCESS_DENIED);
    say("allow 00:05.0 on");
    fk_put(d, CONTROL, 2, 0x0081);
    g_assert_cmpint(fk_pciback_write(d, CONTROL_X, 2, 0xc003), ==,
                    FK_PCI_ERR_ACCESS_DENIED);
    g_assert_cmpint(fk_pciback_write(d, CONTROL_X, 2, 0x4003), ==, 0);
    fk_put(d, CONTROL, 2, 0x0080);
    g_assert_cmpint(fk_pciback_write(d, CONTROL_X, 2, 0xc003), ==, 0);
    g_assert_cmphex(fk_get(d, CONTROL_X, 2), ==, 0xc003);
    fk_put(d, CONTROL_X, 2, 0x0003);
    say("poke 00:05.0 0x04/2 0x0400");
    say("kernel 5.6");
    g_assert_cmpint(fk_pciback_write(d, CONTROL_X, 2, 0xc003), ==,
                    FK_PCI_ERR_ACCESS_DENIED);
    g_assert_cmpint(fk_pciback_write(d, CONTROL_X, 2, 0x8003), ==, 0);
}

/* Undeclared registers: read through, writes dropped without an error. */
static void test_undeclared(void)
{
    FkDevice *d = new_device(0);
    uint32_t v;

    say("allow 00:05.0 on");
    fk_put(d, MSI + PCI_MSI_ADDRESS_LO, 4, 0xfee00218);
    g_assert_cmpint(fk_pciback_read(d, MSI + PCI_MSI_ADDRESS_LO, 4, &v), ==,
                    0);
    g_assert_cmphex(v, ==, 0xfee00218);
    g_assert_cmpint(fk_pciback_write(d, MSI + PCI_MSI_ADDRESS_LO, 4, 0), ==,
                    0);
    g_assert_cmphex(fk_get(d, MSI + PCI_MSI_ADDRESS_LO, 4), ==, 0xfee00218);
    expect("back 0000:00:05.0 dropped 0x54/4 0x00000000\n");
    say("permissive 00:05.0 on");
    fk_pciback_write(d, MSI + PCI_MSI_ADDRESS_LO, 4, 0);
    g_assert_cmphex(fk_get(d, MSI + PCI_MSI_ADDRESS_LO, 4), ==, 0);
}

/* A quirk is a field of that size, unless there is one at its place. */
static void test_quirk(void)
{
    FkDevice *d = new_device(0);
    char error[FK_ERROR_MAX];

    say("writable 00:05.0 0xf0/4 0xffffffff");
    say("quirk 00:05.0 0xf0/2");
    forget();
    g_assert_cmpint(fk_pciback_write(d, 0xf0, 2, 0x1234), ==, 0);
    expect("dev 0000:00:05.0 write 0xf0/2 0x1234\n");
    /* In part, and more than it: only the field is passed on. */
    fk_pciback_write(d, 0xf1, 1, 0x56);
    expect("dev 0000:00:05.0 write 0xf0/2 0x5634\n");
    fk_pciback_write(d, 0xf0, 4, 0xffff0001);
    expect("dev 0000:00:05.0 write 0xf0/2 0x0001\n");
    fk_pciback_write(d, 0xf2, 2, 1);
    expect("back 0000:00:05.0 dropped 0xf2/2 0x0001\n");

    say("quirk 00:05.0 0x0e/1");
    say("quirk 00:05.0 0x0d/1");        /* a declared one: stays read-only */
    fk_pciback_write(d, PCI_LATENCY_TIMER, 1, 0x40);
    expect("");
    say("quirk 00:05.0 0xf4/4");
    say("quirk 00:05.0 0xf8/1");
    g_assert_false(fk_command("quirk 00:05.0 0xfa/1", error));
}

/* MASTER reads from the device, the rest from pciback's copy. */
static void test_command(void)
{
    FkDevice *d = new_device(0);
    uint32_t v;

    fk_pciback_write(d, PCI_COMMAND, 2, PCI_COMMAND_MEMORY |
                     PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
    fk_pciback_read(d, PCI_COMMAND, 2, &v);
    g_assert_cmphex(v, ==, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
                    PCI_COMMAND_INTX_DISABLE);
    /* INTX_DISABLE reads back, but has not arrived */
    g_assert_cmphex(fk_get(d, PCI_COMMAND, 2), ==,
                    PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

    fk_put(d, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    fk_pciback_read(d, PCI_COMMAND, 2, &v);
    g_assert_cmphex(v & PCI_COMMAND_MASTER, ==, 0);

    say("allow 00:05.0 on");
    fk_pciback_write(d, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    fk_pciback_write(d, PCI_COMMAND, 2,
                     PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
    g_assert_true(fk_get(d, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE);
}

/* A BAR's size may be asked for; the BAR itself does not change. */
static void test_bar(void)
{
    FkDevice *d = new_device(0);
    uint32_t v;

    forget();
    fk_pciback_write(d, PCI_BASE_ADDRESS_0, 4, 0xffffffff);
    fk_pciback_read(d, PCI_BASE_ADDRESS_0, 4, &v);
    g_assert_cmphex(v, ==, 0xffffc004);
    fk_pciback_write(d, PCI_BASE_ADDRESS_0, 4, 0xfd000000);
    fk_pciback_read(d, PCI_BASE_ADDRESS_0, 4, &v);
    g_assert_cmphex(v, ==, 0xfeb80004);
    expect("");
}

/* A field that is only touched in part keeps the rest. */
static void test_partial(void)
{
    FkDevice *d = new_device(0);

    say("allow 00:05.0 on");
    g_assert_cmpint(fk_pciback_write(d, CONTROL, 1, 0x81), ==, 0);
    g_assert_cmphex(control(d), ==, 0x0081);
    /* with the id and next pointer, which are fields that drop writes */
    g_assert_cmpint(fk_pciback_write(d, MSI, 4, 0x00800000), ==, 0);
    g_assert_cmphex(fk_get(d, MSI, 4), ==, 0x00807005);
}

static void test_alignment(void)
{
    FkDevice *d = new_device(0);
    uint32_t v;

    g_assert_cmpint(fk_pciback_read(d, 1, 2, &v), ==,
                    FK_PCI_ERR_INVALID_OFFSET);
    g_assert_cmpint(fk_pciback_write(d, 256, 1, 0), ==,
                    FK_PCI_ERR_INVALID_OFFSET);
}

/* PME is dom0's business, and D3 is not entered behind its back. */
static void test_pm(void)
{
    FkDevice *d = new_device(0);
    uint32_t v;

    fk_pciback_read(d, PM + PCI_PM_PMC, 2, &v);
    g_assert_cmphex(v & PCI_PM_CAP_PME_MASK, ==, 0);
    fk_pciback_write(d, PM + PCI_PM_CTRL, 2, PCI_PM_CTRL_PME_ENABLE | 3);
    g_assert_cmphex(fk_get(d, PM + PCI_PM_CTRL, 2), ==, 3);
}

/* A virtual function has no id of its own; pciback knows it. */
static void test_virtfn(void)
{
    FkDevice *d = new_device(0);
    uint32_t v;

    d->is_virtfn = true;
    g_assert_cmphex(fk_device_read(d, PCI_VENDOR_ID, 4), ==, 0xffffffff);
    fk_pciback_read(d, PCI_VENDOR_ID, 4, &v);
    g_assert_cmphex(v, ==, 0x29228086);
}

/*
 * Above: sysfs and pcifront
 */

/* A refused write has full length: only reading back tells. */
static void test_front_refused(void)
{
    FkDevice *d = new_device(0);
    uint16_t v = 0x0081;

    g_assert_cmpint(fk_config_write(d, &v, 2, CONTROL), ==, 2);
    g_assert_cmpint(fk_config_read(d, &v, 2, CONTROL), ==, 2);
    g_assert_cmphex(v, ==, 0x0080);
    expect("cfg 0000:00:05.0 write 0x52/2 0x0081\n"
           "back 0000:00:05.0 refused 0x52/2 0x0081\n"
           "cfg 0000:00:05.0 read 0x52/2 = 0x0080\n");
}

/* In dom0 nobody is in between. */
static void test_front_dom0(void)
{
    FkDevice *d = new_device(0);
    uint16_t v = 0x0081;

    say("stubdom off");
    fk_config_write(d, &v, 2, CONTROL);
    g_assert_cmphex(control(d), ==, 0x0081);
}

/* Accesses are cut by alignment, and by the end of config space. */
static void test_front_pieces(void)
{
    FkDevice *d = new_device(0);
    uint8_t b[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

    say("stubdom off");
    g_assert_cmpint(fk_config_write(d, b, 7, 0xe1), ==, 7);
    expect("cfg 0000:00:05.0 write 0xe1/7 0x07060504030201\n"
           "dev 0000:00:05.0 write 0xe1/1 0x01\n"
           "dev 0000:00:05.0 write 0xe2/2 0x0302\n"
           "dev 0000:00:05.0 write 0xe4/4 0x07060504\n");
    g_assert_cmpint(fk_config_read(d, b, 4, 0xfe), ==, 2);
    g_assert_cmpint(fk_config_read(d, b, 4, 0x100), ==, 0);
    g_assert_cmpint(fk_config_write(d, b, 4, 0x100), ==, 0);
}

static void test_front_lockdown(void)
{
    FkDevice *d = new_device(0);
    uint16_t v = 0x0081;

    say("allow 00:05.0 on");
    say("lockdown on");
    errno = 0;
    g_assert_cmpint(fk_config_write(d, &v, 2, CONTROL), ==, -1);
    g_assert_cmpint(errno, ==, EPERM);
    g_assert_cmphex(control(d), ==, 0x0080);
    g_assert_cmpint(fk_config_read(d, &v, 2, CONTROL), ==, 2);
}

/* Every way in which an access is made to fail. */
static void test_front_faults(void)
{
    static const struct {
        const char *op, *action;
        long rc;
        uint16_t value;         /* read, or afterwards in the device */
        uint64_t ms;
    } cases[] = {
        { "cfg.read@0x52", "EIO", -1, 0x1234, 0 },
        { "cfg.read@0x52", "ones", 2, 0xffff, 0 },
        { "cfg.read@0x52", "timeout", 2, 0xffff, 2000 },
        { "cfg.read@0x52", "silent", 2, 0x0000, 0 },
        { "cfg.read@0x52", "0x4321", 2, 0x4321, 0 },
        { "cfg.read@0x52", "short", 1, 0x1280, 0 },
        { "cfg.read@0x54", "ones", 2, 0x0080, 0 },      /* another one */
        { "cfg.write", "EIO", -1, 0x0080, 0 },
        { "cfg.write", "silent", 2, 0x0080, 0 },
        { "cfg.write", "timeout", 2, 0x0080, 2000 },
        { "cfg.write", "0x0091", 2, 0x0091, 0 },
        { "cfg.write", "short", 1, 0x0081, 0 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        FkDevice *d = new_device(0);
        g_autofree char *line = g_strdup_printf("fail %s 1 %s", cases[i].op,
                                                cases[i].action);
        uint16_t v = 0x1234;
        bool read = strstr(cases[i].op, "read");

        say("stubdom off");
        say(line);
        g_test_message("%s", line);
        if (!read) {
            v = 0x0081;
        }
        g_assert_cmpint(read ? fk_config_read(d, &v, 2, CONTROL)
                             : fk_config_write(d, &v, 2, CONTROL), ==,
                        cases[i].rc);
        g_assert_cmphex(read ? v : control(d), ==, cases[i].value);
        g_assert_cmpuint(fk.ms, ==, cases[i].ms);
        /* only that once */
        g_assert_cmpint(fk_config_write(d, &v, 2, CONTROL), ==, 2);
        g_assert_cmpint(fk_config_read(d, &v, 2, CONTROL), ==, 2);
        g_assert_cmphex(v, ==, control(d));
    }
}

/* What comes after an access that was late has its answer, and is not made. */
static void test_front_late(void)
{
    FkDevice *d = new_device(0);
    uint16_t v = 0;

    say("fail cfg.read@0x52 1 late");
    g_assert_cmpint(fk_config_read(d, &v, 2, CONTROL), ==, 2);
    g_assert_cmphex(v, ==, 0xffff);
    g_assert_cmpuint(fk.ms, ==, 2000);
    g_assert_cmpint(fk_config_read(d, &v, 2, PCI_VENDOR_ID), ==, 2);
    g_assert_cmphex(v, ==, 0x0080);
    g_assert_cmpint(fk_config_read(d, &v, 2, PCI_VENDOR_ID), ==, 2);
    g_assert_cmphex(v, ==, 0x8086);

    /* A write that is late is made, one that follows a late access is not. */
    say("allow 0000:00:05.0 on");
    say("fail cfg.write 1 late");
    v = 0x0081;
    g_assert_cmpint(fk_config_write(d, &v, 2, CONTROL), ==, 2);
    g_assert_cmphex(control(d), ==, 0x0080);
    v = 0x80;
    g_assert_cmpint(fk_config_write(d, &v, 2, PCI_LATENCY_TIMER), ==, 2);
    g_assert_cmphex(control(d), ==, 0x0081);
    v = 0x0080;
    g_assert_cmpint(fk_config_write(d, &v, 2, CONTROL), ==, 2);
    g_assert_cmphex(control(d), ==, 0x0080);

    /* A refusal is an answer too. */
    say("allow 0000:00:05.0 off");
    say("heal");
    say("fail cfg.write 1 late");
    v = 0x0081;
    g_assert_cmpint(fk_config_write(d, &v, 2, CONTROL), ==, 2);
    g_assert_cmpint(fk_config_read(d, &v, 2, CONTROL), ==, 2);
    g_assert_cmphex(v, ==, 0xffff);
    g_assert_cmphex(control(d), ==, 0x0080);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fakexen/pciback/control", test_control);
    g_test_add_func("/fakexen/pciback/control-msix", test_control_msix);
    g_test_add_func("/fakexen/pciback/undeclared", test_undeclared);
    g_test_add_func("/fakexen/pciback/quirk", test_quirk);
    g_test_add_func("/fakexen/pciback/command", test_command);
    g_test_add_func("/fakexen/pciback/bar", test_bar);
    g_test_add_func("/fakexen/pciback/partial", test_partial);
    g_test_add_func("/fakexen/pciback/alignment", test_alignment);
    g_test_add_func("/fakexen/pciback/pm", test_pm);
    g_test_add_func("/fakexen/pciback/virtfn", test_virtfn);
    g_test_add_func("/fakexen/pcifront/refused", test_front_refused);
    g_test_add_func("/fakexen/pcifront/dom0", test_front_dom0);
    g_test_add_func("/fakexen/pcifront/pieces", test_front_pieces);
    g_test_add_func("/fakexen/pcifront/lockdown", test_front_lockdown);
    g_test_add_func("/fakexen/pcifront/faults", test_front_faults);
    g_test_add_func("/fakexen/pcifront/late", test_front_late);
    return g_test_run();
}
