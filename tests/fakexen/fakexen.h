/*
 * A fake Xen: the model behind the preloaded library
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU's pass-through code talks to Xen's libraries and to the host device's
 * files in sysfs. The model answers in their place, as the real ones do, lies
 * included. From top to bottom:
 *
 *   lib-*.c      the functions that QEMU imports
 *   sysfs.c      the files of a device; which access is whose
 *   pcifront.c   config accesses in a stub domain
 *   pciback.c    what dom0 lets through
 *   xen.c        pirqs and their bindings
 *   xen-msi.c    what Xen does to a device's MSI and MSI-X, or keeps dom0 from
 *   xen-p2m.c    which memory of a device the guest has, and may write
 *   xen-table.c  what Xen does with a guest's accesses to an MSI-X table
 *   ioreq.c      a guest's accesses to config space
 *   device.c     the device itself, its config space
 *   msix.c       its MSI-X table and pending bits
 *   memory.c     the memory that its BARs are
 *
 * Below all of them: journal.c (what happened, in order), fault.c (what is to
 * go wrong) and control.c (what a test says, before and while QEMU runs).
 */
#ifndef FAKEXEN_H
#define FAKEXEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FK_MAX_DEVICES 8
#define FK_MAX_BARS    7        /* the last is the expansion ROM */
#define FK_CONFIG_MAX  4096
#define FK_PAGE        4096
#define FK_MAX_ENTRIES 2048     /* of an MSI-X table (PCI 3.0, 6.8.2.3) */
#define FK_MAX_EXTRA_IRQS 4096
#define FK_MAX_GSIS    512
#define FK_ERROR_MAX   256      /* bytes of a message */
#define FK_MAX_QUIRKS  4        /* of a device */

/* A device's address; printed as lspci -D does. */
typedef struct FkBdf {
    uint32_t domain;            /* Linux counts those of its own from 10000 */
    uint8_t bus, slot, func;
} FkBdf;

typedef struct FkBar {
    uint64_t base, size;        /* size 0: not there */
    bool io, mem64, prefetch;
} FkBar;

/* A function as an `lspci -xxxx` dump describes it. */
typedef struct FkDump {
    FkBdf bdf;
    unsigned size;              /* of config space: 256 or 4096 */
    uint8_t config[FK_CONFIG_MAX];
    FkBar bar[FK_MAX_BARS];     /* as -vv has them; 0: it does not say */
    unsigned irq;
    bool is_virtfn;
} FkDump;

/* Which BAR a guest is asking the size of (pciback answers by itself). */
typedef struct FkBack {
    bool permissive, allow_interrupt_control;
    bool enabled, busmaster;    /* what dom0's PCI core believes */
    uint16_t command;           /* pciback's copy */
    bool sizing[FK_MAX_BARS];
    struct {
        uint8_t offset, len;    /* len 0: there is none */
    } quirk[FK_MAX_QUIRKS];     /* fields that the administrator has declared */
} FkBack;

/* The words of an entry of the MSI-X table (PCI 3.0, figure 6-11). */
typedef enum FkWord {
    FK_ADDRESS,
    FK_UPPER,
    FK_DATA,
    FK_VECTOR_CONTROL,          /* bit 0: masked */
} FkWord;

#define FK_ENTRY_SIZE 16

/* MSI-X of a device, and what Xen knows of it. */
typedef struct FkMsix {
    unsigned entries;           /* 0: no MSI-X, or no memory for its table */
    unsigned table_bar, pba_bar;
    uint32_t table, pba;        /* offsets in the BARs */
    unsigned npending;          /* pending bits that are set */
    unsigned used;              /* by Xen's count; 0: it has no table */
    bool host_maskall, guest_maskall;
    bool shy;                   /* its table is seen while ENABLE is set only */
    bool away;                  /* so it is not now, and has these words: */
    uint32_t kept[FK_MAX_ENTRIES][4];
    struct {                    /* where the guest has the table */
        bool there;
        uint64_t gtable;
        int refs;
        uint8_t changed[FK_MAX_ENTRIES / 8]; /* since the last unmask */
    } seen;
} FkMsix;

typedef struct FkDevice {
    bool present;
    FkBdf bdf;                  /* in dom0 */
    FkBdf local;                /* in the stub domain */
    bool assigned;              /* Xen knows that it is the guest's */
    bool power_mgmt;            /* xl's option for it */
    bool is_virtfn;
    unsigned irq;
    unsigned size;
    uint8_t config[FK_CONFIG_MAX];
    uint8_t writable[FK_CONFIG_MAX];
    uint8_t w1c[FK_CONFIG_MAX]; /* bits that a written 1 clears */
    uint8_t reset[FK_CONFIG_MAX];
    FkBar bar[FK_MAX_BARS];
    int memory[FK_MAX_BARS];    /* what a BAR is, a file; 0: not yet there */
    uint8_t pm, msi, msix, exp; /* capabilities, 0: not there */
    FkMsix x;
    FkBack back;
} FkDevice;

/* Linux in dom0, by what its pciback does differently. */
typedef enum FkKernel {
    FK_LINUX_5_4,       /* no allow_interrupt_control yet */
    FK_LINUX_5_6,       /* has it; INTx counts as another interrupt type */
    FK_LINUX_6_1,       /* lets MSI-X's MASKALL through too */
    FK_LINUX_6_8,       /* INTx does not count (also in stable series) */
} FkKernel;

/* What Xen writes to devices, by the platform's interrupt remapping. */
typedef enum FkMessageForm {
    FK_MESSAGE_VTD,
    FK_MESSAGE_AMD,
    FK_MESSAGE_AMD_OLD,         /* up to Xen 4.19.3 and 4.20.1 */
    FK_MESSAGE_PLAIN,           /* no interrupt remapping */
    FK_MESSAGE_RAW,
} FkMessageForm;

typedef struct FkWorld {
    unsigned domid;             /* of the guest */
    bool stubdom;               /* else QEMU is in dom0 */
    unsigned xen;               /* 417, 420, ... */
    unsigned xen_point;         /* of 4.20.3 it is 3 */
    unsigned extra_irqs;        /* Xen's option extra_guest_irqs */
    unsigned gsis;              /* interrupts of the I/O APICs */
    FkKernel kernel;
    bool lockdown;              /* config files are read-only, BARs unmapped */
    bool privcmd_restricted;    /* no hypercalls (XSA-482) */
    bool devmem;                /* there is a /dev/mem */
    FkMessageForm form;
    bool x2apic;                /* APICs are addressed physically */
    uint64_t raw_address;
    uint32_t raw_data;
    uint64_t ms;                /* virtual time spent waiting */
    FkDevice dev[FK_MAX_DEVICES];
} FkWorld;

extern FkWorld fk;

/* How an operation is made to go wrong. */
typedef enum FkFaultKind {
    FK_FAULT_NONE,
    FK_FAULT_ERRNO,     /* fails, with errno = value */
    FK_FAULT_VALUE,     /* reads, or writes, this value */
    FK_FAULT_ONES,      /* reads all-ones */
    FK_FAULT_SILENT,    /* says success, does nothing */
    FK_FAULT_TIMEOUT,   /* pciback does not answer for 2 s */
    FK_FAULT_LATE,      /* it does then: the access that follows */
    FK_FAULT_SHORT,     /* one byte less than asked for */
} FkFaultKind;

typedef struct FkFault {
    FkFaultKind kind;
    uint64_t value;
} FkFault;

/* control.c */

/**
 * fk_init: a world without devices, as a stub domain on Xen 4.17 sees it
 */
void fk_init(void);

/**
 * fk_command: do what one line of the control file says
 * @line: without the newline
 * @error: where to put a message, FK_ERROR_MAX bytes
 *
 * Returns: false where the line is wrong; nothing has changed then.
 */
bool fk_command(const char *line, char *error);

/**
 * fk_sync: take in what the test has appended to the control file
 *
 * To be called before every operation. Ends the process on a wrong line.
 */
void fk_sync(void);

/**
 * fk_lock: enter the model; nests
 */
void fk_lock(void);
void fk_unlock(void);

/**
 * fk_die: end the process, saying why
 */
void fk_die(const char *fmt, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

/**
 * fk_wrong: put a message to @error, what is wrong with what a test says
 *
 * Returns: false
 */
bool fk_wrong(char *error, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/**
 * fk_unknown: QEMU has called what the model does not know
 */
void fk_unknown(const char *function) __attribute__((noreturn));

/* journal.c */

/**
 * fk_journal: append a line
 * @fmt: the line, without the newline
 */
void fk_journal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * fk_journal_to: where to; -1 for nowhere. Until then: in memory
 */
void fk_journal_to(int fd);

/**
 * fk_journal_take: what is in memory; the caller frees it
 */
char *fk_journal_take(void);

/* The name of an errno, or its number. */
const char *fk_errno_name(int err);
int fk_errno_value(const char *name);   /* 0: unknown */

/* number.c */

/**
 * fk_number: an unsigned number at the begin of a text
 * @base: 10 or 16; 0: decimal, or hexadecimal after "0x"
 *
 * Returns: what follows it, NULL where there is none or it is too large.
 */
const char *fk_number(const char *text, unsigned base, uint64_t *value);

/* fault.c */

/**
 * fk_fault: does this operation go wrong?
 * @op: its name, as in the journal: "cfg.read", "map_pirq_msi" ...
 * @offset: into config space, -1 where there is none
 *
 * Counts the operation; to be called once for each.
 */
FkFault fk_fault(const char *op, int offset);
bool fk_fault_add(const char *op, const char *which, const char *action,
                  char *error);
void fk_fault_clear(void);

/* dump.c */

/**
 * fk_dump_parse: read the output of `lspci -xxxx` or `-vvxxxx`
 * @text: all of it
 * @which: the device, "" for the first one
 * @dump: what was found
 * @error: where to put a message "LINE: what is wrong", FK_ERROR_MAX bytes
 *
 * Returns: false where the text is not such a dump.
 */
bool fk_dump_parse(const char *text, const char *which, FkDump *dump,
                   char *error);
bool fk_bdf_parse(const char *text, FkBdf *bdf);
const char *fk_bdf(const FkBdf *bdf);   /* valid until the 4th call after */
bool fk_bdf_equal(const FkBdf *a, const FkBdf *b);

/* device.c */

/**
 * fk_device_init: the device of a dump, just assigned to pciback
 *
 * What may be written, and what is cleared by writing 1, follows from the
 * header and the capabilities that are there (PCI 3.0, PCIe base spec).
 */
void fk_device_init(FkDevice *d, const FkDump *dump);
FkDevice *fk_device_add(void);          /* NULL: there are too many */
FkDevice *fk_device_find(const FkBdf *bdf);
FkDevice *fk_device_find_local(const FkBdf *bdf);

/* Little-endian, at any offset below d->size. */
uint32_t fk_get(const FkDevice *d, unsigned offset, unsigned len);
void fk_put(FkDevice *d, unsigned offset, unsigned len, uint32_t value);

/**
 * fk_device_read: a config read that reaches the device
 */
uint32_t fk_device_read(const FkDevice *d, unsigned offset, unsigned len);

/**
 * fk_device_write: a config write that reaches the device, side effects too
 * @who: "dev" (through pciback or sysfs) or "xen", for the journal
 */
void fk_device_write(FkDevice *d, const char *who, unsigned offset,
                     unsigned len, uint32_t value);

/**
 * fk_device_lose: the device forgets its state, as when its power is cut
 *
 * dom0 restores its BARs and COMMAND, and nothing else.
 */
void fk_device_lose(FkDevice *d);

/**
 * fk_asleep: is the device in another power state than D0?
 *
 * Its BARs then answer to nobody. D3 ends with a reset, unless No_Soft_Reset is
 * set (PCI Bus Power Management 1.2, 5.4).
 */
bool fk_asleep(const FkDevice *d);

/**
 * fk_device_asserts: does the device assert INTx?
 */
bool fk_device_asserts(const FkDevice *d);

/**
 * fk_device_raise: the device wants to interrupt; the journal says how
 * @entry: of the MSI-X table, where MSI-X is on
 */
void fk_device_raise(FkDevice *d, unsigned entry);

/* memory.c */

/**
 * fk_memory: the file that a memory BAR is
 *
 * As sysfs' resource files are: of the whole pages that the BAR is in. The
 * device keeps it open.
 */
int fk_memory(FkDevice *d, unsigned bar);
void fk_memory_free(FkDevice *d);

/* Little-endian; @offset is from the BAR's begin, and all in it. */
uint32_t fk_memory_get(FkDevice *d, unsigned bar, uint64_t offset,
                       unsigned len);
void fk_memory_put(FkDevice *d, unsigned bar, uint64_t offset, unsigned len,
                   uint32_t value);

/**
 * fk_memory_at: the BAR at an address of the machine
 *
 * Returns: the device, and the BAR's number in @bar; NULL: it is none's.
 */
FkDevice *fk_memory_at(uint64_t address, unsigned *bar);

/* msix.c */

void fk_msix_init(FkDevice *d);     /* once the BARs are known */
void fk_msix_reset(FkDevice *d);    /* the table as it is after a reset */
uint32_t fk_entry_get(FkDevice *d, unsigned entry, FkWord word);

/**
 * fk_entry_write: Xen writes a word of the table
 */
void fk_entry_write(FkDevice *d, unsigned entry, FkWord word, uint32_t value);

/* The device has interrupted for an entry, or a mask has gone. */
void fk_msix_raise(FkDevice *d, unsigned entry);
void fk_msix_unmasked(FkDevice *d);

/**
 * fk_msix_hide: the table reads as all-ones while ENABLE is clear
 *
 * To be called when either may have changed.
 */
void fk_msix_hide(FkDevice *d);

/* pciback.c; 0 or an error of the pciif protocol */

#define FK_PCI_ERR_DEV_NOT_FOUND  (-2)
#define FK_PCI_ERR_INVALID_OFFSET (-3)
#define FK_PCI_ERR_ACCESS_DENIED  (-4)
#define FK_PCI_ERR_OP_FAILED      (-6)

void fk_pciback_init(FkDevice *d);
int fk_pciback_read(FkDevice *d, unsigned offset, unsigned len,
                    uint32_t *value);
int fk_pciback_write(FkDevice *d, unsigned offset, unsigned len,
                     uint32_t value);

/**
 * fk_pciback_quirk: declare a field that is passed on as it is
 *
 * Returns: false where there are too many. One that is declared already stays
 * as it was.
 */
bool fk_pciback_quirk(FkDevice *d, unsigned offset, unsigned len);

/* pcifront.c, and sysfs' config file above it */

/**
 * fk_config_read, fk_config_write: pread() and pwrite() on the config file
 *
 * Return what those do, errno included.
 */
void fk_pcifront_init(void);
long fk_config_read(FkDevice *d, void *buf, size_t len, int64_t offset);
long fk_config_write(FkDevice *d, const void *buf, size_t len,
                     int64_t offset);

/* xen.c; 0 or a negative errno */

void fk_xen_init(void);

/**
 * fk_xen_anew: another guest, with the same QEMU, which remembers what it could
 * not unmap; fk_new_pirq() gives none of these
 */
void fk_xen_anew(void);
int fk_map_pirq(int gsi, int *pirq);
int fk_map_pirq_msi(const FkBdf *bdf, int entry, uint64_t table_base,
                    int *pirq);
int fk_unmap_pirq(int pirq);
int fk_bind_msi(int pirq, uint8_t gvec, uint32_t gflags, uint64_t gtable);
int fk_unbind_msi(int pirq, uint8_t gvec, uint32_t gflags);
int fk_bind_pci(int pirq, uint8_t bus, uint8_t slot, uint8_t intx);
int fk_unbind_pci(int pirq, uint8_t bus, uint8_t slot, uint8_t intx);

/**
 * fk_pirqs: how many pirqs are mapped by MSI, and how many of them are bound
 */
unsigned fk_pirqs(unsigned *bound);
unsigned fk_intx(unsigned *bound);      /* the same by INTx */

/**
 * fk_new_pirq: a pirq for the guest, which it will ask a device for
 *
 * As PHYSDEVOP_get_free_pirq: nobody else gets it until it is unmapped.
 */
int fk_new_pirq(void);

/**
 * fk_arrive, fk_arrive_intx: a device's interrupt has come to Xen
 *
 * The journal says what of it comes to the guest; nothing where nothing does.
 */
void fk_arrive(const FkDevice *d, uint64_t address, uint32_t data);
void fk_arrive_intx(const FkDevice *d);

/* xen-msi.c */

/**
 * fk_dom0_write: Linux in dom0 writes to a device's config space
 *
 * Xen has a look at it: of the registers of MSI-X, and those of an MSI with
 * mask bits, it lets pass what does not defeat its own masking.
 */
void fk_dom0_write(FkDevice *d, unsigned offset, unsigned len, uint32_t value);

/* xen-p2m.c */

void fk_p2m_init(void);

/**
 * fk_p2m_map: frames of the machine come into the guest's memory, or go
 */
void fk_p2m_map(uint64_t gfn, uint64_t mfn, uint64_t n, bool add);
unsigned fk_p2m_ranges(void);

typedef enum FkP2mAccess {
    FK_P2M_NONE,                /* nothing of the machine's is there */
    FK_P2M_DONE,
    FK_P2M_CRASH,               /* of the guest */
} FkP2mAccess;

/**
 * fk_p2m_write, fk_p2m_read: the guest accesses its memory
 * @len: 1 to 8 bytes, all on one page
 */
FkP2mAccess fk_p2m_write(uint64_t address, unsigned len, uint64_t value);
FkP2mAccess fk_p2m_read(uint64_t address, unsigned len, uint64_t *value);

/* xen-table.c */

/**
 * fk_guest_write: the guest writes to memory that may be an MSI-X table
 * @address: the guest's
 * @len: 1 to 8 bytes
 *
 * Returns: whether Xen passes the write on to QEMU. Where it does, and QEMU
 * has done it, fk_guest_written() is to follow.
 */
bool fk_guest_write(uint64_t address, unsigned len, uint64_t value);
void fk_guest_written(void);

/**
 * fk_guest_read: the guest reads there
 *
 * Returns: whether Xen answers, with @value.
 */
bool fk_guest_read(uint64_t address, unsigned len, uint64_t *value);

/* ioreq.c */

/**
 * fk_ioreq_init: where QEMU looks for requests
 * @shared_page: of the vCPUs; NULL: known already
 * @fd: what wakes it; -1: known already
 */
void fk_ioreq_init(void *shared_page, int fd);

/**
 * fk_ioreq_config: the guest accesses config space, again and again
 * @guest: the device's address in the guest
 * @value: what it writes; NULL: it reads
 *
 * The journal has what the last one read. Returns: false where none can be.
 */
bool fk_ioreq_config(const FkBdf *guest, unsigned offset, unsigned len,
                     const uint64_t *value, uint64_t times);

/* QEMU has answered. */
void fk_ioreq_answered(void);

/* store.c; more in store.h */

void fk_store_init(void);
void fk_store_set(const char *path, const char *value);
const char *fk_store_get(const char *path);     /* NULL: there is none */

/* sysfs.c */

/**
 * fk_sysfs_text: what a device's attribute reads
 * @name: "vendor", "resource" ...
 * @text: at least 1024 bytes
 *
 * Returns: false where there is no such attribute.
 */
bool fk_sysfs_text(const FkDevice *d, const char *name, char *text);

#endif
