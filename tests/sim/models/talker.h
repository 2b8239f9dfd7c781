/* SPDX-License-Identifier: MIT */
/* Test endpoint: sends requests at random times, answers requests, counts what comes back. */
#ifndef VDC_TESTS_SIM_MODELS_TALKER_H
#define VDC_TESTS_SIM_MODELS_TALKER_H

#include "vdc/evq.h"
#include "vdc/link.h"
#include "vdc/model.h"

#define TALKER_ALL      UINT32_MAX /* destination: everybody else */
#define TALKER_WORK_MAX 64u        /* answers under way */

/* Payload of every frame; the rest of it is filler. */
struct talk {
    uint32_t dst; /* endpoint index or TALKER_ALL */
    uint32_t src;
    uint64_t id; /* src << 32 | number of the frame: unique in a run */
    uint32_t is_reply;
    uint32_t zero;
    uint64_t re; /* id that is answered */
};
_Static_assert(sizeof(struct talk) == 32, "talk layout");

/* Seeded bugs; each must be found by a checker. */
enum talker_bug {
    TALKER_OK,
    TALKER_BUG_WINDOW, /* does something at the end of run(), which is a window's end */
    TALKER_BUG_HASTY,  /* answers sooner than it declares */
    TALKER_BUG_DEAF,   /* never answers the third request */
    TALKER_BUG_PEEK,   /* looks at a message before its time */
    TALKER_BUG_TWICE   /* sends one frame under a number that it has used */
};

struct talker_cfg {
    uint64_t key; /* of its stream */
    uint32_t index;
    uint32_t n_peer;    /* endpoints in the run */
    uint32_t n_send;    /* requests */
    uint32_t bug;       /* enum talker_bug */
    uint64_t gap_ps;    /* mean gap between requests, uniform [1, 2 * gap] */
    uint64_t react_ps;  /* arrival of a request to the departure of its answer */
    uint64_t grid_ps;   /* times of requests are multiples of it: many equal times; 1 = any */
    uint32_t len_max;   /* bytes of the longest frame, >= sizeof(struct talk) */
    uint32_t all_of_16; /* of 16 requests so many go to everybody */
    struct vdc_link_cfg link;
};

/* Numbers for the checkers. */
struct talker_stat {
    uint64_t n_request, n_reply, n_got_request, n_got_reply, n_bad;
};

extern const struct vdc_model_ops talker_ops;

const struct talker_stat *talker_stat(const void *state);

#endif
