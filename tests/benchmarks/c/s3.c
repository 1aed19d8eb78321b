#define _GNU_SOURCE
#include "sink.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *files_dir = "/nonexistent";

static void missing(conn *c, int with_body) {
    const char *body = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>no</Message></Error>";
    conn_answer(c, 404, "application/xml", body, with_body ? strlen(body) : 0);
}

void s3_get(conn *c, int with_body, const char *path, size_t len) {
    char name[4096], head[512];
    struct stat st;
    size_t plain = 0;
    while (plain < len && path[plain] != '?') plain++;
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
