#define _GNU_SOURCE
#include "sink.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every object and every upload; few, so a list will do. The ETag of everything is "e". */
typedef struct object {
    struct object *next;
    char *path;                     /* /BUCKET/KEY, as it was sent */
    long long size;
    int whole;                      /* 0: an upload that is not completed */
} object;

static object *objects;
static long long received;

static object *find(const char *path, size_t len, int whole) {
    for (object *o = objects; o; o = o->next)
        if (o->whole == whole && strlen(o->path) == len && !memcmp(o->path, path, len)) return o;
    object *o = calloc(1, sizeof *o);
    o->path = strndup(path, len);
    o->whole = whole;
    o->next = objects;
    return objects = o;
}

static void say(conn *c, const char *body) { conn_answer(c, 200, "application/xml", body, strlen(body)); }

static void put_answer(conn *c) {
    static const char head[] = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n";
    conn_append(c, head, sizeof head - 1);
}

void store_put(conn *c, const request *r, const char *path, size_t len) {
    const char *query = memchr(path, '?', len);
    received += r->body_len;
    if (query && memmem(query, len - (query - path), "uploadId=", 9)) {
        find(path, query - path, 0)->size += r->body_len;
    } else {
        find(path, query ? (size_t)(query - path) : len, 1)->size = r->body_len;
    }
    put_answer(c);
}

void store_post(conn *c, const request *r, const char *path, size_t len) {
    const char *query = memchr(path, '?', len);
    size_t plain = query ? (size_t)(query - path) : len;
    (void)r;
    if (query && !memmem(query, len - plain, "uploadId=", 9)) {
        find(path, plain, 0)->size = 0;
        say(c, "<?xml version=\"1.0\"?><InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
        return;
    }
    find(path, plain, 1)->size = find(path, plain, 0)->size;
    say(c, "<?xml version=\"1.0\"?><CompleteMultipartUploadResult><ETag>&quot;e&quot;</ETag></CompleteMultipartUploadResult>");
}

/* lists what was put below a prefix; 0: nothing was */
int store_lists(conn *c, const char *bucket, size_t bucket_len, const char *prefix) {
    char *body = NULL;
    size_t body_len = 0, found = 0;
    FILE *out = open_memstream(&body, &body_len);
    fputs("<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated>", out);
    for (object *o = objects; o; o = o->next) {
        if (!o->whole || strncmp(o->path, bucket, bucket_len) || o->path[bucket_len] != '/') continue;
        const char *key = o->path + bucket_len + 1;
        if (strncmp(key, prefix, strlen(prefix))) continue;
        fprintf(out, "<Contents><Key>%s</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
                "<ETag>&quot;e&quot;</ETag><Size>%lld</Size></Contents>", key, o->size);
        found++;
    }
    fputs("</ListBucketResult>", out);
    fclose(out);
    if (found) conn_answer(c, 200, "application/xml", body, body_len);
    free(body);
    return found > 0;
}

long long store_bytes(void) { return received; }
