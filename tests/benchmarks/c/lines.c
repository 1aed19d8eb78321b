/* Data files of an export whose items `live_items.c` numbers.
 *
 *   lines DIR FILES ITEMS_A_FILE FIRST STEP      writes the files FIRST, FIRST+STEP, …
 *
 * Prints for each file: its name, its size, the base64 of its MD5.
 * Build: cc -O2 -o lines lines.c live_items.c -lcrypto -lz */
#include "live.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BLOCK (1 << 20)

static unsigned char block[BLOCK + LIVE_ITEM_ROOM], packed[BLOCK];
static size_t block_len;
static long long size;
static FILE *file;
static EVP_MD_CTX *md5;
static z_stream z;

static void pack(int flush) {
    z.next_in = block;
    z.avail_in = block_len;
    do {
        z.next_out = packed;
        z.avail_out = sizeof packed;
        deflate(&z, flush);
        size_t n = sizeof packed - z.avail_out;
        fwrite(packed, 1, n, file);
        EVP_DigestUpdate(md5, packed, n);
        size += n;
    } while (!z.avail_out);
    block_len = 0;
}

static void write_file(const char *dir, int which, int items) {
    char path[4096], text[32];
    unsigned char digest[16];
    snprintf(path, sizeof path, "%s/%05d.json.gz", dir, which);
    if (!(file = fopen(path, "wb"))) { perror(path); exit(1); }
    memset(&z, 0, sizeof z);
    deflateInit2(&z, 1, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY);
    EVP_DigestInit_ex(md5, EVP_md5(), NULL);
    size = 0;
    for (int number = which * items; number < (which + 1) * items; number++) {
        block_len += sprintf((char *)block + block_len, "{\"Item\":");
        block_len += point_item((char *)block + block_len, number);
        block_len += sprintf((char *)block + block_len, "}\n");
        if (block_len >= BLOCK) pack(Z_NO_FLUSH);
    }
    pack(Z_FINISH);
    deflateEnd(&z);
    if (fclose(file)) { perror(path); exit(1); }
    EVP_DigestFinal_ex(md5, digest, NULL);
    EVP_EncodeBlock((unsigned char *)text, digest, 16);
    printf("%05d.json.gz %lld %s\n", which, size, text);
}

int main(int argc, char **argv) {
    if (argc != 6) { fprintf(stderr, "lines DIR FILES ITEMS_A_FILE FIRST STEP\n"); return 64; }
    int files = atoi(argv[2]), items = atoi(argv[3]);
    md5 = EVP_MD_CTX_new();
    for (int which = atoi(argv[4]); which < files; which += atoi(argv[5])) write_file(argv[1], which, items);
    return 0;
}
