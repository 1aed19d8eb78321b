/* The lines of data files: fetched from the S3 server, hashed (MD5) and inflated as a stream. */
#ifndef SOURCE_H
#define SOURCE_H
#include <stddef.h>

/* `keys` are paths such as /bucket/key */
void source_begin(int port, char **keys, int count);
/* the next line without its newline, valid until the next call; NULL at the end */
const char *source_line(size_t *len);
/* "isal" or "zlib" */
const char *source_inflater(void);
#endif
