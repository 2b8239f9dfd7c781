# SPDX-License-Identifier: MIT
# Two commands for a new machine: `make demo` runs the main job, `make check` passes the tests.
BUILD ?= build
# Checkouts made by other users of the same cache are fine; nothing here needs a parallel make.
.NOTPARALLEL:
.PHONY: all demo check bench deps qemu image images clean help

help:
	@echo "make demo    two live guests over HiSwitch, run twice and compared (builds what is missing)"
	@echo "make check   every test: lint, unit, sim, qtest, guest; gcc, clang, sanitizers"
	@echo "make images  the guest images with RDMA tools (examples/rc-pingpong.yaml and friends)"
	@echo "make bench   the benchmarks; figures as JSON lines"
	@echo "make all     vdc, hicain-vswitchd, QEMU and the guest image, without running anything"

all: deps $(BUILD)/build.ninja
	@scripts/step "compile VDC" ninja -C $(BUILD)
	@$(MAKE) --no-print-directory qemu image

deps:
	@scripts/deps

$(BUILD)/build.ninja: | deps
	@scripts/step "configure VDC" meson setup $(BUILD)

qemu: $(BUILD)/build.ninja
	@scripts/build-qemu

image: deps
	@scripts/image/build base

# The images with RDMA tools: tests and some examples want them.
images: image
	@scripts/image/build verbs
	@scripts/image/build pyverbs

demo: all
	@scripts/demo $(BUILD)

check: all images
	@scripts/check $(BUILD)

bench: all
	@scripts/bench $(BUILD)

clean:
	rm -rf $(BUILD) $(BUILD)-*
