/* What the files of the sink share. */
#ifndef SINK_H
#define SINK_H
#include <openssl/ssl.h>
#include <stddef.h>

typedef struct conn {
    int fd, want_write, open;
    SSL *ssl;
    int handshaken;
    char *in;
    size_t in_len, in_cap;
    char *out;
    size_t out_len, out_pos, out_cap;
    const char *file;               /* a mapped file that follows `out` */
    size_t file_len, file_pos;
    double due;                     /* when a held answer may go; 0: nothing is held */
    struct conn *next_due;
    int reset;                      /* the connection is to be cut instead of an answer */
} conn;

/* a request: its head (zero-terminated, with the line break before every header) and body */
typedef struct {
    const char *head, *body;
    size_t body_len;
} request;

/* conn.c: connections and their buffers */
extern int epfd;
extern double latency;              /* seconds before a POST is answered */
conn *conn_new(int fd, SSL_CTX *tls);
void conn_readable(conn *c);
int conn_flush(conn *c);            /* 0: it is gone */
void conn_append(conn *c, const char *data, size_t len);
void conn_answer(conn *c, int status, const char *type, const char *body, size_t len);
double now(void);
extern conn *due_head;              /* held answers, oldest first */
void release_due(void);

/* dynamo.c: DynamoDB's operations */
extern int checking;                /* whether signatures are verified and items remembered */
extern int scanning;                /* whether a Scan finds items */
extern double share_unprocessed, share_throttled, share_reset;
void dynamo_seed(unsigned long long seed);
void dynamo_post(conn *c, const request *r);
int dynamo_stats(char *out, size_t room);
void dynamo_forget(void);

/* memory.c: every key with a hash of its content */
int memory_knows(const char *key, size_t len);
void memory_put(const char *key, size_t len, const char *content, size_t content_len);
int memory_stats(char *out, size_t room);
void memory_forget(void);

/* scan.c: pages of a scan */
extern int scan_pages;              /* of each segment; all pages hold the same items */
extern int scan_item_bytes;
void scan_page(conn *c, const request *r);

/* live.c: a table of numbered items, see live.h */
extern long long live_items;        /* how many it has; 0: there is no such table */
void live_scan(conn *c, const request *r);
void live_get(conn *c, const request *r);
void live_write(conn *c, const request *r, int put);
int live_stats(char *out, size_t room);

/* store.c: objects that are put, of which only size and time are kept; s3_get finds none of them */
void store_put(conn *c, const request *r, const char *path, size_t len);
void store_post(conn *c, const request *r, const char *path, size_t len);
int store_lists(conn *c, const char *bucket, size_t bucket_len, const char *prefix);
long long store_bytes(void);

/* signed.c: whether a request is signed with the secret key that is in the environment */
int signed_well(const request *r);
/* the value of a header (any case), its length in `len`; NULL: there is none */
const char *header(const request *r, const char *name, size_t *len);

/* s3.c: files of a directory */
extern const char *files_dir;
void s3_get(conn *c, int with_body, const char *path, size_t len);
#endif
