/*
 * QTest: what MSI and MSI-X of a device passed through with Xen have in common
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each test is run for both kinds. What reaches the device and Xen, and what
 * the guest is shown, in a stub domain, where QEMU's config writes go through
 * pcifront and pciback. A refused write looks like a success there, and a
 * failed read gives all-ones.
 */

#include "qemu/osdep.h"
#include "xen-pt-driver.h"

typedef void Test(const XenPTKind *k, const void *arg);

typedef struct Case {
    Test *test;
    const void *arg;
    const XenPTKind *kind;
} Case;

/*
 * Enabling
 */

/* Mapped, bound, checked, one write, read back: in this order, no more. */
static void test_sequence(const XenPTKind *k, const void *arg)
{
    g_autoptr(XenPT) x = kind_start(k);

    kind_enable(x, k);
    kind_expect(x, "cfg xc", k->up, k->seen, k->sets);
    kind_assert_works(x, k, 1);
}

static void test_status(const XenPTKind *k, const void *arg)
{
    g_autoptr(XenPT) x = kind_start(k);
    XenPTStatus st;

    kind_assert_state(x, k, "off", "none", 0);
    k->program(x, k->vectors);
    kind_set(x, k, true);
    kind_assert_state(x, k, "on", "none", 0);
    xen_pt_status_of(x, 0, k->status, &st);
    g_assert_cmpint(st.npirqs, ==, k->vectors);
    g_assert_cmpint(st.pirq, ==, 55);
    xen_pt_status_of(x, 0, k->other, &st);
    g_assert_cmpstr(st.state, ==, "absent");
}

/* What Xen writes to the device depends on the interrupt remapping. */
static void test_message(const XenPTKind *k, const void *form)
{
    g_autoptr(XenPT) x = kind_start(k);

    xen_pt_say(x, "message %s", (const char *)form);
    k->program(x, k->vectors);
    kind_set(x, k, true);
    kind_assert_works(x, k, k->vectors);
}

/* An ENABLE that is there before the message was checked goes, and comes. */
static void test_set_by_others(const XenPTKind *k, const void *arg)
{
    g_autoptr(XenPT) x = kind_start(k);

    k->program(x, 1);
    xen_pt_skip(x);
    xen_pt_say(x, "poke DEV 0x%02x/2 0x%04x", k->control,
               xen_pt_hw(x, 0, k->control, 2) | k->enable);
    kind_set(x, k, true);
    kind_expect(x, "cfg xc", k->up, k->seen, k->clears, k->set_on, k->is_on);
    kind_assert_works(x, k, 1);
    kind_set(x, k, false);
    kind_assert_off(x, k);
}

static void lose_reads(XenPT *x, const XenPTKind *k, unsigned from, unsigned n,
                       const char *way)
{
    for (unsigned i = from; i < from + n; i++) {
        xen_pt_say(x, "fail cfg.read@0x%02x %u %s", k->control, i, way);
    }
}

/* A read that is lost is repeated: the one before the write, the one after. */
static void test_lost_read(const XenPTKind *k, const void *way)
{
    g_autoptr(XenPT) x = kind_start(k);

    for (unsigned n = 1; n <= 2; n++) {
        k->program(x, 1);
        lose_reads(x, k, n, 1, way);
        kind_set(x, k, true);
        xen_pt_say(x, "heal");
        kind_assert_works(x, k, 1);
        kind_set(x, k, false);
        kind_assert_off(x, k);
    }
}

/*
 * The second, too, is lost: it may be on, and so it is switched off. The next
 * time that the guest asks it works.
 */
static void test_lost_reads(const XenPTKind *k, const void *way)
{
    g_autoptr(XenPT) x = kind_start(k);

    for (unsigned n = 1; n <= 2; n++) {
        k->program(x, 1);
        lose_reads(x, k, n, 2, way);
        kind_set(x, k, true);
        kind_assert_refused(x, k, "enable", EIO);
        xen_pt_say(x, "heal");
        kind_set(x, k, true);
        kind_assert_works(x, k, 1);
        kind_set(x, k, false);
    }
}

/* QEMU in dom0: the same sequence, without pciback. */
static void test_dom0(const XenPTKind *k, const void *arg)
{
    g_autoptr(XenPT) x = msix_realize(k->layout, "stubdom off", "");

    msix_place(x);
    kind_enable(x, k);
    kind_expect(x, "cfg xc", k->up, k->seen, k->sets);
    kind_set(x, k, false);
    kind_assert_off(x, k);
}

/*
 * Refusals
 */

typedef struct Refusal {
    const char *name;
    const char *say;            /* to the fake */
    const char *step;
    int error;
    const char *errno_name;     /* of a hypercall that fails */
    const char *log;            /* one line has this */
    bool unseen;                /* it may be seen while ENABLE is set */
} Refusal;

static const Refusal refusals[] = {
    /* A hypercall fails: the ones before it are undone. */
    { "map/EPERM", "fail map_pirq_msi 1 EPERM", "map", EPERM, "EPERM" },
    { "map/ENODEV", "fail map_pirq_msi 1 ENODEV", "map", ENODEV, "ENODEV" },
    { "map/EEXIST", "fail map_pirq_msi 1 EEXIST", "map", EEXIST, "EEXIST" },
    { "bind", "fail bind_msi 1 EPERM", "bind", EPERM, "EPERM" },
    /* XSA-482: the stub domain's kernel forbids hypercalls. */
    { "privcmd", "privcmd-restricted on", "map", EPERM, "EPERM",
      "unrestricted=1" },
    /* What the device holds is not what Xen writes. */
    { "check/zero", "message 0:0", "check", EBADMSG, .unseen = true },
    { "check/all-ones", "message 0xffffffffffffffff:0xffffffff", "check",
      EBADMSG, .unseen = true },
    { "check/address", "message 0x12345678:0", "check", EBADMSG },
    { "check/upper-address", "message 0x100fee01000:0x4041", "check",
      EBADMSG },
    { "check/trigger", "message 0xfee01000:0x8041", "check", EBADMSG },
    { "check/remapped-data", "message 0xfee00018:0x0041", "check", EBADMSG },
    /* Permission is taken away after the guest has seen the capability. */
    { "late", "allow DEV off", "enable", EACCES, NULL,
      "allow_interrupt_control" },
    /* A kernel in lockdown lets nobody write. */
    { "lockdown", "lockdown on", "enable", EPERM },
};

/* A refusal may be because of INTx: it is disabled, and again as it was. */
#define INTX_AWAY \
    "cfg DEV read 0x04/4 = 0x00100006\n" \
    "cfg DEV write COMMAND 0x0406\n"
#define INTX_BACK \
    "cfg DEV read 0x04/4 = 0x00100406\n" \
    "cfg DEV write COMMAND 0x0006\n" \
    "cfg DEV read 0x04/4 = 0x00100006\n"

/* A vector of MSI-X that cannot be had is lost; ENABLE is set all the same. */
static void assert_not_had(XenPT *x, const XenPTKind *k, const char *step,
                           int error)
{
    if (!k->loses || g_str_equal(step, "enable")) {
        kind_assert_refused(x, k, step, error);
        return;
    }
    g_assert_true(kind_enabled(x, k));
    g_assert_true(kind_hw_enabled(x, k));
    msix_assert_pirqs(x, 0, 0);
    kind_assert_state(x, k, "on", step, error);
    xen_pt_assert_lost(x, 0, "0");
}

static void test_refused(const XenPTKind *k, const void *refusal)
{
    g_autoptr(XenPT) x = kind_start(k);
    const Refusal *r = refusal;
    bool all = g_str_equal(r->step, "enable");
    const char *then = k->loses ? k->device_on : "";

    xen_pt_say(x, "%s", r->say);
    k->program(x, all ? k->vectors : 1);
    xen_pt_skip(x);
    kind_set(x, k, true);
    if (g_str_equal(r->step, "map")) {
        kind_expect(x, "xc dev", k->map, " = ", r->errno_name, "\n", then);
    } else if (g_str_equal(r->step, "bind")) {
        kind_expect(x, "xc dev", k->mapped, k->bind, " = ", r->errno_name,
                    "\n", k->unmap, then);
    } else if (g_str_equal(r->step, "check")) {
        bool masked = r->unseen && k->device_masked;

        kind_expect(x, "xc dev", k->mapped, k->bind, " = 0\n",
                    masked ? k->device_masked : "", k->down, then);
    } else {
        kind_expect(x, "xc dev", k->up_all, k->down_all);
    }
    assert_not_had(x, k, r->step, r->error);
    if (r->log) {
        g_assert_cmpuint(xen_pt_log_lines(x, r->log), ==, 1);
    }
}

/*
 * Each time the guest asks it is tried once, the same, and that is all; what it
 * writes to the message meanwhile costs nothing.
 */
static void test_toggle(const XenPTKind *k, const void *arg)
{
    g_autoptr(XenPT) x = kind_start(k);
    g_autofree char *refused = g_strconcat(k->log, " refused", NULL);
    unsigned lines;

    xen_pt_say(x, "allow DEV off");
    kind_enable(x, k);
    kind_assert_refused(x, k, "enable", EACCES);
    lines = xen_pt_log_lines(x, "");
    for (int i = 0; i < 2000; i++) {
        xen_pt_skip(x);
        kind_set(x, k, true);
        kind_expect(x, "cfg xc",
                    k->is_off,          /* what was left */
                    k->up, k->seen, k->is_off, k->set_on, k->is_off,
                    k->is_off,          /* looked at once more */
                    INTX_AWAY, k->set_on, k->is_off, k->is_off,
                    k->is_off,          /* to switch it off */
                    INTX_BACK, k->down);
        k->fiddle(x);
        kind_set(x, k, false);
        xen_pt_expect(x, "");
    }
    kind_assert_refused(x, k, "enable", EACCES);
    g_assert_cmpuint(xen_pt_log_lines(x, ""), ==, lines);
    g_assert_cmpuint(xen_pt_log_lines(x, refused), ==, 1);
    xen_pt_say(x, "allow DEV on");
    kind_set(x, k, true);
    kind_assert_works(x, k, 1);
}

/* Refused is so until the guest asks again, with ENABLE 0 before or not. */
static void test_retried(const XenPTKind *k, const void *off)
{
    g_autoptr(XenPT) x = kind_start(k);

    xen_pt_say(x, "fail map_pirq_msi 1 ENOSPC");
    kind_enable(x, k);
    assert_not_had(x, k, "map", ENOSPC);
    if (off || k->loses) {
        kind_set(x, k, false);
    }
    xen_pt_skip(x);
    kind_set(x, k, true);
    kind_expect(x, "xc dev", k->up, k->device_on);
    kind_assert_works(x, k, 1);
    kind_set(x, k, false);
    kind_assert_off(x, k);
}

/*
 * INTx in the way
 */

static bool hw_intx(XenPT *x)
{
    return !(xen_pt_hw(x, 0, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE);
}

/* What is not refused for another reason goes on; INTx comes back after it. */
static void assert_gives_way(XenPT *x, const XenPTKind *k, const char *away)
{
    k->program(x, 1);
    xen_pt_skip(x);
    kind_set(x, k, true);
    kind_expect(x, "dev", away, k->device_on);
    kind_assert_works(x, k, 1);
    /* The guest has not disabled it. */
    g_assert_cmphex(qpci_config_readw(x->dev[0], PCI_COMMAND), ==,
                    PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    xen_pt_skip(x);
    kind_set(x, k, false);
    kind_expect(x, "dev", k->device_off, "dev DEV write COMMAND 0x0006\n");
    kind_assert_off(x, k);
}

/*
 * pciback before Linux 6.7 refuses ENABLE while INTx is on, which FreeBSD
 * disables afterwards, and OpenBSD never.
 */
static void test_intx_on(const XenPTKind *k, const void *arg)
{
    g_autoptr(XenPT) x = kind_start(k);

    xen_pt_say(x, "kernel 6.1");
    assert_gives_way(x, k, "dev DEV write COMMAND 0x0406\n");
    assert_gives_way(x, k, "dev DEV write COMMAND 0x0406\n");
}

/* One lost write of ENABLE looks the same. */
static void test_lost_write(const XenPTKind *k, const void *arg)
{
    g_autoptr(XenPT) x = kind_start(k);

    xen_pt_say(x, "fail cfg.write@0x%02x 1 timeout", k->control);
    assert_gives_way(x, k, "dev DEV write COMMAND 0x0406\n");
}

/* The guest disables it afterwards: then so it stays. */
static void test_intx_off_later(const XenPTKind *k, const void *arg)
{
    g_autoptr(XenPT) x = kind_start(k);
    uint16_t off = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
                   PCI_COMMAND_INTX_DISABLE;

    xen_pt_say(x, "kernel 6.1");
    kind_enable(x, k);
    kind_assert_works(x, k, 1);
    qpci_config_writew(x->dev[0], PCI_COMMAND, off);
    xen_pt_skip(x);
    kind_set(x, k, false);
    g_assert_false(hw_intx(x));
    g_assert_cmphex(qpci_config_readw(x->dev[0], PCI_COMMAND), ==, off);
}

/*
 * pciback's copy says that INTx is disabled, the device has it on: it was reset
 * in between. Whether it asserts it is no matter.
 */
static void test_intx_stale(const XenPTKind *k, const void *status)
{
    g_autoptr(XenPT) x = kind_start(k);

    xen_pt_say(x, "kernel 6.1");
    qpci_config_writew(x->dev[0], PCI_COMMAND, PCI_COMMAND_MEMORY |
                       PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
    xen_pt_say(x, "poke DEV 0x04/2 0x0006");
    xen_pt_say(x, "poke DEV 0x06/2 %s", (const char *)status);
    kind_enable(x, k);
    kind_assert_works(x, k, 1);
    kind_set(x, k, false);
    kind_assert_off(x, k);
}

static void set_intx(XenPT *x, bool on)
{
    qpci_config_writew(x->dev[0], PCI_COMMAND, PCI_COMMAND_MEMORY |
                       PCI_COMMAND_MASTER |
                       (on ? 0 : PCI_COMMAND_INTX_DISABLE));
}

/* While ENABLE is clear INTx is as the guest has it: disabled. */
static void test_intx_stays_off(const XenPTKind *k, const void *kernel)
{
    g_autoptr(XenPT) x = kind_start(k);

    xen_pt_say(x, "kernel %s", (const char *)kernel);
    set_intx(x, false);
    g_assert_false(hw_intx(x));
    kind_enable(x, k);
    kind_assert_works(x, k, 1);
    kind_set(x, k, false);
    g_assert_false(hw_intx(x));
}

/*
 * The guest enables INTx while MSI is on, as a kernel that starts anew does; an
 * old pciback refuses that. It is so when ENABLE is clear.
 */
static void test_intx_back_early(const XenPTKind *k, const void *kernel)
{
    g_autoptr(XenPT) x = kind_start(k);

    xen_pt_say(x, "kernel %s", (const char *)kernel);
    set_intx(x, false);
    kind_enable(x, k);
    kind_assert_works(x, k, 1);
    set_intx(x, true);
    kind_set(x, k, false);
    g_assert_cmphex(qpci_config_readw(x->dev[0], PCI_COMMAND) &
                    PCI_COMMAND_INTX_DISABLE, ==, 0);
    g_assert_true(hw_intx(x));
}

/*
 * While it is on
 */

/* Forbidden, so Xen has not looked at it: the binding that is there stays. */
static void test_forbidden(const XenPTKind *k, const void *arg)
{
    g_autoptr(XenPT) x = kind_start(k);

    kind_enable(x, k);
    xen_pt_skip(x);
    xen_pt_say(x, "fail bind_msi 1 EPERM");
    k->move(x, OTHER_ADDRESS);
    kind_expect(x, "cfg xc", k->moved, " = EPERM\n");
    g_assert_true(kind_enabled(x, k));
    msix_assert_pirqs(x, 1, 1);
    kind_assert_state(x, k, "on", "update", EPERM);
    g_assert_true(xen_pt_interrupts(x, 0, 0));
    g_assert_cmpuint(xen_pt_log_lines(x, "not updated"), ==, 1);
    /* The guest takes it back: as was, and no fault any more. */
    xen_pt_skip(x);
    k->move(x, ADDRESS);
    xen_pt_expect(x, "");
    kind_assert_works(x, k, 1);
    kind_set(x, k, false);
    kind_assert_off(x, k);
}

/*
 * Switching off
 */

static void test_disable(const XenPTKind *k, const void *arg)
{
    g_autoptr(XenPT) x = kind_start(k);

    k->program(x, k->vectors);
    kind_set(x, k, true);
    xen_pt_skip(x);
    kind_set(x, k, false);
    kind_expect(x, "cfg xc", k->clears, k->down_all);
    g_assert_false(kind_enabled(x, k));
    kind_assert_off(x, k);
    kind_assert_state(x, k, "off", "none", 0);
}

/* A step of undoing fails: the others are done, and it is not hidden. */
static void test_disable_failed(const XenPTKind *k, const void *op)
{
    g_autoptr(XenPT) x = kind_start(k);
    g_autofree char *journal = NULL;
    XenPTStatus st;

    k->program(x, k->vectors);
    kind_set(x, k, true);
    xen_pt_skip(x);
    xen_pt_say(x, "fail %s 1 EINVAL", (const char *)op);
    kind_set(x, k, false);
    journal = xen_pt_journal(x, "xc");
    for (unsigned pirq = 55; pirq > 55 - k->vectors; pirq--) {
        g_autofree char *unbind = g_strdup_printf("xc unbind_msi %u", pirq);
        g_autofree char *unmap = g_strdup_printf("xc unmap_pirq %u", pirq);

        g_assert_nonnull(strstr(journal, unbind));
        g_assert_nonnull(strstr(journal, unmap));
    }
    g_assert_true(k->vectors == 1 || g_str_has_suffix(journal, k->down));
    g_assert_false(kind_enabled(x, k));
    g_assert_false(kind_hw_enabled(x, k));
    xen_pt_status_of(x, 0, k->status, &st);
    g_assert_cmpint(st.undo_failures, ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "not undone"), ==, 1);
}

static void test_unplug(const XenPTKind *k, const void *arg)
{
    g_autoptr(XenPT) x = kind_start(k);

    k->program(x, k->vectors);
    kind_set(x, k, true);
    xen_pt_skip(x);
    xen_pt_unplug(x, 0);
    kind_expect(x, "dev", k->device_off);
    kind_assert_off(x, k);

    g_assert_true(xen_pt_plug(x, 0));
    msix_place(x);
    k->program(x, k->vectors);
    kind_set(x, k, true);
    kind_assert_works(x, k, k->vectors);
}

/*
 * Every operation failing in turn, in every way that it can
 */

static void program(XenPT *x, const XenPTKind *k)
{
    k->program(x, k->vectors);
}

static void program_strict(XenPT *x, const XenPTKind *k)
{
    xen_pt_say(x, "kernel 6.1");
    program(x, k);
}

static void switch_on(XenPT *x, const XenPTKind *k)
{
    kind_set(x, k, true);
}

static void start(XenPT *x, const XenPTKind *k)
{
    program(x, k);
    switch_on(x, k);
}

static void start_strict(XenPT *x, const XenPTKind *k)
{
    program_strict(x, k);
    switch_on(x, k);
}

static void switch_off(XenPT *x, const XenPTKind *k)
{
    kind_set(x, k, false);
}

/*
 * A hypercall that fails costs its vector; a lost read nothing, as it is
 * repeated, nor a lost write, which looks as if INTx were in its way; one that
 * fails aloud costs all. The guest's next try has everything.
 */
static void judge_start(XenPT *x, const XenPTKind *k, const char *op,
                        const char *way)
{
    bool arrives = g_str_equal(way, "short") && k->enable <= UINT8_MAX;
    bool reported = g_str_equal(way, "EIO") || g_str_equal(way, "short");
    unsigned n = strstr(op, " read ") ? k->vectors :
                 !strstr(op, " write ") ? k->vectors - 1 :
                 reported && !arrives ? 0 : k->vectors;

    g_assert_cmpint(kind_enabled(x, k), ==, n > 0);
    g_assert_cmpint(kind_hw_enabled(x, k), ==, n > 0);
    msix_assert_pirqs(x, n, n);
    for (unsigned i = 0, sent = 0; i < k->vectors; i++) {
        sent += xen_pt_interrupts(x, 0, i);
        g_assert_true(i + 1 < k->vectors || sent == n);
    }
    kind_set(x, k, false);
    kind_assert_off(x, k);
    kind_set(x, k, true);
    kind_assert_works(x, k, k->vectors);
    kind_set(x, k, false);
    kind_assert_off(x, k);
}

/* Whatever is lost, INTx is back when ENABLE is clear. */
static void judge_strict(XenPT *x, const XenPTKind *k, const char *op,
                         const char *way)
{
    g_assert_cmpint(kind_enabled(x, k), ==, kind_hw_enabled(x, k));
    kind_set(x, k, false);
    kind_assert_off(x, k);
    g_assert_true(hw_intx(x));
    kind_set(x, k, true);
    kind_assert_works(x, k, k->vectors);
    kind_set(x, k, false);
    kind_assert_off(x, k);
    g_assert_true(hw_intx(x));
}

/* What cannot be undone now is when the device goes. */
static void judge_gone(XenPT *x, const XenPTKind *k, const char *op,
                       const char *way)
{
    g_assert_false(kind_enabled(x, k));
    xen_pt_unplug(x, 0);
    msix_assert_pirqs(x, 0, 0);
    g_assert_false(kind_hw_enabled(x, k));
}

static void judge_stop(XenPT *x, const XenPTKind *k, const char *op,
                       const char *way)
{
    g_assert_false(kind_hw_enabled(x, k));
    judge_gone(x, k, op, way);
}

typedef struct Walk {
    const char *name;
    void (*before)(XenPT *x, const XenPTKind *k);
    void (*act)(XenPT *x, const XenPTKind *k);
    void (*judge)(XenPT *x, const XenPTKind *k, const char *op,
                  const char *way);
    const char *outage;         /* all later operations fail, too, so */
} Walk;

static const Walk walks[] = {
    { "enable", program, switch_on, judge_start },
    { "disable", start, switch_off, judge_stop },
    { "intx/enable", program_strict, switch_on, judge_strict },
    { "intx/disable", start_strict, switch_off, judge_strict },
    /* From one operation on all fail, undoing too. */
    { "outage/all", program, switch_on, judge_gone, "EIO" },
    { "outage/pciback", program, switch_on, judge_gone, "timeout" },
};

/* What it consists of. */
static GStrv operations(const Walk *w, const XenPTKind *k)
{
    g_autoptr(XenPT) x = kind_start(k);

    w->before(x, k);
    xen_pt_skip(x);
    w->act(x, k);
    return xen_pt_operations(x);
}

static void walk_path(const Walk *w, const XenPTKind *k, const char *op,
                      unsigned nth, const char *way)
{
    g_autoptr(XenPT) x = kind_start(k);

    w->before(x, k);
    xen_pt_say(x, "fail * %u%s %s", nth, w->outage ? "+" : "", way);
    w->act(x, k);
    g_test_message("'%s' fails by %s: %s", op, way,
                   kind_enabled(x, k) ? "on" : "off");
    xen_pt_say(x, "heal");
    w->judge(x, k, op, way);
}

static void test_walk(const XenPTKind *k, const void *opaque)
{
    const Walk *w = opaque;
    g_auto(GStrv) ops = operations(w, k);
    const char *outage[] = { w->outage, NULL };
    unsigned paths = 0;

    for (unsigned i = 0; ops[i]; i++) {
        const char *const *way = w->outage ? outage : xen_pt_ways_of(ops[i]);

        for (; *way; way++, paths++) {
            walk_path(w, k, ops[i], i + 1, *way);
        }
    }
    g_test_message("%u failure paths", paths);
}

static void run(const void *opaque)
{
    const Case *c = opaque;

    c->test(c->kind, c->arg);
}

/* For both kinds, as @name or as @name/@below. */
static void add(const char *name, const char *below, Test *test,
                const void *arg)
{
    static const XenPTKind *const kinds[] = { &xen_pt_msi, &xen_pt_msix };

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        g_autofree char *path = g_strdup_printf(
            "xen-pt/%s/%s%s%s", kinds[i]->name, name, below ? "/" : "",
            below ? below : "");
        Case *c = g_new(Case, 1);

        *c = (Case) { test, arg, kinds[i] };
        qtest_add_data_func_full(path, c, run, g_free);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("enable/sequence", NULL, test_sequence, NULL);
    add("enable/status", NULL, test_status, NULL);
    for (const char *const *form = xen_pt_messages; *form; form++) {
        add("enable/message", *form, test_message, *form);
    }
    add("enable/set-by-others", NULL, test_set_by_others, NULL);
    for (const char *const *way = xen_pt_read_ways; *way; way++) {
        add("enable/lost-read", *way, test_lost_read, *way);
        add("refused/lost-reads", *way, test_lost_reads, *way);
    }
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        add("refused", refusals[i].name, test_refused, &refusals[i]);
    }
    add("intx/on", NULL, test_intx_on, NULL);
    add("intx/off-later", NULL, test_intx_off_later, NULL);
    add("intx/stale", NULL, test_intx_stale, "0x0010");
    add("intx/stale", "asserted", test_intx_stale, "0x0018");
    add("intx/stays-off", "6.1", test_intx_stays_off, "6.1");
    add("intx/stays-off", "6.8", test_intx_stays_off, "6.8");
    add("intx/back-early", "6.1", test_intx_back_early, "6.1");
    add("intx/back-early", "6.8", test_intx_back_early, "6.8");
    add("enable/lost-write", NULL, test_lost_write, NULL);
    add("refused/toggle", NULL, test_toggle, NULL);
    add("refused/retried", NULL, test_retried, NULL);
    add("refused/retried-from-off", NULL, test_retried, "off");
    add("update/forbidden", NULL, test_forbidden, NULL);
    add("disable/sequence", NULL, test_disable, NULL);
    add("disable/unbind-fails", NULL, test_disable_failed, "unbind_msi");
    add("disable/unmap-fails", NULL, test_disable_failed, "unmap_pirq");
    add("unplug", NULL, test_unplug, NULL);
    add("dom0", NULL, test_dom0, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(walks); i++) {
        add("walk", walks[i].name, test_walk, &walks[i]);
    }
    return g_test_run();
}
