#define _GNU_SOURCE
#include "sink.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *files_dir = "/nonexistent";

static void missing(conn *c, int with_body) {
    const char *body = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>no</Message></Error>";
    conn_answer(c, 404, "application/xml", body, with_body ? strlen(body) : 0);
}

/* decodes %XX of `from`, up to an `&` or the end, into `to` */
static void decode(char *to, size_t room, const char *from, size_t len) {
    size_t n = 0;
    for (size_t i = 0; i < len && from[i] != '&' && n + 1 < room; i++) {
        if (from[i] == '%' && i + 2 < len) {
            char hex[3] = {from[i + 1], from[i + 2], 0};
            to[n++] = (char)strtol(hex, NULL, 16);
            i += 2;
        } else {
            to[n++] = from[i];
        }
    }
    to[n] = 0;
}

/* ListObjectsV2 of a prefix that is a folder: its files in one page, however many there are */
static void list(conn *c, const char *bucket, size_t bucket_len, const char *query, size_t len) {
    char prefix[2048] = "", folder[4096], name[8192], entry[4096];
    struct stat st;
    const char *value = memmem(query, len, "prefix=", 7);
    if (value) decode(prefix, sizeof prefix, value + 7, len - (value + 7 - query));
    if (store_lists(c, bucket, bucket_len, prefix)) return;
    snprintf(folder, sizeof folder, "%s%.*s/%s", files_dir, (int)bucket_len, bucket, prefix);
    char *body = NULL;
    size_t body_len = 0;
    FILE *out = open_memstream(&body, &body_len);
    fputs("<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated>", out);
    DIR *open_folder = strstr(folder, "..") ? NULL : opendir(folder);
    for (struct dirent *file; open_folder && (file = readdir(open_folder));) {
        snprintf(name, sizeof name, "%s%s", folder, file->d_name);
        if (stat(name, &st) || !S_ISREG(st.st_mode)) continue;
        snprintf(entry, sizeof entry,
                 "<Contents><Key>%s%s</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
                 "<ETag>&quot;e&quot;</ETag><Size>%lld</Size></Contents>",
                 prefix, file->d_name, (long long)st.st_size);
        fputs(entry, out);
    }
    if (open_folder) closedir(open_folder);
    fputs("</ListBucketResult>", out);
    fclose(out);
    conn_answer(c, 200, "application/xml", body, body_len);
    free(body);
}

void s3_get(conn *c, int with_body, const char *path, size_t len) {
    char name[4096], head[512];
    struct stat st;
    size_t plain = 0;
    while (plain < len && path[plain] != '?') plain++;
    if (with_body && memmem(path + plain, len - plain, "list-type=2", 11)) {
        list(c, path, plain, path + plain, len - plain);
        return;
    }
    snprintf(name, sizeof name, "%s%.*s", files_dir, (int)plain, path);
    int fd = strstr(name, "..") ? -1 : open(name, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        if (fd >= 0) close(fd);
        missing(c, with_body);
        return;
    }
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
                     "Content-Length: %lld\r\n\r\n", (long long)st.st_size);
    conn_append(c, head, n);
    if (with_body && st.st_size) {
        c->file = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        c->file_len = st.st_size;
        c->file_pos = 0;
    }
    close(fd);
}
