#define _GNU_SOURCE
#include "sink.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PAGE (1 << 20)

int scan_pages = 100, scan_item_bytes = 400;
static char *items;                 /* `"Count":N,"Items":[…],"ScannedCount":N}` */
static size_t items_len;
static unsigned long items_crc;

static const char *WORDS[32] = {
    "order ", "customer ", "invoice ", "street ", "delivered ", "on ", "the ", "morning ", "of ", "a ", "quiet ", "blue ",
    "package ", "number ", "returned ", "by ", "post ", "with ", "note ", "about ", "damage ", "refund ", "pending ",
    "since ", "last ", "week ", "thanks ", "for ", "your ", "patience ", "again ", "soon ",
};

/* items of mixed types, as long as they are asked for, with text that compresses as text does */
static size_t item(char *out, int number) {
    static unsigned long long dice = 88172645463325252ull;
    int n = sprintf(out, "{\"id\":{\"S\":\"item-%09d\"},\"amount\":{\"N\":\"%d.%02d\"},\"open\":{\"BOOL\":true},"
                    "\"tags\":{\"L\":[{\"S\":\"new\"},{\"M\":{\"a\":{\"NULL\":true}}}]},\"text\":{\"S\":\"",
                    number, number * 7 % 9973, number % 100);
    while (n < scan_item_bytes - 3) {
        dice ^= dice << 13; dice ^= dice >> 7; dice ^= dice << 17;
        for (const char *word = WORDS[dice % 32]; *word && n < scan_item_bytes - 3;) out[n++] = *word++;
    }
    return n + sprintf(out + n, "\"}}");
}

static void prepare(void) {
    int count = PAGE / (scan_item_bytes + 1);
    items = malloc(PAGE + 4096 + scan_item_bytes);
    items_len = sprintf(items, "\"Count\":%d,\"Items\":[", count);
    for (int number = 0; number < count; number++) {
        if (number) items[items_len++] = ',';
        items_len += item(items + items_len, number);
    }
    items_len += sprintf(items + items_len, "],\"ScannedCount\":%d}", count);
    items_crc = crc32(0, (void *)items, items_len);
}

/* which page of its segment a request asks for: the last key of page N is page-N */
static int page_number(const request *r) {
    const char *at = memmem(r->body, r->body_len, "\"page-", 6);
    return at ? atoi(at + 6) + 1 : 0;
}

void scan_page(conn *c, const request *r) {
    char before[512], head[512];
    int number = page_number(r), n;
    if (!items) prepare();
    n = snprintf(before, sizeof before, "{\"ConsumedCapacity\":{\"CapacityUnits\":256.0,\"TableName\":\"bench\"},");
    if (number + 1 < scan_pages)
        n += snprintf(before + n, sizeof before - n, "\"LastEvaluatedKey\":{\"id\":{\"S\":\"page-%d\"}},", number);
    unsigned long crc = crc32_combine(crc32(0, (void *)before, n), items_crc, items_len);
    int h = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
                     "x-amz-crc32: %lu\r\nContent-Length: %zu\r\n\r\n", crc, n + items_len);
    conn_append(c, head, h);
    conn_append(c, before, n);
    conn_append(c, items, items_len);
}
