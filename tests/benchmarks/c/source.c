#define _GNU_SOURCE
#include "source.h"
#include "peer.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef WITH_ISAL
#include <isa-l/igzip_lib.h>
#else
#include <zlib.h>
#endif

#define CHUNK (1 << 20)
#define PLAIN (8 << 20)             /* inflated bytes that stay valid */

static peer s3;
static int port, keys_left, opened;
static char **keys;
static EVP_MD_CTX *md5;
static unsigned char chunk[CHUNK];
static size_t chunk_len, chunk_at;
static long long body_left;
static char *plain;
static size_t plain_end, line_at;
static int stream_over = 1;

#ifdef WITH_ISAL
const char *source_inflater(void) { return "isal"; }
static struct inflate_state z;
static void inflate_begin(void) { isal_inflate_init(&z); z.crc_flag = ISAL_GZIP; }
static size_t inflate_some(char *out, size_t room, int *over) {
    z.next_in = chunk + chunk_at; z.avail_in = chunk_len - chunk_at;
    z.next_out = (void *)out; z.avail_out = room;
    if (isal_inflate(&z) != ISAL_DECOMP_OK) { fprintf(stderr, "limit: not gzip\n"); exit(1); }
    chunk_at = chunk_len - z.avail_in;
    *over = z.block_state == ISAL_BLOCK_FINISH;
    return room - z.avail_out;
}
#else
const char *source_inflater(void) { return "zlib"; }
static z_stream z;
static void inflate_begin(void) { memset(&z, 0, sizeof z); inflateInit2(&z, 31); }
static size_t inflate_some(char *out, size_t room, int *over) {
    z.next_in = chunk + chunk_at; z.avail_in = chunk_len - chunk_at;
    z.next_out = (void *)out; z.avail_out = room;
    int r = inflate(&z, Z_NO_FLUSH);
    if (r != Z_OK && r != Z_STREAM_END) { fprintf(stderr, "limit: not gzip\n"); exit(1); }
    chunk_at = chunk_len - z.avail_in;
    if ((*over = r == Z_STREAM_END)) inflateEnd(&z);
    return room - z.avail_out;
}
#endif

void source_begin(int at_port, char **paths, int count) {
    port = at_port; keys = paths; keys_left = count;
    plain = malloc(PLAIN);
    md5 = EVP_MD_CTX_new();
}

static void open_next(void) {
    char head[2048], *end = NULL, *length;
    int n = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: s3\r\n\r\n", *keys++);
    keys_left--;
    if (!opened) { peer_open(&s3, port); opened = 1; }
    peer_write(&s3, head, n);
    for (chunk_len = 0; !end;) {
        ssize_t got = peer_read(&s3, chunk + chunk_len, CHUNK - chunk_len);
        if (got <= 0) { fprintf(stderr, "limit: the S3 server is gone\n"); exit(1); }
        chunk_len += got;
        end = memmem(chunk, chunk_len, "\r\n\r\n", 4);
    }
    length = strcasestr((char *)chunk, "content-length:");
    if (memcmp(chunk, "HTTP/1.1 200", 12) || !length) { fprintf(stderr, "limit: no such file\n"); exit(1); }
    chunk_at = (size_t)(end + 4 - (char *)chunk);
    body_left = atoll(length + 15) - (long long)(chunk_len - chunk_at);
    EVP_DigestInit_ex(md5, EVP_md5(), NULL);
    EVP_DigestUpdate(md5, chunk + chunk_at, chunk_len - chunk_at);
    inflate_begin();
    stream_over = 0;
}

static void fetch_more(void) {
    size_t want = body_left < CHUNK ? (size_t)body_left : CHUNK;
    ssize_t got = want ? peer_read(&s3, chunk, want) : 0;
    if (got <= 0) { fprintf(stderr, "limit: a file ends too early\n"); exit(1); }
    EVP_DigestUpdate(md5, chunk, got);
    body_left -= got;
    chunk_len = got;
    chunk_at = 0;
}

/* more inflated bytes behind the open line; 0: everything was read */
static int fill(void) {
    while (stream_over) {
        unsigned char digest[16];
        if (opened && !body_left) EVP_DigestFinal_ex(md5, digest, NULL);
        if (!keys_left) return 0;
        open_next();
    }
    if (plain_end + CHUNK > PLAIN) {
        size_t rest = plain_end - line_at;
        memmove(plain, plain + line_at, rest);
        plain_end = rest;
        line_at = 0;
    }
    if (chunk_at == chunk_len && body_left) fetch_more();
    size_t made = inflate_some(plain + plain_end, CHUNK, &stream_over);
    if (!made && !stream_over && !body_left) { fprintf(stderr, "limit: a file ends too early\n"); exit(1); }
    plain_end += made;
    return 1;
}

const char *source_line(size_t *len) {
    for (;;) {
        char *from = plain + line_at, *end = memchr(from, '\n', plain_end - line_at);
        if (end) {
            *len = end - from;
            line_at += *len + 1;
            return from;
        }
        if (!fill()) return NULL;
    }
}
