#define _GNU_SOURCE
#include "sink.h"
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IN_START (64 << 10)

int epfd;
double latency;
conn *due_head;
static conn *due_tail;

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

conn *conn_new(int fd, SSL_CTX *tls) {
    conn *c = calloc(1, sizeof *c);
    c->fd = fd;
    c->open = 1;
    c->in = malloc(c->in_cap = IN_START);
    if (tls) {
        c->ssl = SSL_new(tls);
        SSL_set_fd(c->ssl, fd);
        SSL_set_accept_state(c->ssl);
    }
    return c;
}

static void drop(conn *c) {
    if (c->reset) {
        struct linger hard = {1, 0};    /* closing sends RST */
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    epoll_ctl(epfd, EPOLL_CTL_DEL, c->fd, NULL);
    close(c->fd);
    if (c->ssl) SSL_free(c->ssl);
    if (c->file) munmap((void *)c->file, c->file_len);
    free(c->in);
    free(c->out);
    c->in = c->out = NULL; c->file = NULL; c->ssl = NULL; c->open = 0;
    if (!c->due) free(c);           /* else the queue still knows it */
}

void conn_append(conn *c, const char *data, size_t len) {
    if (c->out_len + len > c->out_cap) {
        c->out_cap = (c->out_len + len) * 2;
        c->out = realloc(c->out, c->out_cap);
    }
    memcpy(c->out + c->out_len, data, len);
    c->out_len += len;
}

void conn_answer(conn *c, int status, const char *type, const char *body, size_t len) {
    char head[256];
    int n = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status, type,
                     len);
    conn_append(c, head, n);
    conn_append(c, body, len);
}

static int would_block(conn *c, int n) {
    int e = SSL_get_error(c->ssl, n);
    return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE;
}

static ssize_t put_bytes(conn *c, const char *data, size_t len) {
    if (!c->ssl) return send(c->fd, data, len, MSG_NOSIGNAL);
    ERR_clear_error();              /* else what another connection left there is taken for this one's */
    int n = SSL_write(c->ssl, data, len > (1 << 20) ? 1 << 20 : (int)len);
    if (n > 0) return n;
    errno = would_block(c, n) ? EAGAIN : EPIPE;
    return -1;
}

static ssize_t get_bytes(conn *c, char *data, size_t len) {
    if (!c->ssl) return recv(c->fd, data, len, 0);
    ERR_clear_error();
    int n = SSL_read(c->ssl, data, (int)len);
    if (n > 0) return n;
    if (!would_block(c, n)) return 0;
    errno = EAGAIN;
    return -1;
}

static void watch(conn *c, int writing) {
    if (writing == c->want_write) return;
    c->want_write = writing;
    struct epoll_event e = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(epfd, EPOLL_CTL_MOD, c->fd, &e);
}

/* 1: all is written; 0: not yet; -1: the connection is gone */
static int write_out(conn *c, const char *data, size_t len, size_t *pos) {
    while (*pos < len) {
        ssize_t n = put_bytes(c, data + *pos, len - *pos);
        if (n >= 0) { *pos += n; continue; }
        if (errno == EAGAIN) { watch(c, 1); return 0; }
        drop(c);
        return -1;
    }
    return 1;
}

int conn_flush(conn *c) {
    if (c->reset) { drop(c); return 0; }
    int written = write_out(c, c->out, c->out_len, &c->out_pos);
    if (written == 1 && c->file) written = write_out(c, c->file, c->file_len, &c->file_pos);
    if (written < 1) return written == 0;
    if (c->file) { munmap((void *)c->file, c->file_len); c->file = NULL; }
    c->out_len = c->out_pos = 0;
    watch(c, 0);
    return 1;
}

static void hold(conn *c) {
    c->due = now() + latency;
    c->next_due = NULL;
    if (due_tail) due_tail->next_due = c; else due_head = c;
    due_tail = c;
}

void release_due(void) {
    if (!due_head) return;
    double t = now();
    while (due_head && due_head->due <= t) {
        conn *c = due_head;
        due_head = c->next_due;
        if (!due_head) due_tail = NULL;
        c->due = 0;
        if (c->open) conn_flush(c); else free(c);
    }
}

static void stats(conn *c) {
    char said[1024];
    int n = dynamo_stats(said, sizeof said);
    conn_answer(c, 200, "application/json", said, n);
}

static void forget(conn *c) {
    dynamo_forget();
    memory_forget();
    conn_answer(c, 200, "application/json", "{}", 2);
}

/* takes one whole request off the buffer; 0: it is not there yet */
static size_t take_request(conn *c) {
    char *end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = end - c->in + 4;
    end[2] = 0;
    char *length = strcasestr(c->in, "\r\ncontent-length:");
    size_t len = length ? strtoull(length + 17, NULL, 10) : 0;
    if (c->in_len < head + len) {
        int expects = c->in_len == head && strcasestr(c->in, "\r\nexpect:");
        end[2] = '\r';
        if (head + len > c->in_cap) { c->in_cap = (head + len) * 2; c->in = realloc(c->in, c->in_cap); }
        if (expects) { conn_append(c, "HTTP/1.1 100 Continue\r\n\r\n", 25); conn_flush(c); }
        return 0;
    }
    const char *path = strchr(c->in, ' ') + 1;
    size_t path_len = strcspn(path, " ");
    request r = {c->in, c->in + head, len};
    if (!strncmp(c->in, "PUT", 3)) {
        store_put(c, &r, path, path_len);
    } else if (!strncmp(c->in, "POST", 4) && path_len > 1) {
        store_post(c, &r, path, path_len);
    } else if (!strncmp(c->in, "POST", 4)) {
        dynamo_post(c, &r);
        if (latency > 0) hold(c);
    } else if (path_len == 6 && !memcmp(path, "/stats", 6)) {
        stats(c);
    } else if (path_len == 7 && !memcmp(path, "/forget", 7)) {
        forget(c);
    } else {
        s3_get(c, c->in[0] == 'G', path, path_len);
    }
    return head + len;
}

static int handshake(conn *c) {
    ERR_clear_error();
    int n = SSL_accept(c->ssl);
    if (n == 1) return c->handshaken = 1;
    if (!would_block(c, n)) drop(c);
    return 0;
}

void conn_readable(conn *c) {
    if (c->ssl && !c->handshaken && !handshake(c)) return;
    for (;;) {
        if (c->in_len == c->in_cap) c->in = realloc(c->in, c->in_cap *= 2);
        size_t room = c->in_cap - c->in_len;
        ssize_t n = get_bytes(c, c->in + c->in_len, room);
        if (n < 0 && errno == EAGAIN) break;
        if (n <= 0) { drop(c); return; }
        c->in_len += n;
        if (!c->ssl && (size_t)n < room) break;
    }
    size_t used;
    while (c->in_len && (used = take_request(c))) {
        memmove(c->in, c->in + used, c->in_len - used);
        c->in_len -= used;
    }
    if (!c->due && (c->out_len || c->file || c->reset)) conn_flush(c);
}
