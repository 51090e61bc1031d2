/* SPDX-License-Identifier: ISC */
#include "daemon/session/peer_state.h"

enum peer_state peer_state_next(enum peer_state state, enum peer_event event)
{
        /* clang-format off */
        static const enum peer_state next[PEER_STATES][PEER_EVENTS] = {
                /*                      END                CLOSE              HANG_UP            CLOSED */
                [PEER_OPEN] =         {PEER_ENDED,        PEER_CLOSING,      PEER_GONE,         PEER_CLOSED},
                [PEER_ENDED] =        {PEER_ENDED,        PEER_CLOSING,      PEER_GONE_READ,    PEER_CLOSED},
                [PEER_CLOSING] =      {PEER_CLOSING,      PEER_CLOSING,      PEER_GONE_CLOSING, PEER_CLOSED},
                [PEER_GONE] =         {PEER_GONE_READ,    PEER_GONE_CLOSING, PEER_GONE,         PEER_CLOSED},
                [PEER_GONE_READ] =    {PEER_GONE_READ,    PEER_GONE_CLOSING, PEER_GONE_READ,    PEER_CLOSED},
                [PEER_GONE_CLOSING] = {PEER_GONE_CLOSING, PEER_GONE_CLOSING, PEER_GONE_CLOSING, PEER_CLOSED},
                [PEER_CLOSED] =       {PEER_CLOSED,       PEER_CLOSED,       PEER_CLOSED,       PEER_CLOSED},
        };
        /* clang-format on */

        return next[state][event];
}
