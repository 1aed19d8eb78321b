#define _GNU_SOURCE
#include "sigv4.h"
#include "sink.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *header(const request *r, const char *name, size_t *len) {
    char wanted[128];
    snprintf(wanted, sizeof wanted, "\r\n%s:", name);
    const char *at = strcasestr(r->head, wanted);
    if (!at) return NULL;
    at += strlen(wanted);
    while (*at == ' ') at++;
    *len = strcspn(at, "\r");
    while (*len && at[*len - 1] == ' ') --*len;
    return at;
}

/* what follows `name` in the Authorization header, up to a comma; 0: it is not there */
static int part(const char *authorization, size_t len, const char *name, char *out, size_t room) {
    const char *at = memmem(authorization, len, name, strlen(name));
    if (!at) return 0;
    at += strlen(name);
    size_t n = strcspn(at, ",\r");
    if (n >= room) return 0;
    memcpy(out, at, n);
    out[n] = 0;
    return 1;
}

int signed_well(const request *r) {
    char credential[256], names[512], signature[128], canonical[8192], made[HEX_LEN], list[512];
    size_t len, stamp_len;
    const char *authorization = header(r, "authorization", &len), *stamp = header(r, "x-amz-date", &stamp_len);
    if (!authorization || !stamp || stamp_len != 16) return 0;
    if (!part(authorization, len, "Credential=", credential, sizeof credential)
        || !part(authorization, len, "SignedHeaders=", names, sizeof names)
        || !part(authorization, len, "Signature=", signature, sizeof signature)) return 0;

    int n = snprintf(canonical, sizeof canonical, "POST\n/\n\n");
    strcpy(list, names);
    for (char *save, *name = strtok_r(list, ";", &save); name; name = strtok_r(NULL, ";", &save)) {
        size_t value_len;
        const char *value = header(r, name, &value_len);
        if (!value || n + value_len + 256 > sizeof canonical) return 0;
        n += snprintf(canonical + n, sizeof canonical - n, "%s:%.*s\n", name, (int)value_len, value);
    }
    n += snprintf(canonical + n, sizeof canonical - n, "\n%s\n", names);
    if (n + HEX_LEN >= (int)sizeof canonical) return 0;
    sha256_hex(r->body, r->body_len, canonical + n);

    char day[16], region[64], service[32], date[20], *scope = strchr(credential, '/');
    if (!scope || sscanf(++scope, "%15[^/]/%63[^/]/%31[^/]/", day, region, service) != 3) return 0;
    unsigned char key[32];
    derive_key(getenv("AWS_SECRET_ACCESS_KEY"), day, region, service, key);
    snprintf(date, sizeof date, "%.16s", stamp);
    sign_canonical(key, date, scope, canonical, n + HEX_LEN, made);
    return strlen(signature) == HEX_LEN && !memcmp(made, signature, HEX_LEN);
}
