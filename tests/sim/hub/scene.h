/* SPDX-License-Identifier: MIT */
/* A random day of a HiSwitch from one seed: configuration, frames, links, commands. Data only. */
#ifndef VDC_TESTS_SIM_HUB_SCENE_H
#define VDC_TESTS_SIM_HUB_SCENE_H

#include <stdint.h>

#include "rig.h"

struct scene {
    struct vdc_hiswitch_cfg cfg;
    uint32_t n;
    struct {
        uint32_t port;
        struct vdc_msg *m;
    } *ev; /* every message, in order of making; (t, seq) ascend per port */
    vtime_t end;
};

/* n messages; size of the world by the seed as well. */
struct scene *scene_new(uint64_t seed, uint32_t n);
void scene_free(struct scene *s);
/* A copy of message i, for the rig to own. */
struct vdc_msg *scene_copy(const struct scene *s, uint32_t i);

#endif
