/*
 * As much of QMP as libxl needs to start a guest
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef EVIL_QMP_H
#define EVIL_QMP_H

/* The listening socket that init has made, by QEMU's arguments, or -1 */
int qmp_listener(int argc, char **argv);

/* Answer at LISTENER, in another process. */
void qmp_serve(int listener);

#endif
