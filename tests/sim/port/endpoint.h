/* SPDX-License-Identifier: MIT */
/* An endpoint of the small experiment: sends at drawn times, answers some messages, keeps a digest
 * chain. */
#ifndef VDC_TESTS_SIM_PORT_ENDPOINT_H
#define VDC_TESTS_SIM_PORT_ENDPOINT_H

#include "world.h"

/* The links of the experiment, ps. */
#define WORLD_LAT_PS      500000u
#define WORLD_PS_PER_BYTE 80u
#define WORLD_SER_PS      (24u * WORLD_PS_PER_BYTE) /* the shortest message */
#define WORLD_FWD_PS      300000u
#define WORLD_REACT_PS    300000u
#define WORLD_TX_PS       900000u /* own decision to departure */

/* Body of the process; never returns. */
_Noreturn void endpoint_main(const struct world *w, uint32_t index, const char *path,
                             const struct vdc_model_ops *const *ops, uint32_t n_ops);

#endif
