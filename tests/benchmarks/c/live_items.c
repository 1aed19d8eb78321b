#include "live.h"
#include <stdio.h>
#include <string.h>

#define ITEM_BYTES 400

static const char *WORDS[32] = {
    "order ", "customer ", "invoice ", "street ", "delivered ", "on ", "the ", "morning ", "of ", "a ", "quiet ", "blue ",
    "package ", "number ", "returned ", "by ", "post ", "with ", "note ", "about ", "damage ", "refund ", "pending ",
    "since ", "last ", "week ", "thanks ", "for ", "your ", "patience ", "again ", "soon ",
};

/* words up to a length, the same for the same number */
static size_t text(char *out, int number, size_t len) {
    unsigned long long dice = (number + 1) * 0x9E3779B97F4A7C15ull;
    size_t n = 0;
    while (n < len) {
        dice ^= dice << 13; dice ^= dice >> 7; dice ^= dice << 17;
        const char *word = WORDS[dice >> 59];
        size_t some = strlen(word);
        if (some > len - n) some = len - n;
        memcpy(out + n, word, some);
        n += some;
    }
    return n;
}

#define ID "\"id\":{\"S\":\"%s-%09d\"}"
#define AMOUNT "\"amount\":{\"N\":\"%d.%02d\"}"
#define REST "\"open\":{\"BOOL\":true},\"tags\":{\"L\":[{\"S\":\"new\"},{\"M\":{\"a\":{\"NULL\":true}}}]}"

static size_t one(char *out, const char *prefix, int number, int amount, int reversed) {
    int cents = 1 + number % 9;                     /* as DynamoDB writes numbers: without a zero at the end */
    char amounts[64];
    snprintf(amounts, sizeof amounts, AMOUNT, amount, cents);
    size_t n = reversed ? (size_t)sprintf(out, "{%s,%s,\"text\":{\"S\":\"", amounts, REST)
                        : (size_t)sprintf(out, "{" ID ",%s,%s,\"text\":{\"S\":\"", prefix, number, amounts, REST);
    size_t tail = reversed ? strlen("\"},\"id\":{\"S\":\"-000000000\"}}") + strlen(prefix) : strlen("\"}}");
    n += text(out + n, number, ITEM_BYTES - n - tail);
    return n + (reversed ? (size_t)sprintf(out + n, "\"}," ID "}", prefix, number) : (size_t)sprintf(out + n, "\"}}"));
}

size_t point_item(char *out, int number) { return one(out, "item", number, number * 7LL % 9973, 0); }

size_t live_item(char *out, int number) {
    return one(out, "item", number, number * 7LL % 9973 + (number % LIVE_CYCLE == 1), 1);
}

size_t extra_item(char *out, int number) { return one(out, "more", number, 1, 1); }
