/* Open addressing over 64-bit hashes of keys: enough to tell whether an item was lost or came with two contents. */
#include "sink.h"
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { uint64_t key, content; } slot;

static slot *slots;
static size_t room, used, changed;
static uint64_t digest;

static uint64_t hash(const char *data, size_t len) {
    unsigned char raw[16];
    uint64_t first;
    EVP_Digest(data, len, raw, NULL, EVP_md5(), NULL);
    memcpy(&first, raw, 8);
    return first;
}

static slot *find(uint64_t key) {
    size_t at = key & (room - 1);
    while (slots[at].key && slots[at].key != key) at = (at + 1) & (room - 1);
    return &slots[at];
}

static void grow(void) {
    slot *old = slots;
    size_t had = room;
    room = room ? room * 2 : 1 << 16;
    slots = calloc(room, sizeof *slots);
    for (size_t i = 0; i < had; i++) if (old[i].key) *find(old[i].key) = old[i];
    free(old);
}

static uint64_t key_hash(const char *key, size_t len) {
    uint64_t h = hash(key, len);
    return h ? h : 1;
}

int memory_knows(const char *key, size_t len) { return room && find(key_hash(key, len))->key != 0; }

void memory_put(const char *key, size_t len, const char *content, size_t content_len) {
    if (used * 2 >= room) grow();
    slot *s = find(key_hash(key, len));
    uint64_t h = hash(content, content_len);
    if (!s->key) {
        s->key = key_hash(key, len);
        s->content = h;
        used++;
        digest += h;
    } else if (s->content != h) {
        changed++;
    }
}

/* the digest is the sum of the first eight bytes (little-endian) of the MD5 of every item's JSON */
int memory_stats(char *out, size_t space) {
    return snprintf(out, space, "\"keys\":%zu,\"changed\":%zu,\"digest\":\"%016llx\"", used, changed,
                    (unsigned long long)digest);
}

void memory_forget(void) {
    free(slots);
    slots = NULL;
    room = used = changed = 0;
    digest = 0;
}
