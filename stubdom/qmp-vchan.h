/*
 * QEMU's monitor, for the toolstack
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libxl talks QMP to a QEMU in a stub domain through a vchan: this is the
 * vchan's server, a pump between it and QEMU's monitor socket. One client
 * at a time; each gets a connection to QEMU of its own, because QMP greets and
 * negotiates once per connection.
 */
#ifndef STUBDOM_QMP_VCHAN_H
#define STUBDOM_QMP_VCHAN_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <libxenvchan.h>

typedef struct QmpBuffer {
    size_t start, end;
    char data[4096];
} QmpBuffer;

typedef enum QmpState {
    QMP_IDLE,           /* no client */
    QMP_OPEN,           /* a client, and a connection to QEMU for it */
    QMP_FLUSH,          /* the client has left: QEMU gets what it had sent */
    QMP_DRAIN,          /* and is given the time to hang up */
    QMP_DEAF,           /* a client, but QEMU will not talk to it */
} QmpState;

typedef struct QmpVchan {
    struct libxenvchan *chan;
    const char *socket_path;
    QmpState state;
    bool client_waits;  /* a client that has no connection to QEMU yet */
    int fd;             /* the connection to QEMU, -1: none */
    QmpBuffer to_qemu, to_client;
} QmpVchan;

enum { QMP_POLL_CHAN, QMP_POLL_SOCKET, QMP_POLL_COUNT };

/*
 * Serve CHAN, a server just made by libxenvchan_server_init(), from the
 * listening socket at SOCKET_PATH. Both stay the caller's.
 */
void qmp_vchan_init(QmpVchan *q, struct libxenvchan *chan,
                    const char *socket_path);

/* Fill FDS with what is to be waited for; an fd of -1 is one not to wait for */
void qmp_vchan_prepare(const QmpVchan *q, struct pollfd fds[QMP_POLL_COUNT]);

/*
 * Move what can be moved, without waiting, after poll() has filled in FDS.
 * Returns false if the event channel is broken: no client can be served then.
 */
bool qmp_vchan_step(QmpVchan *q, const struct pollfd fds[QMP_POLL_COUNT]);

#endif
