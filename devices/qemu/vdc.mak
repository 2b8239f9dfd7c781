# SPDX-License-Identifier: GPL-2.0-or-later
# The devices of the project's QEMU: a PCIe PC without anything that completes outside virtual time.
CONFIG_Q35=y
CONFIG_PCIE_PORT=y
CONFIG_NVDIMM=y
CONFIG_VDC=y
