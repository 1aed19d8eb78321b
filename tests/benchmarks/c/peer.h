/* A blocking or non-blocking connection to one host, plain or TLS, as the limit client needs it. */
#ifndef PEER_H
#define PEER_H
#include <openssl/ssl.h>
#include <sys/types.h>

typedef struct {
    int fd;
    SSL *ssl;
} peer;

/* `ca` is the file of trusted certificates, NULL for plain connections */
void peer_setup(const char *ca);
/* exits if it cannot connect */
void peer_open(peer *p, int port);
void peer_unblock(peer *p);
/* bytes moved; 0: the other end is gone; -1 with errno EAGAIN: not now */
ssize_t peer_read(peer *p, void *data, size_t len);
ssize_t peer_write(peer *p, const void *data, size_t len);
#endif
