#ifndef CLIENT_TEXT_NUMBER_H
#define CLIENT_TEXT_NUMBER_H

#include <stdbool.h>

/* Reads digits, nothing else. false: none, or more than INT_MAX. */
bool number_parse(const char *text, int *number);

#endif
