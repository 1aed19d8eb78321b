/* The limit: what a restore costs in C, with one thread and epoll. Not a tool: it retries nothing and keeps no account.
 *
 *   limit PORT REGION CA|- CONNECTIONS KEY...
 *   limit --inflater
 *
 * Fetches data files (paths such as /bucket/key), inflates, hashes, splices 25 lines a request, signs and sends, as
 * ddbbackup does. Credentials come from the environment. Prints how many items were answered for.
 * Build: cc -O2 -o limit limit.c source.c peer.c sigv4.c -lssl -lcrypto -lz (or -DWITH_ISAL and -lisal) */
#define _GNU_SOURCE
#include "peer.h"
#include "sigv4.h"
#include "source.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#define BATCH 25
#define HEAD_ROOM 1024
#define TARGET "DynamoDB_20120810.BatchWriteItem"
static const char BEGIN[] = "{\"RequestItems\":{\"bench\":[{\"PutRequest\":";
static const char BETWEEN[] = "},{\"PutRequest\":";
static const char END[] = "}]}}";

typedef struct {
    peer to;
    char *out;                      /* HEAD_ROOM bytes for the head, then the body */
    size_t cap, from, end;
    int items, writing;
    char in[4096];
    size_t in_len;
} call;

static int epfd, port;
static unsigned long long done;
static const char *region, *access_key, *secret_key;
static unsigned char day_key[32];
static char stamp[20], scope[80], host[32];
static time_t prepared;

static void prepare(void) {
    time_t t = time(NULL);
    if (t == prepared) return;
    struct tm g;
    char day[9];
    gmtime_r(&t, &g);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &g);
    memcpy(day, stamp, 8);
    day[8] = 0;
    derive_key(secret_key, day, region, "dynamodb", day_key);
    snprintf(scope, sizeof scope, "%s/%s/dynamodb/aws4_request", day, region);
    prepared = t;
}

static void put(call *c, const char *data, size_t len) {
    if (c->end + len > c->cap) c->out = realloc(c->out, c->cap = (c->end + len) * 2);
    memcpy(c->out + c->end, data, len);
    c->end += len;
}

/* splices and signs the next batch; 0: there is none */
static int next_batch(call *c) {
    size_t len;
    const char *line;
    c->end = HEAD_ROOM;
    for (c->items = 0; c->items < BATCH && (line = source_line(&len)); c->items++) {
        if (c->items) put(c, BETWEEN, sizeof BETWEEN - 1); else put(c, BEGIN, sizeof BEGIN - 1);
        put(c, line, len);
    }
    if (!c->items) return 0;
    put(c, END, sizeof END - 1);
    char canonical[512], head[HEAD_ROOM], signature[HEX_LEN];
    size_t body_len = c->end - HEAD_ROOM;
    prepare();
    int n = snprintf(canonical, sizeof canonical,
                     "POST\n/\n\ncontent-type:application/x-amz-json-1.0\nhost:%s\nx-amz-date:%s\nx-amz-target:" TARGET
                     "\n\ncontent-type;host;x-amz-date;x-amz-target\n", host, stamp);
    sha256_hex(c->out + HEAD_ROOM, body_len, canonical + n);
    sign_canonical(day_key, stamp, scope, canonical, n + HEX_LEN, signature);
    n = snprintf(head, sizeof head,
                 "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Date: %s\r\n"
                 "X-Amz-Target: " TARGET "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=%s/%s, "
                 "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=%.64s\r\nContent-Length: %zu\r\n\r\n",
                 host, stamp, access_key, scope, signature, body_len);
    c->from = HEAD_ROOM - n;
    memcpy(c->out + c->from, head, n);
    return 1;
}

static void watch(call *c, int writing) {
    if (writing == c->writing) return;
    c->writing = writing;
    struct epoll_event e = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(epfd, EPOLL_CTL_MOD, c->to.fd, &e);
}

static void gone(void) { fprintf(stderr, "limit: the connection is gone\n"); exit(1); }

static void write_on(call *c) {
    while (c->from < c->end) {
        ssize_t n = peer_write(&c->to, c->out + c->from, c->end - c->from);
        if (n < 0 && errno == EAGAIN) { watch(c, 1); return; }
        if (n <= 0) gone();
        c->from += n;
    }
    watch(c, 0);
}

/* 1: a whole answer is there */
static int answered(call *c) {
    ssize_t n = peer_read(&c->to, c->in + c->in_len, sizeof c->in - c->in_len - 1);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n <= 0) gone();
    c->in[c->in_len += n] = 0;
    char *end = strstr(c->in, "\r\n\r\n"), *length = strcasestr(c->in, "content-length:");
    if (!end || c->in_len < (size_t)(end + 4 - c->in) + atoi(length + 15)) return 0;
    if (memcmp(c->in, "HTTP/1.1 200", 12) || strcmp(end + 4, "{\"UnprocessedItems\":{}}")) {
        fprintf(stderr, "limit: %.400s\n", c->in);
        exit(1);
    }
    c->in_len = 0;
    done += c->items;
    return 1;
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--inflater")) { puts(source_inflater()); return 0; }
    if (argc < 6) { fprintf(stderr, "limit PORT REGION CA|- CONNECTIONS KEY...\n"); return 64; }
    port = atoi(argv[1]);
    region = argv[2];
    access_key = getenv("AWS_ACCESS_KEY_ID");
    secret_key = getenv("AWS_SECRET_ACCESS_KEY");
    snprintf(host, sizeof host, "127.0.0.1:%d", port);
    peer_setup(strcmp(argv[3], "-") ? argv[3] : NULL);
    source_begin(port, argv + 5, argc - 5);
    int many = atoi(argv[4]), busy = 0;
    call *calls = calloc(many, sizeof *calls);
    struct epoll_event events[256];
    epfd = epoll_create1(0);
    for (call *c = calls; c < calls + many; c++) {
        if (!next_batch(c)) break;
        peer_open(&c->to, port);
        peer_unblock(&c->to);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(epfd, EPOLL_CTL_ADD, c->to.fd, &e);
        write_on(c);
        busy++;
    }
    while (busy) {
        int n = epoll_wait(epfd, events, 256, -1);
        for (int i = 0; i < n; i++) {
            call *c = events[i].data.ptr;
            if (c->from < c->end) write_on(c);
            else if (answered(c)) { if (next_batch(c)) write_on(c); else busy--; }
        }
    }
    printf("%llu\n", done);
    return 0;
}
