/* A null DynamoDB and a static S3 on 127.0.0.1, for benchmarks: epoll, one thread, keep-alive, plain or TLS.
 *
 *   sink [--latency-ms N] [--tls CERT KEY] [--files DIR] [--check]
 *        [--unprocessed SHARE] [--throttled SHARE] [--reset SHARE] [--seed N] [--scan PAGES [--scan-item-bytes N]] [--live N]
 *
 * Prints its port. BatchWriteItem, PutItem and what a restore asks beside them are answered at once (or N ms later).
 * Nothing is kept but counts, which GET /stats tells and GET /forget sets to nothing. With --check every signature is
 * verified (secret key: AWS_SECRET_ACCESS_KEY), every key is remembered with a hash of its content, a conditional put
 * of a known key fails, and shares (0 to 1) of items or requests are left unprocessed, throttled, or cut off.
 * With --scan, every segment of a scan has so many pages of 1 MB, all with the same items; without, the table is empty.
 * With --live, the table has N numbered items, about 1 % of which differ from those of `lines`; writes change nothing.
 * PUT and multipart uploads are accepted, and listed, but only their sizes are kept.
 * GET and HEAD of /BUCKET/KEY give files of DIR; ListObjectsV2 lists the files of one folder of it.
 * Build: cc -O2 -o sink sink.c conn.c dynamo.c memory.c scan.c live.c live_items.c signed.c s3.c store.c sigv4.c -lssl -lcrypto -lz */
#define _GNU_SOURCE
#include "sink.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static SSL_CTX *tls;

static void die(const char *what) { perror(what); exit(1); }

static void use_certificate(const char *cert, const char *key) {
    tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_chain_file(tls, cert) != 1) die(cert);
    if (SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) die(key);
}

static void options(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (!strcmp(name, "--check")) { checking = 1; continue; }
        if (i + 1 >= argc) { fprintf(stderr, "sink: %s needs a value\n", name); exit(64); }
        const char *value = argv[++i];
        if (!strcmp(name, "--latency-ms")) latency = atof(value) / 1000;
        else if (!strcmp(name, "--files")) files_dir = value;
        else if (!strcmp(name, "--unprocessed")) share_unprocessed = atof(value);
        else if (!strcmp(name, "--throttled")) share_throttled = atof(value);
        else if (!strcmp(name, "--reset")) share_reset = atof(value);
        else if (!strcmp(name, "--scan")) { scanning = 1; scan_pages = atoi(value); }
        else if (!strcmp(name, "--scan-item-bytes")) scan_item_bytes = atoi(value);
        else if (!strcmp(name, "--live")) live_items = atoll(value);
        else if (!strcmp(name, "--seed")) dynamo_seed(strtoull(value, NULL, 10));
        else if (!strcmp(name, "--tls") && i + 1 < argc) use_certificate(value, argv[++i]);
        else { fprintf(stderr, "sink: unknown option %s\n", name); exit(64); }
    }
}

static int listening(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (void *)&a, sizeof a) || listen(fd, 4096) || getsockname(fd, (void *)&a, &len)) die("listen");
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

static void accept_all(int from) {
    int fd, one = 1;
    while ((fd = accept4(from, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = conn_new(fd, tls)};
        epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &e);
    }
}

int main(int argc, char **argv) {
    options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    int door = listening();
    epfd = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
    epoll_ctl(epfd, EPOLL_CTL_ADD, door, &e);
    for (;;) {
        struct timespec wait = {0, 0}, *until = NULL;
        if (due_head) {
            double left = due_head->due - now();
            if (left > 0) { wait.tv_sec = (time_t)left; wait.tv_nsec = (long)((left - (time_t)left) * 1e9); }
            until = &wait;
        }
        int n = epoll_pwait2(epfd, events, 256, until, NULL);   /* epoll_wait knows whole milliseconds only */
        for (int i = 0; i < n; i++) {
            conn *c = events[i].data.ptr;
            if (!c) { accept_all(door); continue; }
            if (!c->open) continue;
            if ((events[i].events & EPOLLOUT) && !conn_flush(c)) continue;
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) conn_readable(c);
        }
        release_due();
    }
}
