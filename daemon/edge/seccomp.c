/* SPDX-License-Identifier: ISC */
#include "daemon/edge/seccomp.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/edge/seccomp_calls.h"
#include "daemon/loop/confine.h"

/* meson defines this for a whole build; compilers tell of some sanitizers only. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SVCBROKER_SANITIZED 1
#endif

/* x86-64 has its x32 calls from here on, and Arm calls of its own: for these the lists decide alone. */
#define CALLS_NOT_COUNTED 0x0f0000

/* On these architectures the kernel gives a new call one number everywhere. */
#if defined(__x86_64__) || defined(__i386__) || defined(__aarch64__) || defined(__arm__) ||                  \
        defined(__riscv) || defined(__powerpc__) || defined(__s390x__) || defined(__loongarch__)
#define CALLS_ARE_COUNTED 1
#else
#define CALLS_ARE_COUNTED 0
#endif

#ifdef __s390x__
#define CLONE_FLAGS_AT 1
#else
#define CLONE_FLAGS_AT 0
#endif

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#define CLONE_NEW_ANY                                                                                        \
        (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |        \
         CLONE_NEWNET)

/* The only sockets that are made: to listen, and to ask whether somebody listens. */
#define SOCKET_TYPE (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)

#define LOAD_CALL BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define REFUSE_AS_UNKNOWN BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)

/* Goes in front of what libseccomp makes: a call that is newer than the lists is refused as unknown. */
static const struct sock_filter newer_calls[] = {
        LOAD_CALL,
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CALLS_NOT_COUNTED, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SECCOMP_CALL_LAST, 0, 1),
        REFUSE_AS_UNKNOWN,
};
#define NEWER_CALLS (CALLS_ARE_COUNTED ? sizeof(newer_calls) / sizeof(newer_calls[0]) : 0)

/* Made by hand, so that nothing but the kernel can refuse this filter, and the kernel's errno says why. */
static struct sock_filter no_uring[] = {
        LOAD_CALL,
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SYS_io_uring_register, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYS_io_uring_setup, 0, 1),
        REFUSE_AS_UNKNOWN,
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

void seccomp_begin(struct seccomp *seccomp, enum seccomp_mode mode)
{
        *seccomp = (struct seccomp){.mode = mode};
#ifdef SVCBROKER_SANITIZED
        seccomp->sanitized = true;
#endif
        if (!seccomp_holds(seccomp))
                return;
        confine_prepare(CONFINE_LOOP, no_uring, sizeof(no_uring) / sizeof(no_uring[0]));
        seccomp->refused = -confine_take(CONFINE_LOOP);
        confine_prepare(CONFINE_LOOP, NULL, 0);
}

/* Adds a rule. A call that this libseccomp or architecture does not know has none: it is nobody's to make. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned count,
               const struct scmp_arg_cmp *arguments)
{
        int number = seccomp_syscall_resolve_name(name);

        return number == __NR_SCMP_ERROR ? 0
                                         : seccomp_rule_add_array(filter, action, number, count, arguments);
}

static int allow_some(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp argument)
{
        return add(filter, SCMP_ACT_ALLOW, name, 1, &argument);
}

/* Adds what all threads may do with some arguments only. abort() calls tgkill(), or in musl tkill(). */
static int add_limited(scmp_filter_ctx filter)
{
        static const unsigned long requests[] = {
                FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ,
#ifdef TCGETS2
                TCGETS2, /* isatty() of glibc 2.42 and later */
#endif
        };
        int result = allow_some(filter, "tgkill", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));

#ifndef __GLIBC__
        if (result == 0)
                result = add(filter, SCMP_ACT_ALLOW, "tkill", 0, NULL);
#endif
        if (result == 0) /* asked, never set */
                result = allow_some(filter, "prlimit64", SCMP_A2(SCMP_CMP_EQ, 0));
        for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]) && result == 0; i++)
                result = allow_some(filter, "ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, requests[i]));
        return result;
}

/* clone3() hides its flags in memory: it is refused as unknown, and C libraries take clone() then. */
static int add_threads(scmp_filter_ctx filter)
{
        const struct scmp_arg_cmp thread =
                SCMP_CMP(CLONE_FLAGS_AT, SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_NEW_ANY, CLONE_THREAD);
        const struct scmp_arg_cmp process = SCMP_CMP(CLONE_FLAGS_AT, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0);
        int result = add(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);

        if (result == 0)
                result = add(filter, SCMP_ACT_ALLOW, "clone", 1, &thread);
        if (result == 0)
                result = add(filter, SCMP_ACT_KILL_PROCESS, "clone", 1, &process);
        return result;
}

static int add_sockets(scmp_filter_ctx filter)
{
        const struct scmp_arg_cmp ours[] = {SCMP_A0(SCMP_CMP_EQ, AF_UNIX), SCMP_A1(SCMP_CMP_EQ, SOCKET_TYPE)};
        const struct scmp_arg_cmp family = SCMP_A0(SCMP_CMP_NE, AF_UNIX);
        const struct scmp_arg_cmp type[] = {SCMP_A0(SCMP_CMP_EQ, AF_UNIX), SCMP_A1(SCMP_CMP_NE, SOCKET_TYPE)};
        int result = add(filter, SCMP_ACT_ALLOW, "socket", 2, ours);

        if (result == 0)
                result = add(filter, SCMP_ACT_KILL_PROCESS, "socket", 1, &family);
        if (result == 0)
                result = add(filter, SCMP_ACT_KILL_PROCESS, "socket", 2, type);
        return result;
}

/* What is forbidden here stays so for all threads that the loop starts: its filter goes on to hold. */
static int add_of_loop(scmp_filter_ctx filter)
{
        int result = add_threads(filter);

        if (result == 0)
                result = add_sockets(filter);
        for (const char *const *name = seccomp_forbidden; *name && result == 0; name++)
                result = add(filter, SCMP_ACT_KILL_PROCESS, *name, 0, NULL);
        return result;
}

static int add_all(scmp_filter_ctx filter, enum confine kind)
{
        int result = add_limited(filter);

        for (const struct seccomp_call *call = seccomp_allowed; call->name && result == 0; call++)
                if (kind == CONFINE_LOOP || call->who >> kind & 1)
                        result = add(filter, SCMP_ACT_ALLOW, call->name, 0, NULL);
        if (result == 0 && kind == CONFINE_LOOP)
                result = add_of_loop(filter);
        if (result == 0 && kind == CONFINE_WATCHDOG)
                result = allow_some(filter, "kill", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
        return result;
}

/* A program has 4096 instructions at most, which are 32 KiB: a pipe has room for them. */
static int export(scmp_filter_ctx filter, struct sock_filter *instructions, unsigned short *count)
{
        int ends[2];
        ssize_t length;
        int result;

        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        result = seccomp_export_bpf(filter, ends[1]);
        length = result ? 0 : read(ends[0], instructions, BPF_MAXINSNS * sizeof(instructions[0]));
        if (result == 0 && (length <= 0 || length % (ssize_t)sizeof(instructions[0]) != 0))
                result = -EIO;
        if (result == 0)
                *count = (unsigned short)((size_t)length / sizeof(instructions[0]));
        close(ends[0]);
        close(ends[1]);
        return result;
}

/* Makes a thread's program of a filter, with newer_calls in front. */
static int translate(scmp_filter_ctx filter, enum seccomp_mode mode, enum confine kind)
{
        size_t before = mode == SECCOMP_ON ? NEWER_CALLS : 0;
        struct sock_filter *program = calloc(before + BPF_MAXINSNS, sizeof(program[0])), *fitting;
        unsigned short count = 0;
        int result;

        if (!program)
                return -ENOMEM;
        for (size_t i = 0; i < before; i++)
                program[i] = newer_calls[i];
        result = export(filter, program + before, &count);
        if (result) {
                free(program);
                return result;
        }
        count = (unsigned short)(count + before);
        fitting = calloc(count, sizeof(program[0]));
        if (fitting)
                memcpy(fitting, program, count * sizeof(program[0]));
        free(program);
        if (!fitting)
                return -ENOMEM;
        confine_prepare(kind, fitting, count);
        return 0;
}

static int prepare(enum seccomp_mode mode, enum confine kind)
{
        scmp_filter_ctx filter = seccomp_init(mode == SECCOMP_LOG ? SCMP_ACT_LOG : SCMP_ACT_ERRNO(EPERM));
        int result = filter ? 0 : -EOPNOTSUPP;

        if (filter) {
                /* Calls of another architecture: i386's and x32's on x86-64, Arm's on arm64. */
                result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
                /* The kernel is to look for a call by halves, and not one by one. */
                seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
                if (result == 0)
                        result = add_all(filter, kind);
                if (result == 0)
                        result = translate(filter, mode, kind);
                seccomp_release(filter);
        }
        return result;
}

void seccomp_settle(struct seccomp *seccomp)
{
        int result = 0;

        if (!seccomp_holds(seccomp))
                return;
        /* Before Linux 4.14 a forbidden call would end one thread, and not the process. */
        if (seccomp_api_get() < 3)
                result = -EOPNOTSUPP;
        for (int kind = 0; kind < CONFINE_KINDS && result == 0; kind++)
                result = prepare(seccomp->mode, (enum confine)kind);
        if (result == 0)
                result = confine_take(CONFINE_LOOP);
        if (result == 0)
                return;
        seccomp->refused = -result;
        for (int kind = 0; kind < CONFINE_KINDS; kind++)
                confine_prepare((enum confine)kind, NULL, 0);
}

bool seccomp_holds(const struct seccomp *seccomp)
{
        return seccomp->mode != SECCOMP_OFF && !seccomp->sanitized && !seccomp->refused;
}
