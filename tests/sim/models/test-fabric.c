/* SPDX-License-Identifier: MIT */
/* HiNIC models with drivers through HiSwitch models: ping-pong and bulk, both engines, every cut,
 * every byte. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "../../unit/base/tap.h"
#include "check.h"
#include "nic.h"
#include "vdc/hiswitch.h"
#include "vdc/rng.h"

#define NICS     4u
#define SWITCHES 2u
#define TRACE    16384u
#define STOP     (400 * VTIME_PS_PER_US)

/* A scenario, drawn from a seed. */
struct fabric {
    uint64_t seed;
    uint32_t n_nic;
    uint32_t n_switch;
    struct vdc_hinic_cfg hw[NICS];
    struct nic_cfg nic[NICS];
    struct vdc_hiswitch_cfg sw[SWITCHES];
    struct vdc_sim_comp comp[NICS + SWITCHES];
    struct vdc_sim_wire wire[NICS + SWITCHES];
    struct vdc_sim_cfg cfg;
    struct vdc_fault fault[6];
    char name[NICS + SWITCHES][16];
};

struct outcome {
    int err;
    struct vdc_digest digest;
    struct check check;
    struct nic_stat nic[NICS];
    uint64_t n_trace;
    size_t n_rec;
    struct vdc_trace_rec rec[TRACE];
};

static struct fabric fab;
static struct outcome want;
static struct outcome got;

static uint64_t draw(uint64_t *n, uint64_t bound)
{
    return vdc_rand_below(vdc_key(fab.seed, VDC_RNG_SIM, 7, 7), (*n)++, bound);
}

static void join(uint32_t a, uint32_t a_port, uint64_t a_min, uint32_t b, uint32_t b_port,
                 uint64_t b_min)
{
    fab.wire[fab.cfg.n_wire++] = (struct vdc_sim_wire){ .comp = { a, b },
                                                        .port = { a_port, b_port },
                                                        .min_ps = { a_min, b_min } };
}

static void draw_nic(uint32_t i, uint64_t *n)
{
    struct vdc_hinic_cfg *hw = &fab.hw[i];
    struct nic_cfg *c = &fab.nic[i];

    *hw = vdc_hinic_cfg_default();
    hw->node = i;
    hw->n_nodes = NICS;
    hw->port_id = vdc_port_id(VDC_PORT_NIC, i, 0);
    hw->seed = fab.seed;
    hw->rx_mem_bytes = VDC_HINIC_RX_MEM_MIN;
    hw->link.latency_ps = draw(n, 2) ? 500000 : 20000 + draw(n, 2000000);
    *c = (struct nic_cfg){ .index = i,
                           .role = i == 0   ? NIC_PING
                                   : i == 1 ? NIC_ECHO
                                            : (uint32_t)draw(n, 3),
                           .peer = i == 0 ? 1 : (uint32_t)draw(n, i),
                           .n_send = 5 + (uint32_t)draw(n, 20),
                           .len = 60 + (uint32_t)draw(n, 1400),
                           .n_window = 1 + (uint32_t)draw(n, 32),
                           .start = draw(n, 2) ? 5000000 : 1000000 + draw(n, 5000000),
                           .irq_ps = 100000 + draw(n, 900000) };
    if (c->role == NIC_BULK) {
        c->n_send *= 6;
    }
    if (c->role == NIC_PING && fab.nic[c->peer].role != NIC_ECHO) {
        c->peer = 1;
    }
    (void)snprintf(fab.name[i], sizeof(fab.name[i]), "nic%u", i);
    fab.comp[i] = (struct vdc_sim_comp){
        .name = fab.name[i], .ops = &nic_ops, .cfg = c, .n_port = 1, .react_ps = hw->timing.t_rx
    };
}

static void draw_fabric(uint64_t seed, uint32_t faults)
{
    uint64_t n = 0;
    uint32_t used[SWITCHES] = { 0 };

    memset(&fab, 0, sizeof(fab));
    fab.seed = seed;
    fab.n_nic = 2 + (uint32_t)draw(&n, NICS - 1);
    fab.n_switch = 1 + (uint32_t)draw(&n, SWITCHES);
    for (uint32_t i = 0; i < fab.n_nic; i++) {
        draw_nic(i, &n);
    }
    for (uint32_t h = 0; h < fab.n_switch; h++) {
        struct vdc_hiswitch_cfg *c = &fab.sw[h];

        vdc_hiswitch_cfg_default(c, h, NICS + 1, seed);
        c->buffer = draw(&n, 3) ? 1 << 20 : VDC_HISWITCH_BUFFER_MIN;
        c->fwd_latency_ps = draw(&n, 3) ? 300000 : draw(&n, 500000);
        c->is_checked = 1;
        for (uint32_t p = 0; p < c->n_ports; p++) {
            c->port[p].link.latency_ps = draw(&n, 2) ? 500000 : 20000 + draw(&n, 1000000);
        }
    }
    for (uint32_t i = 0; i < fab.n_nic; i++) {
        const uint32_t h = (uint32_t)draw(&n, fab.n_switch);
        const uint32_t p = used[h]++;

        fab.sw[h].port[p].peer = fab.hw[i].port_id;
        join(i, 0, vdc_link_min_ps(&fab.hw[i].link), fab.n_nic + h, p,
             vdc_link_min_ps(&fab.sw[h].port[p].link));
    }
    if (fab.n_switch == 2) {
        const uint32_t p = used[0]++;
        const uint32_t q = used[1]++;

        fab.sw[0].port[p].peer = fab.sw[1].port[q].id;
        fab.sw[1].port[q].peer = fab.sw[0].port[p].id;
        join(fab.n_nic, p, vdc_link_min_ps(&fab.sw[0].port[p].link), fab.n_nic + 1, q,
             vdc_link_min_ps(&fab.sw[1].port[q].link));
    }
    for (uint32_t h = 0; h < fab.n_switch; h++) {
        for (uint32_t p = used[h]; p < fab.sw[h].n_ports; p++) {
            fab.sw[h].port[p].flags &= ~(uint32_t)VDC_HISWITCH_PORT_CONNECTED;
        }
        (void)snprintf(fab.name[fab.n_nic + h], sizeof(fab.name[0]), "leaf%u", h);
        fab.comp[fab.n_nic + h] = (struct vdc_sim_comp){ .name = fab.name[fab.n_nic + h],
                                                         .ops = &vdc_hiswitch_ops,
                                                         .cfg = &fab.sw[h],
                                                         .is_hub = 1,
                                                         .n_port = fab.sw[h].n_ports + 1,
                                                         .fwd_ps = fab.sw[h].fwd_latency_ps };
    }
    if (faults) {
        fab.cfg.n_fault = vdc_fault_draw(seed, faults, fab.cfg.n_wire, STOP / 4, fab.fault, 6);
    }
    fab.cfg.fault = fab.fault;
    fab.cfg.n_comp = fab.n_nic + fab.n_switch;
    fab.cfg.comp = fab.comp;
    fab.cfg.wire = fab.wire;
    fab.cfg.seed = seed;
    fab.cfg.every = 20 * VTIME_PS_PER_US;
    fab.cfg.n_slot = 2048;
    fab.cfg.slot_payload = 2048;
    fab.cfg.n_trace = TRACE;
}

static void run_fabric(const struct vdc_sim_cut *cut, struct outcome *o)
{
    struct vdc_sim *sim;
    const struct vdc_trace_rec *rec;

    memset(o, 0, sizeof(*o));
    for (uint32_t i = 0; i < fab.n_nic; i++) {
        fab.nic[i].host = nic_boot(&fab.hw[i]);
    }
    for (uint32_t i = 0; i < fab.n_nic; i++) {
        for (uint32_t k = 0; k < fab.n_nic; k++) {
            nic_mac(fab.nic[k].host, fab.nic[i].mac[k]);
        }
    }
    sim = aligned_alloc(64, vdc_sim_size(&fab.cfg));
    if (!sim) {
        abort();
    }
    o->err = vdc_sim_init(sim, &fab.cfg);
    if (o->err == VDC_SIM_OK) {
        check_init(&o->check, &fab.cfg, sim);
        o->err = cut ? vdc_sim_run_windowed(sim, cut, STOP) : vdc_sim_run_sequential(sim, STOP);
        check_end(&o->check, sim);
        for (uint32_t i = 0; i < fab.n_nic; i++) {
            o->nic[i] = *nic_stat(vdc_sim_state(sim, i));
        }
        if (o->err) {
            printf("# error %d at %s, t=%" PRIu64 "\n", o->err,
                   fab.name[vdc_sim_stat(sim)->err_comp], vdc_sim_stat(sim)->err_t);
        } else {
            o->digest = vdc_sim_end(sim);
        }
        rec = vdc_sim_trace(sim, &o->n_rec, &o->n_trace);
        memcpy(o->rec, rec, o->n_rec * sizeof(*rec));
    }
    free(sim);
    for (uint32_t i = 0; i < fab.n_nic; i++) {
        host_free(fab.nic[i].host);
    }
}

static void print_diff(void)
{
    for (size_t i = 0; i < want.n_rec && i < got.n_rec; i++) {
        if (memcmp(&want.rec[i], &got.rec[i], sizeof(want.rec[i])) != 0) {
            char line[200];

            (void)vdc_trace_text(&want.rec[i], fab.name[want.rec[i].comp], line, sizeof(line));
            printf("# record %zu: %s\n", i, line);
            (void)vdc_trace_text(&got.rec[i], fab.name[got.rec[i].comp], line, sizeof(line));
            printf("# record %zu: %s\n", i, line);
            return;
        }
    }
}

/* Every frame arrived once, in order, byte for byte; every ping came back. */
static void check_traffic(const struct outcome *o)
{
    uint64_t to[NICS] = { 0 };

    for (uint32_t i = 0; i < fab.n_nic; i++) {
        const struct nic_stat *s = &o->nic[i];

        CHECK_EQ(s->n_bad, 0);
        CHECK_EQ(s->n_gap, 0);
        CHECK_EQ(s->n_done, s->n_sent);
        if (fab.nic[i].role == NIC_PING) {
            CHECK_EQ(s->n_pong, fab.nic[i].n_send);
            CHECK(s->rtt_min > 2 * fab.hw[i].link.latency_ps);
            to[fab.nic[i].peer] += fab.nic[i].n_send;
        } else if (fab.nic[i].role == NIC_BULK) {
            CHECK_EQ(s->n_sent, fab.nic[i].n_send + s->n_ping);
            to[fab.nic[i].peer] += fab.nic[i].n_send;
        }
    }
    for (uint32_t i = 0; i < fab.n_nic; i++) {
        CHECK_EQ(o->nic[i].n_ping + o->nic[i].n_bulk, to[i]);
    }
}

static void seeds(uint64_t from, uint64_t to, uint32_t faults)
{
    for (uint64_t seed = from; seed < to && tap_failed == 0; seed++) {
        const struct vdc_sim_cut cuts[] = { { VDC_SIM_CUT_FULL, 0, seed + 1 },
                                            { VDC_SIM_CUT_PART, 7, seed + 1 },
                                            { VDC_SIM_CUT_RANDOM, 0, seed + 1 },
                                            { VDC_SIM_CUT_ONE, 0, 0 } };

        draw_fabric(seed, faults);
        run_fabric(NULL, &want);
        CHECK_EQ(want.err, VDC_SIM_OK);
        CHECK_STR(want.check.first, "");
        CHECK(want.n_trace < TRACE);
        if (fab.cfg.n_fault == 0) {
            check_traffic(&want);
        }
        for (size_t k = 0; k < sizeof(cuts) / sizeof(cuts[0]); k++) {
            run_fabric(&cuts[k], &got);
            CHECK_EQ(got.err, VDC_SIM_OK);
            CHECK_EQ(got.digest.lo, want.digest.lo);
            CHECK_EQ(got.digest.hi, want.digest.hi);
            CHECK_EQ(got.n_trace, want.n_trace);
            CHECK_STR(got.check.first, "");
            if (tap_failed) {
                print_diff();
                break;
            }
        }
        if (tap_failed) {
            printf("# repeat with: test-fabric --seed=%" PRIu64 " --faults=%u --trace\n", seed,
                   faults);
        }
    }
}

static void ping_and_bulk(void)
{
    seeds(0, 40, 0);
}

/* Frames and hellos get lost, bent and late: results may be poor, but they are the same everywhere.
 */
static void with_faults(void)
{
    seeds(100, 130, VDC_FAULT_PROFILE_LINK);
}

static const struct tap_case cases[] = {
    { "NICs, drivers and switches: 40 seeds x 5 runs", ping_and_bulk },
    { "the same with faults of links: 30 seeds x 5 runs", with_faults },
};

/* One run, for reading. */
static int repeat(uint64_t seed, uint32_t faults, bool is_traced)
{
    draw_fabric(seed, faults);
    run_fabric(NULL, &want);
    for (size_t k = 0; is_traced && k < want.n_rec; k++) {
        char line[200];

        (void)vdc_trace_text(&want.rec[k], fab.name[want.rec[k].comp], line, sizeof(line));
        puts(line);
    }
    for (uint32_t i = 0; i < fab.n_nic; i++) {
        const struct nic_stat *s = &want.nic[i];

        printf("# nic%u role %u: sent %" PRIu64 ", pings %" PRIu64 ", pongs %" PRIu64
               ", bulk %" PRIu64 ", bad %" PRIu64 ", gaps %" PRIu64 ", rtt %" PRIu64 "..%" PRIu64
               " ps\n",
               i, fab.nic[i].role, s->n_sent, s->n_ping, s->n_pong, s->n_bulk, s->n_bad, s->n_gap,
               s->rtt_min, s->rtt_max);
    }
    printf("# error %d, %s\n", want.err, want.check.first);
    return want.err != 0;
}

int main(int argc, char **argv)
{
    uint64_t seed = UINT64_MAX;
    uint32_t faults = 0;
    bool is_traced = false;

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--seed=", 7) == 0) {
            seed = strtoull(argv[i] + 7, NULL, 0);
        } else if (strncmp(argv[i], "--faults=", 9) == 0) {
            faults = (uint32_t)strtoul(argv[i] + 9, NULL, 0);
        } else if (strcmp(argv[i], "--trace") == 0) {
            is_traced = true;
        } else {
            fprintf(stderr, "%s: unknown argument %s\n", argv[0], argv[i]);
            return 2;
        }
    }
    if (seed != UINT64_MAX) {
        return repeat(seed, faults, is_traced);
    }
    return tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
}
