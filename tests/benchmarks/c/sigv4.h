/* Signature Version 4 for POSTs of JSON to DynamoDB: the limit signs with it, the sink checks with it. */
#ifndef SIGV4_H
#define SIGV4_H
#include <stddef.h>

#define HEX_LEN 64

void hex(const unsigned char *raw, size_t len, char *out);
void sha256_hex(const void *data, size_t len, char out[HEX_LEN]);

/* the key of one day (YYYYMMDD), region and service, 32 bytes */
void derive_key(const char *secret, const char *day, const char *region, const char *service, unsigned char out[32]);

/* signature of `canonical` (a canonical request) at `stamp` (YYYYMMDDTHHMMSSZ) in `scope` */
void sign_canonical(const unsigned char key[32], const char *stamp, const char *scope, const char *canonical,
                    size_t canonical_len, char out[HEX_LEN]);
#endif
