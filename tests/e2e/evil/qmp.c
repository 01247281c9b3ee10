/*
 * As much of QMP as libxl needs to start a guest
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "evil.h"
#include "qmp.h"

#define GREETING \
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 0, " \
    "\"major\": 10}, \"package\": \"\"}, \"capabilities\": []}}\r\n"
#define FLOOD_BYTES (8UL << 20)
/* Milliseconds without a taker, then the flood is over; without a client */
#define FLOOD_WAIT 3000
#define CLIENT_WAIT 60000

/* The process that speaks QMP tells of the flood's end. */
static int way[2];
/* What libxl has called the device */
static char device[64];

int qmp_listener(int argc, char **argv)
{
    static const char key[] = "socket,id=stubdom-qmp,fd=";

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], key, strlen(key)) == 0) {
            return atoi(argv[i] + strlen(key));
        }
    }
    return -1;
}

/* After KEY and a colon, or NULL */
static const char *value_of(const char *line, const char *key, bool text)
{
    for (const char *at = line; (at = strstr(at, key)); ) {
        at += strlen(key);
        at += strspn(at, " :");
        if (text == (*at == '"')) {
            return at + text;
        }
    }
    return NULL;
}

/* A line without an end: the client has to keep it. */
static void flood(int fd)
{
    static char rubbish[PAGE];
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    size_t sent = 0;
    ssize_t n = 0;

    memset(rubbish, ' ', sizeof(rubbish));
    while (sent < FLOOD_BYTES && poll(&p, 1, FLOOD_WAIT) > 0 &&
           (n >= 0 || errno == EAGAIN)) {
        n = send(fd, rubbish, sizeof(rubbish), MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += n > 0 ? n : 0;
    }
    note("QMP: %zu KiB sent that nobody asked for", sent >> 10);
    if (write(way[1], "", 1) < 0) {
        _exit(1);
    }
}

static void answer(int fd, const char *line)
{
    const char *name = value_of(line, "\"execute\"", true);
    const char *number = value_of(line, "\"id\"", false);
    const char *id = value_of(line, "\"id\"", true);
    char what[256] = "{}", reply[400];

    if (!name) {
        return;
    }
    if (strncmp(name, "human-monitor-command\"", 22) == 0) {
        flood(fd);
        return;
    }
    if (strncmp(name, "device_add\"", 11) == 0 && id) {
        snprintf(device, sizeof(device), "%.*s", (int)strcspn(id, "\""), id);
    } else if (strncmp(name, "query-pci\"", 10) == 0) {
        snprintf(what, sizeof(what),
                 "[{\"bus\": 0, \"devices\": [{\"bus\": 0, \"slot\": 5, "
                 "\"function\": 0, \"qdev_id\": \"%s\"}]}]", device);
    } else if (strncmp(name, "query-chardev\"", 14) == 0) {
        strcpy(what, "[]");
    }
    snprintf(reply, sizeof(reply), "{\"return\": %s, \"id\": %d}\r\n", what,
             number ? atoi(number) : 0);
    if (write(fd, reply, strlen(reply)) < 0) {
        return;
    }
}

static void __attribute__((noreturn)) serve(int listener)
{
    char line[4096];
    size_t n = 0;
    int fd = -1;

    for (;;) {
        char c;

        if (fd < 0) {
            fd = accept(listener, NULL, NULL);
            n = 0;
            if (write(fd, GREETING, strlen(GREETING)) < 0) {
                close(fd);
                fd = -1;
            }
        } else if (read(fd, &c, 1) <= 0) {
            close(fd);
            fd = -1;
        } else if (c == '\n') {
            line[n] = '\0';
            n = 0;
            answer(fd, line);
        } else if (n < sizeof(line) - 1) {
            line[n++] = c;
        }
    }
}

void qmp_serve(int listener)
{
    if (listener < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, way) < 0) {
        note("there is no QMP");
        return;
    }
    if (fork() == 0) {
        signal(SIGPIPE, SIG_IGN);
        serve(listener);
    }
    close(way[1]);
}

long qmp_flood(void)
{
    struct pollfd p = { .fd = way[0], .events = POLLIN };

    if (poll(&p, 1, CLIENT_WAIT) <= 0) {
        note("there was no client");
        return -ETIMEDOUT;
    }
    return gate_lives();
}
