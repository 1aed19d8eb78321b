#include "sigv4.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

void hex(const unsigned char *raw, size_t len, char *out) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[raw[i] >> 4];
        out[2 * i + 1] = digits[raw[i] & 15];
    }
}

void sha256_hex(const void *data, size_t len, char out[HEX_LEN]) {
    unsigned char raw[32];
    SHA256(data, len, raw);
    hex(raw, 32, out);
}

static void mac(const void *key, size_t key_len, const void *text, size_t len, unsigned char out[32]) {
    unsigned n = 32;
    HMAC(EVP_sha256(), key, (int)key_len, text, len, out, &n);
}

void derive_key(const char *secret, const char *day, const char *region, const char *service, unsigned char out[32]) {
    char first[256];
    int n = snprintf(first, sizeof first, "AWS4%s", secret);
    mac(first, n, day, strlen(day), out);
    mac(out, 32, region, strlen(region), out);
    mac(out, 32, service, strlen(service), out);
    mac(out, 32, "aws4_request", 12, out);
}

void sign_canonical(const unsigned char key[32], const char *stamp, const char *scope, const char *canonical,
                    size_t canonical_len, char out[HEX_LEN]) {
    char text[512];
    unsigned char raw[32];
    int n = snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n%s\n%s\n", stamp, scope);
    sha256_hex(canonical, canonical_len, text + n);
    mac(key, 32, text, n + HEX_LEN, raw);
    hex(raw, 32, out);
}
