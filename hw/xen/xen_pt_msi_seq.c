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
#include "hw/pci/pci_regs.h"
#include "hw/xen/xen_pt_msi_seq.h"

static bool is_msix(const XenPTMSISeq *s)
{
    return s->maskall;
}

/*
 * Is there something to deliver? MSI has its one vector bound masked where the
 * guest has masked it; a vector of MSI-X waits until it is not.
 */
static bool deliverable(const XenPTMSISeq *s, unsigned i)
{
    const XenPTMSIVector *v = &s->vec[i];

    return xen_pt_msi_guest_usable(&v->want.message) &&
           !(is_msix(s) && v->want.masked);
}

/* One access. All-ones is what a read that was lost leaves. */
static int read_once(XenPTMSISeq *s, XenPTMSIWord word, uint16_t *value)
{
    int rc = s->ops->read(s->opaque, word, value);

    if (rc || *value == UINT16_MAX) {
        *value = UINT16_MAX;
        rc = rc ? rc : -EIO;
    }
    return rc;
}

/* With a second look, and no more: one access may have been lost. */
static int read_word(XenPTMSISeq *s, XenPTMSIWord word, uint16_t *value)
{
    return read_once(s, word, value) ? read_once(s, word, value) : 0;
}

/*
 * Write a word once, and see what of it is to @matter. What reads otherwise is
 * looked at once more: it may be the late answer to the access before, which
 * pcifront takes for this one's.
 */
static int set_word(XenPTMSISeq *s, XenPTMSIWord word, uint16_t value,
                    uint16_t matter, XenPTMSIFault *f)
{
    uint16_t again;
    int written, rc;

    f->written = value;
    written = s->ops->write(s->opaque, word, value);
    rc = read_once(s, word, &f->read);
    if ((rc || ((f->read ^ value) & matter)) && !read_once(s, word, &again)) {
        f->read = again;
        rc = 0;
    }
    if (rc) {
        return rc;
    }
    return !((f->read ^ value) & matter) ? 0 : written ? written : -EACCES;
}

/* With what the fault is to say of a word that was not seen. */
static int read_control(XenPTMSISeq *s, uint16_t *now, XenPTMSIFault *f)
{
    int rc = read_word(s, XEN_PT_MSI_WORD_CONTROL, now);

    if (rc) {
        f->read = UINT16_MAX;
    }
    return rc;
}

/* Change @bits of the control word, and see that just they have changed. */
static int flip_bits(XenPTMSISeq *s, uint16_t old, uint16_t bits,
                     XenPTMSIFault *f)
{
    return set_word(s, XEN_PT_MSI_WORD_CONTROL, old ^ bits, UINT16_MAX, f);
}

/*
 * The function mask goes with ENABLE, in the same write: Xen assigns no device
 * that has it set (pci_reset_msix_state()).
 */
static int enable_clear(XenPTMSISeq *s, XenPTMSIFault *f)
{
    uint16_t now;
    int rc;

    f->step = XEN_PT_MSI_STEP_DISABLE;
    rc = read_control(s, &now, f);
    if (rc && s->armed) {
        /* A lost read is no reason to leave on what was written here. */
        now = s->control | s->enable;
        rc = 0;
    }
    s->armed = false;
    if (!rc && (now & (s->enable | s->maskall))) {
        rc = flip_bits(s, now, now & (s->enable | s->maskall), f);
    }
    if (!rc && s->intx_away) {
        s->intx_away = s->ops->intx(s->opaque, true);
    }
    return rc;
}

/* Twice at the most: the write, too, may have been lost. */
static int enable_clear_surely(XenPTMSISeq *s, XenPTMSIFault *f)
{
    XenPTMSIFault again = { 0 };

    f->err = enable_clear(s, f);
    if (f->err && !enable_clear(s, &again)) {
        f->err = 0;
    }
    return f->err;
}

static void undo_failed(XenPTMSISeq *s, XenPTMSIFault f)
{
    if (!s->undo_failures++) {
        s->undo = f;
    }
}

/*
 * In reverse, each step also when the one before it failed. Returns: the first
 * that did.
 */
static XenPTMSIFault vector_down(XenPTMSISeq *s, unsigned i)
{
    XenPTMSIVector *v = &s->vec[i];
    XenPTMSIFault f = { .vector = i }, first = { 0 };

    if (v->stage >= XEN_PT_MSI_STAGE_BOUND) {
        v->stage = XEN_PT_MSI_STAGE_BOUND;    /* not to be relied on any more */
        f.step = XEN_PT_MSI_STEP_UNBIND;
        f.err = s->ops->unbind(s->opaque, i, v->pirq, &v->bound.message);
        if (f.err) {
            undo_failed(s, f);
            first = f;
        } else {
            v->stage = XEN_PT_MSI_STAGE_MAPPED;
        }
    }
    if (v->stage >= XEN_PT_MSI_STAGE_MAPPED) {
        f.step = XEN_PT_MSI_STEP_UNMAP;
        f.err = s->ops->unmap(s->opaque, i, v->pirq);
        if (f.err) {
            undo_failed(s, f);
            first = first.step ? first : f;
        } else {
            v->stage = XEN_PT_MSI_STAGE_FREE;
        }
    }
    return first;
}

static void refuse(XenPTMSISeq *s, const XenPTMSIFault *f)
{
    s->fault = *f;
    s->state = XEN_PT_MSI_STATE_REFUSED;
}

/* A vector of MSI-X is there, or nobody's wish any more. */
static void not_lost(XenPTMSISeq *s, unsigned i)
{
    if (s->vec[i].lost) {
        s->vec[i].lost = false;
        s->lost--;
    }
}

/* What was done of it is undone, and the first of the lost says why. */
static void lose_vector(XenPTMSISeq *s, unsigned i, const XenPTMSIFault *f)
{
    vector_down(s, i);
    if (!s->lost) {
        s->why_lost = *f;
    }
    s->lost += !s->vec[i].lost;
    s->vec[i].lost = true;
}

/* What was refused while on is not asked for any more, or was had by now. */
static void mended(XenPTMSISeq *s, XenPTMSIStep step, unsigned i)
{
    if (s->fault.step == step && s->fault.vector == i) {
        s->fault = (XenPTMSIFault) { 0 };
    }
}

/* While off: something that was done, and could not be undone. */
static bool is_left(const XenPTMSISeq *s)
{
    return s->undo_failures || s->intx_away;
}

/* What was left before is tried again, and counted anew. */
static void msi_down(XenPTMSISeq *s)
{
    XenPTMSIFault f = { 0 }, again = { 0 };

    s->undo_failures = 0;
    s->fault = s->undo = f;
    f.err = enable_clear(s, &f);
    for (unsigned i = s->nused; i--; ) {
        vector_down(s, i);
        s->vec[i].lost = false;
    }
    s->lost = 0;
    /* Xen clears ENABLE itself when the last vector is unmapped; look again. */
    if (f.err && enable_clear(s, &again)) {
        undo_failed(s, f);
    }
    s->state = s->undo_failures ? XEN_PT_MSI_STATE_REFUSED
                                : XEN_PT_MSI_STATE_OFF;
}

/*
 * The protocol, from here to msi_up(): map, bind, check what Xen wrote to the
 * device, then one write of ENABLE, believed when it reads back.
 */

/* With a second look, as at any word that may be lost or late. */
static int check_message(XenPTMSISeq *s, unsigned i, XenPTMSIFault *f)
{
    int rc = 0;

    for (int look = 0; look < 2; look++) {
        f->step = XEN_PT_MSI_STEP_READ;
        rc = s->ops->message(s->opaque, i, &f->message);
        if (!rc) {
            f->step = XEN_PT_MSI_STEP_CHECK;
            f->check = xen_pt_msi_check_device(&f->message);
            rc = f->check == XEN_PT_MSI_CHECK_OK ? 0 : -EBADMSG;
        }
        if (!rc) {
            break;
        }
    }
    return rc;
}

/* From a message that is Xen's on, a vector of MSI-X may be used. */
static int vector_check(XenPTMSISeq *s, unsigned i, XenPTMSIFault *f)
{
    XenPTMSIVector *v = &s->vec[i];
    int rc = check_message(s, i, f);

    if (rc) {
        return rc;
    }
    v->stage = XEN_PT_MSI_STAGE_CHECKED;

    if (is_msix(s)) {
        f->step = XEN_PT_MSI_STEP_BIND;
        rc = s->ops->bind(s->opaque, i, v->pirq, &v->want.message, false);
    }
    return rc;
}

/*
 * Map, bind, check. Nothing is sent before that: MSI has ENABLE off; a vector
 * of MSI-X, which may come while ENABLE is on, is masked by Xen until the end.
 */
static int vector_up(XenPTMSISeq *s, unsigned i, XenPTMSIFault *f)
{
    XenPTMSIVector *v = &s->vec[i];
    bool masked = is_msix(s) || v->want.masked;
    int rc;

    f->vector = i;
    f->step = XEN_PT_MSI_STEP_MAP;
    rc = s->ops->map(s->opaque, i, &v->want.message, &v->pirq);
    if (rc) {
        return rc;
    }
    v->stage = XEN_PT_MSI_STAGE_MAPPED;

    f->step = XEN_PT_MSI_STEP_BIND;
    rc = s->ops->bind(s->opaque, i, v->pirq, &v->want.message, masked);
    if (rc) {
        return rc;
    }
    v->bound.message = v->want.message;
    v->bound.masked = masked;
    v->stage = XEN_PT_MSI_STAGE_BOUND;

    return vector_check(s, i, f);
}

/* Bound, but its message is not to be seen. What is lost is not waited for. */
static bool is_unseen(const XenPTMSISeq *s, unsigned i)
{
    return s->vec[i].stage == XEN_PT_MSI_STAGE_BOUND && !s->vec[i].lost;
}

/* Some devices show their table only while ENABLE is set. */
static bool may_be_seen(const XenPTMSISeq *s, const XenPTMSIFault *f)
{
    return s->state != XEN_PT_MSI_STATE_ON &&
           (f->check == XEN_PT_MSI_CHECK_NOT_READ ||
            f->check == XEN_PT_MSI_CHECK_NOT_PROGRAMMED);
}

/* A vector of MSI-X that cannot be had costs that vector, and no other. */
static void vector_alone(XenPTMSISeq *s, unsigned i)
{
    XenPTMSIFault f = vector_down(s, i);    /* what was left of it before */

    if (s->vec[i].stage == XEN_PT_MSI_STAGE_FREE) {
        f = (XenPTMSIFault) { 0 };
        f.err = vector_up(s, i, &f);
    }
    if (f.err && !may_be_seen(s, &f)) {
        lose_vector(s, i, &f);
    } else {
        mended(s, XEN_PT_MSI_STEP_UPDATE, i);
        not_lost(s, i);
    }
}

/*
 * In what was read last; and the function mask where @masked. A chip may have
 * no such mask: each vector has one of its own.
 */
static int enable_write(XenPTMSISeq *s, uint16_t old, bool masked,
                        XenPTMSIFault *f)
{
    int rc;

    s->control = (old & ~s->maskall) | s->enable | (masked ? s->maskall : 0);
    s->armed = true;
    rc = set_word(s, XEN_PT_MSI_WORD_CONTROL, s->control,
                  UINT16_MAX & ~s->maskall, f);
    if (!rc) {
        s->control = f->read;
    }
    return rc;
}

/*
 * pciback before Linux 6.7 refuses ENABLE while INTx is on. Not every guest
 * disables INTx first: FreeBSD does it afterwards, OpenBSD never.
 */
static int enable_without_intx(XenPTMSISeq *s, bool masked, XenPTMSIFault *f)
{
    if (s->ops->intx(s->opaque, false)) {
        return -EACCES;
    }
    s->intx_away = true;
    return enable_write(s, f->read, masked, f);
}

/* One write, and one more where INTx is in its way. */
static int enable_set(XenPTMSISeq *s, bool masked, XenPTMSIFault *f)
{
    uint16_t old;
    int rc;

    f->step = XEN_PT_MSI_STEP_ENABLE;
    rc = read_control(s, &old, f);
    if (!rc && s->armed && !(old & s->enable)) {
        /* Gone again since, and with it perhaps the messages. */
        f->written = s->control;
        f->read = old;
        rc = -EACCES;
    } else if (!rc && !s->armed && (old & s->enable)) {
        /* Set by others, and before the message was checked. */
        rc = flip_bits(s, old, old & (s->enable | s->maskall), f);
    }
    if (rc) {
        return rc;
    }
    rc = enable_write(s, old, masked, f);
    if (rc == -EACCES && !(f->read & s->enable)) {
        rc = enable_without_intx(s, masked, f);
    }
    return rc;
}

/*
 * A vector of MSI-X may be one that nobody will use, so what cannot be had of
 * them keeps nothing from going on. Those that ask for a pirq come before those
 * that get any: it might be the same.
 */
static int vectors_up(XenPTMSISeq *s, XenPTMSIFault *f)
{
    int rc = 0;

    if (!is_msix(s)) {
        for (unsigned i = 0; i < s->nvec && !rc; i++) {
            rc = vector_up(s, i, f);
        }
        return rc;
    }
    for (int asking = 1; asking >= 0; asking--) {
        for (unsigned i = 0; i < s->nused; i++) {
            if (deliverable(s, i) && asking ==
                !!xen_pt_msi_requested_pirq(&s->vec[i].want.message)) {
                vector_alone(s, i);
            }
        }
    }
    return 0;
}

/* Bound, and to be seen with ENABLE set and the function masked. */
static void vectors_seen(XenPTMSISeq *s)
{
    for (unsigned i = 0; i < s->nused; i++) {
        if (is_unseen(s, i)) {
            XenPTMSIFault f = { .vector = i };

            f.err = vector_check(s, i, &f);
            if (f.err) {
                lose_vector(s, i, &f);
            }
        }
    }
}

static bool any_unseen(const XenPTMSISeq *s)
{
    for (unsigned i = 0; i < s->nused; i++) {
        if (is_unseen(s, i)) {
            return true;
        }
    }
    return false;
}

/* Vectors first, ENABLE last. */
static int vectors_then_enable(XenPTMSISeq *s, XenPTMSIFault *f)
{
    int rc = vectors_up(s, f);

    if (!rc && any_unseen(s)) {
        rc = enable_set(s, true, f);
        if (!rc && !(s->control & s->maskall)) {
            rc = -EACCES;       /* what is not seen would not be masked */
        }
        if (!rc) {
            vectors_seen(s);
        }
    }
    return rc ? rc : enable_set(s, s->masked, f);
}

static void msi_up(XenPTMSISeq *s)
{
    XenPTMSIFault f = { 0 };
    int rc;

    if (s->state == XEN_PT_MSI_STATE_REFUSED) {
        msi_down(s);            /* what could not be undone before */
        if (s->state == XEN_PT_MSI_STATE_REFUSED) {
            return;
        }
    }
    for (unsigned i = 0; i < s->nvec && !is_msix(s); i++) {
        if (!deliverable(s, i)) {
            s->state = XEN_PT_MSI_STATE_PENDING;
            return;
        }
    }
    s->fault = f;
    rc = vectors_then_enable(s, &f);
    if (!rc) {
        s->state = XEN_PT_MSI_STATE_ON;
        return;
    }
    f.err = rc;
    msi_down(s);
    refuse(s, &f);
}

/*
 * What is on works no more as it is: by a new map Xen writes message and table
 * to the device again.
 */
static void set_up_anew(XenPTMSISeq *s)
{
    msi_down(s);
    if (s->state == XEN_PT_MSI_STATE_OFF) {
        msi_up(s);
    }
}

static bool message_equal(const XenPTMSIMessage *a, const XenPTMSIMessage *b)
{
    return a->address == b->address && a->data == b->data;
}

static bool same_pirq(const XenPTMSIMessage *a, const XenPTMSIMessage *b)
{
    return xen_pt_msi_requested_pirq(a) == xen_pt_msi_requested_pirq(b);
}

/*
 * MSI, while on: bind what the guest has changed, without switching it off. Of
 * a message that the guest is still writing the old one holds.
 */
static void msi_update(XenPTMSISeq *s, unsigned i)
{
    XenPTMSIVector *v = &s->vec[i];
    XenPTMSIFault f = { .step = XEN_PT_MSI_STEP_UPDATE, .vector = i };
    XenPTMSIMessage m = xen_pt_msi_guest_usable(&v->want.message)
        ? v->want.message : v->bound.message;

    mended(s, XEN_PT_MSI_STEP_UPDATE, i);
    if (message_equal(&m, &v->bound.message) &&
        v->want.masked == v->bound.masked) {
        return;
    }
    if (!same_pirq(&m, &v->bound.message)) {
        set_up_anew(s);         /* only a new map gives another pirq */
        return;
    }
    /* Xen's bind unmasks when asked to, but masks only what was not bound. */
    if (v->want.masked && !v->bound.masked) {
        f.err = s->ops->unbind(s->opaque, i, v->pirq, &v->bound.message);
        if (!f.err) {
            v->stage = XEN_PT_MSI_STAGE_MAPPED;
        }
    }
    if (!f.err) {
        f.err = s->ops->bind(s->opaque, i, v->pirq, &m, v->want.masked);
    }
    if (!f.err) {
        v->bound.message = m;
        v->bound.masked = v->want.masked;
        v->stage = XEN_PT_MSI_STAGE_CHECKED;
    } else if (f.err == -EPERM && v->stage == XEN_PT_MSI_STAGE_CHECKED) {
        s->fault = f;           /* Xen has not looked at it: all is as before */
    } else {
        set_up_anew(s);         /* what is bound by now, Xen alone knows */
    }
}

/*
 * MSI-X, while on: one vector comes, or changes, and no other notices. Masking
 * and unmasking what is bound is between the guest and Xen.
 */
static void msix_update(XenPTMSISeq *s, unsigned i)
{
    XenPTMSIVector *v = &s->vec[i];
    XenPTMSIFault f = { .step = XEN_PT_MSI_STEP_UPDATE, .vector = i };

    mended(s, XEN_PT_MSI_STEP_UPDATE, i);
    if (!deliverable(s, i)) {
        not_lost(s, i);
        return;
    }
    if (v->stage == XEN_PT_MSI_STAGE_CHECKED) {
        if (message_equal(&v->want.message, &v->bound.message)) {
            return;
        }
        if (same_pirq(&v->want.message, &v->bound.message)) {
            f.err = s->ops->bind(s->opaque, i, v->pirq, &v->want.message,
                                 false);
            if (!f.err) {
                v->bound = v->want;
                return;
            }
            if (f.err == -EPERM) {
                s->fault = f;   /* as in msi_update() */
                return;
            }
        }
    }
    vector_alone(s, i);
}

/*
 * The guest asks for what is on: see what the device has, which may have been
 * reset by its driver, or have lost all while the host slept.
 */
static void look(XenPTMSISeq *s)
{
    XenPTMSIFault f = { .step = XEN_PT_MSI_STEP_MASKALL };
    uint16_t now, wanted = s->masked ? s->maskall : 0;
    int rc = read_control(s, &now, &f);

    if (rc) {
        now = s->control;       /* not seen: as it was, for all that is known */
        f.written = now;
    }
    if ((now & s->enable) && (now & s->maskall) != wanted) {
        if (!rc) {
            rc = flip_bits(s, now, s->maskall, &f);
            now = f.read == UINT16_MAX ? f.written : f.read;
        }
        f.err = rc;
    }
    s->control = now;
    if (!(now & s->enable)) {
        set_up_anew(s);
        return;
    }
    if (f.err) {
        s->fault = f;           /* what works goes on, not masked as asked */
    } else {
        mended(s, XEN_PT_MSI_STEP_MASKALL, 0);
    }
}

/*
 * The pirq that a guest has asked for it gives to another device once the
 * function is off. The entry that asked stays as it was (Linux), and asks for
 * nothing.
 */
static void forget_requests(XenPTMSISeq *s)
{
    for (unsigned i = 0; i < s->nvec && is_msix(s); i++) {
        if (xen_pt_msi_requested_pirq(&s->vec[i].want.message)) {
            s->vec[i].want.message = (XenPTMSIMessage) { 0 };
        }
    }
}

void xen_pt_msi_seq_init(XenPTMSISeq *s, const XenPTMSIOps *ops, void *opaque,
                         uint16_t enable, uint16_t maskall,
                         XenPTMSIVector *vec, unsigned nvec)
{
    *s = (XenPTMSISeq) {
        .ops = ops, .opaque = opaque, .enable = enable, .maskall = maskall,
        .vec = vec, .nvec = nvec, .nused = maskall ? 0 : nvec,
    };
    for (unsigned i = 0; i < nvec; i++) {
        vec[i] = (XenPTMSIVector) { .pirq = -1 };
    }
}

bool xen_pt_msi_seq_clear(XenPTMSISeq *s)
{
    XenPTMSIFault f = { 0 };

    if (enable_clear_surely(s, &f)) {
        refuse(s, &f);
    }
    return !f.err;
}

/* INTx may be another by now, so in what COMMAND is now. */
static int master_set(XenPTMSISeq *s, XenPTMSIFault *f)
{
    uint16_t now;

    f->step = XEN_PT_MSI_STEP_MASTER;
    f->err = read_word(s, XEN_PT_MSI_WORD_COMMAND, &now);
    if (!f->err) {
        f->err = set_word(s, XEN_PT_MSI_WORD_COMMAND, now | PCI_COMMAND_MASTER,
                          UINT16_MAX, f);
    }
    return f->err;
}

bool xen_pt_msi_seq_probe(XenPTMSISeq *s)
{
    XenPTMSIFault f = { .step = XEN_PT_MSI_STEP_MASTER }, undo = { 0 };
    uint16_t command;
    bool master;

    f.err = read_word(s, XEN_PT_MSI_WORD_COMMAND, &command);
    master = !f.err && (command & PCI_COMMAND_MASTER);
    if (master) {
        f.err = set_word(s, XEN_PT_MSI_WORD_COMMAND,
                         command & ~PCI_COMMAND_MASTER, PCI_COMMAND_MASTER,
                         &f);
    }
    if (!f.err) {
        f.err = enable_set(s, true, &f);
        if (enable_clear_surely(s, &undo)) {
            undo_failed(s, undo);
            f = f.err ? f : undo;
            /* Better no bus master than stray messages. */
            master = false;
        }
        if (f.err) {
            s->state = XEN_PT_MSI_STATE_REFUSED;
        }
    }
    s->fault = f.err ? f : (XenPTMSIFault) { 0 };
    /* Twice at the most: the write may have been lost. */
    if (master && master_set(s, &undo) && master_set(s, &undo)) {
        undo_failed(s, undo);
        s->state = XEN_PT_MSI_STATE_REFUSED;
    }
    return s->state != XEN_PT_MSI_STATE_REFUSED;
}

void xen_pt_msi_seq_set_control(XenPTMSISeq *s, bool on, bool masked)
{
    s->masked = masked;
    if (s->fault.step == XEN_PT_MSI_STEP_OTHER) {
        s->fault = (XenPTMSIFault) { 0 };
    }
    if (!on) {
        if (s->state == XEN_PT_MSI_STATE_ON || is_left(s)) {
            msi_down(s);
        } else if (s->state == XEN_PT_MSI_STATE_PENDING) {
            s->state = XEN_PT_MSI_STATE_OFF;
        }
        forget_requests(s);
    } else if (s->state == XEN_PT_MSI_STATE_ON) {
        look(s);
    } else {
        msi_up(s);
    }
}

void xen_pt_msi_seq_deny(XenPTMSISeq *s, bool masked)
{
    s->masked = masked;
    if (s->state == XEN_PT_MSI_STATE_OFF) {
        s->fault = (XenPTMSIFault) {
            .step = XEN_PT_MSI_STEP_OTHER, .err = -EBUSY,
        };
    }
}

void xen_pt_msi_seq_set_vector(XenPTMSISeq *s, unsigned i,
                               const XenPTMSIMessage *message, bool masked)
{
    s->vec[i].want.message = *message;
    s->vec[i].want.masked = masked;

    if (i >= s->nused && deliverable(s, i)) {
        s->nused = i + 1;
    }
    if (s->state == XEN_PT_MSI_STATE_ON) {
        if (is_msix(s)) {
            msix_update(s, i);
        } else {
            msi_update(s, i);
        }
    } else if (s->state == XEN_PT_MSI_STATE_PENDING) {
        msi_up(s);
    }
}

void xen_pt_msi_seq_intx_enabled(XenPTMSISeq *s)
{
    /* What is refused may be so because ENABLE could not be cleared. */
    if (s->state == XEN_PT_MSI_STATE_ON ||
        s->state == XEN_PT_MSI_STATE_REFUSED) {
        s->intx_away = true;
    }
}

void xen_pt_msi_seq_rebind(XenPTMSISeq *s)
{
    if (s->state != XEN_PT_MSI_STATE_ON) {
        return;
    }
    /* All before the first: Xen looks at the table's place for the first. */
    for (unsigned i = 0; i < s->nused; i++) {
        XenPTMSIVector *v = &s->vec[i];

        if (v->stage != XEN_PT_MSI_STAGE_CHECKED ||
            s->ops->unbind(s->opaque, i, v->pirq, &v->bound.message)) {
            vector_down(s, i);
        }
    }
    for (unsigned i = 0; i < s->nused; i++) {
        XenPTMSIVector *v = &s->vec[i];

        if (v->stage == XEN_PT_MSI_STAGE_CHECKED) {
            v->bound.masked = v->want.masked;
            if (!s->ops->bind(s->opaque, i, v->pirq, &v->bound.message,
                              v->want.masked)) {
                continue;
            }
            v->stage = XEN_PT_MSI_STAGE_MAPPED;
        }
        if (deliverable(s, i)) {
            vector_alone(s, i);
        } else {
            vector_down(s, i);
        }
    }
}

bool xen_pt_msi_seq_message(XenPTMSISeq *s, unsigned i,
                            XenPTMSIMessage *device)
{
    XenPTMSIFault f = { 0 };

    if (s->vec[i].stage != XEN_PT_MSI_STAGE_CHECKED ||
        check_message(s, i, &f)) {
        return false;
    }
    *device = f.message;
    return true;
}

void xen_pt_msi_seq_reset(XenPTMSISeq *s)
{
    if (s->state == XEN_PT_MSI_STATE_ON ||
        s->state == XEN_PT_MSI_STATE_REFUSED || is_left(s)) {
        msi_down(s);
    } else {
        s->state = XEN_PT_MSI_STATE_OFF;
    }
    s->fault = (XenPTMSIFault) { 0 };
    s->masked = false;
    for (unsigned i = 0; i < s->nvec; i++) {
        s->vec[i].want.message = (XenPTMSIMessage) { 0 };
        s->vec[i].want.masked = false;
    }
    while (is_msix(s) && s->nused &&
           s->vec[s->nused - 1].stage == XEN_PT_MSI_STAGE_FREE) {
        s->nused--;
    }
}
