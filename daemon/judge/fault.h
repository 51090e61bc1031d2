/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_FAULT_H
#define JUDGE_FAULT_H

/* Why an operation on a service did not succeed. Each kind is one error of io.svcbroker. */
enum fault_kind {
        FAULT_NONE = 0,
        FAULT_NO_SUCH_SERVICE,
        FAULT_NOT_REGISTERED,
        FAULT_INVALID_NAME,
        FAULT_PROTECTED,
        FAULT_TOO_MANY_SERVICES,
        FAULT_WAIT_TIMEOUT,
        FAULT_SUPERSEDED,
        FAULT_FAILED,
        FAULT_UNSUPERVISED,
        FAULT_HELD,
        FAULT_BUSY,
        FAULT_NOT_RUNNING,
        FAULT_LIMIT,
        FAULT_SYSTEM,
};

/* The profile's directory is a link that is not followed. */
#define FAULT_CAUSE_LINK "link"
/* The application has deleted the profile. */
#define FAULT_CAUSE_DELETED "deleted"
/* s6-svscan could take more services, but for its limit of open files. */
#define FAULT_CAUSE_DESCRIPTORS "descriptors"

struct fault {
        enum fault_kind kind;
        const char *cause; /* PROTECTED, TOO_MANY_SERVICES: for programs, or NULL */
        const char
                *text; /* a static string: a reason, the operation of BUSY and SYSTEM, the name of a LIMIT */
        long long number; /* TOO_MANY_SERVICES, LIMIT: the limit; WAIT_TIMEOUT: milliseconds waited */
        int error;        /* SYSTEM: errno, positive */
};

#endif
