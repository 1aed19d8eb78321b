#define _GNU_SOURCE
#include "sink.h"
#include "live.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PAGE (1 << 20)

long long live_items;
static unsigned long long put_count, delete_count, unknown;
static unsigned char *restored, *deleted;           /* a bit for each number: the item was put; the extra one was deleted */

static int is_set(const unsigned char *bits, long long number) { return bits && bits[number / 8] >> number % 8 & 1; }

static void set(unsigned char **bits, long long number) {
    if (!*bits) *bits = calloc(live_items / 8 + 1, 1);
    (*bits)[number / 8] |= 1 << number % 8;
}

/* the item of a number as the table has it by now; 0: it has none */
static size_t item_now(char *out, long long number) {
    if (is_set(restored, number)) return point_item(out, number);
    return number % LIVE_CYCLE ? live_item(out, number) : 0;
}

static size_t extra_now(char *out, long long number) {
    return number % LIVE_CYCLE == 2 && !is_set(deleted, number) ? extra_item(out, number) : 0;
}

static void answer(conn *c, const char *body, size_t len) {
    char head[256];
    int h = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
                     "x-amz-crc32: %lu\r\nContent-Length: %zu\r\n\r\n", crc32(0, (const void *)body, len), len);
    conn_append(c, head, h);
    conn_append(c, body, len);
}

static long long number_after(const request *r, const char *name, long long otherwise) {
    const char *at = memmem(r->body, r->body_len, name, strlen(name));
    return at ? atoll(at + strlen(name)) : otherwise;
}

/* one page of a segment: the items of a range of numbers, and the extra one of each cycle */
void live_scan(conn *c, const request *r) {
    static char *page;
    long long segments = number_after(r, "\"TotalSegments\":", 1), segment = number_after(r, "\"Segment\":", 0);
    long long number = number_after(r, "\"item-", live_items * segment / segments - 1) + 1;
    long long end = live_items * (segment + 1) / segments, last = -1, count = 0;
    if (!page) page = malloc(PAGE + (64 << 10));
    size_t n = sprintf(page, "{\"Items\":["), len;
    for (; number < end && n < PAGE - 2 * LIVE_ITEM_ROOM; number++) {
        for (int extra = 0; extra < 2; extra++) {
            len = extra ? extra_now(page + n, number) : item_now(page + n, number);
            if (!len) continue;
            n += len;
            page[n++] = ',';
            count++;
        }
        last = number;
    }
    if (count) n--;
    n += sprintf(page + n, "],\"Count\":%lld,\"ScannedCount\":%lld", count, count);
    if (number < end) n += sprintf(page + n, ",\"LastEvaluatedKey\":{\"id\":{\"S\":\"item-%09lld\"}}", last);
    n += sprintf(page + n, ",\"ConsumedCapacity\":{\"CapacityUnits\":%lld.0,\"TableName\":\"bench\"}}", count * 400 / 4096 + 1);
    answer(c, page, n);
}

/* the item behind a key at `at`; 0: the table has none */
static size_t item_at(char *out, const char *at) {
    return memcmp(at, "\"more-", 6) ? item_now(out, atoi(at + 6)) : extra_now(out, atoi(at + 6));
}

/* where the next key begins, NULL: nowhere */
static const char *next_key(const char *from, const char *end) {
    const char *item = memmem(from, end - from, "\"item-", 6), *more = memmem(from, end - from, "\"more-", 6);
    return !item ? more : !more || item < more ? item : more;
}

void live_get(conn *c, const request *r) {
    char body[(LIVE_ITEM_ROOM + 1) * 100 + 256];
    const char *end = r->body + r->body_len, *at = r->body;
    size_t n = sprintf(body, "{\"Responses\":{\"bench\":["), start = n, len;
    while ((at = next_key(at, end))) {
        if (n > start) body[n++] = ',';
        if ((len = item_at(body + n, at))) n += len;
        else if (n > start) n--;
        at += 6;
    }
    n += sprintf(body + n, "]},\"UnprocessedKeys\":{}}");
    answer(c, body, n);
}

/* The put of an item of the restore point, or the delete of an extra one; what it replaces is in the answer. */
void live_write(conn *c, const request *r, int put) {
    char body[LIVE_ITEM_ROOM + 64];
    const char *key = next_key(r->body, r->body + r->body_len);
    if (!key || put != !!memcmp(key, "\"more-", 6) || atoi(key + 6) >= live_items) { unknown++; answer(c, "{}", 2); return; }
    size_t n = sprintf(body, "{\"Attributes\":"), len = item_at(body + n, key);
    if (put) { put_count++; set(&restored, atoi(key + 6)); } else { delete_count++; set(&deleted, atoi(key + 6)); }
    if (!len) { answer(c, "{}", 2); return; }
    n += len;
    body[n++] = '}';
    answer(c, body, n);
}

int live_stats(char *out, size_t room) {
    return snprintf(out, room, ",\"live_puts\":%llu,\"live_deletes\":%llu,\"live_unknown\":%llu", put_count, delete_count, unknown);
}
