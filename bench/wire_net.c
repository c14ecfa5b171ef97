/* Two network namespaces, each with a TUN device, and the processes in them. Nothing of this has a name or outlives the
 * program: the namespaces live as long as a descriptor or a process holds them, and the processes die with the program.
 */
#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define SKIPPED 77

static const char *const addresses4[] = {"10.99.0.1", "10.99.0.2"};
static const char *const addresses6[] = {"fd00:99::1", "fd00:99::2"};

static void bring_up(struct ifreq request, int inet)
{
    request.ifr_flags = IFF_UP;
    if (ioctl(inet, SIOCSIFFLAGS, &request) != 0) {
        err(EX_OSERR, "cannot bring %s up", request.ifr_name);
    }
}

static void set_address4(struct ifreq *request, int inet, const char *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    inet_pton(AF_INET, address, &in.sin_addr);
    memcpy(&request->ifr_addr, &in, sizeof(in));
    int failed = ioctl(inet, SIOCSIFADDR, request);
    inet_pton(AF_INET, "255.255.255.0", &in.sin_addr);
    memcpy(&request->ifr_netmask, &in, sizeof(in));
    if (failed || ioctl(inet, SIOCSIFNETMASK, request) != 0) {
        err(EX_OSERR, "cannot set the address %s", address);
    }
}

/* A kernel without IPv6 is fine: the wire is then one for IPv4. */
static void set_address6(const char *name, const char *address)
{
    int inet6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (inet6 < 0) {
        return;
    }
    struct in6_ifreq request = {.ifr6_prefixlen = 64, .ifr6_ifindex = (int)if_nametoindex(name)};
    inet_pton(AF_INET6, address, &request.ifr6_addr);
    if (ioctl(inet6, SIOCSIFADDR, &request) != 0) {
        warn("cannot set the address %s", address);
    }
    close(inet6);
}

/* A TUN device in the namespace of this process. */
static int create_tun(enum wire_side side)
{
    struct ifreq request = {.ifr_name = "wire"};
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (tun < 0 || ioctl(tun, TUNSETIFF, &request) != 0) {
        warn("skip: cannot create a TUN device");
        exit(SKIPPED);
    }
    int inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (inet < 0) {
        err(EX_OSERR, "no socket");
    }
    bring_up((struct ifreq){.ifr_name = "lo"}, inet);
    set_address4(&request, inet, addresses4[side]);
    bring_up(request, inet);
    set_address6(request.ifr_name, addresses6[side]);
    close(inet);
    return tun;
}

static int this_namespace(void)
{
    int namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (namespace < 0) {
        err(EX_OSERR, "cannot open /proc/self/ns/net");
    }
    return namespace;
}

static void enter(int namespace)
{
    if (setns(namespace, CLONE_NEWNET) != 0) {
        err(EX_OSERR, "cannot enter the network namespace");
    }
}

/* TCP Fast Open (RFC 7413) for both ends of connections; a kernel without it is fine. */
static void allow_fast_open(void)
{
    int fd = open("/proc/sys/net/ipv4/tcp_fastopen", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, "3", 1) != 1)
            warn("no TCP Fast Open");
        close(fd);
    }
}

void wire_create(struct wire_end ends[2])
{
    int home = this_namespace();
    for (enum wire_side side = WIRE_CLIENT; side <= WIRE_SERVER; side++) {
        if (unshare(CLONE_NEWNET) != 0) {
            warn("skip: cannot create a network namespace (needs root)");
            exit(SKIPPED);
        }
        ends[side].namespace = this_namespace();
        allow_fast_open();
        ends[side].tun = create_tun(side);
    }
    enter(home);
    close(home);
    setenv("POSTINO_ADDRESS", addresses4[WIRE_SERVER], 1);
    setenv("POSTINO_ADDRESS6", addresses6[WIRE_SERVER], 1);
}

/* What every child does first: it dies with the wire, and takes signals again. */
static void begin_child(int namespace)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (namespace >= 0) {
        enter(namespace);
    }
}

static pid_t start(void)
{
    pid_t child = fork();
    if (child < 0) {
        err(EX_OSERR, "cannot fork");
    }
    return child;
}

pid_t wire_start_client(const struct wire_end *end, char *const command[])
{
    pid_t child = start();
    if (child == 0) {
        begin_child(end->namespace);
        execvp(command[0], command);
        err(127, "cannot run %s", command[0]);
    }
    return child;
}

static int status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Reaps what has ended. Ends with the status of the command; when all are told to stop, only behind the last of them,
 * so that whoever clears away behind the server is not cut short. */
static void reap(pid_t shell, bool stopping)
{
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
        if (ended == shell && !stopping) {
            _exit(status_of(status));
        }
    }
    if (ended < 0) {
        _exit(0);
    }
}

/* The first process of the server's process namespace: reaps orphans and hands SIGTERM on to all. The signals are
 * blocked, since the kernel drops what the first process of a namespace neither blocks nor handles. */
static void be_init(const char *command)
{
    bool stopping = false;
    int signal;
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGCHLD);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
    pid_t shell = start();
    if (shell == 0) {
        setpgid(0, 0);
        begin_child(-1);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        err(127, "cannot run sh");
    }
    while (sigwait(&awaited, &signal) == 0) {
        if (signal == SIGTERM) {
            stopping = true;
            kill(-1, SIGTERM);
        }
        reap(shell, stopping);
    }
}

/* A /proc that shows the processes of this namespace, for whoever looks for his own there. The mount is to stay unseen
 * outside; in a chroot, whose root is no mount, it is enough that /proc is kept apart. */
static void mount_proc(void)
{
    if ((mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 &&
         mount("none", "/proc", NULL, MS_REC | MS_PRIVATE, NULL) != 0) ||
        mount("proc", "/proc", "proc", 0, NULL) != 0) {
        warn("cannot mount /proc for the server");
    }
}

pid_t wire_start_server(const struct wire_end *end, const char *command)
{
    /* As fork(), which cannot make namespaces. */
    pid_t child = (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
    if (child < 0) {
        err(EX_OSERR, "cannot create a process namespace");
    }
    if (child == 0) {
        begin_child(end->namespace);
        mount_proc();
        be_init(command);
        _exit(EX_OSERR);
    }
    return child;
}

/* Whether whoever listens there says something; then takes leave, so that the server is idle again when the clock runs.
 * An IPv6 address of this very end may take a moment to be known to the kernel as its own: until then a SYN to it goes
 * out on the wire, where nobody answers, so that it must not be waited for. */
static bool greets(const struct sockaddr *address, socklen_t length)
{
    char octets[512];
    bool said = false;
    int connection = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct pollfd readable = {.fd = connection, .events = POLLIN};
    struct timeval patience = {.tv_sec = 1};
    if (connection >= 0 && setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
        connect(connection, address, length) == 0 && poll(&readable, 1, 5000) == 1 &&
        read(connection, octets, sizeof(octets)) > 0) {
        said = true;
        if (write(connection, "QUIT\r\n", 6) == 6) {
            while (poll(&readable, 1, 1000) == 1 && read(connection, octets, sizeof(octets)) > 0) {
            }
        }
    }
    if (connection >= 0) {
        close(connection);
    }
    return said;
}

static void await_greeting(unsigned port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    inet_pton(AF_INET, addresses4[WIRE_SERVER], &in.sin_addr);
    inet_pton(AF_INET6, addresses6[WIRE_SERVER], &in6.sin6_addr);
    for (time_t until = time(NULL) + 30; time(NULL) < until; nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL)) {
        if (greets((struct sockaddr *)&in, sizeof(in)) || greets((struct sockaddr *)&in6, sizeof(in6))) {
            _exit(0);
        }
    }
    _exit(1);
}

void wire_await_port(const struct wire_end *end, unsigned port, pid_t server)
{
    int status;
    pid_t ended, probe = start();
    if (probe == 0) {
        begin_child(end->namespace); /* the server's: not a packet of this passes over the wire */
        await_greeting(port);
    }
    do {
        ended = wait(&status);
    } while (ended != probe && ended != server);
    if (ended == server) {
        kill(probe, SIGKILL);
        if (status_of(status) == SKIPPED) { /* and has said why */
            exit(SKIPPED);
        }
        errx(EX_UNAVAILABLE, "the server ended with status %d", status_of(status));
    }
    if (status != 0) {
        errx(EX_UNAVAILABLE, "no server greets at port %u", port);
    }
}
