/* SPDX-License-Identifier: MIT */
/* vdc-rshd runs commands for other nodes, vdc-rsh asks it to: what mpirun and tests start remote
 * programs with (docs/guide/rdma.md). No users, no passwords: the network of an experiment is its
 * own. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT          514u /* what rsh has always used */
#define COMMAND_MAX   65536u
#define CHUNK_MAX     65536u
#define RETRY_NS      10000000L /* between two attempts to reach a node that does not listen yet */
#define RETRIES_MAX   1000u
#define STATUS_REMOTE 255 /* the command did not run to its end: as ssh does */

/* A record from the server: output of the command, or its end with the status in @len. Both numbers
 * are big endian. The other way there is one record, the command. */
enum record_kind { RECORD_COMMAND = 1, RECORD_STDOUT, RECORD_STDERR, RECORD_END };

struct record {
    uint32_t kind;
    uint32_t len;
};

static bool write_all(int fd, const void *data, size_t len)
{
    const char *p = data;

    while (len > 0) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        p += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool read_all(int fd, void *data, size_t len)
{
    char *p = data;

    while (len > 0) {
        ssize_t n = read(fd, p, len);

        if (n == 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        p += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool put_record(int fd, enum record_kind kind, const void *data, uint32_t len)
{
    struct record r = { .kind = htonl(kind), .len = htonl(len) };

    return write_all(fd, &r, sizeof(r)) && (data == NULL || write_all(fd, data, len));
}

static bool get_record(int fd, struct record *r)
{
    if (!read_all(fd, r, sizeof(*r))) {
        return false;
    }
    r->kind = ntohl(r->kind);
    r->len = ntohl(r->len);
    return true;
}

/* The server's side. */

static _Noreturn void become_command(char *command, const int out[2], const sigset_t *mask)
{
    char *argv[] = { "sh", "-c", command, NULL };
    int null = open("/dev/null", O_RDONLY);

    (void)setpgid(0, 0);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(out[0], STDOUT_FILENO);
    (void)dup2(out[1], STDERR_FILENO);
    close(null);
    execv("/bin/sh", argv);
    _exit(127);
}

/* Sends what @fd holds. False when nothing can come any more. */
static bool forward(int peer, enum record_kind kind, int fd)
{
    static char chunk[CHUNK_MAX];
    ssize_t n = read(fd, chunk, sizeof(chunk));

    if (n > 0) {
        return put_record(peer, kind, chunk, (uint32_t)n);
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Forwards output until the shell has ended, then what it left in the pipes: processes it put into
 * the background may keep them open for ever. A peer that goes away takes the command with it.
 * SIGCHLD is blocked but in ppoll(), so that an end between two calls is not missed. */
static int forward_until_end(int peer, pid_t pid, const int in[2], const sigset_t *mask)
{
    struct pollfd p[3] = {
        { .fd = in[0], .events = POLLIN },
        { .fd = in[1], .events = POLLIN },
        { .fd = peer, .events = POLLIN }, /* the client sends nothing more: readable means gone */
    };
    int status = 0;
    bool is_over = false;

    while (!is_over) {
        is_over = waitpid(pid, &status, WNOHANG) == pid;
        if (!is_over && ppoll(p, 3, NULL, mask) > 0 && p[2].revents != 0) {
            (void)kill(-pid, SIGTERM);
            return -1;
        }
        for (int i = 0; i < 2; i++) {
            while (p[i].fd >= 0 && poll(&p[i], 1, 0) > 0) {
                if (!forward(peer, i == 0 ? RECORD_STDOUT : RECORD_STDERR, p[i].fd)) {
                    p[i].fd = -1;
                }
            }
        }
    }
    return status;
}

static void serve(int peer)
{
    static char command[COMMAND_MAX + 1];
    sigset_t child;
    sigset_t mask;
    struct record r;
    int out[2][2];
    int status;
    pid_t pid;

    if (!get_record(peer, &r) || r.kind != RECORD_COMMAND || r.len > COMMAND_MAX ||
        !read_all(peer, command, r.len)) {
        return;
    }
    command[r.len] = '\0';
    if (pipe2(out[0], O_CLOEXEC) < 0 || pipe2(out[1], O_CLOEXEC) < 0) {
        return;
    }
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child, &mask);
    pid = fork();
    if (pid == 0) {
        become_command(command, (const int[2]){ out[0][1], out[1][1] }, &mask);
    }
    close(out[0][1]);
    close(out[1][1]);
    (void)fcntl(out[0][0], F_SETFL, O_NONBLOCK);
    (void)fcntl(out[1][0], F_SETFL, O_NONBLOCK);
    if (pid < 0) {
        return;
    }
    status = forward_until_end(peer, pid, (const int[2]){ out[0][0], out[1][0] }, &mask);
    if (status >= 0) {
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

        (void)put_record(peer, RECORD_END, NULL, (uint32_t)code);
    }
}

static void child_ended(int signal_number)
{
    (void)signal_number; /* exists so that ppoll() is interrupted */
}

static _Noreturn void serve_all(int listener)
{
    struct sigaction reap = { .sa_handler = SIG_IGN };
    struct sigaction note = { .sa_handler = child_ended };

    (void)signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int peer;

        (void)sigaction(SIGCHLD, &reap, NULL);
        peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (peer < 0) {
            continue;
        }
        if (fork() == 0) {
            close(listener);
            (void)sigaction(SIGCHLD, &note, NULL);
            serve(peer);
            _exit(0);
        }
        close(peer);
    }
}

/* Listens, then goes on in the background: when the command returns, other nodes may connect. */
static int server(void)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;
    int null;
    pid_t pid;

    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (listener < 0 || bind(listener, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
        listen(listener, 64) < 0) {
        fprintf(stderr, "vdc-rshd: port %u: %s\n", PORT, strerror(errno));
        return 1;
    }
    pid = fork();
    if (pid != 0) {
        return pid > 0 ? 0 : 1;
    }
    (void)setsid();
    null = open("/dev/null", O_RDWR);
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(null, STDERR_FILENO);
    serve_all(listener);
}

/* The client's side. */

/* Names come from /etc/hosts, the only place where a guest has any: a static program needs no
 * resolver for that. */
static bool find_host(const char *host, struct in_addr *addr)
{
    char line[256];
    char text[64];
    char name[128];
    bool is_found = inet_pton(AF_INET, host, addr) == 1;
    FILE *f = is_found ? NULL : fopen("/etc/hosts", "re");

    while (f != NULL && !is_found && fgets(line, sizeof(line), f) != NULL) {
        is_found = sscanf(line, "%63s %127s", text, name) == 2 && strcmp(name, host) == 0 &&
                   inet_pton(AF_INET, text, addr) == 1;
    }
    if (f != NULL) {
        fclose(f);
    }
    return is_found;
}

static int reach(const char *host)
{
    const struct timespec pause = { .tv_nsec = RETRY_NS };
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    int status = 0;

    if (!find_host(host, &to.sin_addr)) {
        fprintf(stderr, "vdc-rsh: no host %s\n", host);
        return -1;
    }
    for (uint32_t i = 0; i < RETRIES_MAX; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0) {
            int yes = 1;

            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
            return fd;
        }
        status = errno;
        if (fd >= 0) {
            close(fd);
        }
        if (status != ECONNREFUSED) {
            break;
        }
        (void)nanosleep(&pause, NULL); /* its vdc-rshd has not been started yet */
    }
    fprintf(stderr, "vdc-rsh: %s: %s (does vdc-rshd run there?)\n", host, strerror(status));
    return -1;
}

/* Prints the output of the command and returns its status. */
static int follow(int peer)
{
    static char chunk[CHUNK_MAX];
    struct record r;

    while (get_record(peer, &r)) {
        if (r.kind == RECORD_END) {
            return (int)(r.len & 0xff);
        }
        if (r.len > CHUNK_MAX || !read_all(peer, chunk, r.len)) {
            break;
        }
        if (!write_all(r.kind == RECORD_STDERR ? STDERR_FILENO : STDOUT_FILENO, chunk, r.len)) {
            return STATUS_REMOTE;
        }
    }
    fprintf(stderr, "vdc-rsh: the connection was lost\n");
    return STATUS_REMOTE;
}

/* vdc-rsh HOST WORD...: the words are joined by blanks, as rsh and ssh do. */
static int client(int argc, char **argv)
{
    static char command[COMMAND_MAX + 1];
    size_t used = 0;
    int peer;

    if (argc < 3 || argv[1][0] == '-') {
        fprintf(stderr, "usage: vdc-rsh HOST COMMAND...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        size_t len = strlen(argv[i]);

        if (used + len + 1 > COMMAND_MAX) {
            fprintf(stderr, "vdc-rsh: a command has at most %u bytes\n", COMMAND_MAX);
            return 2;
        }
        memcpy(command + used, argv[i], len);
        used += len;
        command[used++] = i + 1 < argc ? ' ' : '\n';
    }
    peer = reach(argv[1]);
    if (peer < 0 || !put_record(peer, RECORD_COMMAND, command, (uint32_t)used)) {
        return STATUS_REMOTE;
    }
    return follow(peer);
}

int main(int argc, char **argv)
{
    const char *name = argc > 0 ? strrchr(argv[0], '/') : NULL;

    name = name != NULL ? name + 1 : argc > 0 ? argv[0] : "";
    return strcmp(name, "vdc-rshd") == 0 ? server() : client(argc, argv);
}
