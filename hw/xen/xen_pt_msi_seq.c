/*
 * Xen PCI pass-through: the sequence that turns MSI and MSI-X on and off
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * In a stub domain a write to config space may be refused and look like a
 * success (pcifront and sysfs drop pciback's error), so a transition is
 * believed from its read-back alone; a read that failed gives all-ones, so
 * all-ones is never a value.
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt_msi_seq.h"

#define COMMAND_MASTER 0x0004   /* PCI_COMMAND_MASTER */

static bool is_msix(const XenPTMSISeq *s)
{
    return s->maskall;
}

/*
 * Is there something to deliver? MSI has its one vector bound masked where the
 * guest has masked it; a vector of MSI-X waits until it is not. Where a guest
 * unmasks an entry before it has written all of it, an address without data
 * would look like a request for a pirq, which never comes without.
 */
static bool is_used(const XenPTMSISeq *s, unsigned i)
{
    const XenPTMSIVector *v = &s->vec[i];

    return xen_pt_msi_guest_usable(&v->want.message) &&
           !(is_msix(s) && (v->want.masked || !v->want.message.data));
}

/* One word, of which all-ones is never a value. */
static int read_word(XenPTMSISeq *s, XenPTMSIWord word, uint16_t *value)
{
    int rc = s->ops->read(s->world, word, value);

    return rc ? rc : *value == UINT16_MAX ? -EIO : 0;
}

/* Toggle @bits of @word in one write, and see that just they have changed. */
static int toggle(XenPTMSISeq *s, XenPTMSIWord word, uint16_t old,
                  uint16_t bits, XenPTMSIFault *f)
{
    int written, rc;

    f->written = old ^ bits;
    written = s->ops->write(s->world, word, f->written);
    rc = read_word(s, word, &f->read);
    if (rc) {
        return rc;
    }
    return f->read == f->written ? 0 : written ? written : -EACCES;
}

static int switch_off(XenPTMSISeq *s, XenPTMSIFault *f)
{
    uint16_t now;
    int rc;

    f->step = XEN_PT_MSI_STEP_DISABLE;
    rc = read_word(s, XEN_PT_MSI_CONTROL, &now);
    if (rc && s->armed) {
        /* A lost read is no reason to leave on what was written here. */
        now = s->control;
        rc = 0;
    }
    s->armed = false;
    if (rc || !(now & s->enable)) {
        return rc;
    }
    return toggle(s, XEN_PT_MSI_CONTROL, now,
                  now & (s->enable | s->maskall), f);
}

/* With a second look, and no more: one access may have been lost. */
static int switch_off_surely(XenPTMSISeq *s, XenPTMSIFault *f)
{
    XenPTMSIFault again = { 0 };

    f->err = switch_off(s, f);
    if (f->err && !switch_off(s, &again)) {
        f->err = 0;
    }
    return f->err;
}

/* The same for bus mastering. */
static int restore_command(XenPTMSISeq *s, uint16_t command, XenPTMSIFault *f)
{
    uint16_t off = command & ~COMMAND_MASTER;

    f->step = XEN_PT_MSI_STEP_MASTER;
    f->err = toggle(s, XEN_PT_MSI_COMMAND, off, COMMAND_MASTER, f);
    if (f->err) {
        f->err = toggle(s, XEN_PT_MSI_COMMAND, off, COMMAND_MASTER, f);
    }
    return f->err;
}

static void undo_failed(XenPTMSISeq *s, XenPTMSIFault f)
{
    if (!s->undo_failures++) {
        s->undo = f;
    }
}

/* In reverse, each step also when the one before it failed. */
static void vector_down(XenPTMSISeq *s, unsigned i)
{
    XenPTMSIVector *v = &s->vec[i];
    XenPTMSIFault f = { 0 };

    if (v->stage >= XEN_PT_MSI_BOUND) {
        f.step = XEN_PT_MSI_STEP_UNBIND;
        f.err = s->ops->unbind(s->world, i, v->pirq, &v->bound.message);
        if (f.err) {
            undo_failed(s, f);
        } else {
            v->stage = XEN_PT_MSI_MAPPED;
        }
    }
    if (v->stage >= XEN_PT_MSI_MAPPED) {
        f.step = XEN_PT_MSI_STEP_UNMAP;
        f.err = s->ops->unmap(s->world, i, v->pirq);
        if (f.err) {
            undo_failed(s, f);
        } else {
            v->stage = XEN_PT_MSI_FREE;
        }
    }
}

static void turn_off(XenPTMSISeq *s)
{
    XenPTMSIFault f = { 0 }, again = { 0 };

    f.err = switch_off(s, &f);
    for (unsigned i = s->used; i--; ) {
        vector_down(s, i);
        s->vec[i].refused = false;
    }
    /* Xen clears ENABLE itself when the last vector is unmapped; look again. */
    if (f.err && switch_off(s, &again)) {
        undo_failed(s, f);
    }
    s->state = s->undo_failures ? XEN_PT_MSI_REFUSED : XEN_PT_MSI_OFF;
}

/*
 * The protocol, from here to turn_on(): map, bind, check what Xen wrote to the
 * device, then one write of ENABLE, believed when it reads back.
 */

/*
 * Map, bind, check. Nothing is sent before that: MSI has ENABLE off; a vector
 * of MSI-X, which may come while ENABLE is on, is masked by Xen until the end.
 */
static int vector_up(XenPTMSISeq *s, unsigned i, XenPTMSIFault *f)
{
    XenPTMSIVector *v = &s->vec[i];
    bool masked = is_msix(s) || v->want.masked;
    int rc;

    f->step = XEN_PT_MSI_STEP_MAP;
    rc = s->ops->map(s->world, i, &v->want.message, &v->pirq);
    if (rc) {
        return rc;
    }
    v->stage = XEN_PT_MSI_MAPPED;

    f->step = XEN_PT_MSI_STEP_BIND;
    rc = s->ops->bind(s->world, i, v->pirq, &v->want.message, masked);
    if (rc) {
        return rc;
    }
    v->bound.message = v->want.message;
    v->bound.masked = masked;
    v->stage = XEN_PT_MSI_BOUND;

    f->step = XEN_PT_MSI_STEP_READ;
    rc = s->ops->message(s->world, i, &f->message);
    if (rc) {
        return rc;
    }
    f->step = XEN_PT_MSI_STEP_CHECK;
    f->check = xen_pt_msi_check_device(&f->message);
    if (f->check != XEN_PT_MSI_CHECK_OK) {
        return -EBADMSG;
    }
    v->stage = XEN_PT_MSI_CHECKED;

    if (is_msix(s)) {
        f->step = XEN_PT_MSI_STEP_BIND;
        rc = s->ops->bind(s->world, i, v->pirq, &v->want.message, false);
        v->bound.masked = rc != 0;
    }
    return rc;
}

/* ENABLE, and the function mask where @masked. */
static int switch_on(XenPTMSISeq *s, bool masked, XenPTMSIFault *f)
{
    uint16_t old;
    int rc;

    f->step = XEN_PT_MSI_STEP_ENABLE;
    rc = read_word(s, XEN_PT_MSI_CONTROL, &old);
    if (!rc && (old & s->enable)) {
        f->read = old;
        rc = -EBUSY;    /* on before its message was checked: not by us */
    }
    if (rc) {
        return rc;
    }
    s->control = (old & ~s->maskall) | s->enable | (masked ? s->maskall : 0);
    s->armed = true;
    return toggle(s, XEN_PT_MSI_CONTROL, old, old ^ s->control, f);
}

static void turn_on(XenPTMSISeq *s)
{
    XenPTMSIFault f = { 0 };
    int rc = 0;

    for (unsigned i = 0; i < s->nvec && !is_msix(s); i++) {
        if (!is_used(s, i)) {
            s->state = XEN_PT_MSI_PENDING;
            return;
        }
    }
    for (unsigned i = 0; i < s->used && !rc; i++) {
        rc = is_used(s, i) ? vector_up(s, i, &f) : 0;
    }
    if (!rc) {
        rc = switch_on(s, s->masked, &f);
    }
    if (!rc) {
        s->fault = (XenPTMSIFault) { 0 };
        s->state = XEN_PT_MSI_ON;
        return;
    }
    f.err = rc;
    s->fault = f;
    turn_off(s);
    s->state = XEN_PT_MSI_REFUSED;
}

static bool message_equal(const XenPTMSIMessage *a, const XenPTMSIMessage *b)
{
    return a->address == b->address && a->data == b->data;
}

static bool same_pirq(const XenPTMSIMessage *a, const XenPTMSIMessage *b)
{
    return xen_pt_msi_requested_pirq(a) == xen_pt_msi_requested_pirq(b);
}

/* MSI, while on: bind what the guest has changed, without switching it off. */
static void msi_update(XenPTMSISeq *s, unsigned i)
{
    XenPTMSIVector *v = &s->vec[i];
    XenPTMSIFault f = { .step = XEN_PT_MSI_STEP_UPDATE };

    if (!xen_pt_msi_guest_usable(&v->want.message) ||
        (message_equal(&v->want.message, &v->bound.message) &&
         v->want.masked == v->bound.masked)) {
        return;
    }
    if (!same_pirq(&v->want.message, &v->bound.message)) {
        /* The pirq itself is another: only a new map gives that. */
        turn_off(s);
        if (s->state == XEN_PT_MSI_OFF) {
            turn_on(s);
        }
        return;
    }
    /* Xen's bind unmasks when asked to, but masks only what was not bound. */
    if (v->want.masked && !v->bound.masked) {
        f.err = s->ops->unbind(s->world, i, v->pirq, &v->bound.message);
        if (!f.err) {
            v->stage = XEN_PT_MSI_MAPPED;
        }
    }
    if (!f.err) {
        f.err = s->ops->bind(s->world, i, v->pirq, &v->want.message,
                             v->want.masked);
    }
    s->fault = f.err ? f : (XenPTMSIFault) { 0 };
    if (!f.err) {
        v->bound = v->want;
        v->stage = XEN_PT_MSI_CHECKED;
    } else if (v->stage == XEN_PT_MSI_MAPPED) {
        turn_off(s);
        s->state = XEN_PT_MSI_REFUSED;
    }
}

/*
 * MSI-X, while on: one vector comes, or changes, and no other notices. Masking
 * and unmasking what is bound is between the guest and Xen.
 */
static void msix_update(XenPTMSISeq *s, unsigned i)
{
    XenPTMSIVector *v = &s->vec[i];
    XenPTMSIFault f = { 0 };

    if (v->refused || !is_used(s, i)) {
        return;
    }
    if (v->stage == XEN_PT_MSI_CHECKED) {
        if (message_equal(&v->want.message, &v->bound.message)) {
            return;
        }
        if (same_pirq(&v->want.message, &v->bound.message)) {
            f.step = XEN_PT_MSI_STEP_UPDATE;
            f.err = s->ops->bind(s->world, i, v->pirq, &v->want.message, false);
            if (f.err) {
                s->fault = f;
            } else {
                v->bound = v->want;
            }
            return;
        }
        vector_down(s, i);
    }
    /* What has failed is not tried again before the function was off. */
    v->refused = true;
    if (v->stage != XEN_PT_MSI_FREE) {
        return;
    }
    f.err = vector_up(s, i, &f);
    if (f.err) {
        s->fault = f;
        vector_down(s, i);
    } else {
        v->refused = false;
    }
}

/* MSI-X, while on: the function mask follows the guest's. */
static void msix_mask(XenPTMSISeq *s)
{
    XenPTMSIFault f = { .step = XEN_PT_MSI_STEP_MASKALL };
    uint16_t now, bit = s->masked ? s->maskall : 0;

    if ((s->control & s->maskall) == bit) {
        return;
    }
    f.err = read_word(s, XEN_PT_MSI_CONTROL, &now);
    if (!f.err && !(now & s->enable)) {
        f.written = s->control;     /* off by now, and not by us */
        f.read = now;
        f.err = -EIO;
    }
    if (!f.err) {
        s->control = (now & ~s->maskall) | bit;
        f.err = toggle(s, XEN_PT_MSI_CONTROL, now, now ^ s->control, &f);
    }
    if (f.err) {
        s->fault = f;
        turn_off(s);
        s->state = XEN_PT_MSI_REFUSED;
    }
}

void xen_pt_msi_seq_init(XenPTMSISeq *s, const XenPTMSIOps *ops, void *world,
                         uint16_t enable, uint16_t maskall,
                         XenPTMSIVector *vec, unsigned nvec)
{
    *s = (XenPTMSISeq) {
        .ops = ops, .world = world, .enable = enable, .maskall = maskall,
        .vec = vec, .nvec = nvec, .used = maskall ? 0 : nvec,
    };
    for (unsigned i = 0; i < nvec; i++) {
        vec[i] = (XenPTMSIVector) { .pirq = -1 };
    }
}

bool xen_pt_msi_seq_clear(XenPTMSISeq *s)
{
    XenPTMSIFault f = { 0 };

    f.err = switch_off(s, &f);
    if (f.err) {
        s->fault = f;
        s->state = XEN_PT_MSI_REFUSED;
    }
    return !f.err;
}

bool xen_pt_msi_seq_probe(XenPTMSISeq *s)
{
    XenPTMSIFault f = { .step = XEN_PT_MSI_STEP_MASTER }, undo = { 0 };
    uint16_t command, master = 0;

    f.err = read_word(s, XEN_PT_MSI_COMMAND, &command);
    if (!f.err) {
        master = command & COMMAND_MASTER;
    }
    if (master) {
        f.err = toggle(s, XEN_PT_MSI_COMMAND, command, master, &f);
    }
    if (!f.err) {
        f.err = switch_on(s, true, &f);
        if (switch_off_surely(s, &undo)) {
            undo_failed(s, undo);
            f = f.err ? f : undo;
            master = 0; /* better no bus master than stray messages */
        }
        if (f.err) {
            s->state = XEN_PT_MSI_REFUSED;
        }
    }
    s->fault = f.err ? f : (XenPTMSIFault) { 0 };
    if (master && restore_command(s, command, &undo)) {
        undo_failed(s, undo);
        s->state = XEN_PT_MSI_REFUSED;
    }
    return s->state != XEN_PT_MSI_REFUSED;
}

void xen_pt_msi_seq_set_control(XenPTMSISeq *s, bool on, bool masked)
{
    s->masked = masked;
    if (on && s->state == XEN_PT_MSI_OFF) {
        turn_on(s);
    } else if (on && s->state == XEN_PT_MSI_ON && is_msix(s)) {
        msix_mask(s);
    } else if (!on && s->state == XEN_PT_MSI_ON) {
        turn_off(s);
    } else if (!on && s->state == XEN_PT_MSI_PENDING) {
        s->state = XEN_PT_MSI_OFF;
    }
}

void xen_pt_msi_seq_set_vector(XenPTMSISeq *s, unsigned i,
                               const XenPTMSIMessage *message, bool masked)
{
    s->vec[i].want.message = *message;
    s->vec[i].want.masked = masked;

    if (i >= s->used && is_used(s, i)) {
        s->used = i + 1;
    }
    if (s->state == XEN_PT_MSI_ON) {
        if (is_msix(s)) {
            msix_update(s, i);
        } else {
            msi_update(s, i);
        }
    } else if (s->state == XEN_PT_MSI_PENDING) {
        turn_on(s);
    }
}

void xen_pt_msi_seq_rebind(XenPTMSISeq *s)
{
    XenPTMSIFault f = { .step = XEN_PT_MSI_STEP_UPDATE };

    if (s->state != XEN_PT_MSI_ON) {
        return;
    }
    /* All before the first: Xen looks at the table's place for the first. */
    for (unsigned i = 0; i < s->used && !f.err; i++) {
        XenPTMSIVector *v = &s->vec[i];

        if (v->stage >= XEN_PT_MSI_BOUND) {
            f.err = s->ops->unbind(s->world, i, v->pirq, &v->bound.message);
            v->stage = f.err ? v->stage : XEN_PT_MSI_MAPPED;
        }
    }
    for (unsigned i = 0; i < s->used && !f.err; i++) {
        XenPTMSIVector *v = &s->vec[i];

        if (v->stage == XEN_PT_MSI_MAPPED && !v->refused) {
            f.err = s->ops->bind(s->world, i, v->pirq, &v->bound.message,
                                 v->want.masked);
            v->stage = f.err ? v->stage : XEN_PT_MSI_CHECKED;
        }
    }
    if (f.err) {
        s->fault = f;
        turn_off(s);
        s->state = XEN_PT_MSI_REFUSED;
    }
}

void xen_pt_msi_seq_reset(XenPTMSISeq *s)
{
    s->undo_failures = 0;
    s->fault = s->undo = (XenPTMSIFault) { 0 };
    if (s->state == XEN_PT_MSI_ON || s->state == XEN_PT_MSI_REFUSED) {
        turn_off(s);
    } else {
        s->state = XEN_PT_MSI_OFF;
    }
    for (unsigned i = 0; i < s->nvec; i++) {
        s->vec[i].want.message = (XenPTMSIMessage) { 0 };
        s->vec[i].want.masked = false;
    }
    while (is_msix(s) && s->used &&
           s->vec[s->used - 1].stage == XEN_PT_MSI_FREE) {
        s->used--;
    }
}
