/*
 * Inputs of the fuzzer, run without it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * replay CORPUS: each line that is not a comment is an input, in hex. Prints
 * TAP; a broken rule ends the program, at the line that is printed last.
 */

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static long unhex(const char *line, uint8_t *data, size_t size)
{
    size_t n = 0;

    for (; isxdigit((unsigned char)line[0]); line += 2, n++) {
        unsigned byte;

        if (n == size || sscanf(line, "%2x", &byte) != 1 ||
            !isxdigit((unsigned char)line[1])) {
            return -1;
        }
        data[n] = byte;
    }
    return line[0] == '\n' ? (long)n : -1;
}

int main(int argc, char **argv)
{
    char line[8192];
    uint8_t buffer[4096];
    unsigned tests = 0, number = 0;
    FILE *corpus = argc == 2 ? fopen(argv[1], "r") : NULL;

    if (!corpus) {
        fprintf(stderr, "replay: cannot read the corpus; usage: %s CORPUS\n",
                argv[0]);
        return 1;
    }
    while (fgets(line, sizeof(line), corpus)) {
        uint8_t *data;
        long size;

        number++;
        if (line[0] == '#') {
            continue;
        }
        size = unhex(line, buffer, sizeof(buffer));
        if (size < 0) {
            printf("Bail out! line %u is not hex, or too long\n", number);
            return 1;
        }
        /* Of just this size, so that a sanitizer sees reads beyond it. */
        data = malloc(size);
        for (long i = 0; i < size; i++) {
            data[i] = buffer[i];
        }
        printf("# line %u\n", number);
        fflush(stdout);
        LLVMFuzzerTestOneInput(data, size);
        free(data);
        printf("ok %u - line %u\n", ++tests, number);
    }
    fclose(corpus);
    printf("1..%u\n", tests);
    return tests ? 0 : 1;
}
