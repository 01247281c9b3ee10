/*
 * QEMU's monitor, for the toolstack
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "qmp-vchan.h"

/*
 * A client that leaves and one that comes are told apart by cli_live alone in
 * the vchan's interface: if both happen before this domain is scheduled,
 * nothing shows it, and the new client would wait for QMP's greeting for
 * ever. But a client that connects stores (does not or) its first request in
 * srv_notify, all other accesses to that byte touch the two bits that are
 * defined: this one stays until the next client is there.
 */
#define CLIENT_SEEN 0x80

void qmp_vchan_init(QmpVchan *q, struct libxenvchan *chan,
                    const char *socket_path)
{
    memset(q, 0, sizeof(*q));
    q->chan = chan;
    q->socket_path = socket_path;
    q->fd = -1;
    q->state = QMP_IDLE;
    /* libxenvchan_server_init() leaves it as it was in freed memory. */
    chan->blocking = 0;
}

/* Reads until others have their turn */
#define DRAIN_STEPS 16

static bool buffer_empty(const QmpBuffer *b)
{
    return b->start == b->end;
}

static size_t buffer_space(const QmpBuffer *b)
{
    return sizeof(b->data) - (b->end - b->start);
}

/* Where SPACE bytes can be put, after moving what is there to the front */
static char *buffer_tail(QmpBuffer *b)
{
    memmove(b->data, b->data + b->start, b->end - b->start);
    b->end -= b->start;
    b->start = 0;
    return b->data + b->end;
}

static void close_socket(QmpVchan *q, QmpState next)
{
    close(q->fd);
    q->fd = -1;
    q->state = next;
    q->to_qemu.start = q->to_qemu.end = 0;
    q->to_client.start = q->to_client.end = 0;
}

static void open_socket(QmpVchan *q)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    q->client_waits = false;
    strncpy(addr.sun_path, q->socket_path, sizeof(addr.sun_path) - 1);
    q->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (q->fd < 0 ||
        connect(q->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        say("QMP: no connection to QEMU: %s", strerror(errno));
        close_socket(q, QMP_DEAF);
        return;
    }
    q->state = QMP_OPEN;
}

/* Returns false if QEMU has hung up. */
static bool read_socket(QmpVchan *q)
{
    size_t space = buffer_space(&q->to_client);
    ssize_t n;

    if (space == 0) {
        return true;
    }
    n = recv(q->fd, buffer_tail(&q->to_client), space, 0);
    if (n > 0) {
        q->to_client.end += n;
    }
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool write_socket(QmpVchan *q)
{
    QmpBuffer *b = &q->to_qemu;
    ssize_t n;

    if (buffer_empty(b)) {
        return true;
    }
    n = send(q->fd, b->data + b->start, b->end - b->start, MSG_NOSIGNAL);
    if (n > 0) {
        b->start += n;
    }
    return n > 0 || errno == EAGAIN || errno == EINTR;
}

/* Fill the buffer for QEMU from the vchan; returns false if nothing came. */
static bool read_chan(QmpVchan *q)
{
    QmpBuffer *b = &q->to_qemu;
    size_t space = buffer_space(b);
    int n;

    if (space == 0 || libxenvchan_data_ready(q->chan) <= 0) {
        return false;
    }
    n = libxenvchan_read(q->chan, buffer_tail(b), space);
    if (n <= 0) {
        return false;
    }
    b->end += n;
    return true;
}

/*
 * Move what the client has sent until there is no more of it, or QEMU takes no
 * more: in the first case the event channel will ring, in the second poll()
 * will report the socket. Returns false if QEMU has hung up.
 */
static bool move_to_qemu(QmpVchan *q)
{
    bool alive;

    do {
        read_chan(q);
        alive = write_socket(q);
    } while (alive && buffer_empty(&q->to_qemu) &&
             libxenvchan_data_ready(q->chan) > 0);
    return alive;
}

static void discard_chan(QmpVchan *q)
{
    do {
        q->to_qemu.start = q->to_qemu.end = 0;
    } while (read_chan(q));
}

static void write_chan(QmpVchan *q)
{
    QmpBuffer *b = &q->to_client;
    int n;

    if (buffer_empty(b)) {
        return;
    }
    n = libxenvchan_write(q->chan, b->data + b->start, b->end - b->start);
    if (n > 0) {
        b->start += n;
    }
}

/*
 * The next client must not find what this one has left unread. The index is
 * the server's, and nobody looks at it while no client is there.
 */
static void forget_unread(QmpVchan *q)
{
    struct ring_shared *shr = q->chan->write.shr;
    uint32_t cons = __atomic_load_n(&shr->cons, __ATOMIC_SEQ_CST);

    if (libxenvchan_is_open(q->chan) == 0 && shr->prod != cons) {
        __atomic_store_n(&shr->prod, cons, __ATOMIC_SEQ_CST);
    }
}

static void pump(QmpVchan *q)
{
    bool alive = move_to_qemu(q) && read_socket(q);

    write_chan(q);
    if (!alive) {
        say("QMP: QEMU has closed its monitor");
        close_socket(q, QMP_DEAF);
    }
}

/* Give QEMU the last words of a client, then tell it that they were the last */
static void flush(QmpVchan *q)
{
    /* QEMU does not read on while its answers are not taken. */
    q->to_client.start = q->to_client.end = 0;
    if (!move_to_qemu(q) || !read_socket(q)) {
        close_socket(q, QMP_IDLE);
        discard_chan(q);
    } else if (buffer_empty(&q->to_qemu)) {
        shutdown(q->fd, SHUT_WR);
        q->state = QMP_DRAIN;
    }
}

/*
 * Wait for QEMU's hanging up: its monitor takes one client at a time, and on a
 * sudden close would drop what it had not read yet.
 */
static void drain(QmpVchan *q)
{
    bool alive = true, more = true;

    /* QEMU may send without end. */
    for (int i = 0; i < DRAIN_STEPS && alive && more; i++) {
        q->to_client.start = q->to_client.end = 0;
        alive = read_socket(q);
        more = !buffer_empty(&q->to_client);
    }
    q->to_client.start = q->to_client.end = 0;
    if (!alive) {
        close_socket(q, QMP_IDLE);
    }
}

/* The event channel has rung: has a client come, gone, or been replaced? */
static void look_for_client(QmpVchan *q)
{
    uint8_t *notify = &q->chan->ring->srv_notify;
    bool here = libxenvchan_is_open(q->chan) == 1;

    if (here && !(__atomic_fetch_or(notify, CLIENT_SEEN, __ATOMIC_SEQ_CST) &
                  CLIENT_SEEN)) {
        q->client_waits = true;
    }
    if (!here || q->client_waits) {
        if (q->state == QMP_OPEN) {
            q->state = QMP_FLUSH;
        } else if (q->state == QMP_DEAF) {
            discard_chan(q);
            q->state = QMP_IDLE;
        }
    }
}

void qmp_vchan_prepare(const QmpVchan *q, struct pollfd fds[QMP_POLL_COUNT])
{
    fds[QMP_POLL_CHAN].fd = libxenvchan_fd_for_select(q->chan);
    fds[QMP_POLL_CHAN].events = POLLIN;
    fds[QMP_POLL_SOCKET].fd = q->fd;
    fds[QMP_POLL_SOCKET].events = 0;
    if (buffer_space(&q->to_client)) {
        fds[QMP_POLL_SOCKET].events |= POLLIN;
    }
    if (!buffer_empty(&q->to_qemu)) {
        fds[QMP_POLL_SOCKET].events |= POLLOUT;
    }
    fds[QMP_POLL_CHAN].revents = fds[QMP_POLL_SOCKET].revents = 0;
}

bool qmp_vchan_step(QmpVchan *q, const struct pollfd fds[QMP_POLL_COUNT])
{
    QmpState before;

    if (fds[QMP_POLL_CHAN].revents) {
        if (libxenvchan_wait(q->chan) < 0) {
            return false;
        }
        look_for_client(q);
    }
    do {
        before = q->state;
        switch (q->state) {
        case QMP_IDLE:
            forget_unread(q);
            if (q->client_waits) {
                open_socket(q);
            }
            break;
        case QMP_OPEN:
            pump(q);
            break;
        case QMP_FLUSH:
            flush(q);
            break;
        case QMP_DRAIN:
            drain(q);
            break;
        case QMP_DEAF:
            discard_chan(q);
            break;
        }
    } while (q->state != before);
    return true;
}
