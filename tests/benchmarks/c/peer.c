#define _GNU_SOURCE
#include "peer.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static SSL_CTX *context;

static void fail(const char *what) { perror(what); exit(1); }

void peer_setup(const char *ca) {
    if (!ca) return;
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(context, ca, NULL) != 1) fail(ca);
}

void peer_open(peer *p, int port) {
    int one = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    p->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (p->fd < 0 || connect(p->fd, (void *)&a, sizeof a)) fail("connect");
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    p->ssl = NULL;
    if (!context) return;
    p->ssl = SSL_new(context);
    SSL_set_fd(p->ssl, p->fd);
    if (SSL_connect(p->ssl) != 1) { fprintf(stderr, "limit: no TLS with the server\n"); exit(1); }
}

void peer_unblock(peer *p) { fcntl(p->fd, F_SETFL, fcntl(p->fd, F_GETFL) | O_NONBLOCK); }

static ssize_t settled(peer *p, int n) {
    int e = SSL_get_error(p->ssl, n);
    if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) { errno = EAGAIN; return -1; }
    return 0;
}

ssize_t peer_read(peer *p, void *data, size_t len) {
    if (!p->ssl) return recv(p->fd, data, len, 0);
    ERR_clear_error();
    int n = SSL_read(p->ssl, data, (int)len);
    return n > 0 ? n : settled(p, n);
}

ssize_t peer_write(peer *p, const void *data, size_t len) {
    if (!p->ssl) return send(p->fd, data, len, MSG_NOSIGNAL);
    ERR_clear_error();
    int n = SSL_write(p->ssl, data, (int)len);
    return n > 0 ? n : settled(p, n);
}
