/*
 * The sequence that turns MSI on and off; for MSI-X see test-msix-seq.c
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One behaviour a script, told by the operations that it makes. That it also
 * keeps the invariants is the business of msi-judge.c, which judges every
 * operation here as well; test-msi-walk.c makes all of them fail.
 */

#include "qemu/osdep.h"
#include "msi-bench.h"

#define CONTROL 0x0080          /* 64-bit address, ENABLE clear */

/* A vector that is not masked. */
#define UP      "map0 bind0 message0 read write=0081 read"
#define DOWN    "read write=0080 read unbind0 unmap0"
#define UNDO    "read unbind0 unmap0"   /* ENABLE is seen clear already */

#define UP_MASKED   "map0 bind0+mask message0 read write=0081 read"

#define ON          { "0:cpu0 on", UP, "on 0:cpu0" }
#define ON_PIRQ5    { "0:pirq5 on", UP, "on 0:pirq5" }

/* pciback refuses ENABLE, also with INTx out of its way. */
#define REFUSED     "read write=0081 read read intx-away write=0081 read read"
#define REFUSED_UNDO    "read intx-back unbind0 unmap0"

/* It refused ENABLE only because of INTx. */
#define UP_STRICT   "map0 bind0 message0 read write=0081 read read " \
                    "intx-away write=0081 read"
#define DOWN_STRICT "read write=0080 read intx-back unbind0 unmap0"

/* A probe has bus mastering off while it tries ENABLE. */
#define QUIET       "command command=0103 command "
#define MASTER_BACK "command command=0107 command"
#define MASTER      (COMMAND | WORLD_MASTER)

static const Script usual = {
    .nvec = 1,
    .control = CONTROL,
    .command = COMMAND,
    .fate = { .err = -ENOMEM, .word = 0x1234 },
};

static const Script scripts[] = {
    /* --- Switching on and off ------------------------------------------- */

    /* Map, bind, read the message: only then ENABLE, by one write read back. */
    { "enable", .step = {
        { "0:cpu0", "", "off (0:cpu0)" },
        { "on", UP, "on 0:cpu0" } } },
    { "enable/again", .step = {
        ON,
        { "on", "read", "on 0:cpu0" },
        { "off off", DOWN, "off (0:cpu0)" },
        { "on", UP, "on 0:cpu0" } } },
    /* A chip that resets itself loses ENABLE; its driver writes it back. */
    { "enable/lost", .step = {
        ON,
        { "on", "read!resets " UNDO " " UP, "on 0:cpu0" } } },
    /* Gone, and not seen to be off: what was written is still written off. */
    { "enable/lost-reads-lost", .step = {
        ON,
        { "on", "read!resets read!ones read!ones write=0080 read unbind0 "
          "unmap0 " UP,
          "on 0:cpu0" } } },
    /* It cannot be seen whether it is gone: as it was, for all one knows. */
    { "enable/not-seen", .step = {
        ON,
        { "on", "read!ones read!fail", "on 0:cpu0" } } },
    /* The upper bits of the control word are the device's: kept as read. */
    { "enable/keeps-other-bits", .control = 0x01a6, .step = {
        { "0:cpu0 on", "map0 bind0 message0 read write=01a7 read",
          "on 0:cpu0" } } },
    /* All vectors are through before ENABLE is written; down in reverse. */
    { "enable/vectors", .nvec = 3, .step = {
        { "0:cpu0 1:cpu0 2:cpu0 on",
          "map0 bind0 message0 map1 bind1 message1 map2 bind2 message2 "
          "read write=0081 read", "on 0:cpu0 1:cpu0 2:cpu0" },
        { "off",
          "read write=0080 read unbind2 unmap2 unbind1 unmap1 unbind0 unmap0",
          "off (0:cpu0) (1:cpu0) (2:cpu0)" } } },
    /* What a driver copies into the device is to be what Xen has written. */
    { "message", .step = {
        { "0:cpu0 no-message0", "", "off (0:cpu0)" },
        { "on", UP, "on 0:cpu0" },
        { "message0", "message0", "on 0:cpu0" },
        { "message0", "message0!ones message0", "on 0:cpu0" },
        { "no-message0", "message0!ones message0!fail", "on 0:cpu0" },
        { "off no-message0", DOWN, "off (0:cpu0)" } } },
    { "message/pending", .step = {
        { "0:half on no-message0", "", "pending (0:half)" } } },
    { "message/refused", .refusing = true, .step = {
        { "0:cpu0 on", "map0 bind0 message0 " REFUSED " " REFUSED_UNDO,
          "refused (0:cpu0) enable/EACCES/0081/0080" },
        { "no-message0", "", "refused (0:cpu0) enable/EACCES/0081/0080" } } },
    { "enable/masked", .step = {
        { "0:cpu0+mask on", UP_MASKED, "on 0:cpu0+mask" } } },

    /* Clear ENABLE and see it clear, then the rest in reverse. */
    { "disable", .step = {
        ON,
        { "off", DOWN, "off (0:cpu0)" } } },
    /* Someone else has cleared ENABLE: a write would change nothing. */
    { "disable/is-off", .step = {
        ON,
        { "word=0080 off", UNDO, "off (0:cpu0)" } } },

    /* --- Pending -------------------------------------------------------- */

    /* ENABLE may come before the message: it reads 1, nothing is done yet. */
    { "pending", .step = {
        { "on", "", "pending" },
        { "0:none+mask", "", "pending (0:none+mask)" },
        { "0:cpu0", UP, "on 0:cpu0" } } },
    { "pending/disable", .step = {
        { "on off", "", "off" },
        { "0:cpu0", "", "off (0:cpu0)" } } },
    { "pending/waits-for-all", .nvec = 2, .step = {
        { "on 1:cpu1", "", "pending (1:cpu1)" },
        { "0:cpu0",
          "map0 bind0 message0 map1 bind1 message1 read write=0081 read",
          "on 0:cpu0 1:cpu1" } } },

    /* --- Changes while on ----------------------------------------------- */

    /* An affinity change reaches Xen, and MSI stays on meanwhile. */
    { "update/affinity", .step = {
        ON,
        { "0:cpu1", "bind0", "on 0:cpu1" },
        { "0:cpu1", "", "on 0:cpu1" } } },
    /* The vector alone, the address unchanged, is a change as well. */
    { "update/vector", .step = {
        ON,
        { "0:cpu0v", "bind0", "on 0:cpu0v" } } },
    /* In the middle of a change by several writes the old message holds. */
    { "update/unusable", .step = {
        ON,
        { "0:none", "", "on 0:cpu0 (0:none)" },
        { "0:cpu1", "bind0", "on 0:cpu1" } } },
    /* Xen's bind unmasks, but masks only what was not bound. */
    { "update/mask", .step = {
        ON,
        { "0:cpu0+mask", "unbind0 bind0+mask", "on 0:cpu0+mask" },
        { "0:cpu1+mask", "bind0+mask", "on 0:cpu1+mask" },
        { "0:cpu1", "bind0", "on 0:cpu1" } } },
    /* A mask that comes with half a message is a mask all the same. */
    { "update/mask-unusable", .step = {
        ON,
        { "0:none+mask", "unbind0 bind0+mask",
          "on 0:cpu0+mask (0:none+mask)" },
        { "0:cpu1", "bind0", "on 0:cpu1" } } },
    { "update/requested-pirq", .step = {
        ON_PIRQ5 } },
    /* MSI has its request written anew, or not at all: it stays. */
    { "update/requested-pirq-again", .step = {
        ON_PIRQ5,
        { "off on", DOWN " " UP, "on 0:pirq5" } } },
    /* Another pirq can be had by a new map only, so MSI goes off meanwhile. */
    { "update/other-pirq", .step = {
        ON_PIRQ5,
        { "0:pirq6", DOWN " " UP, "on 0:pirq6" } } },
    /* The guest's choice between event channels and its APIC may change. */
    { "update/pirq-to-apic", .step = {
        ON_PIRQ5,
        { "0:cpu0", DOWN " " UP, "on 0:cpu0" } } },
    /* Off, but not on again, as another vector is not usable by now. */
    { "update/other-pirq-pending", .nvec = 2, .step = {
        { "0:pirq5 1:cpu0 on",
          "map0 bind0 message0 map1 bind1 message1 read write=0081 read",
          "on 0:pirq5 1:cpu0" },
        { "1:none", "", "on 0:pirq5 1:cpu0 (1:none)" },
        { "0:pirq6", "read write=0080 read unbind1 unmap1 unbind0 unmap0",
          "pending (0:pirq6)" },
        { "1:cpu1",
          "map0 bind0 message0 map1 bind1 message1 read write=0081 read",
          "on 0:pirq6 1:cpu1" } } },

    /* --- Refusals ------------------------------------------------------- */

    { "refuse/map", .step = {
        { "0:cpu0 on", "map0!fail read", "refused (0:cpu0) map0/ENOMEM" } } },
    { "refuse/bind", .step = {
        { "0:cpu0 on", "map0 bind0!fail read unmap0",
          "refused (0:cpu0) bind0/ENOMEM" } } },
    { "refuse/message", .step = {
        { "0:cpu0 on", "map0 bind0 message0!fail message0!fail " UNDO,
          "refused (0:cpu0) read0/ENOMEM" } } },
    { "refuse/message-all-ones", .step = {
        { "0:cpu0 on", "map0 bind0 message0!ones message0!ones " UNDO,
          "refused (0:cpu0) check0/not-read/ffffffff/ffff" } } },
    /* The fault has the message that was found, and what is wrong with it. */
    { "refuse/message-wrong", .fate.message = { 0xfee01004, 0xc041 }, .step = {
        { "0:cpu0 on", "map0 bind0 message0!junk message0!junk " UNDO,
          "refused (0:cpu0) check0/trigger/fee01004/c041" } } },
    /* One look may be lost, or be the late answer to another. */
    { "refuse/message-second-look", .step = {
        { "0:cpu0 on",
          "map0 bind0 message0!fail message0 read write=0081 read",
          "on 0:cpu0" },
        { "off", DOWN, "off (0:cpu0)" },
        { "on", "map0 bind0 message0!ones message0 read write=0081 read",
          "on 0:cpu0" },
        { "off", DOWN, "off (0:cpu0)" },
        { "on", "map0 bind0 message0!junk message0 read write=0081 read",
          "on 0:cpu0" } } },
    /* The last of several vectors fails: those before it are undone too. */
    { "refuse/vectors-undone", .nvec = 3, .step = {
        { "0:cpu0 1:cpu0 2:cpu0 on",
          "map0 bind0 message0 map1 bind1 message1 map2 bind2!fail "
          "read unmap2 unbind1 unmap1 unbind0 unmap0",
          "refused (0:cpu0) (1:cpu0) (2:cpu0) bind2/ENOMEM" } } },
    /* pciback refuses and it looks like success; EACCES says what was seen. */
    { "refuse/enable", .refusing = true, .step = {
        { "0:cpu0 on", "map0 bind0 message0 " REFUSED " " REFUSED_UNDO,
          "refused (0:cpu0) enable/EACCES/0081/0080" } } },
    /*
     * pciback before Linux 6.7 does it because INTx is on, and not every guest
     * disables INTx first.
     */
    { "strict", .strict = true, .step = {
        { "0:cpu0 on", UP_STRICT, "on 0:cpu0 command=0503" },
        { "on", "read", "on 0:cpu0 command=0503" },
        { "off", DOWN_STRICT, "off (0:cpu0)" },
        { "on", UP_STRICT, "on 0:cpu0 command=0503" },
        { "reset", DOWN_STRICT, "off" } } },
    { "strict/guest-did", .strict = true,
      .command = COMMAND | WORLD_INTX_DISABLE, .step = {
        ON,
        { "off", DOWN, "off (0:cpu0)" } } },
    /* The guest has its say meanwhile: disabled so it stays, enabled comes. */
    { "strict/disabled", .strict = true, .step = {
        { "0:cpu0 on no-intx", UP_STRICT, "on 0:cpu0 command=0503" },
        { "off", DOWN_STRICT, "off (0:cpu0) command=0503" },
        { "on", UP, "on 0:cpu0 command=0503" },
        { "intx", "", "on 0:cpu0 command=0503" },
        { "off", DOWN_STRICT, "off (0:cpu0)" } } },
    { "strict/enabled-off", .strict = true,
      .command = COMMAND | WORLD_INTX_DISABLE, .step = {
        { "intx 0:cpu0 on", UP_STRICT, "on 0:cpu0" },
        { "off", DOWN_STRICT, "off (0:cpu0) command=0103" } } },
    { "strict/enabled-refused", .strict = true,
      .command = COMMAND | WORLD_INTX_DISABLE, .step = {
        ON,
        { "off", "read write=0080!drop read read unbind0 unmap0!fail "
          "read write=0080!drop read read",
          "refused 0:mapped (0:cpu0) control=0081 undo=2/unmap0/ENOMEM" },
        { "intx", "", "refused 0:mapped (0:cpu0) control=0081 "
          "undo=2/unmap0/ENOMEM" },
        { "off", "read write=0080 read intx-back unmap0",
          "off (0:cpu0) command=0103" } } },
    /* What the device has lost is set up anew, and INTx gives way anew. */
    { "strict/lost", .strict = true, .step = {
        { "0:cpu0 on", UP_STRICT, "on 0:cpu0 command=0503" },
        { "on", "read!resets read intx-back unbind0 unmap0 " UP_STRICT,
          "on 0:cpu0 command=0503" } } },
    { "strict/not-away", .strict = true, .step = {
        { "0:cpu0 on", "map0 bind0 message0 read write=0081 read read "
          "intx-away!fail " UNDO,
          "refused (0:cpu0) enable/EACCES/0081/0080" },
        { "on", "read " UP_STRICT, "on 0:cpu0 command=0503" } } },
    /* What did not come back is tried again as soon as it can be. */
    { "strict/not-back", .strict = true, .step = {
        { "0:cpu0 on", UP_STRICT, "on 0:cpu0 command=0503" },
        { "off", "read write=0080 read intx-back!fail unbind0 unmap0",
          "off (0:cpu0) command=0503" },
        { "off", "read intx-back!fail", "off (0:cpu0) command=0503" },
        { "on", UP, "on 0:cpu0 command=0503" },
        { "off", "read write=0080 read intx-back!fail unbind0 unmap0",
          "off (0:cpu0) command=0503" },
        { "reset", "read intx-back", "off" } } },
    /* ENABLE that may still be set has INTx away. */
    { "strict/not-clear", .strict = true, .step = {
        { "0:cpu0 on", UP_STRICT, "on 0:cpu0 command=0503" },
        { "off", "read write=0080!drop read read unbind0 unmap0 read intx-back",
          "off (0:cpu0)" } } },
    /* It is not INTx where ENABLE reads as set and another bit is wrong. */
    { "strict/other-bit", .strict = true, .fate.word = 0x0181, .step = {
        { "0:cpu0 on", "map0 bind0 message0 read write=0081!drop read!junk "
          "read!junk read!junk write=0180 read read unbind0 unmap0 read",
          "refused (0:cpu0) enable/EACCES/0081/0181" } } },
    /* An error that is reported for the write says more than EACCES. */
    { "refuse/enable-write", .step = {
        { "0:cpu0 on",
          "map0 bind0 message0 read write=0081!fail read read " UNDO,
          "refused (0:cpu0) enable/ENOMEM/0081/0080" } } },
    /* But the read-back alone decides. */
    { "refuse/enable-write-done", .step = {
        { "0:cpu0 on",
          "map0 bind0 message0 read write=0081!fail-done read",
          "on 0:cpu0" } } },
    /* ENABLE looks set in all-ones, which is a read that failed: undone. */
    { "refuse/enable-all-ones", .step = {
        { "0:cpu0 on",
          "map0 bind0 message0 read write=0081 read!ones read!ones " DOWN,
          "refused (0:cpu0) enable/EIO/0081/ffff" } } },
    /* One look is lost, or is the late answer to the access before. */
    { "refuse/enable-second-look", .step = {
        { "0:cpu0 on",
          "map0 bind0 message0 read!fail read write=0081 read!fail read",
          "on 0:cpu0" },
        { "off", DOWN, "off (0:cpu0)" },
        { "on", "map0 bind0 message0 read!ones read write=0081 read!ones read",
          "on 0:cpu0" },
        { "off", DOWN, "off (0:cpu0)" },
        { "on", "map0 bind0 message0 read write=0081 read!junk read",
          "on 0:cpu0" } } },
    /* The write took, more than its read-back is lost: still written off. */
    { "refuse/enable-reads-lost", .step = {
        { "0:cpu0 on",
          "map0 bind0 message0 read write=0081 read!ones read!ones "
          "read!ones read!ones write=0080 read unbind0 unmap0",
          "refused (0:cpu0) enable/EIO/0081/ffff" } } },
    /* The control word cannot be read: it is not written either. */
    { "refuse/enable-read", .step = {
        { "0:cpu0 on", "map0 bind0 message0 read!fail read!fail " UNDO,
          "refused (0:cpu0) enable/ENOMEM/0000/ffff" } } },
    /* On before its message was checked, not by us: off first, then on. */
    { "refuse/enable-found-set", .fate.word = 0x0081, .step = {
        { "0:cpu0 on",
          "map0 bind0 message0 read!junk write=0080 read write=0081 read",
          "on 0:cpu0" } } },
    /* What is bound by now, Xen alone knows: all anew. */
    { "refuse/affinity", .step = {
        ON,
        { "0:cpu1", "bind0!fail " DOWN " " UP, "on 0:cpu1" } } },
    /* Xen has not even looked at it: the old binding is as it was. */
    { "refuse/affinity-forbidden", .fate.err = -EPERM, .step = {
        ON,
        { "0:cpu1", "bind0!fail", "on 0:cpu0 (0:cpu1) update0/EPERM" },
        { "0:cpu0", "", "on 0:cpu0" },
        { "0:cpu1", "bind0", "on 0:cpu1" },
        { "off", DOWN, "off (0:cpu1)" } } },
    { "refuse/affinity-for-good", .step = {
        ON,
        { "0:cpu1", "bind0!fail " DOWN " map0 bind0!fail read unmap0",
          "refused (0:cpu1) bind0/ENOMEM" } } },
    { "refuse/mask-unbind", .step = {
        ON,
        { "0:cpu0+mask", "unbind0!fail " DOWN " " UP_MASKED,
          "on 0:cpu0+mask" } } },
    /* Unbound, and not to be bound again as it is. */
    { "refuse/mask-bind", .step = {
        ON,
        { "0:cpu0+mask", "unbind0 bind0+mask!fail read write=0080 read unmap0 "
          "map0!fail read", "refused (0:cpu0+mask) map0/ENOMEM" } } },
    /* Not unbound, so bound as it was: unmasked. */
    { "refuse/mask-unbind-forbidden", .fate.err = -EPERM, .step = {
        ON,
        { "0:cpu0+mask", "unbind0!fail",
          "on 0:cpu0 (0:cpu0+mask) update0/EPERM" },
        { "0:cpu0+mask", "unbind0 bind0+mask", "on 0:cpu0+mask" } } },
    /* Unbound by then: no old binding that could stay. */
    { "refuse/mask-bind-forbidden", .fate.err = -EPERM, .step = {
        ON,
        { "0:cpu0+mask", "unbind0 bind0+mask!fail read write=0080 read unmap0 "
          UP_MASKED, "on 0:cpu0+mask" } } },
    { "refuse/other-pirq", .step = {
        ON_PIRQ5,
        { "0:pirq6", DOWN " map0!fail read",
          "refused (0:pirq6) map0/ENOMEM" } } },
    /* The old pirq cannot be given back: no new one on top of it. */
    { "refuse/other-pirq-undo", .step = {
        ON_PIRQ5,
        { "0:pirq6", "read write=0080 read unbind0 unmap0!fail",
          "refused 0:mapped (0:pirq6) undo=1/unmap0/ENOMEM" } } },

    /* --- Undoing that fails --------------------------------------------- */

    /* Each step is taken, also when the one before it has failed. */
    { "undo/unbind", .step = {
        ON,
        { "off", "read write=0080 read unbind0!fail unmap0",
          "refused (0:cpu0) undo=1/unbind0/ENOMEM" } } },
    /* All failures are counted, the first is kept. */
    { "undo/counted", .step = {
        ON,
        { "off", "read write=0080 read unbind0!fail unmap0!fail",
          "refused 0:cpu0 undo=2/unbind0/ENOMEM" } } },
    /* Each write of ENABLE=0 tries again what is left, counted anew. */
    { "undo/retried", .step = {
        ON,
        { "off", "read write=0080 read unbind0!fail unmap0!fail",
          "refused 0:cpu0 undo=2/unbind0/ENOMEM" },
        { "off", "read unbind0 unmap0!fail",
          "refused 0:mapped (0:cpu0) undo=1/unmap0/ENOMEM" },
        { "off", "read unmap0", "off (0:cpu0)" },
        { "off", "", "off (0:cpu0)" } } },
    /* ENABLE was seen off: it is not written unseen once more. */
    { "undo/read-lost", .step = {
        ON,
        { "off", "read write=0080 read unbind0 unmap0!fail",
          "refused 0:mapped (0:cpu0) undo=1/unmap0/ENOMEM" },
        { "off", "read!ones read!ones unmap0 read", "off (0:cpu0)" } } },
    /* ENABLE did not go off, but Xen's unmap switched it off: that was seen. */
    { "undo/disable-dropped", .step = {
        ON,
        { "off", "read write=0080!drop read read unbind0 unmap0 read",
          "off (0:cpu0)" } } },
    { "undo/disable-not-seen", .step = {
        ON,
        { "off", "read write=0080!drop read read unbind0 unmap0 read!ones "
          "read!ones", "refused (0:cpu0) undo=1/disable/EACCES/0080/0081" } } },

    /* --- Reset ---------------------------------------------------------- */

    { "reset/on", .step = {
        ON,
        { "reset", DOWN, "off" } } },
    /* Nothing is set up: nothing to do. */
    { "reset/idle", .step = {
        { "reset", "", "off" },
        { "on reset", "", "off" } } },
    { "reset/forgets-refusal", .step = {
        { "0:cpu0 on", "map0!fail read", "refused (0:cpu0) map0/ENOMEM" },
        { "reset", "read", "off" },
        ON } },
    /* A reset device has no message: the old one is not to be delivered. */
    { "reset/forgets-message", .step = {
        { "0:cpu0+mask reset", "", "off" },
        { "on", "", "pending" } } },
    /* What could not be undone is tried again, and no more than that. */
    { "reset/retries", .step = {
        ON,
        { "off", "read write=0080 read unbind0 unmap0!fail",
          "refused 0:mapped (0:cpu0) undo=1/unmap0/ENOMEM" },
        { "reset", "read unmap0", "off" } } },
    /* What a probe has left on is switched off, or MSI stays refused. */
    { "reset/after-probe", .step = {
        { "probe", "command read write=0081 read read write=0080!drop read "
          "read read!ones read!ones",
          "refused control=0081 disable/EACCES/0080/0081 "
          "undo=1/disable/EACCES/0080/0081" },
        { "reset", "read write=0080 read", "off" } } },
    { "reset/cannot-clear", .control = CONTROL | WORLD_ENABLE,
      .refusing = true, .step = {
        { "clear", "read write=0080 read read read write=0080 read read",
          "refused control=0081 disable/EACCES/0080/0081" },
        { "reset", "read write=0080 read read read write=0080 read read",
          "refused control=0081 undo=1/disable/EACCES/0080/0081" } } },

    /* --- What an earlier owner left on ---------------------------------- */

    { "clear", .control = CONTROL | WORLD_ENABLE, .step = {
        { "clear", "read write=0080 read", "off" } } },
    { "clear/refused", .control = CONTROL | WORLD_ENABLE, .refusing = true,
      .step = {
        { "clear", "read write=0080 read read read write=0080 read read",
          "refused control=0081 disable/EACCES/0080/0081" } } },
    /* A write may be lost as well. */
    { "clear/second-try", .control = CONTROL | WORLD_ENABLE, .step = {
        { "clear", "read write=0080!drop read read read write=0080 read",
          "off" } } },
    { "clear/is-clear", .step = {
        { "clear", "read", "off" } } },

    /* --- The probe ------------------------------------------------------ */

    /* Found without bus mastering: the command register is left alone. */
    { "probe", .step = {
        { "probe", "command read write=0081 read read write=0080 read",
          "off" } } },
    /* With bus mastering off a function sends no message (PCIe, Command). */
    { "probe/master", .command = MASTER, .step = {
        { "probe", QUIET "read write=0081 read read write=0080 read "
          MASTER_BACK, "off" } } },
    { "probe/refused", .command = MASTER, .refusing = true, .step = {
        { "probe", QUIET REFUSED " read intx-back " MASTER_BACK,
          "refused enable/EACCES/0081/0080" } } },
    /* Bus mastering cannot be seen off: it is not safe to probe. */
    { "probe/not-safe", .command = MASTER, .step = {
        { "probe", "command command=0103!drop command command " MASTER_BACK,
          "off master/EACCES/0103/0107" } } },
    { "probe/command-lost", .step = {
        { "probe", "command!ones command!ones",
          "off master/EIO/0000/0000" } } },
    /* It says nothing of what the guest gets then. */
    { "probe/not-safe-forgotten", .step = {
        { "probe", "command!ones command!ones", "off master/EIO/0000/0000" },
        ON,
        { "reset", DOWN, "off" },
        { "probe", "command!ones command!ones", "off master/EIO/0000/0000" },
        { "reset", "", "off" } } },
    /* INTx is no matter, but to a pciback that refuses ENABLE because of it. */
    { "probe/strict", .command = MASTER, .strict = true, .step = {
        { "probe", QUIET "read write=0081 read read intx-away write=0081 read "
          "read write=0080 read intx-back " MASTER_BACK, "off" } } },
    { "probe/strict-quiet", .command = COMMAND | WORLD_INTX_DISABLE,
      .strict = true, .step = {
        { "probe", "command read write=0081 read read write=0080 read",
          "off" } } },
    /* Of what was written only bus mastering counts. */
    { "probe/other-bits", .command = MASTER, .fate.word = 0x0003, .step = {
        { "probe", "command command=0103 command!junk "
          "read write=0081 read read write=0080 read " MASTER_BACK, "off" } } },
    /* Better no bus master than stray messages. */
    { "probe/left-on", .command = MASTER, .step = {
        { "probe", QUIET "read write=0081 read read write=0080!drop read read "
          "read!ones read!ones",
          "refused control=0081 command=0103 disable/EACCES/0080/0081 "
          "undo=1/disable/EACCES/0080/0081" } } },
    /* The command register is not as found: said so, never hidden. */
    { "probe/master-not-restored", .command = MASTER, .step = {
        { "probe", QUIET "read write=0081 read read write=0080 read "
          "command command=0107!drop command command "
          "command command=0107!drop command command",
          "refused command=0103 undo=1/master/EACCES/0107/0103" } } },
    /* One lost write of a probe's undoing is made good, and it is allowed. */
    { "probe/second-try", .command = MASTER, .step = {
        { "probe", QUIET "read write=0081 read read write=0080!drop read read "
          "read write=0080 read command command=0107!drop command command "
          MASTER_BACK, "off" } } },
};

/* Asked for again, it is tried again: each time with the same few accesses. */
static void test_refusal_retried(void)
{
    /* Look, up, ENABLE, INTx away and ENABLE again, undo and INTx back. */
    const unsigned again = 1 + 3 + 4 + 4 + 4;
    const char *refused = "refused (0:cpu0) enable/EACCES/0081/0080";
    g_autofree char *text = NULL;
    Bench b;

    bench_init(&b, WORLD_MSI, 1, CONTROL, false);
    bench_program(&b, 0, "cpu0", false);
    world_set_enable(&b.w, true);
    bench_count(&b, again - 1);
    for (int i = 0; i < 1000000; i++) {
        world_set_enable(&b.w, i & 1);
        bench_count(&b, i & 1 ? again : 0);
        g_assert_false(xen_pt_msi_seq_enabled(&b.w.seq));
        g_assert_false(b.w.v[0].mapped);
    }
    text = bench_text(&b);
    g_assert_cmpstr(text, ==, refused);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    scripts_add("msi-seq", WORLD_MSI, &usual, scripts, G_N_ELEMENTS(scripts));
    g_test_add_func("/msi-seq/refuse/retried", test_refusal_retried);
    return g_test_run();
}
