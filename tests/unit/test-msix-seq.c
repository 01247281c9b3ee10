/*
 * The sequence that turns MSI-X on and off
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As test-msi-seq.c, for what is another for MSI-X: vectors that come and go
 * one by one while it is on, and the function mask. What both share, such as
 * the ways in which a write of the control word can fail, is there.
 */

#include "qemu/osdep.h"
#include "msi-bench.h"

#define CONTROL 0x0002          /* three entries; ENABLE and MASKALL clear */

/* Nothing is sent before the message is checked, and Xen unmasks it then. */
#define UP(n)   "map" #n " bind" #n "+mask message" #n " bind" #n
#define DOWN(n) "unbind" #n " unmap" #n
#define UNSEEN(n) \
    "map" #n " bind" #n "+mask message" #n "!ones message" #n "!ones"
#define SEEN(n) "message" #n " bind" #n

#define ON      "read write=8002 read"
#define MASKED  "read write=c002 read"
#define OFF     "read write=0002 read"
#define UNDO    "read"          /* ENABLE is seen clear already */

/* On, with so many of three vectors in use. */
#define USE_0   { "on", ON, "on" }
#define USE_1   { "0:cpu0 on", UP(0) " " ON, "on 0:cpu0" }
#define USE_2   { "0:cpu0 1:cpu0 on", UP(0) " " UP(1) " " ON, \
                  "on 0:cpu0 1:cpu0" }
#define USE_3   { "0:cpu0 1:cpu0 2:cpu0 on", \
                  UP(0) " " UP(1) " " UP(2) " " ON, \
                  "on 0:cpu0 1:cpu0 2:cpu0" }

static const Script usual = {
    .nvec = 3,
    .control = CONTROL,
    .command = COMMAND,
    .fate = { .err = -ENOMEM, .word = 0x1234 },
};

static const Script scripts[] = {
    /* --- Switching on and off ------------------------------------------- */

    /*
     * Linux: ENABLE with the function mask while the table is empty, entries
     * one by one, the function mask off (pci_msix_init, msix_capability_init).
     */
    { "enable/masked", .step = {
        { "on+mask", MASKED, "on+mask" },
        { "0:cpu0+mask 1:cpu0+mask 2:cpu0+mask", "",
          "on+mask (0:cpu0+mask) (1:cpu0+mask) (2:cpu0+mask)" },
        { "0:cpu0", UP(0), "on+mask 0:cpu0 (1:cpu0+mask) (2:cpu0+mask)" },
        { "1:cpu0", UP(1), "on+mask 0:cpu0 1:cpu0 (2:cpu0+mask)" },
        { "on", ON, "on 0:cpu0 1:cpu0 (2:cpu0+mask)" },
        { "2:cpu0", UP(2), "on 0:cpu0 1:cpu0 2:cpu0" } } },
    /* Vectors that are in use when ENABLE comes: all before it. */
    { "enable/late", .step = {
        { "0:cpu0 1:cpu0+mask 2:cpu0", "",
          "off (0:cpu0) (1:cpu0+mask) (2:cpu0)" },
        { "on", UP(0) " " UP(2) " " ON,
          "on 0:cpu0 (1:cpu0+mask) 2:cpu0" } } },
    { "enable/unused", .step = {
        USE_0,
        { "1:none", "", "on" } } },
    /* Xen has left the function mask set: one write for both bits. */
    { "enable/found-masked", .control = 0x47ff, .step = {
        { "0:cpu0 on", UP(0) " read write=87ff read", "on 0:cpu0" } } },
    /* Others have set both bits: both go, and what the guest asks for comes. */
    { "enable/found-set", .fate.word = 0xc002, .step = {
        { "0:cpu0 on",
          UP(0) " read!junk write=0002 read write=8002 read", "on 0:cpu0" } } },
    /*
     * A device that shows its table only while ENABLE is set. Its function mask
     * is what keeps its vectors from being used too early.
     */
    { "enable/to-see", .step = {
        { "0:cpu0 1:cpu1 on", UNSEEN(0) " " UNSEEN(1) " " MASKED " "
          SEEN(0) " " SEEN(1) " " ON, "on 0:cpu0 1:cpu1" },
        { "off", OFF " " DOWN(1) " " DOWN(0), "off (0:cpu0) (1:cpu1)" },
        { "on+mask", UNSEEN(0) " " UNSEEN(1) " " MASKED " "
          SEEN(0) " " SEEN(1) " " MASKED,
          "on+mask 0:cpu0 1:cpu1" } } },
    /* All of it reads 0, which an entry that Xen has written never does. */
    { "enable/to-see-zeros", .nvec = 1, .step = {
        { "0:cpu0 on", "map0 bind0+mask message0!junk message0!junk " MASKED
          " " SEEN(0) " " ON, "on 0:cpu0" } } },
    /* What fails otherwise is not waited for, and is the one that is lost. */
    { "enable/to-see-others", .step = {
        { "0:cpu0 1:cpu1 2:cpu0 on", "map0!fail " UNSEEN(1) " " UNSEEN(2) " "
          MASKED " " SEEN(1) " " SEEN(2) " " ON,
          "on 0:lost (0:cpu0) 1:cpu1 2:cpu0 map0/ENOMEM" } } },
    /* Nor is what is left of one that is lost. */
    { "enable/to-see-left", .nvec = 2,
      .fate = { .err = -ENOMEM, .message = { 0x12345678, 0 } }, .step = {
        { "0:cpu0 1:cpu1 on", "map0 bind0+mask message0!junk message0!junk "
          "unbind0!fail unmap0!fail " UNSEEN(1) " " MASKED " " SEEN(1) " " ON,
          "on 0:cpu0+mask 0:lost (0:cpu0) 1:cpu1 check0/address/12345678/0 "
          "undo=2/unbind0/ENOMEM" } } },
    { "enable/to-see-none", .nvec = 1, .step = {
        { "0:cpu0 on", UNSEEN(0) " " MASKED " message0!ones message0!ones "
          DOWN(0) " " ON,
          "on 0:lost (0:cpu0) check0/not-read/ffffffff/ffff" } } },
    /* A chip without a function mask: ENABLE would not be masked. */
    { "enable/to-see-unmasked", .nvec = 1, .fate.word = 0x8002, .step = {
        { "0:cpu0 on", UNSEEN(0) " read write=c002 read!junk " OFF " "
          DOWN(0), "refused (0:cpu0) enable/EACCES/c002/8002" } } },
    /* ENABLE goes again in the midst of it, and with it the message. */
    { "enable/to-see-reset", .nvec = 1, .step = {
        { "0:cpu0 on", UNSEEN(0) " " MASKED " " SEEN(0) " read!resets "
          UNDO " " DOWN(0), "refused (0:cpu0) enable/EACCES/c002/0002" } } },
    /* Another would be given the pirq that one asks for. */
    { "enable/asked-first", .step = {
        { "0:cpu0 1:pirq5 on", UP(1) " " UP(0) " " ON,
          "on 0:cpu0 1:pirq5" } } },
    /* While MSI is on: the mask is as written, a reason why not stays. */
    { "enable/denied", .refusing = true, .step = {
        { "deny+mask", "", "off+mask other/EBUSY" },
        { "deny", "", "off other/EBUSY" },
        { "on", "read write=8002 read read intx-away write=8002 read read "
          "read intx-back",
          "refused enable/EACCES/8002/0002" },
        { "deny", "", "refused enable/EACCES/8002/0002" } } },
    { "enable/denied-off", .step = {
        { "deny", "", "off other/EBUSY" },
        { "off", "", "off" } } },
    /* A vector is lost, and a function mask refused: both count. */
    { "maskall/one-lost", .step = {
        { "0:cpu0 1:cpu0 on", UP(0) " map1!fail " ON,
          "on 0:cpu0 1:lost (1:cpu0) map1/ENOMEM" },
        { "on+mask", "read write=c002!drop read read",
          "on 0:cpu0 1:lost (1:cpu0) maskall/EACCES/c002/8002 map1/ENOMEM" },
        { "1:cpu0+mask", "",
          "on 0:cpu0 (1:cpu0+mask) used=2 maskall/EACCES/c002/8002" } } },
    /* What is masked by now is not set up again. */
    { "enable/again", .step = {
        USE_2,
        { "0:cpu0+mask", "", "on 0:cpu0+mask 1:cpu0" },
        { "off", OFF " " DOWN(1) " " DOWN(0), "off (0:cpu0+mask) (1:cpu0)" },
        { "on", UP(1) " " ON, "on (0:cpu0+mask) 1:cpu0" } } },

    /* Clear ENABLE and see it clear, then the rest in reverse. */
    { "disable", .step = {
        USE_2,
        { "off", OFF " " DOWN(1) " " DOWN(0), "off (0:cpu0) (1:cpu0)" } } },
    /* The function mask goes in the same write, whatever the guest says. */
    { "disable/masked", .step = {
        USE_1,
        { "on+mask", MASKED, "on+mask 0:cpu0" },
        { "off+mask", OFF " " DOWN(0), "off+mask (0:cpu0)" } } },
    /* The function mask of a function that is off is nobody's business. */
    { "disable/already", .step = {
        { "off+mask off", "", "off" } } },

    /* --- Vectors while on ----------------------------------------------- */

    /* Masked, programmed, unmasked: one hypercall. */
    { "vector/affinity", .step = {
        USE_2,
        { "1:cpu0+mask 1:none+mask 1:cpu1+mask", "",
          "on 0:cpu0 1:cpu0+mask (1:cpu1+mask)" },
        { "1:cpu1", "bind1", "on 0:cpu0 1:cpu1" } } },
    { "vector/affinity-unmasked", .step = {
        USE_1,
        { "0:cpu0v", "bind0", "on 0:cpu0v" },
        { "0:cpu0v", "", "on 0:cpu0v" } } },
    /* In the middle of a change by several writes the old message holds. */
    { "vector/unusable", .step = {
        USE_1,
        { "0:none", "", "on 0:cpu0 (0:none)" },
        { "0:cpu1", "bind0", "on 0:cpu1" } } },
    /* An entry that is unmasked before it is written, as it is written. */
    { "vector/half-written", .step = {
        USE_0,
        { "0:none 0:half", "", "on (0:half)" },
        { "0:cpu0", UP(0), "on 0:cpu0" } } },
    { "vector/requested-pirq", .step = {
        USE_0,
        { "2:pirq5", UP(2), "on 2:pirq5" } } },
    /* A new map for this vector; the others see nothing of it. */
    { "vector/other-pirq", .step = {
        USE_2,
        { "2:pirq5", UP(2), "on 0:cpu0 1:cpu0 2:pirq5" },
        { "2:pirq6", DOWN(2) " " UP(2), "on 0:cpu0 1:cpu0 2:pirq6" },
        { "2:cpu0", DOWN(2) " " UP(2), "on 0:cpu0 1:cpu0 2:cpu0" } } },

    /* --- The function mask ---------------------------------------------- */

    { "maskall", .step = {
        USE_1,
        { "on+mask", MASKED, "on+mask 0:cpu0" },
        { "on+mask", "read", "on+mask 0:cpu0" },
        { "on", ON, "on 0:cpu0" },
        { "on", "read", "on 0:cpu0" } } },
    /* Made from the word as it reads now, not as it was. */
    { "maskall/keeps-other-bits", .step = {
        USE_0,
        { "word=9002 on+mask", "read write=d002 read", "on+mask" } } },
    /*
     * pciback before Linux 6.1 refuses the bit: what works goes on, and the
     * guest reads that it is not masked.
     */
    { "maskall/refused", .step = {
        USE_1,
        { "on+mask", "read write=c002!drop read read",
          "on 0:cpu0 maskall/EACCES/c002/8002" },
        { "on+mask", MASKED, "on+mask 0:cpu0" } } },
    /* One read that is lost costs another one. */
    { "maskall/read", .step = {
        USE_1,
        { "on+mask", "read!ones " MASKED, "on+mask 0:cpu0" },
        { "on", ON "!fail read", "on 0:cpu0" } } },
    /* None is seen: nothing is written, and it is as it was. */
    { "maskall/not-seen", .step = {
        USE_1,
        { "on+mask", "read!ones read!ones",
          "on 0:cpu0 maskall/EIO/8002/ffff" },
        { "off", OFF " " DOWN(0), "off (0:cpu0)" } } },
    /* Written, and not seen what came of it: the next look tells. */
    { "maskall/reads-lost", .step = {
        USE_1,
        { "on+mask", "read write=c002 read!ones read!ones",
          "on+mask 0:cpu0 maskall/EIO/c002/ffff" },
        { "on", ON, "on 0:cpu0" } } },
    /* The host slept, or the driver reset the chip: message and table, too. */
    { "maskall/enable-lost", .step = {
        USE_2,
        { "on+mask", "read!resets read " DOWN(1) " " DOWN(0) " "
          UP(0) " " UP(1) " " MASKED, "on+mask 0:cpu0 1:cpu0" },
        { "on", ON, "on 0:cpu0 1:cpu0" } } },
    /* The same pirqs, as the guest only wrote the word back. */
    { "maskall/enable-lost-pirq", .step = {
        USE_0,
        { "0:pirq5", UP(0), "on 0:pirq5" },
        { "on", "read!resets read " DOWN(0) " " UP(0) " " ON,
          "on 0:pirq5" } } },
    /* It went off as it was masked. */
    { "maskall/enable-lost-late", .step = {
        USE_1,
        { "on+mask", "read write=c002 read!resets read read " DOWN(0) " "
          UP(0) " " MASKED, "on+mask 0:cpu0" } } },

    /* --- Refusals ------------------------------------------------------- */

    /* One vector that cannot be had costs that vector. */
    { "refuse/one", .step = {
        { "0:cpu0 1:cpu0 2:cpu0 on",
          UP(0) " " UNSEEN(1) " " UP(2) " " MASKED
          " message1!ones message1!ones " DOWN(1) " " ON,
          "on 0:cpu0 1:lost (1:cpu0) 2:cpu0 check1/not-read/ffffffff/ffff" },
        { "off", OFF " " DOWN(2) " " DOWN(0),
          "off (0:cpu0) (1:cpu0) (2:cpu0)" } } },
    /* What is left of a vector is told of that one, not of one before. */
    { "refuse/left-each", .nvec = 3, .step = {
        USE_2,
        { "0:pirq5", "unbind0!fail unmap0!fail unbind0!fail unmap0!fail",
          "on 0:cpu0 0:lost (0:pirq5) 1:cpu0 unbind0/ENOMEM "
          "undo=4/unbind0/ENOMEM" },
        { "0:none 1:pirq6", "unbind1!fail unmap1!fail unbind1!fail unmap1!fail",
          "on 0:cpu0 (0:none) 1:cpu0 1:lost (1:pirq6) unbind1/ENOMEM "
          "undo=8/unbind0/ENOMEM" } } },
    /* None to be had, which nobody may use; the next one can be. */
    { "enable/none", .nvec = 3, .step = {
        { "0:cpu0 1:cpu0 on", "map0!fail map1!fail " ON,
          "on 0:lost (0:cpu0) 1:lost (1:cpu0) map0/ENOMEM" },
        { "0:cpu0+mask 1:cpu0+mask 2:cpu0", UP(2),
          "on (0:cpu0+mask) (1:cpu0+mask) 2:cpu0" } } },
    /* A chip without a function mask has it read as it is. */
    { "enable/no-mask", .nvec = 1, .fate.word = 0x8002, .step = {
        { "on+mask", "read write=c002 read!junk", "on control=c002" } } },
    { "refuse/enable", .refusing = true, .step = {
        { "0:cpu0 on+mask", UP(0) " " MASKED " read intx-away write=c002 "
          "read read " UNDO " intx-back " DOWN(0),
          "refused+mask (0:cpu0) enable/EACCES/c002/0002" } } },
    /* Linux disables INTx after ENABLE. */
    { "strict", .strict = true, .step = {
        { "on+mask", MASKED " read intx-away write=c002 read",
          "on+mask command=0503" },
        { "0:cpu0", UP(0), "on+mask 0:cpu0 command=0503" },
        { "on", ON, "on 0:cpu0 command=0503" },
        { "off", OFF " intx-back " DOWN(0), "off (0:cpu0)" } } },
    { "refuse/vector-map", .step = {
        USE_1,
        { "1:cpu0", "map1!fail",
          "on 0:cpu0 1:lost (1:cpu0) map1/ENOMEM" } } },
    { "refuse/vector-bind", .step = {
        USE_1,
        { "1:cpu0", "map1 bind1+mask!fail unmap1",
          "on 0:cpu0 1:lost (1:cpu0) bind1/ENOMEM" } } },
    { "refuse/vector-message", .step = {
        USE_1,
        { "1:cpu0", "map1 bind1+mask message1!fail message1!fail " DOWN(1),
          "on 0:cpu0 1:lost (1:cpu0) read1/ENOMEM" } } },
    { "refuse/vector-message-wrong", .step = {
        USE_1,
        { "1:cpu0", "map1 bind1+mask message1!junk message1!junk " DOWN(1),
          "on 0:cpu0 1:lost (1:cpu0) check1/not-programmed/0/0" } } },
    { "refuse/vector-unmask", .step = {
        USE_1,
        { "1:cpu0", "map1 bind1+mask message1 bind1!fail " DOWN(1),
          "on 0:cpu0 1:lost (1:cpu0) bind1/ENOMEM" } } },
    /* Tried again with each write that asks for it; the others go on. */
    { "refuse/vector-retried", .step = {
        USE_1,
        { "1:cpu0 1:cpu0", "map1!fail map1!fail",
          "on 0:cpu0 1:lost (1:cpu0) map1/ENOMEM" },
        { "0:cpu1 2:cpu0", "bind0 " UP(2),
          "on 0:cpu1 1:lost (1:cpu0) 2:cpu0 map1/ENOMEM" },
        { "1:cpu0", UP(1), "on 0:cpu1 1:cpu0 2:cpu0" } } },
    /* What is masked again is nobody's loss. */
    { "refuse/vector-given-up", .step = {
        USE_1,
        { "1:cpu0 2:cpu0", "map1!fail map2!fail",
          "on 0:cpu0 1:lost (1:cpu0) 2:lost (2:cpu0) map1/ENOMEM" },
        { "1:cpu0+mask", "",
          "on 0:cpu0 (1:cpu0+mask) 2:lost (2:cpu0) map1/ENOMEM" },
        { "2:cpu0+mask", "",
          "on 0:cpu0 (1:cpu0+mask) (2:cpu0+mask) used=3" } } },
    /* What is bound by now, Xen alone knows: this vector anew. */
    { "refuse/affinity", .step = {
        USE_2,
        { "1:cpu1", "bind1!fail " DOWN(1) " " UP(1), "on 0:cpu0 1:cpu1" } } },
    /* Xen has not even looked at it: the old binding is as it was. */
    { "refuse/affinity-forbidden", .fate.err = -EPERM, .step = {
        USE_2,
        { "1:cpu1", "bind1!fail", "on 0:cpu0 1:cpu0 (1:cpu1) update1/EPERM" },
        { "1:cpu1", "bind1", "on 0:cpu0 1:cpu1" } } },
    /* What another vector, or another step, has had says nothing of it. */
    { "refuse/affinity-forbidden-others", .fate.err = -EPERM, .step = {
        USE_2,
        { "1:cpu1 0:cpu1", "bind1!fail bind0",
          "on 0:cpu1 1:cpu0 (1:cpu1) update1/EPERM" },
        { "1:cpu0", "", "on 0:cpu1 1:cpu0" },
        { "on+mask", "read write=c002!drop read read",
          "on 0:cpu1 1:cpu0 maskall/EACCES/c002/8002" },
        { "0:cpu0", "bind0",
          "on 0:cpu0 1:cpu0 maskall/EACCES/c002/8002" } } },
    /* A new map, for whatever reason, has it. */
    { "refuse/affinity-forbidden-rebind", .fate.err = -EPERM, .step = {
        USE_2,
        { "1:cpu1", "bind1!fail", "on 0:cpu0 1:cpu0 (1:cpu1) update1/EPERM" },
        { "rebind", "unbind0 unbind1 bind0 bind1!fail unmap1 " UP(1),
          "on 0:cpu0 1:cpu1" } } },
    { "refuse/other-pirq", .step = {
        USE_1,
        { "1:pirq5", UP(1), "on 0:cpu0 1:pirq5" },
        { "1:pirq6", DOWN(1) " map1!fail",
          "on 0:cpu0 1:lost (1:pirq6) map1/ENOMEM" } } },

    /* --- Undoing that fails --------------------------------------------- */

    /* The old pirq cannot be given back: no new one on top of it. */
    { "undo/other-pirq", .step = {
        USE_1,
        { "1:pirq5", UP(1), "on 0:cpu0 1:pirq5" },
        { "1:pirq6", "unbind1 unmap1!fail unmap1!fail",
          "on 0:cpu0 1:mapped 1:lost (1:pirq6) unmap1/ENOMEM "
          "undo=2/unmap1/ENOMEM" },
        { "1:pirq6", "unmap1 " UP(1),
          "on 0:cpu0 1:pirq6 undo=2/unmap1/ENOMEM" } } },
    /* It is this vector's alone. */
    { "undo/vector", .step = {
        USE_1,
        { "1:cpu0", "map1 bind1+mask!fail unmap1!fail",
          "on 0:cpu0 1:mapped 1:lost (1:cpu0) bind1/ENOMEM "
          "undo=1/unmap1/ENOMEM" },
        { "2:cpu0", UP(2),
          "on 0:cpu0 1:mapped 1:lost (1:cpu0) 2:cpu0 bind1/ENOMEM "
          "undo=1/unmap1/ENOMEM" },
        { "off", OFF " " DOWN(2) " unmap1 " DOWN(0),
          "off (0:cpu0) (1:cpu0) (2:cpu0)" } } },
    /* Half undone, it is not relied on, though it is asked for as it was. */
    { "undo/vector-half", .step = {
        USE_1,
        { "1:pirq5", UP(1), "on 0:cpu0 1:pirq5" },
        { "1:pirq6", "unbind1!fail unmap1!fail unbind1!fail unmap1!fail",
          "on 0:cpu0 1:pirq5 1:lost (1:pirq6) unbind1/ENOMEM "
          "undo=4/unbind1/ENOMEM" },
        { "1:pirq5", DOWN(1) " " UP(1),
          "on 0:cpu0 1:pirq5 undo=4/unbind1/ENOMEM" } } },
    /* When all goes off none is lost any more. */
    { "undo/vector-lost", .step = {
        USE_1,
        { "1:cpu0", "map1!fail", "on 0:cpu0 1:lost (1:cpu0) map1/ENOMEM" },
        { "off", OFF " " DOWN(0), "off (0:cpu0) (1:cpu0)" } } },
    /* An unbind that fails lets the unmap do it. */
    { "undo/vector-unbind", .step = {
        USE_1,
        { "1:cpu0",
          "map1 bind1+mask message1 bind1!fail unbind1!fail unmap1",
          "on 0:cpu0 1:lost (1:cpu0) bind1/ENOMEM undo=1/unbind1/ENOMEM" } } },
    /* What could not be undone is undone before anything else is tried. */
    { "undo/enable-after", .step = {
        USE_2,
        { "off", OFF " unbind1 unmap1!fail " DOWN(0),
          "refused (0:cpu0) 1:mapped (1:cpu0) undo=1/unmap1/ENOMEM" },
        { "on", "read unmap1!fail",
          "refused (0:cpu0) 1:mapped (1:cpu0) undo=1/unmap1/ENOMEM" },
        { "on", "read unmap1 " UP(0) " " UP(1) " " ON,
          "on 0:cpu0 1:cpu0" } } },
    /* What Xen's unmap does for MSI is to be done here. */
    { "undo/disable-dropped", .step = {
        USE_1,
        { "off", "read write=0002!drop read read " DOWN(0) " " OFF,
          "off (0:cpu0)" } } },

    /* --- The guest has moved the table ---------------------------------- */

    /* All are unbound before the first is bound: Xen looks then. */
    { "rebind", .step = {
        USE_3,
        { "rebind", "unbind0 unbind1 unbind2 bind0 bind1 bind2",
          "on 0:cpu0 1:cpu0 2:cpu0" },
        { "off", OFF " " DOWN(2) " " DOWN(1) " " DOWN(0),
          "off (0:cpu0) (1:cpu0) (2:cpu0)" } } },
    /* Xen does not know any more what the guest has masked. */
    { "rebind/masked", .step = {
        USE_2,
        { "0:cpu1+mask", "", "on 0:cpu0+mask (0:cpu1+mask) 1:cpu0" },
        { "rebind", "unbind0 unbind1 bind0+mask bind1",
          "on 0:cpu0+mask (0:cpu1+mask) 1:cpu0" },
        { "0:cpu1", "bind0", "on 0:cpu1 1:cpu0" } } },
    { "rebind/off", .step = {
        { "0:cpu0 rebind", "", "off (0:cpu0)" },
        { "0:none on", ON, "on used=1" },
        { "rebind", "", "on used=1" } } },
    /* A vector that cannot be bound as it was is set up anew, alone. */
    { "rebind/unbind-fails", .step = {
        USE_3,
        { "rebind", "unbind0 unbind1!fail " DOWN(1) " unbind2 bind0 " UP(1)
          " bind2", "on 0:cpu0 1:cpu0 2:cpu0" } } },
    { "rebind/bind-fails", .step = {
        USE_2,
        { "rebind", "unbind0 unbind1 bind0 bind1!fail unmap1 " UP(1),
          "on 0:cpu0 1:cpu0" } } },
    /* One that is masked is set up when the guest unmasks it. */
    { "rebind/masked-fails", .step = {
        USE_2,
        { "1:cpu0+mask", "", "on 0:cpu0 1:cpu0+mask" },
        { "rebind", "unbind0 unbind1 bind0 bind1+mask!fail unmap1",
          "on 0:cpu0 (1:cpu0+mask) used=2" },
        { "1:cpu0", UP(1), "on 0:cpu0 1:cpu0" } } },
    /* What was left of a vector does not come back by it but by a new map. */
    { "rebind/left", .step = {
        USE_1,
        { "1:cpu0",
          "map1 bind1+mask message1 bind1!fail unbind1 unmap1!fail",
          "on 0:cpu0 1:mapped 1:lost (1:cpu0) bind1/ENOMEM "
          "undo=1/unmap1/ENOMEM" },
        { "rebind", "unbind0 unmap1!fail bind0 unmap1!fail unmap1",
          "on 0:cpu0 1:lost (1:cpu0) bind1/ENOMEM undo=3/unmap1/ENOMEM" },
        { "rebind", "unbind0 bind0 " UP(1),
          "on 0:cpu0 1:cpu0 undo=3/unmap1/ENOMEM" } } },

    /* --- A request for a pirq ------------------------------------------- */

    /*
     * Linux leaves the entries of a driver that goes as they are, and may
     * give the pirq to another device.
     */
    { "request/ends", .step = {
        USE_0,
        { "0:pirq5 1:cpu0", UP(0) " " UP(1), "on 0:pirq5 1:cpu0" },
        { "off", OFF " " DOWN(1) " " DOWN(0), "off (1:cpu0)" },
        { "on+mask", UP(1) " " MASKED, "on+mask 1:cpu0" },
        { "0:pirq6", UP(0), "on+mask 0:pirq6 1:cpu0" } } },
    /* Nor does one end that came while the function was off. */
    { "request/early", .step = {
        { "off 0:pirq5 on", UP(0) " " ON, "on 0:pirq5" } } },

    /* --- Reset ---------------------------------------------------------- */

    { "reset/on", .step = {
        USE_2,
        { "reset", OFF " " DOWN(1) " " DOWN(0), "off" } } },
    /* No message, no vector that was used, none that was refused. */
    { "reset/forgets", .step = {
        USE_1,
        { "1:cpu0 2:cpu0+mask", "map1!fail",
          "on 0:cpu0 1:lost (1:cpu0) (2:cpu0+mask) map1/ENOMEM" },
        { "reset", OFF " " DOWN(0), "off" },
        { "on", ON, "on" },
        { "1:cpu0", UP(1), "on 1:cpu0" } } },
    /* What could not be undone stays in sight, and is tried again. */
    { "reset/retries", .step = {
        USE_3,
        { "off", OFF " " DOWN(2) " unbind1 unmap1!fail " DOWN(0),
          "refused (0:cpu0) 1:mapped (1:cpu0) (2:cpu0) undo=1/unmap1/ENOMEM" },
        { "reset", "read unmap1!fail",
          "refused 1:mapped undo=1/unmap1/ENOMEM" },
        { "reset", "read unmap1", "off" } } },

    /* --- Before the guest ----------------------------------------------- */

    /* What an earlier owner left on goes off, the function mask with it. */
    { "clear", .control = 0xc002, .step = {
        { "clear", OFF, "off" } } },
    /* Nor the function mask alone: Xen assigns no device that has it set. */
    { "clear/masked", .control = 0x4002, .step = {
        { "clear", OFF, "off" } } },
    /* A function that is masked sends nothing, as one that is no bus master. */
    { "probe", .command = COMMAND | WORLD_MASTER, .step = {
        { "probe", "command command=0103 command " MASKED " " OFF
          " command command=0107 command", "off" } } },
    { "probe/refused", .refusing = true, .step = {
        { "probe", "command " MASKED " read intx-away write=c002 read read "
          UNDO " intx-back",
          "refused enable/EACCES/c002/0002" } } },
    /* The probe's own, where ENABLE went off by itself before. */
    { "probe/masked-left", .fate.word = WORLD_MSIX_MASKALL, .step = {
        { "probe", "command " MASKED " read!resets write=0002 read",
          "off" } } },
};

/* Once set up, masking is between the guest and Xen. */
static void test_mask(void)
{
    Bench b;

    bench_init(&b, WORLD_MSIX, 3, CONTROL, true);
    bench_program(&b, 0, "cpu0", false);
    world_set_control(&b.w, true, false);
    bench_count(&b, 4 + 3);
    for (int i = 0; i < 100000; i++) {
        bench_program(&b, 0, "cpu0", i % 2 == 0);
    }
    bench_count(&b, 0);
    g_assert_cmpuint(b.w.seq.nused, ==, 1);
}

/* Asked for again, it is tried again: each time with the same few accesses. */
static void test_refuse_retried(void)
{
    /* Look, ENABLE, INTx away and ENABLE again, undo and INTx back. */
    const unsigned again = 1 + 4 + 4 + 2;
    g_autofree char *text = NULL;
    Bench b;

    bench_init(&b, WORLD_MSIX, 2, CONTROL, false);
    world_set_control(&b.w, true, true);
    bench_count(&b, again - 1);
    for (int i = 0; i < 100000; i++) {
        bench_program(&b, i & 4 ? 1 : 0, i & 8 ? "cpu0" : "pirq5", true);
        world_rebind(&b.w);
        bench_count(&b, 0);
        world_set_control(&b.w, i & 1, i & 2);
        bench_count(&b, i & 1 ? again : 0);
    }
    text = bench_text(&b);
    g_assert_cmpstr(text, ==, "refused+mask (0:cpu0+mask) (1:cpu0+mask) "
                    "enable/EACCES/c002/0002");
    b.w.permitted = true;
    world_set_control(&b.w, true, true);
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_STATE_ON);
}

/* --- As many as there can be -------------------------------------------- */

#define MANY 2048

_Static_assert(MANY <= WORLD_VECTORS, "a world of so many vectors");

/* One by one while on: each has its four operations, and no other's. */
static void test_many(void)
{
    g_autofree Bench *b = g_new(Bench, 1);
    g_autofree char *text = NULL;

    bench_init(b, WORLD_MSIX, MANY, MANY - 1, true);
    world_set_control(&b->w, true, true);
    bench_count(b, 3);
    for (unsigned i = 0; i < MANY; i++) {
        bench_program(b, i, "cpu0", true);
        bench_count(b, 0);
        bench_program(b, i, "cpu0", false);
        bench_count(b, 4);
    }
    world_set_control(&b->w, true, false);
    bench_count(b, 3);
    bench_program(b, MANY / 2, "cpu1", false);
    bench_count(b, 1);
    world_reset(&b->w);
    bench_count(b, 3 + 2 * MANY);
    text = bench_text(b);
    g_assert_cmpstr(text, ==, "off");
}

static void test_many_at_once(void)
{
    g_autofree Bench *b = g_new(Bench, 1);

    bench_init(b, WORLD_MSIX, MANY, MANY - 1, true);
    for (unsigned i = MANY; i--; ) {
        bench_program(b, i, "cpu0", false);
        bench_count(b, 0);
    }
    world_set_control(&b->w, true, false);
    bench_count(b, 4 * MANY + 3);
    world_set_control(&b->w, false, false);
    bench_count(b, 3 + 2 * MANY);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    scripts_add("msix-seq", WORLD_MSIX, &usual, scripts,
                G_N_ELEMENTS(scripts));
    g_test_add_func("/msix-seq/vector/mask", test_mask);
    g_test_add_func("/msix-seq/refuse/retried", test_refuse_retried);
    g_test_add_func("/msix-seq/many", test_many);
    g_test_add_func("/msix-seq/many/at-once", test_many_at_once);
    return g_test_run();
}
