/* SPDX-License-Identifier: MIT */
/* HiNIC in QEMU: a frame through the loop, its times, bad descriptors. */
#include <string.h>

#include "nicdrv.h"
#include "tap.h"

#define TX_DATA NIC_MEM_DATA
#define RX_DATA (NIC_MEM_DATA + 0x2000)
#define RX_LEN  2048u

static struct nic nic;

static void arm(uint64_t is_rx, uint64_t ci)
{
    nic_doorbell(&nic, HINIC_DB_ETH_CPL, (is_rx ? HINIC_DB_CPL_RX : 0) | ci << 32 | HINIC_DB_ARM);
}

static void start(void)
{
    struct hinic_aq_sqe mode = { .opcode = HINIC_AQ_SET_RX_MODE,
                                 .port = 1,
                                 .inl = { HINIC_RX_MODE_PROMISC } };

    nic_writel(&nic, HINIC_R_DEV_CTRL, HINIC_DEV_CTRL_RESET);
    nic_enable(&nic);
    nic_create_queues(&nic);
    CHECK_EQ(nic_command(&nic, mode), HINIC_AQ_OK);
    arm(0, 0);
    arm(1, 0);
}

static void post_rx(uint32_t slot, uint16_t len, uint32_t rsv)
{
    struct hinic_rx_desc d = {
        .addr = RX_DATA + slot * RX_LEN, .len = len, .id = (uint16_t)(100 + slot), .rsv = rsv
    };

    vdc_qtest_memwrite(nic.q, NIC_MEM_RX + slot * sizeof(d), &d, sizeof(d));
    nic_doorbell(&nic, HINIC_DB_ETH_RX, HINIC_DB_VAL(0, slot + 1));
}

static void post_tx(uint32_t slot, struct hinic_tx_desc d)
{
    vdc_qtest_memwrite(nic.q, NIC_MEM_TX + slot * sizeof(d), &d, sizeof(d));
    nic_doorbell(&nic, HINIC_DB_ETH_TX, HINIC_DB_VAL(0, slot + 1));
}

static struct hinic_eth_cpl completion(uint64_t ring, uint32_t slot)
{
    struct hinic_eth_cpl c;

    vdc_qtest_memread(nic.q, ring + slot * sizeof(c), &c, sizeof(c));
    return c;
}

static void fill(uint8_t *frame, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)(i * 7 + 3);
    }
    memset(frame, 0xff, 6); /* broadcast */
    frame[12] = 0x88;       /* local experimental EtherType 88b5 */
    frame[13] = 0xb5;
}

static void test_loop(void)
{
    uint8_t sent[1000], got[1000];
    struct hinic_eth_cpl tx, rx;
    uint64_t t0;

    start();
    fill(sent, sizeof(sent));
    vdc_qtest_memwrite(nic.q, TX_DATA, sent, sizeof(sent));
    post_rx(0, RX_LEN, 0);
    vdc_qtest_step(nic.q, 10000);
    t0 = nic_readq(&nic, HINIC_R_VCLOCK_NS);
    post_tx(0, (struct hinic_tx_desc){
                   .addr = TX_DATA, .len = sizeof(sent), .flags = HINIC_TXD_EOP | HINIC_TXD_INT });
    CHECK(!nic_take_irq(&nic, 2));
    vdc_qtest_step(nic.q, 10000);
    tx = completion(NIC_MEM_TX_CPL, 0);
    rx = completion(NIC_MEM_RX_CPL, 0);
    CHECK_EQ(tx.flags, HINIC_CPL_EOP | HINIC_CPL_PHASE);
    CHECK_EQ(tx.len, sizeof(sent));
    CHECK_EQ(rx.flags & (HINIC_CPL_EOP | HINIC_CPL_PHASE | HINIC_CPL_ERR),
             HINIC_CPL_EOP | HINIC_CPL_PHASE);
    CHECK_EQ(rx.len, sizeof(sent));
    CHECK_EQ(rx.id, 100);
    CHECK(nic_take_irq(&nic, 1));
    CHECK(nic_take_irq(&nic, 2));
    vdc_qtest_memread(nic.q, RX_DATA, got, sizeof(got));
    CHECK(memcmp(sent, got, sizeof(sent)) == 0);
    /*
     * Defaults: fetch of the descriptor and of 1000 bytes at 256 Gb/s, t_tx; then (1000 + 24) bytes
     * at 100 Gb/s and 500 ns of fibre. The sum of the docs' formula, in whole ns.
     */
    CHECK_EQ(tx.timestamp - t0, 300 + 1000 + 100 + 31);
    CHECK_EQ(rx.timestamp - tx.timestamp, 500 + 82);
}

static void test_no_early_effect(void)
{
    start();
    vdc_qtest_step(nic.q, 10000);
    post_rx(0, RX_LEN, 0);
    post_tx(0, (struct hinic_tx_desc){
                   .addr = TX_DATA, .len = 60, .flags = HINIC_TXD_EOP | HINIC_TXD_INT });
    vdc_qtest_step(nic.q, 1300);
    CHECK_EQ(completion(NIC_MEM_TX_CPL, 0).flags, 0);
    vdc_qtest_step(nic.q, 10000);
    CHECK(completion(NIC_MEM_TX_CPL, 0).flags != 0);
}

static void check_bad_tx(const char *what, struct hinic_tx_desc d, uint32_t reason)
{
    struct hinic_eth_cpl c;

    start();
    post_tx(0, d);
    vdc_qtest_step(nic.q, 20000);
    c = completion(NIC_MEM_TX_CPL, 0);
    if (c.hash != reason) {
        printf("# %s\n", what);
    }
    CHECK(c.flags & HINIC_CPL_ERR);
    CHECK_EQ(c.hash, reason);
    CHECK_EQ(nic_readl(&nic, HINIC_R_LAST_GUEST_ERR), HINIC_GERR_TX_DESC);
    CHECK_EQ(nic_readl(&nic, HINIC_R_DEV_STATUS) & HINIC_DEV_STATUS_FATAL, 0);
}

static void test_bad_tx(void)
{
    check_bad_tx("reserved flag",
                 (struct hinic_tx_desc){ .addr = TX_DATA, .len = 60, .flags = 0x8001 },
                 HINIC_ETHQ_BAD_FLAGS);
    check_bad_tx(
        "TSO is off",
        (struct hinic_tx_desc){
            .addr = TX_DATA, .len = 60, .flags = HINIC_TXD_EOP | HINIC_TXD_TSO, .mss = 1000 },
        HINIC_ETHQ_BAD_FLAGS);
    check_bad_tx("empty",
                 (struct hinic_tx_desc){ .addr = TX_DATA, .len = 0, .flags = HINIC_TXD_EOP },
                 HINIC_ETHQ_BAD_LEN);
    check_bad_tx(
        "hole",
        (struct hinic_tx_desc){ .addr = UINT64_C(0x80000000), .len = 60, .flags = HINIC_TXD_EOP },
        HINIC_ETHQ_DMA);
    check_bad_tx("own registers",
                 (struct hinic_tx_desc){ .addr = nic.regs, .len = 60, .flags = HINIC_TXD_EOP },
                 HINIC_ETHQ_DMA);
}

static void check_bad_rx(uint16_t len, uint32_t rsv)
{
    uint32_t errors;

    start();
    errors = nic_readl(&nic, HINIC_R_GUEST_ERR_COUNT);
    post_rx(0, len, rsv);
    post_tx(0, (struct hinic_tx_desc){ .addr = TX_DATA, .len = 60, .flags = HINIC_TXD_EOP });
    vdc_qtest_step(nic.q, 20000);
    CHECK_EQ(nic_readl(&nic, HINIC_R_GUEST_ERR_COUNT) - errors, 1);
    CHECK_EQ(nic_readl(&nic, HINIC_R_LAST_GUEST_ERR), HINIC_GERR_RX_DESC);
    CHECK_EQ(completion(NIC_MEM_RX_CPL, 0).flags & HINIC_CPL_EOP, 0);
    CHECK_EQ(completion(NIC_MEM_TX_CPL, 0).flags, HINIC_CPL_EOP | HINIC_CPL_PHASE);
}

static void test_bad_rx(void)
{
    check_bad_rx(HINIC_RX_BUF_MIN - 1, 0);
    check_bad_rx(RX_LEN, 1);
}

static void test_index_jump(void)
{
    uint32_t errors;

    start();
    errors = nic_readl(&nic, HINIC_R_GUEST_ERR_COUNT);
    nic_doorbell(&nic, HINIC_DB_ETH_TX, HINIC_DB_VAL(0, 17));
    nic_doorbell(&nic, HINIC_DB_ETH_RX, HINIC_DB_VAL(0, 0xffff));
    vdc_qtest_step(nic.q, 20000);
    CHECK_EQ(nic_readl(&nic, HINIC_R_GUEST_ERR_COUNT) - errors, 2);
    CHECK_EQ(nic_readl(&nic, HINIC_R_LAST_GUEST_ERR), HINIC_GERR_DB_INDEX);
}

int main(int argc, char **argv)
{
    static const struct tap_case cases[] = {
        { "a frame through the loop, with its times", test_loop },
        { "nothing happens before its time", test_no_early_effect },
        { "bad transmit descriptors stop the queue", test_bad_tx },
        { "bad receive descriptors stop the queue", test_bad_rx },
        { "jumps of an index are ignored", test_index_jump },
    };
    int rc;

    if (argc != 2) {
        fprintf(stderr, "usage: %s PATH-OF-build-qemu\n", argv[0]);
        return 2;
    }
    nic_start(&nic, argv[1], "hinic,loopback=on");
    rc = tap_run(cases, (int)(sizeof(cases) / sizeof(cases[0])));
    return vdc_qtest_stop(nic.q) != 0 ? 1 : rc;
}
