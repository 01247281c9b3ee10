/*
 * The system that xen-pt-msi-allow is run on, made up, and how it is run
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The program is all that is shipped, main() too; fake.c is behind it. Every
 * path is below the system's root.
 */
#ifndef DOM0_SYSTEM_H
#define DOM0_SYSTEM_H

#include <glib.h>
#include <stdbool.h>

#define DEVICES "sys/bus/pci/devices"
#define PCIBACK "sys/bus/pci/drivers/pciback"
#define ATTRIBUTE PCIBACK "/allow_interrupt_control"
#define PERMISSIVE PCIBACK "/permissive"
#define AHCI "0000:00:05.0"
#define NVME "0000:03:00.1"
#define BRIDGE "0000:00:1c.3"       /* what NVME lies behind */
#define OTHER "0000:04:1f.7"

typedef struct Fixture {
    char *dir;              /* the root, and xenstore in "xs" below it */
    unsigned faults;
    unsigned fail_at;
    bool no_xenstore;
    char *out, *err;        /* of the last run */
} Fixture;

/*
 * pciback has two devices; a guest with a stub domain, one whose QEMU is in
 * dom0, and dom0 run; nothing is assigned.
 */
void setup(Fixture *f, gconstpointer data);
void teardown(Fixture *f, gconstpointer data);

void put(Fixture *f, const char *path, const char *text, gssize size);
void erase(Fixture *f, const char *path);
void link_to(Fixture *f, const char *target, const char *path);
void check_file(Fixture *f, const char *path, const char *text);

/* The configuration file */
void configure(Fixture *f, const char *text);

enum { MSI_OFF = 1, MSI_ON = 2, MSIX_OFF = 4, MSIX_ON = 8 };

/* A chain of power management at 0x40, MSI at 0x50, MSI-X at 0xb0 */
void fill_config(guint8 config[256], unsigned caps);

/* A device with such a config space; no driver where DRIVER is NULL */
void add_function(Fixture *f, const char *bdf, const char *driver,
                  unsigned caps);

void add_function_below(Fixture *f, const char *bridge, const char *bdf,
                        const char *driver, unsigned caps);

/* A bridge to BUS, below another where BRIDGE is not NULL */
void add_bridge(Fixture *f, const char *bridge, const char *bdf, unsigned bus);

/* Each device is 8086:2922, until it is said to be another. */
void identify(Fixture *f, const char *bdf, const char *identity);

void put_node(Fixture *f, const char *value, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);

/* A domain; the stub domain of TARGET where that is not 0 */
void add_domain(Fixture *f, unsigned domid, const char *name, unsigned target);

/* As libxl, libxl_create_pci_backend_device() */
void assign(Fixture *f, unsigned domid, unsigned n, const char *bdf);

/* The program that is tested, and what it is told of the system; to be freed */
const char *program(void);
char **environment(Fixture *f);

/* Run NAME with these words; returns its exit status, or 1000 for a signal. */
int run_program(Fixture *f, const char *name, const char *words);
int run(Fixture *f, const char *words);

void check_out(Fixture *f, const char *text);
/* One line on standard error, with this in it; none where TEXT is NULL */
void check_err(Fixture *f, const char *text);
/* A run that gives nothing and says why */
void check_refusal(Fixture *f, const char *words, int status, const char *why);

#endif
