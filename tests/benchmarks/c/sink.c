/* A null DynamoDB and a static S3 on 127.0.0.1, for benchmarks: epoll, one thread, keep-alive, plain or TLS.
 *
 *   sink [--latency-ms N] [--tls CERT KEY] [--files DIR]
 *
 * Prints its port. BatchWriteItem, PutItem and what a restore asks beside them are answered at once (or N ms later);
 * nothing is kept but the number of items put, which GET /count tells. GET and HEAD of /BUCKET/KEY give files of DIR.
 * Build: cc -O2 -o sink sink.c -lssl -lcrypto */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define IN_START (64 << 10)

typedef struct conn {
    int fd, want_write, open;
    SSL *ssl;
    int handshaken;
    char *in;
    size_t in_len, in_cap;
    char *out;
    size_t out_len, out_pos, out_cap;
    const char *file;               /* a mapped file that follows `out` */
    size_t file_len, file_pos;
    double due;                     /* when a held answer may go; 0: nothing is held */
    struct conn *next_due;
} conn;

static int epfd;
static double latency;
static const char *files_dir;
static SSL_CTX *tls;
static unsigned long long items;
static conn *due_head, *due_tail;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) { perror(what); exit(1); }

static void append(conn *c, const char *data, size_t len) {
    if (c->out_len + len > c->out_cap) {
        c->out_cap = (c->out_len + len) * 2;
        c->out = realloc(c->out, c->out_cap);
    }
    memcpy(c->out + c->out_len, data, len);
    c->out_len += len;
}

static void answer(conn *c, int status, const char *type, const char *body, size_t len) {
    char head[256];
    int n = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status, type, len);
    append(c, head, n);
    append(c, body, len);
}

static const char TABLE[] =
    "{\"Table\":{\"TableName\":\"bench\",\"TableArn\":\"arn:aws:dynamodb:us-east-1:000000000000:table/bench\","
    "\"TableId\":\"00000000-0000-0000-0000-000000000001\",\"TableStatus\":\"ACTIVE\",\"ItemCount\":0,\"TableSizeBytes\":0,"
    "\"BillingModeSummary\":{\"BillingMode\":\"PAY_PER_REQUEST\"},"
    "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
    "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}]}}";

static void json(conn *c, const char *body) { answer(c, 200, "application/x-amz-json-1.0", body, strlen(body)); }

static int is(const char *target, size_t len, const char *name) {
    size_t n = strlen(name);
    return len >= n && memcmp(target + len - n, name, n) == 0;
}

static void post(conn *c, const char *target, size_t target_len, const char *body, size_t len) {
    if (is(target, target_len, "BatchWriteItem")) {
        const char *p = body, *end = body + len;
        while ((p = memmem(p, end - p, "\"PutRequest\"", 12))) { items++; p += 12; }
        json(c, "{\"UnprocessedItems\":{}}");
    } else if (is(target, target_len, "PutItem")) {
        items++;
        json(c, "{}");
    } else if (is(target, target_len, "DescribeTable")) {
        json(c, TABLE);
    } else if (is(target, target_len, "ListTables")) {
        json(c, "{\"TableNames\":[\"bench\"]}");
    } else {
        json(c, "{\"Count\":0,\"ScannedCount\":0,\"Items\":[]}");
    }
}

static void get(conn *c, int with_body, const char *path, size_t path_len) {
    char name[4096], head[512];
    if (path_len == 6 && !memcmp(path, "/count", 6)) {
        int n = snprintf(name, sizeof name, "%llu", items);
        answer(c, 200, "text/plain", name, n);
        return;
    }
    size_t q = 0;
    while (q < path_len && path[q] != '?') q++;
    snprintf(name, sizeof name, "%s%.*s", files_dir ? files_dir : "/nonexistent", (int)q, path);
    struct stat st;
    int fd = strstr(name, "..") ? -1 : open(name, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        if (fd >= 0) close(fd);
        const char *body = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>no</Message></Error>";
        answer(c, 404, "application/xml", body, with_body ? strlen(body) : 0);
        return;
    }
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
                     "Content-Length: %lld\r\n\r\n", (long long)st.st_size);
    append(c, head, n);
    if (with_body && st.st_size) {
        c->file = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        c->file_len = st.st_size;
        c->file_pos = 0;
    }
    close(fd);
}

static void drop(conn *c) {
    epoll_ctl(epfd, EPOLL_CTL_DEL, c->fd, NULL);
    close(c->fd);
    if (c->ssl) SSL_free(c->ssl);
    if (c->file) munmap((void *)c->file, c->file_len);
    free(c->in); free(c->out);
    c->in = c->out = NULL; c->file = NULL; c->ssl = NULL; c->open = 0;
    if (!c->due) free(c);           /* else the queue still knows it */
}

static ssize_t put_bytes(conn *c, const char *data, size_t len) {
    if (!c->ssl) return send(c->fd, data, len, MSG_NOSIGNAL);
    int n = SSL_write(c->ssl, data, len > (1 << 20) ? 1 << 20 : (int)len);
    if (n > 0) return n;
    int e = SSL_get_error(c->ssl, n);
    errno = e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
    return -1;
}

static ssize_t get_bytes(conn *c, char *data, size_t len) {
    if (!c->ssl) return recv(c->fd, data, len, 0);
    int n = SSL_read(c->ssl, data, (int)len);
    if (n > 0) return n;
    int e = SSL_get_error(c->ssl, n);
    if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) { errno = EAGAIN; return -1; }
    return 0;
}

static void watch(conn *c, int writing) {
    if (writing == c->want_write) return;
    c->want_write = writing;
    struct epoll_event e = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(epfd, EPOLL_CTL_MOD, c->fd, &e);
}

/* 0: gone */
static int flush(conn *c) {
    while (c->out_pos < c->out_len) {
        ssize_t n = put_bytes(c, c->out + c->out_pos, c->out_len - c->out_pos);
        if (n < 0) {
            if (errno == EAGAIN) { watch(c, 1); return 1; }
            drop(c);
            return 0;
        }
        c->out_pos += n;
    }
    while (c->file && c->file_pos < c->file_len) {
        ssize_t n = put_bytes(c, c->file + c->file_pos, c->file_len - c->file_pos);
        if (n < 0) {
            if (errno == EAGAIN) { watch(c, 1); return 1; }
            drop(c);
            return 0;
        }
        c->file_pos += n;
    }
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

static void release_due(void) {
    double t = now();
    while (due_head && due_head->due <= t) {
        conn *c = due_head;
        due_head = c->next_due;
        if (!due_head) due_tail = NULL;
        c->due = 0;
        if (c->open) flush(c); else free(c);
    }
}

/* takes one whole request off the buffer; 0: not there yet */
static size_t request(conn *c) {
    char *end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = end - c->in + 4, len = 0;
    *end = 0;
    char *p = strcasestr(c->in, "\r\ncontent-length:");
    if (p) len = strtoull(p + 17, NULL, 10);
    char *expect = strcasestr(c->in, "\r\nexpect:");
    *end = '\r';
    if (c->in_len < head + len) {
        size_t need = head + len;
        if (need > c->in_cap) { c->in_cap = need * 2; c->in = realloc(c->in, c->in_cap); }
        if (expect && c->in_len == head) { append(c, "HTTP/1.1 100 Continue\r\n\r\n", 25); flush(c); }
        return 0;
    }
    char *path = memchr(c->in, ' ', head) + 1;
    size_t path_len = (char *)memchr(path, ' ', head) - path;
    if (c->in[0] == 'P' && c->in[1] == 'O') {
        *end = 0;
        char *t = strcasestr(c->in, "\r\nx-amz-target:");
        *end = '\r';
        char *t_end = t ? memchr(t + 15, '\r', head) : NULL;
        post(c, t ? t + 15 : "", t ? t_end - t - 15 : 0, c->in + head, len);
        if (latency > 0) hold(c);
    } else {
        get(c, c->in[0] == 'G', path, path_len);
    }
    return head + len;
}

static void readable(conn *c) {
    if (c->ssl && !c->handshaken) {
        int n = SSL_accept(c->ssl);
        if (n != 1) {
            int e = SSL_get_error(c->ssl, n);
            if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE) drop(c);
            return;
        }
        c->handshaken = 1;
    }
    for (;;) {
        if (c->in_len == c->in_cap) { c->in_cap *= 2; c->in = realloc(c->in, c->in_cap); }
        size_t room = c->in_cap - c->in_len;
        ssize_t n = get_bytes(c, c->in + c->in_len, room);
        if (n < 0 && errno == EAGAIN) break;
        if (n <= 0) { drop(c); return; }
        c->in_len += n;
        if (!c->ssl && (size_t)n < room) break;
    }
    size_t used;
    while (c->in_len && (used = request(c))) {
        memmove(c->in, c->in + used, c->in_len - used);
        c->in_len -= used;
    }
    if (!c->due && (c->out_len || c->file)) flush(c);
}

int main(int argc, char **argv) {
    const char *cert = NULL, *key = NULL;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--latency-ms")) latency = atof(argv[++i]) / 1000;
        else if (!strcmp(argv[i], "--files")) files_dir = argv[++i];
        else if (!strcmp(argv[i], "--tls")) { cert = argv[++i]; key = argv[++i]; }
        else { fprintf(stderr, "sink: unknown option %s\n", argv[i]); return 64; }
    }
    signal(SIGPIPE, SIG_IGN);
    if (cert) {
        tls = SSL_CTX_new(TLS_server_method());
        SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        if (SSL_CTX_use_certificate_chain_file(tls, cert) != 1 || SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
            die("certificate");
    }
    int ls = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t al = sizeof a;
    setsockopt(ls, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(ls, (void *)&a, sizeof a) || listen(ls, 4096) || getsockname(ls, (void *)&a, &al)) die("listen");
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    epfd = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
    epoll_ctl(epfd, EPOLL_CTL_ADD, ls, &e);
    for (;;) {
        struct timespec wait = {0, 0}, *until = NULL;
        if (due_head) {
            double left = due_head->due - now();
            if (left > 0) wait.tv_nsec = (long)(left * 1e9);
            until = &wait;
        }
        int n = epoll_pwait2(epfd, events, 256, until, NULL);
        for (int i = 0; i < n; i++) {
            conn *c = events[i].data.ptr;
            if (!c) {
                int fd;
                while ((fd = accept4(ls, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                    conn *k = calloc(1, sizeof *k);
                    k->fd = fd; k->open = 1; k->in_cap = IN_START; k->in = malloc(IN_START);
                    if (tls) { k->ssl = SSL_new(tls); SSL_set_fd(k->ssl, fd); SSL_set_accept_state(k->ssl); }
                    struct epoll_event ne = {.events = EPOLLIN, .data.ptr = k};
                    epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ne);
                }
                continue;
            }
            if (!c->open) continue;
            if (events[i].events & EPOLLOUT) { if (!flush(c)) continue; }
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(c);
        }
        if (due_head) release_due();
    }
}
