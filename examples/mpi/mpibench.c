/* SPDX-License-Identifier: MIT */
/* MPI micro-benchmarks: latency and bandwidth between ranks 0 and 1, all-reduce over all ranks.
 * usage: mpibench [latency|bandwidth|allreduce]... (all three without an argument) */
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MAX_BYTES 65536 /* of a message */
#define WARM_UP        5     /* round trips before the clock starts: connections are made lazily */
#define WINDOW         16    /* messages under way in the bandwidth test */
#define TAG            1

static unsigned char tx[SIZE_MAX_BYTES];
static unsigned char rx[SIZE_MAX_BYTES * WINDOW];
static int rank;
static int n_ranks;

static void give_up(const char *what)
{
    fprintf(stderr, "rank %d: %s\n", rank, what);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

/* Content that says who sent it: a message that lands in the wrong place is seen. */
static void fill(int from, int len)
{
    for (int i = 0; i < len; i++) {
        tx[i] = (unsigned char)(from * 31 + len + i);
    }
}

static void check(const unsigned char *data, int from, int len)
{
    for (int i = 0; i < len; i++) {
        if (data[i] != (unsigned char)(from * 31 + len + i)) {
            give_up("wrong data");
        }
    }
}

static void ping_pong(int len)
{
    if (rank == 0) {
        MPI_Send(tx, len, MPI_BYTE, 1, TAG, MPI_COMM_WORLD);
        MPI_Recv(rx, len, MPI_BYTE, 1, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else {
        MPI_Recv(rx, len, MPI_BYTE, 0, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Send(tx, len, MPI_BYTE, 0, TAG, MPI_COMM_WORLD);
    }
}

/* Half the round trip, as everybody reports it. */
static void latency(void)
{
    const int n = 20;

    for (int len = 1; rank < 2 && len <= SIZE_MAX_BYTES; len *= 4) {
        double start = 0;

        fill(rank, len);
        for (int i = -WARM_UP; i < n; i++) {
            if (i == 0) {
                start = MPI_Wtime();
            }
            ping_pong(len);
        }
        check(rx, 1 - rank, len);
        if (rank == 0) {
            printf("latency   %6d B  %10.2f us\n", len, (MPI_Wtime() - start) * 1e6 / (2.0 * n));
        }
    }
}

/* A window of messages one way, then one short answer. */
static void window(int len, MPI_Request *request)
{
    for (int w = 0; w < WINDOW; w++) {
        if (rank == 0) {
            MPI_Isend(tx, len, MPI_BYTE, 1, TAG, MPI_COMM_WORLD, &request[w]);
        } else {
            MPI_Irecv(rx + (size_t)w * SIZE_MAX_BYTES, len, MPI_BYTE, 0, TAG, MPI_COMM_WORLD,
                      &request[w]);
        }
    }
    MPI_Waitall(WINDOW, request, MPI_STATUSES_IGNORE);
    if (rank == 0) {
        MPI_Recv(rx, 1, MPI_BYTE, 1, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else {
        MPI_Send(tx, 1, MPI_BYTE, 0, TAG, MPI_COMM_WORLD);
    }
}

static void bandwidth(void)
{
    const int n = 4;
    MPI_Request request[WINDOW];

    for (int len = 1024; rank < 2 && len <= SIZE_MAX_BYTES; len *= 8) {
        double start = 0;

        fill(rank, len);
        for (int i = -1; i < n; i++) {
            if (i == 0) {
                start = MPI_Wtime();
            }
            window(len, request);
        }
        for (size_t w = 0; rank == 1 && w < WINDOW; w++) {
            check(rx + w * SIZE_MAX_BYTES, 0, len);
        }
        if (rank == 0) {
            double took = MPI_Wtime() - start;

            printf("bandwidth %6d B  %10.2f MB/s\n", len, (double)len * WINDOW * n / took / 1e6);
        }
    }
}

static void allreduce(void)
{
    static int in[SIZE_MAX_BYTES / sizeof(int)];
    static int sum[SIZE_MAX_BYTES / sizeof(int)];
    const int n = 5;

    for (int count = 1; count * (int)sizeof(int) <= SIZE_MAX_BYTES; count *= 32) {
        double start = 0;

        for (int i = 0; i < count; i++) {
            in[i] = rank + i;
        }
        for (int i = -1; i < n; i++) {
            if (i == 0) {
                MPI_Barrier(MPI_COMM_WORLD);
                start = MPI_Wtime();
            }
            MPI_Allreduce(in, sum, count, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
        }
        for (int i = 0; i < count; i++) {
            if (sum[i] != n_ranks * (n_ranks - 1) / 2 + n_ranks * i) {
                give_up("wrong sum");
            }
        }
        if (rank == 0) {
            printf("allreduce %6d B  %10.2f us\n", count * (int)sizeof(int),
                   (MPI_Wtime() - start) * 1e6 / n);
        }
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = { { "latency", latency }, { "bandwidth", bandwidth }, { "allreduce", allreduce } };

int main(int argc, char **argv)
{
    char host[MPI_MAX_PROCESSOR_NAME];
    int len = 0;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    MPI_Get_processor_name(host, &len);
    if (n_ranks < 2) {
        give_up("at least 2 ranks are needed");
    }
    printf("rank %d of %d on %s\n", rank, n_ranks, host);
    fflush(stdout);
    for (size_t t = 0; t < sizeof(tests) / sizeof(tests[0]); t++) {
        bool is_wanted = argc < 2;

        for (int i = 1; i < argc; i++) {
            is_wanted = is_wanted || strcmp(argv[i], tests[t].name) == 0;
        }
        MPI_Barrier(MPI_COMM_WORLD);
        if (is_wanted) {
            tests[t].run();
            fflush(stdout);
        }
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    return 0;
}
