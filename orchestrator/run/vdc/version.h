/* SPDX-License-Identifier: MIT */
/* The version that manifests name. */
#ifndef VDC_ORCHESTRATOR_RUN_VERSION_H
#define VDC_ORCHESTRATOR_RUN_VERSION_H

#define VDC_VERSION "0.1.0"

#endif
