/*
 * The stub domain's QMP server, between a client on a vchan and QEMU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libxenvchan is stood in for by the functions below, on one page in this
 * process. They ring the event channel (an eventfd) exactly when libxenvchan
 * does, that is only for a notification that was asked for: a server that
 * forgets to ask, or to look again, hangs here as it would on Xen.
 */
#define _GNU_SOURCE          /* accept4() */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp-vchan.h"

#define RING_SIZE 1024
#define CLI_NEVER 2
#define GREETING "{\"QMP\": {}}"

static struct {
    struct libxenvchan chan;
    struct vchan_interface ring;
    char left[RING_SIZE], right[RING_SIZE];
    int event;
    bool event_broken;
} xen;

typedef struct Fixture {
    char *dir, *path;
    int listener;
    int qemu;               /* QEMU's end of the connection, -1: none */
    QmpVchan q;
} Fixture;

/* --- libxenvchan -------------------------------------------------------- */

static void ring_bell(void)
{
    uint64_t one = 1;

    g_assert_cmpint(write(xen.event, &one, sizeof(one)), ==, sizeof(one));
}

static int ring_used(const struct ring_shared *shr)
{
    uint32_t used = shr->prod - shr->cons;

    g_assert_cmpuint(used, <=, RING_SIZE);
    return used;
}

static size_t ring_put(struct ring_shared *shr, char *buf, const char *data,
                       size_t size)
{
    size = MIN(size, (size_t)(RING_SIZE - ring_used(shr)));
    for (size_t i = 0; i < size; i++) {
        buf[shr->prod++ % RING_SIZE] = data[i];
    }
    return size;
}

static size_t ring_get(struct ring_shared *shr, const char *buf, char *data,
                       size_t size)
{
    size = MIN(size, (size_t)ring_used(shr));
    for (size_t i = 0; i < size; i++) {
        data[i] = buf[shr->cons++ % RING_SIZE];
    }
    return size;
}

/* As libxenvchan tells the other side: only if it has asked, and once */
static bool take_request(uint8_t *notify, uint8_t bit)
{
    bool asked = *notify & bit;

    *notify &= ~bit;
    return asked;
}

int libxenvchan_fd_for_select(struct libxenvchan *ctrl)
{
    g_assert_true(ctrl == &xen.chan);
    return xen.event;
}

int libxenvchan_is_open(struct libxenvchan *ctrl)
{
    return ctrl->ring->cli_live;
}

int libxenvchan_wait(struct libxenvchan *ctrl)
{
    uint64_t n;

    g_assert_true(ctrl == &xen.chan);
    if (xen.event_broken) {
        return -1;
    }
    /* It would block for ever: only to be called when poll() says so. */
    g_assert_cmpint(read(xen.event, &n, sizeof(n)), ==, sizeof(n));
    return 0;
}

int libxenvchan_data_ready(struct libxenvchan *ctrl)
{
    ctrl->ring->cli_notify |= VCHAN_NOTIFY_WRITE;
    return ring_used(ctrl->read.shr);
}

int libxenvchan_read(struct libxenvchan *ctrl, void *data, size_t size)
{
    size_t n = ring_get(ctrl->read.shr, xen.left, data, size);

    if (n < size) {
        ctrl->ring->cli_notify |= VCHAN_NOTIFY_WRITE;
    }
    take_request(&ctrl->ring->srv_notify, VCHAN_NOTIFY_READ);
    return n ? (int)n : libxenvchan_is_open(ctrl) ? 0 : -1;
}

int libxenvchan_write(struct libxenvchan *ctrl, const void *data, size_t size)
{
    size_t n;

    if (!libxenvchan_is_open(ctrl)) {
        return -1;
    }
    n = ring_put(ctrl->write.shr, xen.right, data, size);
    if (n < size) {
        ctrl->ring->cli_notify |= VCHAN_NOTIFY_READ;
    }
    take_request(&ctrl->ring->srv_notify, VCHAN_NOTIFY_WRITE);
    return n;
}

/* --- the client, with what libxenvchan does for one ---------------------- */

static void client_connect(void)
{
    xen.ring.cli_live = 1;
    xen.ring.srv_notify = VCHAN_NOTIFY_WRITE;
    ring_bell();
}

static void client_leave(void)
{
    xen.ring.cli_live = 0;
    ring_bell();
}

static size_t client_send(const char *data, size_t size)
{
    size_t n = ring_put(&xen.ring.left, xen.left, data, size);

    if (n < size) {
        xen.ring.srv_notify |= VCHAN_NOTIFY_READ;
    }
    if (n && take_request(&xen.ring.cli_notify, VCHAN_NOTIFY_WRITE)) {
        ring_bell();
    }
    return n;
}

static size_t client_recv(char *data, size_t size)
{
    size_t n = ring_get(&xen.ring.right, xen.right, data, size);

    xen.ring.srv_notify |= VCHAN_NOTIFY_WRITE;
    if (n && take_request(&xen.ring.cli_notify, VCHAN_NOTIFY_READ)) {
        ring_bell();
    }
    return n;
}

static void client_expect(const char *text)
{
    char data[RING_SIZE + 1];

    data[client_recv(data, RING_SIZE)] = '\0';
    g_assert_cmpstr(data, ==, text);
}

/* --- QEMU --------------------------------------------------------------- */

static bool qemu_accept(Fixture *f)
{
    g_assert_cmpint(f->qemu, ==, -1);
    f->qemu = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return f->qemu >= 0;
}

static void qemu_close(Fixture *f)
{
    close(f->qemu);
    f->qemu = -1;
}

static void qemu_send(Fixture *f, const char *text)
{
    ssize_t n = strlen(text);

    g_assert_cmpint(send(f->qemu, text, n, MSG_NOSIGNAL), ==, n);
}

static void qemu_expect(Fixture *f, const char *text)
{
    char data[8192];
    ssize_t n = recv(f->qemu, data, sizeof(data) - 1, 0);

    g_assert_cmpint(n, >=, 0);
    data[n] = '\0';
    g_assert_cmpstr(data, ==, text);
}

static bool qemu_quiet(Fixture *f)
{
    char c;

    return recv(f->qemu, &c, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

/* --- the tests ----------------------------------------------------------- */

/* What PID 1 does until there is nothing to do; it must come to rest. */
static void serve(Fixture *f)
{
    struct pollfd fds[QMP_POLL_COUNT];
    unsigned steps = 0;

    for (;;) {
        qmp_vchan_prepare(&f->q, fds);
        if (poll(fds, QMP_POLL_COUNT, 0) == 0) {
            return;
        }
        g_assert_true(qmp_vchan_step(&f->q, fds));
        g_assert_cmpuint(steps++, <, 1000);
    }
}

static void listen_at(Fixture *f)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    g_strlcpy(addr.sun_path, f->path, sizeof(addr.sun_path));
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    g_assert_cmpint(bind(f->listener, (struct sockaddr *)&addr, sizeof(addr)),
                    ==, 0);
    g_assert_cmpint(listen(f->listener, 1), ==, 0);
}

static void setup(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    /* libxenvchan_server_init() does not clear what it allocates. */
    memset(&xen, 0xff, sizeof(xen));
    xen.event_broken = false;
    xen.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    memset(&xen.ring, 0, sizeof(xen.ring));
    xen.ring.cli_live = CLI_NEVER;
    xen.ring.srv_live = 1;
    xen.ring.cli_notify = xen.ring.srv_notify = VCHAN_NOTIFY_WRITE;
    xen.chan.ring = &xen.ring;
    xen.chan.read.shr = &xen.ring.left;
    xen.chan.write.shr = &xen.ring.right;

    f->dir = g_dir_make_tmp("stubdom-qmp-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "qmp", NULL);
    f->qemu = -1;
    listen_at(f);
    qmp_vchan_init(&f->q, &xen.chan, f->path);
    g_assert_false(xen.chan.blocking);
}

static void teardown(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    if (f->qemu >= 0) {
        close(f->qemu);
    }
    if (f->q.fd >= 0) {
        close(f->q.fd);
    }
    close(f->listener);
    close(xen.event);
    g_unlink(f->path);
    g_rmdir(f->dir);
    g_free(f->path);
    g_free(f->dir);
}

/* A client comes, is greeted, and has a command answered. */
static void converse(Fixture *f)
{
    serve(f);
    g_assert_true(qemu_accept(f));
    qemu_send(f, GREETING);
    serve(f);
    client_expect(GREETING);
    client_send("command", 7);
    serve(f);
    qemu_expect(f, "command");
    qemu_send(f, "answer");
    serve(f);
    client_expect("answer");
}

static void test_one(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    serve(f);
    g_assert_false(qemu_accept(f));
    client_connect();
    converse(f);
    g_assert_true(qemu_quiet(f));
}

static void test_not_yet(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    /* Something rings before the first client has come. */
    ring_bell();
    serve(f);
    g_assert_false(qemu_accept(f));
    client_connect();
    converse(f);
}

/* A client that does not wait for the greeting loses nothing. */
static void test_hasty(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    client_connect();
    client_send("hasty", 5);
    serve(f);
    g_assert_true(qemu_accept(f));
    qemu_expect(f, "hasty");
}

static void test_next(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    for (int i = 0; i < 3; i++) {
        client_connect();
        converse(f);
        client_leave();
        serve(f);
        qemu_expect(f, "");
        qemu_close(f);
        serve(f);
        g_assert_false(qemu_accept(f));
    }
}

/* One leaves, one comes, and this domain was not scheduled in between. */
static void test_replaced(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    client_connect();
    converse(f);
    for (int i = 0; i < 3; i++) {
        client_leave();
        client_connect();
        serve(f);
        qemu_expect(f, "");
        qemu_close(f);
        converse(f);
    }
    /* Traffic of a client that stays must not look like another one. */
    client_send("more", 4);
    serve(f);
    qemu_expect(f, "more");
    g_assert_true(qemu_quiet(f));
}

/* QEMU's monitor serves one connection: the next waits until it hangs up. */
static void test_slow_hangup(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    int slow;

    client_connect();
    converse(f);
    client_leave();
    serve(f);
    client_connect();
    serve(f);
    slow = f->qemu;
    f->qemu = -1;
    g_assert_false(qemu_accept(f));
    close(slow);
    converse(f);
}

/*
 * A QEMU that sends without end, to a client that has left: all else in PID 1
 * has its turn.
 */
static void test_endless(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *much = g_strnfill(128 * 1024, 'm');
    struct pollfd fds[QMP_POLL_COUNT];
    int left = 0;

    client_connect();
    converse(f);
    client_leave();
    serve(f);
    g_assert_cmpint(send(f->qemu, much, 128 * 1024, MSG_DONTWAIT), >=,
                    100 * 1024);
    qmp_vchan_prepare(&f->q, fds);
    g_assert_cmpint(poll(fds, QMP_POLL_COUNT, 0), >, 0);
    g_assert_true(qmp_vchan_step(&f->q, fds));
    g_assert_cmpint(ioctl(f->q.fd, FIONREAD, &left), ==, 0);
    g_assert_cmpint(left, >, 0);
    serve(f);
    g_assert_cmpint(ioctl(f->q.fd, FIONREAD, &left), ==, 0);
    g_assert_cmpint(left, ==, 0);
}

static void test_last_words(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    client_connect();
    converse(f);
    client_send("last words", 10);
    client_leave();
    serve(f);
    qemu_expect(f, "last words");
    qemu_expect(f, "");
}

/* An answer that the client did not wait for is not given to the next one. */
static void test_unread(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *huge = g_strnfill(RING_SIZE + 500, 'u');

    client_connect();
    converse(f);
    qemu_send(f, huge);
    serve(f);
    client_leave();
    serve(f);
    qemu_close(f);
    serve(f);
    client_connect();
    converse(f);
}

/*
 * QEMU takes no more commands before its answers are taken, which nobody reads
 * any more: it must get rid of them and be given all the commands.
 */
static void test_last_words_to_busy(Fixture *f,
                                    gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *block = g_strnfill(4096, 'b');
    g_autofree char *got = g_malloc(1 << 20);
    size_t sent = 0, n, received = 0;
    ssize_t r;

    client_connect();
    serve(f);
    g_assert_true(qemu_accept(f));
    do {
        serve(f);
    } while (send(f->qemu, block, 4096, MSG_NOSIGNAL) > 0);
    g_assert_cmpint(errno, ==, EAGAIN);
    do {
        n = client_send(block, 512);
        sent += n;
        serve(f);
    } while (n > 0);
    client_leave();
    serve(f);
    g_assert_cmpint(send(f->qemu, block, 4096, MSG_NOSIGNAL), >, 0);
    while ((r = recv(f->qemu, got, 1 << 20, 0)) > 0) {
        received += r;
        serve(f);
    }
    g_assert_cmpint(r, ==, 0);
    g_assert_cmpuint(received, ==, sent);
}

static void fill(char *data, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525 + 1013904223;
        data[i] = seed >> 24;
    }
}

/*
 * Much data both ways, to receivers that let it pile up: everything arrives,
 * in order, and all buffers fill and empty many times.
 */
static void test_bulk(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    enum { TOTAL = 1 << 20 };
    g_autofree char *up = g_malloc(TOTAL), *down = g_malloc(TOTAL);
    g_autofree char *got_up = g_malloc0(TOTAL), *got_down = g_malloc0(TOTAL);
    size_t sent_up = 0, sent_down = 0, up_n = 0, down_n = 0;
    unsigned idle = 0;

    fill(up, TOTAL, 1);
    fill(down, TOTAL, 2);
    client_connect();
    serve(f);
    g_assert_true(qemu_accept(f));
    for (unsigned turn = 0; up_n < TOTAL || down_n < TOTAL; turn++) {
        size_t before = sent_up + sent_down + up_n + down_n;
        ssize_t n;

        sent_up += client_send(up + sent_up, MIN(TOTAL - sent_up, 900));
        n = send(f->qemu, down + sent_down, MIN(TOTAL - sent_down, 3000),
                 MSG_NOSIGNAL);
        sent_down += MAX(n, 0);
        serve(f);
        /* Each receiver sleeps through most of the turns. */
        if (turn % 800 > 700) {
            n = recv(f->qemu, got_up + up_n, TOTAL - up_n, 0);
            up_n += MAX(n, 0);
        }
        if (turn % 7 > 4) {
            down_n += client_recv(got_down + down_n, TOTAL - down_n);
        }
        idle = before == sent_up + sent_down + up_n + down_n ? idle + 1 : 0;
        g_assert_cmpuint(idle, <, 2000);
    }
    g_assert_cmpmem(up, TOTAL, got_up, TOTAL);
    g_assert_cmpmem(down, TOTAL, got_down, TOTAL);
}

/* Nobody listens, but the client is not stuck with what it wants to say. */
static void talk_to_nobody(Fixture *f)
{
    char junk[600] = "";

    for (int i = 0; i < 5; i++) {
        g_assert_cmpuint(client_send(junk, sizeof(junk)), ==, sizeof(junk));
        serve(f);
    }
}

static void test_qemu_hangs_up(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *huge = g_strnfill(RING_SIZE + 500, 'u');

    client_connect();
    converse(f);
    qemu_send(f, huge);
    serve(f);
    qemu_close(f);
    serve(f);
    talk_to_nobody(f);
    g_assert_false(qemu_accept(f));
    client_leave();
    serve(f);
    client_leave();
    client_connect();
    converse(f);
}

static void test_no_qemu(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    close(f->listener);
    client_connect();
    serve(f);
    talk_to_nobody(f);
    client_leave();
    serve(f);
    g_unlink(f->path);
    listen_at(f);
    client_connect();
    converse(f);
}

static void test_event_broken(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    struct pollfd fds[QMP_POLL_COUNT];

    client_connect();
    xen.event_broken = true;
    qmp_vchan_prepare(&f->q, fds);
    g_assert_cmpint(poll(fds, QMP_POLL_COUNT, 0), ==, 1);
    g_assert_false(qmp_vchan_step(&f->q, fds));
}

#define ADD(name, func) \
    g_test_add("/stubdom/qmp/" name, Fixture, NULL, setup, func, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("one", test_one);
    ADD("not-yet", test_not_yet);
    ADD("hasty", test_hasty);
    ADD("next", test_next);
    ADD("replaced", test_replaced);
    ADD("slow-hangup", test_slow_hangup);
    ADD("endless", test_endless);
    ADD("last-words", test_last_words);
    ADD("last-words/busy", test_last_words_to_busy);
    ADD("unread", test_unread);
    ADD("bulk", test_bulk);
    ADD("qemu-hangs-up", test_qemu_hangs_up);
    ADD("no-qemu", test_no_qemu);
    ADD("event-broken", test_event_broken);
    return g_test_run();
}
