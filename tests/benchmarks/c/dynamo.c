#define _GNU_SOURCE
#include "sink.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int checking, scanning;
double share_unprocessed, share_throttled, share_reset;
static unsigned long long items, requests, unsigned_ones, unprocessed, throttled, resets, dice = 88172645463325252ull;

static const char TABLE[] =
    "{\"Table\":{\"TableName\":\"bench\",\"TableArn\":\"arn:aws:dynamodb:us-east-1:000000000000:table/bench\","
    "\"TableId\":\"00000000-0000-0000-0000-000000000001\",\"TableStatus\":\"ACTIVE\",\"ItemCount\":0,\"TableSizeBytes\":0,"
    "\"BillingModeSummary\":{\"BillingMode\":\"PAY_PER_REQUEST\"},"
    "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":0,\"WriteCapacityUnits\":0},"
    "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
    "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}]}}";
#define ERROR(code) "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" code "\",\"message\":\"the sink says so\"}"

void dynamo_seed(unsigned long long seed) { dice ^= seed * 0x9E3779B97F4A7C15ull; }

static int happens(double share) {
    if (share <= 0) return 0;
    dice ^= dice << 13; dice ^= dice >> 7; dice ^= dice << 17;
    return (dice >> 11) * (1.0 / (1ull << 53)) < share;
}

static void say(conn *c, int status, const char *body) {
    conn_answer(c, status, "application/x-amz-json-1.0", body, strlen(body));
}

/* the JSON object that begins at or after `at`, its length in `len`; NULL: there is none */
static const char *object(const char *at, const char *end, size_t *len) {
    const char *from = memchr(at, '{', end - at);
    int depth = 0, quoted = 0;
    for (const char *p = from; p && p < end; p++) {
        if (quoted) {
            if (*p == '\\') p++;
            else if (*p == '"') quoted = 0;
        } else if (*p == '"') quoted = 1;
        else if (*p == '{') depth++;
        else if (*p == '}' && !--depth) { *len = p + 1 - from; return from; }
    }
    return NULL;
}

/* the value of the string attribute `id` of an item (keys of the benchmark need no escapes) */
static const char *key_of(const char *item, size_t item_len, size_t *len) {
    const char *end = item + item_len, *at = memmem(item, item_len, "\"id\"", 4);
    if (at) at = memmem(at, end - at, "\"S\"", 3);
    if (at) at = memchr(at + 3, '"', end - at - 3);
    if (!at) return NULL;
    *len = (const char *)memchr(at + 1, '"', end - at - 1) - at - 1;
    return at + 1;
}

static void remember(const char *item, size_t len) {
    size_t key_len;
    const char *key = key_of(item, len, &key_len);
    items++;
    if (key) memory_put(key, key_len, item, len);
}

static void checked_batch(conn *c, const request *r) {
    const char *end = r->body + r->body_len, *p = r->body;
    size_t cap = r->body_len + 64 * 25 + 256, n, len, left = 0;
    char *back = malloc(cap);
    n = snprintf(back, cap, "{\"UnprocessedItems\":{\"bench\":[");
    while ((p = memmem(p, end - p, "\"PutRequest\"", 12))) {
        p = memmem(p, end - p, "\"Item\"", 6);
        const char *item = p ? object(p + 6, end, &len) : NULL;
        if (!item) break;
        if (happens(share_unprocessed)) {
            n += snprintf(back + n, cap - n, "%s{\"PutRequest\":{\"Item\":%.*s}}", left++ ? "," : "", (int)len, item);
        } else {
            remember(item, len);
        }
        p = item + len;
    }
    unprocessed += left;
    snprintf(back + n, cap - n, "]}}");
    say(c, 200, left ? back : "{\"UnprocessedItems\":{}}");
    free(back);
}

static void checked_put(conn *c, const request *r) {
    size_t len, key_len;
    const char *end = r->body + r->body_len, *p = memmem(r->body, r->body_len, "\"Item\"", 6);
    const char *item = p ? object(p + 6, end, &len) : NULL, *key = item ? key_of(item, len, &key_len) : NULL;
    if (!key) { say(c, 400, ERROR("ValidationException")); return; }
    if (memmem(r->body, r->body_len, "attribute_not_exists", 20) && memory_knows(key, key_len)) {
        say(c, 400, ERROR("ConditionalCheckFailedException"));
        return;
    }
    remember(item, len);
    say(c, 200, "{}");
}

/* 1: something else than an answer was given */
static int fault(conn *c) {
    if (happens(share_reset)) { resets++; c->reset = 1; return 1; }
    if (!happens(share_throttled)) return 0;
    throttled++;
    say(c, 400, ERROR("ProvisionedThroughputExceededException"));
    return 1;
}

static void batch(conn *c, const request *r) {
    if (checking) { checked_batch(c, r); return; }
    const char *p = r->body, *end = r->body + r->body_len;
    while ((p = memmem(p, end - p, "\"PutRequest\"", 12))) { items++; p += 12; }
    say(c, 200, "{\"UnprocessedItems\":{}}");
}

void dynamo_post(conn *c, const request *r) {
    size_t len = 0;
    const char *target = header(r, "x-amz-target", &len), *dot = target ? memchr(target, '.', len) : NULL;
    const char *operation = dot ? dot + 1 : "";
    int writes = !strncmp(operation, "BatchWriteItem\r", 15) || !strncmp(operation, "PutItem\r", 8);
    requests++;
    if (checking && !signed_well(r)) {
        unsigned_ones++;
        say(c, 400, ERROR("InvalidSignatureException"));
    } else if (writes && checking && fault(c)) {
        return;
    } else if (live_items && !strncmp(operation, "Scan\r", 5)) {
        live_scan(c, r);
    } else if (live_items && !strncmp(operation, "BatchGetItem\r", 13)) {
        live_get(c, r);
    } else if (live_items && (!strncmp(operation, "PutItem\r", 8) || !strncmp(operation, "DeleteItem\r", 11))) {
        live_write(c, r, operation[0] == 'P');
    } else if (operation[0] == 'B' && writes) {
        batch(c, r);
    } else if (writes && checking) {
        checked_put(c, r);
    } else if (writes) {
        items++;
        say(c, 200, "{}");
    } else if (!strncmp(operation, "DescribeTable\r", 14)) {
        say(c, 200, TABLE);
    } else if (!strncmp(operation, "Scan\r", 5) && scanning) {
        scan_page(c, r);
    } else if (!strncmp(operation, "ListTables\r", 11)) {
        say(c, 200, "{\"TableNames\":[\"bench\"]}");
    } else {
        say(c, 200, "{\"Count\":0,\"ScannedCount\":0,\"Items\":[]}");
    }
}

int dynamo_stats(char *out, size_t room) {
    int n = snprintf(out, room, "{\"items\":%llu,\"requests\":%llu,\"unsigned\":%llu,\"unprocessed\":%llu,"
                     "\"throttled\":%llu,\"resets\":%llu,", items, requests, unsigned_ones, unprocessed, throttled, resets);
    n += snprintf(out + n, room - n, "\"stored_bytes\":%lld,", store_bytes());
    n += memory_stats(out + n, room - n);
    n += live_stats(out + n, room - n);
    return n + snprintf(out + n, room - n, "}");
}

void dynamo_forget(void) { items = requests = unsigned_ones = unprocessed = throttled = resets = 0; }
