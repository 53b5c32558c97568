# SPDX-License-Identifier: MIT
#
# Build, run and test Tare. "make help" lists the targets.
#
#   ARCH=x86_64|arm64  the machine to build for (x86_64)
#   CONFIG=path        compose.yaml, or the folder that holds it, for the image
#   DATA=path          folder that the image's data partition starts with
#   DEBUG=1            with a shell on the console; outputs in build/ARCH/debug
#   V=1                show the commands

ARCH   ?= x86_64
CONFIG ?=
DATA   ?=
Q      := $(if $(V),,@)
say     = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

B := build/$(ARCH)
O := $(B)$(if $(DEBUG),/debug)
H := build/host
P := $(B)/parts
HOST_ARCH := $(patsubst aarch64,arm64,$(shell uname -m))

export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || \
	echo 1735689600)
MAKEFLAGS += --no-builtin-rules
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
.DELETE_ON_ERROR:
.SECONDARY:

# ---- what is compiled -------------------------------------------------------

AGENT_SRC  := $(wildcard agent/*/*.c)
TARE_SRC   := $(filter-out agent/oci/%,$(AGENT_SRC))
INIT_MAINS := init initramfs disks netd dhcp6 dhcp-hook setup shell shutdown reaper
INIT_MAINS := $(filter $(INIT_MAINS),$(basename $(notdir $(wildcard init/*.c))))
INIT_SRC   := $(filter-out $(INIT_MAINS:%=init/%.c),$(wildcard init/*.c))
PROGRAMS   := $(INIT_MAINS:%=$(B)/bin/%) $(B)/bin/tare $(B)/bin/tare-dns
TESTS      := $(patsubst tests/unit/%.c,$(H)/test/%,$(wildcard tests/unit/*_test.c))

LIBS       := musl libyaml jansson zlib zstd libseccomp openssl

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough \
	-Wswitch-enum -Wwrite-strings -Wcast-qual -Wpointer-arith \
	-Wnull-dereference -Werror
LANGUAGE := -std=c11 -D_GNU_SOURCE $(WARNINGS) -MMD -MP

TARGET_CC      := $(P)/musl/bin/musl-gcc
TARGET_CFLAGS  := $(LANGUAGE) -Os -fPIE -ffunction-sections -fdata-sections \
	-fstack-protector-strong -fno-asynchronous-unwind-tables \
	-ffile-prefix-map=$(CURDIR)=. \
	$(patsubst %,-isystem $(P)/%/include,$(filter-out musl,$(LIBS)))
TARGET_LDFLAGS := -static-pie -s -Wl,--gc-sections -Wl,-z,relro,-z,now \
	-Wl,--build-id=none $(patsubst %,-L$(P)/%/lib,$(LIBS))
AGENT_LIBS     := -lyaml -ljansson -lz -lzstd -lseccomp -lcrypto

HOST_CC     := $(CC)
HOST_CFLAGS := $(LANGUAGE) -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all -Itests/unit
TARGET_AR   := $(if $(filter $(ARCH),$(HOST_ARCH)),ar,$(ARCH:arm64=aarch64)-linux-gnu-ar)

# ---- targets for people -----------------------------------------------------

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' \
		Makefile
	@sed -n 's/^#   \([A-Z]\)/  \1/p' Makefile

.PHONY: run
run: $(O)/tare-$(ARCH).img | tools-run ## build everything, boot it in this terminal
	$(Q)qemu/run -a $(ARCH) $(if $(DEBUG),--image $(O)/tare-$(ARCH).img --keys guest)

.PHONY: image
image: $(O)/tare-$(ARCH).img ## the OS file and the boot disk

.PHONY: os
os: $(O)/tare-$(ARCH).efi ## only the OS file

.PHONY: programs
programs: $(PROGRAMS) oci ## only our own programs, static, for ARCH

.PHONY: oci
oci: $(B)/bin/tare-oci ## only tare-oci, the OCI runtime command for other hosts

# TEST_ONLY of "unit fuzz oci net boot" leaves the others out.
.PHONY: test
test: $(TESTS) | tools-boot ## unit tests, fuzz corpus, tare-oci, then boot tests in QEMU
ifneq ($(filter oci,$(or $(TEST_ONLY),oci)),)
	$(Q)parts/hosttools oci && $(MAKE) oci
endif
ifneq ($(filter net,$(or $(TEST_ONLY),net)),)
	$(Q)parts/hosttools net && $(MAKE) programs $(P)/root.stamp
endif
ifneq ($(filter boot,$(or $(TEST_ONLY),boot)),)
	$(Q)$(MAKE) ARCH=$(ARCH) image
	$(Q)$(MAKE) ARCH=$(ARCH) DEBUG=1 image
endif
	$(Q)tests/run $(H)/test

.PHONY: unit
unit: $(TESTS) ## only the unit tests, on this machine
	$(Q)TEST_ONLY=unit tests/run $(H)/test

.PHONY: lint
lint: | tools-lint ## formatting, warnings of two compilers, layers, banned calls, docs
	$(Q)tests/lint/run

.PHONY: format
format: | tools-lint ## put all C files in the house format
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

# Two at once would measure each other; images are still made in parallel.
ifneq ($(filter bench%,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif
.PHONY: bench
bench: ## all benchmarks, one after the other, with their bars
	$(Q)short=; for name in size memory boot change; do \
		$(MAKE) --no-print-directory bench-$$name || short=1; \
	done; [ -z "$$short" ]
.PHONY: bench-size bench-memory bench-boot bench-change bench-cold
bench-change: ## seconds from a changed line of the agent to the booted machine
bench-cold: ## minutes from an empty cache to the booted machine; not in "bench"
bench-change bench-cold: bench-%: | tools-run
	$(Q)tests/bench/build $*
bench-size: ## what the OS file and its parts weigh
bench-memory: ## what init and agent occupy when idle
bench-boot: ## guest instructions from reset to a workload's first line
bench-size bench-memory bench-boot: bench-%: | tools-bench
	$(Q)$(MAKE) image
	$(Q)$(if $(filter size,$*),,$(MAKE) DEBUG=1 image)
	$(Q)tests/bench/$*

.PHONY: bench-survive
bench-survive: | tools-bench ## agents that die, 1,000 workloads; not in "bench"
	$(Q)$(MAKE) image
	$(Q)$(MAKE) DEBUG=1 image
	$(Q)tests/bench/survive

.PHONY: bench-oci
bench-oci: programs | tools-bench-oci ## containers beside crun and runc; not in "bench"
	$(Q)$(MAKE) oci $(B)/bench/oci_agent
	$(Q)tests/bench/oci

.PHONY: bench-net
bench-net: programs | tools-bench-net ## networks beside plain rules and proxies; not in "bench"
	$(Q)$(MAKE) $(B)/bench/net_attach $(P)/root.stamp image
	$(Q)$(MAKE) DEBUG=1 image
	$(Q)short=; tests/bench/net || short=1; tests/bench/net --vm && \
		[ -z "$$short" ]

.PHONY: sbom
sbom: $(O)/tare-$(ARCH).spdx.json ## SPDX list of everything in the image

.PHONY: clean
clean: ## remove build/ (built parts stay in the cache)
	$(Q)rm -rf build

# ---- host tools and parts ---------------------------------------------------

.PHONY: FORCE
tools-%:
	$(Q)parts/hosttools $(or $(TOOLS_$*),$*)
TOOLS_build := build $(ARCH)
TOOLS_run   := $(if $(filter arm64,$(ARCH)),run-arm64,run)
TOOLS_boot  := boot $(ARCH)

# A stamp changes when one of its parts does. Each is one run of parts/build.
$(P)/libs.stamp: PARTS = $(LIBS)
$(P)/root.stamp: PARTS = busybox e2fsprogs
$(P)/kernel.stamp: PARTS = linux
$(P)/boot.stamp: PARTS = $(if $(filter x86_64,$(ARCH)),syslinux)
build/host.stamp: PARTS = e2fsprogs
build/host.stamp: PARTS_ARCH = $(HOST_ARCH)
PARTS_ARCH = $(ARCH)
%.stamp: FORCE | tools-build
	$(Q)mkdir -p $(@D) && parts/build -a $(PARTS_ARCH) \
		-l build/$(PARTS_ARCH)/parts -s $@ $(PARTS)

# ---- programs ---------------------------------------------------------------

$(B)/obj/agent/%.o: agent/%.c $(P)/libs.stamp
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(TARGET_CC) $(TARGET_CFLAGS) -Iagent -c -o $@ $<
$(B)/obj/init/%.o: init/%.c $(P)/libs.stamp
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(TARGET_CC) $(TARGET_CFLAGS) -Iinit -c -o $@ $<
$(B)/obj/init.a: $(INIT_SRC:%.c=$(B)/obj/%.o)
	$(Q)rm -f $@ && $(TARGET_AR) Drcs $@ $^
$(B)/obj/agent.a: $(AGENT_SRC:%.c=$(B)/obj/%.o)
	$(Q)rm -f $@ && $(TARGET_AR) Drcs $@ $^
$(B)/bin/tare: $(B)/obj/agent/main.o $(TARE_SRC:%.c=$(B)/obj/%.o)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(TARGET_CC) $(TARGET_LDFLAGS) -o $@ $^ $(AGENT_LIBS)
# Not part of the OS root; an archive gives it only what it uses.
# At a fixed address: a start is two short processes of it, and to relocate its
# tables in each would take 5 % of the whole.
$(B)/bin/tare-oci: TARGET_LDFLAGS := $(TARGET_LDFLAGS:-static-pie=-static -no-pie)
$(B)/bin/tare-oci: $(B)/obj/agent/tare-oci.o $(B)/obj/agent.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(TARGET_CC) $(TARGET_LDFLAGS) -o $@ $^ \
		-ljansson -lseccomp
$(B)/bin/tare-dns: $(B)/obj/agent/tare-dns.o $(B)/obj/agent.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(TARGET_CC) $(TARGET_LDFLAGS) -o $@ $^
$(B)/bin/%: $(B)/obj/init/%.o $(B)/obj/init.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(TARGET_CC) $(TARGET_LDFLAGS) -o $@ $^
$(B)/bench/oci_agent $(B)/bench/net_attach: $(B)/bench/%: tests/bench/%.c \
		$(B)/obj/agent.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(TARGET_CC) $(TARGET_CFLAGS) -Iagent \
		$(TARGET_LDFLAGS) -o $@ $< $(B)/obj/agent.a $(AGENT_LIBS)

# Unit tests run here: the machine's compiler and libraries, and sanitizers.
$(H)/obj/agent/%.o: agent/%.c | tools-unit
	$(Q)mkdir -p $(@D) && $(HOST_CC) $(HOST_CFLAGS) -Iagent -c -o $@ $<
$(H)/obj/init/%.o: init/%.c | tools-unit
	$(Q)mkdir -p $(@D) && $(HOST_CC) $(HOST_CFLAGS) -Iinit -c -o $@ $<
$(H)/obj/tests/%.o: tests/unit/%.c | tools-unit
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(HOST_CC) $(HOST_CFLAGS) -Iagent -Iinit -c -o $@ $<
$(H)/obj/agent.a: $(AGENT_SRC:%.c=$(H)/obj/%.o)
	$(Q)rm -f $@ && ar Drcs $@ $^
$(H)/obj/init.a: $(INIT_SRC:%.c=$(H)/obj/%.o)
	$(Q)rm -f $@ && ar Drcs $@ $^
# A test's line "wrap: f g" names the calls that it replaces.
$(H)/test/%: $(H)/obj/tests/%.o $(H)/obj/agent.a $(H)/obj/init.a
	$(Q)mkdir -p $(@D) && $(HOST_CC) -fsanitize=address,undefined -o $@ $< \
		$$(sed -n 's,^[/ ]\* wrap: \([a-z0-9_ ]*\).*,\1,p' tests/unit/$*.c | \
			sed 's/[^ ]*/-Wl,--wrap=&/g') \
		$(H)/obj/agent.a $(H)/obj/init.a $(AGENT_LIBS)

# ---- root, OS file, disk ----------------------------------------------------

# The root's time is the floor of the machine's clock: that of the last commit.
$(B)/epoch: FORCE
	$(Q)mkdir -p $(@D) && echo $(SOURCE_DATE_EPOCH) >$@.new && \
		if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(O)/root.erofs: rootfs/mkroot $(B)/epoch $(PROGRAMS) $(P)/root.stamp \
		$(wildcard rootfs/*) | tools-image
	$(call say,ROOT,$@)
	$(Q)mkdir -p $(@D) && rootfs/mkroot -l rootfs/files \
		$(if $(DEBUG),-l rootfs/files.debug) $(B) $@
$(O)/tare-$(ARCH).efi: rootfs/mkosfile $(O)/root.erofs $(P)/kernel.stamp
	$(call say,OS,$@)
	$(Q)rootfs/mkosfile $(P)/linux $(O)/kernel $(B)/bin/initramfs \
		$(O)/root.erofs $@

# The config partition: CONFIG, a folder or a single file, or examples/hello. The
# image of hello goes with it, so that a first own compose.yaml can use it.
HELLO := $(B)/hello.tar
$(HELLO): examples/hello/mkimage examples/hello/index.html $(P)/root.stamp
	$(call say,IMAGE,$@)
	$(Q)examples/hello/mkimage $(ARCH) $(P)/busybox/bin/busybox-hello $@
CONFIG_FROM := $(if $(CONFIG),$(CONFIG),examples/hello/compose.yaml)
$(O)/tare-$(ARCH).img: image/mkimage $(O)/tare-$(ARCH).efi $(HELLO) \
		$(P)/boot.stamp FORCE \
		build/host.stamp | tools-image
	$(Q)rm -rf $(O)/config && mkdir -p $(O)/config/images && \
		if [ -d "$(CONFIG_FROM)" ]; then \
			cp -R "$(CONFIG_FROM)/." $(O)/config/; \
		else cp "$(CONFIG_FROM)" $(O)/config/compose.yaml; fi && \
		{ [ -e $(O)/config/images/hello.tar ] || \
			cp $(HELLO) $(O)/config/images/; }
	$(Q)image/mkimage -a $(ARCH) -k $(O)/tare-$(ARCH).efi -c $(O)/config \
		$(if $(DATA),-d $(DATA)) -o $@.new
	$(Q)if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@ && \
		echo "  DISK  $@"; fi

$(O)/tare-$(ARCH).spdx.json: parts/sbom $(O)/tare-$(ARCH).efi $(PROGRAMS) \
		$(O)/tare-$(ARCH).img | tools-sbom
	$(call say,SBOM,$@)
	$(Q)parts/sbom $(ARCH) $(O) $@

-include $(shell find build -name '*.d' 2>/dev/null)
