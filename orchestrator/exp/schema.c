/* SPDX-License-Identifier: MIT */
/* The shape of the experiment file as a libcyaml schema: every value is a text, units.h gives it
 * meaning later. */
#include "schema.h"

#include "vdc/exp.h"

#define TEXT_MAX (128u * 1024u) /* letters of one value; a workload's script is the longest */

#define OPTIONAL_TEXT(key, type, member)                                                           \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 0, TEXT_MAX)
#define REQUIRED_TEXT(key, type, member)                                                           \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 0, TEXT_MAX)
#define OPTIONAL_MAPPING(key, type, member, fields)                                                \
    CYAML_FIELD_MAPPING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, fields)
#define OPTIONAL_LIST(key, type, member, entry)                                                    \
    CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, entry, 0,    \
                         CYAML_UNLIMITED)

/* The keys of a key set, as fields of its own struct or of a struct that holds it as `keys`. */
#define OWN_KEY(key, unit, least, most, def, choices)  OPTIONAL_TEXT(#key, KEY_TYPE, key),
#define HELD_KEY(key, unit, least, most, def, choices) OPTIONAL_TEXT(#key, KEY_TYPE, keys.key),

static const cyaml_schema_value_t text_entry = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0,
                                                                    TEXT_MAX) };

#define KEY_TYPE struct vdc_time_text
static const cyaml_schema_field_t time_fields[] = { VDC_TIME_KEYS(OWN_KEY) CYAML_FIELD_END };
#undef KEY_TYPE

#define KEY_TYPE struct vdc_limit_text
static const cyaml_schema_field_t limit_fields[] = { VDC_LIMIT_KEYS(OWN_KEY) CYAML_FIELD_END };
#undef KEY_TYPE

#define KEY_TYPE struct vdc_link_text
static const cyaml_schema_field_t direction_fields[] = { VDC_LINK_KEYS(OWN_KEY) CYAML_FIELD_END };
#undef KEY_TYPE

#define KEY_TYPE struct vdc_switch_text
static const cyaml_schema_field_t switch_default_fields[] = { VDC_SWITCH_KEYS(OWN_KEY)
                                                                  CYAML_FIELD_END };
#undef KEY_TYPE

#define KEY_TYPE struct vdc_nic_text
static const cyaml_schema_field_t nic_fields[] = { VDC_NIC_KEYS(OWN_KEY) CYAML_FIELD_END };
#undef KEY_TYPE

static const cyaml_schema_field_t template_fields[] = {
    REQUIRED_TEXT("kind", struct vdc_text_template, kind),
    OPTIONAL_TEXT("ports", struct vdc_text_template, ports),
    CYAML_FIELD_END,
};

#define KEY_TYPE struct vdc_text_switch
static const cyaml_schema_field_t switch_fields[] = {
    REQUIRED_TEXT("name", struct vdc_text_switch, name),
    OPTIONAL_TEXT("id", struct vdc_text_switch, id),
    VDC_SWITCH_KEYS(HELD_KEY) CYAML_FIELD_END,
};
#undef KEY_TYPE
static const cyaml_schema_value_t switch_entry = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct vdc_text_switch, switch_fields) };

#define KEY_TYPE struct vdc_text_link
static const cyaml_schema_field_t link_fields[] = {
    CYAML_FIELD_SEQUENCE("between", CYAML_FLAG_POINTER, struct vdc_text_link, between, &text_entry,
                         2, 2),
    VDC_LINK_KEYS(HELD_KEY)
        OPTIONAL_MAPPING("a_to_b", struct vdc_text_link, a_to_b, direction_fields),
    OPTIONAL_MAPPING("b_to_a", struct vdc_text_link, b_to_a, direction_fields),
    CYAML_FIELD_END,
};
#undef KEY_TYPE
static const cyaml_schema_value_t link_entry = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct vdc_text_link, link_fields) };

static const cyaml_schema_field_t fabric_fields[] = {
    OPTIONAL_MAPPING("template", struct vdc_text_fabric, template, template_fields),
    OPTIONAL_MAPPING("defaults", struct vdc_text_fabric, defaults, direction_fields),
    OPTIONAL_MAPPING("switch", struct vdc_text_fabric, switch_defaults, switch_default_fields),
    OPTIONAL_LIST("switches", struct vdc_text_fabric, switches, &switch_entry),
    OPTIONAL_LIST("links", struct vdc_text_fabric, links, &link_entry),
    CYAML_FIELD_END,
};

#define KEY_TYPE struct vdc_text_node
#define NODE_FIELDS                                                                                \
    VDC_NODE_KEYS(HELD_KEY)                                                                        \
    OPTIONAL_TEXT("image", struct vdc_text_node, image),                                           \
        OPTIONAL_MAPPING("nic", struct vdc_text_node, nic, nic_fields)
static const cyaml_schema_field_t node_default_fields[] = { NODE_FIELDS, CYAML_FIELD_END };
static const cyaml_schema_field_t override_fields[] = {
    REQUIRED_TEXT("match", struct vdc_text_node, match),
    NODE_FIELDS,
    OPTIONAL_TEXT("id", struct vdc_text_node, id),
    OPTIONAL_TEXT("mac", struct vdc_text_node, mac),
    OPTIONAL_TEXT("address", struct vdc_text_node, address),
    CYAML_FIELD_END,
};
#undef KEY_TYPE
static const cyaml_schema_value_t override_entry = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct vdc_text_node, override_fields) };

static const cyaml_schema_field_t nodes_fields[] = {
    REQUIRED_TEXT("count", struct vdc_text_nodes, count),
    OPTIONAL_MAPPING("defaults", struct vdc_text_nodes, defaults, node_default_fields),
    OPTIONAL_LIST("overrides", struct vdc_text_nodes, overrides, &override_entry),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t expect_fields[] = {
    OPTIONAL_TEXT("exit", struct vdc_text_expect, exit),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t workload_fields[] = {
    REQUIRED_TEXT("node", struct vdc_text_workload, node),
    REQUIRED_TEXT("run", struct vdc_text_workload, run),
    OPTIONAL_TEXT("at", struct vdc_text_workload, at),
    OPTIONAL_MAPPING("expect", struct vdc_text_workload, expect, expect_fields),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t workload_entry = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct vdc_text_workload, workload_fields) };

static const cyaml_schema_field_t fault_fields[] = {
    REQUIRED_TEXT("at", struct vdc_text_fault, at),
    REQUIRED_TEXT("link", struct vdc_text_fault, link),
    REQUIRED_TEXT("kind", struct vdc_text_fault, kind),
    REQUIRED_TEXT("for", struct vdc_text_fault, duration),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t fault_entry = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct vdc_text_fault, fault_fields) };

static const cyaml_schema_field_t collect_fields[] = {
    OPTIONAL_LIST("pcap", struct vdc_text_collect, pcap, &text_entry),
    OPTIONAL_TEXT("snaplen", struct vdc_text_collect, snaplen),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t artefact_fields[] = {
    REQUIRED_TEXT("name", struct vdc_text_artefact, name),
    REQUIRED_TEXT("kind", struct vdc_text_artefact, kind),
    REQUIRED_TEXT("sha256", struct vdc_text_artefact, sha256),
    REQUIRED_TEXT("size", struct vdc_text_artefact, size),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t artefact_entry = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct vdc_text_artefact, artefact_fields) };

static const cyaml_schema_field_t top_fields[] = {
    REQUIRED_TEXT("vdc", struct vdc_text, vdc),
    REQUIRED_TEXT("name", struct vdc_text, name),
    OPTIONAL_TEXT("seed", struct vdc_text, seed),
    OPTIONAL_TEXT("interactive", struct vdc_text, interactive),
    CYAML_FIELD_MAPPING_PTR("time", CYAML_FLAG_POINTER, struct vdc_text, time, time_fields),
    CYAML_FIELD_MAPPING_PTR("fabric", CYAML_FLAG_POINTER, struct vdc_text, fabric, fabric_fields),
    CYAML_FIELD_MAPPING_PTR("nodes", CYAML_FLAG_POINTER, struct vdc_text, nodes, nodes_fields),
    OPTIONAL_LIST("workload", struct vdc_text, workload, &workload_entry),
    OPTIONAL_LIST("faults", struct vdc_text, faults, &fault_entry),
    OPTIONAL_MAPPING("collect", struct vdc_text, collect, collect_fields),
    OPTIONAL_MAPPING("limits", struct vdc_text, limits, limit_fields),
    OPTIONAL_LIST("artefacts", struct vdc_text, artefacts, &artefact_entry),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t vdc_exp_schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER,
                                                                  struct vdc_text, top_fields) };
