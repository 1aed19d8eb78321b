/* A table of numbered items, for comparisons: what a restore point holds of it, and what the live table holds. */
#ifndef LIVE_H
#define LIVE_H
#include <stddef.h>

#define LIVE_ITEM_ROOM 1024

/* Of 300 numbers, the restore point alone has the first, both have the second with other values, and the live table has
 * an item that the restore point lacks: 1 % differ. */
#define LIVE_CYCLE 300

size_t point_item(char *out, int number);           /* as the restore point has it */
size_t live_item(char *out, int number);            /* as the table has it, with its attributes in another order */
size_t extra_item(char *out, int number);           /* of the table alone; one for each cycle */
#endif
