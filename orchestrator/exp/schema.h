/* SPDX-License-Identifier: MIT */
/* The shape of the experiment file as a libcyaml schema. */
#ifndef VDC_ORCHESTRATOR_EXP_SCHEMA_H
#define VDC_ORCHESTRATOR_EXP_SCHEMA_H

#include <cyaml/cyaml.h>

/* Of struct vdc_text. */
extern const cyaml_schema_value_t vdc_exp_schema;

#endif
