# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where musl, libmnl, libnftnl and jsmn come from, and how one compiles and
# links with them: LIBC_CFLAGS, LIBC_LINK(objects), DEPS_SRC, DEPS_READY.
#
# 1. With PKG_CONFIG or SYSROOT given, or a compiler made for musl (Alpine,
#    Buildroot, Yocto): what the compiler and pkg-config find, below SYSROOT if
#    there is one.
# 2. Else from Debian's packages, in DEPS_DIR/<cpu>, where build/fetch puts
#    them. The compiler's own libc is not used, so any gcc or clang will do.

ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
HOSTCC ?= gcc
STRIP := $(CROSS_COMPILE)strip
READELF := $(CROSS_COMPILE)readelf
OBJCOPY := $(CROSS_COMPILE)objcopy
DEPS_DIR ?= out/deps

CC_TARGET := $(shell $(CC) -dumpmachine)
$(if $(CC_TARGET),,$(error There is no C compiler "$(CC)": install one or set CC))
cpu = $(DEPS_DIR)/$(firstword $(subst -, ,$(1)))

DEPS_SRC := build/heap.c
LIBS := libmnl $(if $(CONFIG_NAT),libnftnl)
PIE := $(CONFIG_STATIC_PIE)
# clang has -static say it.
no_pie = $(call known,-no-pie)

ifneq ($(SYSROOT)$(PKG_CONFIG)$(findstring -musl,$(CC_TARGET)),)

ifneq ($(SYSROOT),)
PKG_CONFIG ?= PKG_CONFIG_SYSROOT_DIR=$(SYSROOT) PKG_CONFIG_LIBDIR=$(or \
	$(PKG_CONFIG_LIBDIR),$(SYSROOT)/usr/lib/pkgconfig:$(SYSROOT)/usr/share/pkgconfig) \
	pkg-config
endif
PKG_CONFIG ?= pkg-config
libs_by = $(shell $(PKG_CONFIG) $(1) $(LIBS))$(if $(filter 0,$(.SHELLSTATUS)),,$(error \
	"$(strip $(PKG_CONFIG)) $(1) $(LIBS)" fails))
# A compiler made for another libc has that one's files in folders of its own;
# -B comes before them.
IN_SYSROOT := $(if $(SYSROOT),--sysroot=$(SYSROOT) -B$(SYSROOT)/usr/lib/)
crt = $(shell $(CC) $(IN_SYSROOT) -print-file-name=$(1))
LIBC_CFLAGS := $(IN_SYSROOT) $(call libs_by,--cflags)
LIBC_LIBS := $(call libs_by,--static --libs)
# The compiler's own crtbegin serves C++, and refers to what build/discard.ld
# leaves out.
LIBC_LINK = $(IN_SYSROOT) -nostartfiles \
	$(if $(PIE),-static-pie,-static $(no_pie)) \
	$(call crt,$(if $(PIE),rcrt1.o,crt1.o)) $(call crt,crti.o) $(1) \
	$(LIBC_LIBS) $(call crt,crtn.o)

else

DEPS := $(call cpu,$(CC_TARGET))
DEPS_SRC += build/glibc-chk.c
DEPS_READY := $(DEPS)/packages
MUSL := $(DEPS)/musl
LIBC_CFLAGS := -nostdinc -isystem $(MUSL)/include \
	-isystem $(shell $(CC) -print-file-name=include) -isystem $(DEPS)/include
LIBC_LINK = -static -nostdlib \
	$(if $(PIE),-Wl$(comma)-pie$(comma)--no-dynamic-linker,$(no_pie)) \
	$(MUSL)/lib/$(if $(PIE),rcrt1.o,crt1.o) $(MUSL)/lib/crti.o $(1) \
	$(patsubst lib%,$(DEPS)/lib/lib%.a,$(filter libnftnl,$(LIBS)) libmnl) \
	-Wl,--start-group $(MUSL)/lib/libc.a \
	$(shell $(CC) -print-file-name=libgcc.a) -Wl,--end-group \
	$(MUSL)/lib/crtn.o

endif

# The unit tests run on the machine that builds, with its libc. The archives
# were built for glibc, so they serve there too.
HOST_DEPS := $(call cpu,$(shell $(HOSTCC) -dumpmachine))
HOST_READY := $(HOST_DEPS)/packages
HOST_CFLAGS := -isystem $(HOST_DEPS)/include
HOST_LIBS := $(HOST_DEPS)/lib/libnftnl.a $(HOST_DEPS)/lib/libmnl.a -lcmocka

$(DEPS_DIR)/%/packages: | build/fetch
	$(call say,FETCH,$(@D))
	$(Q)OBJCOPY=$(OBJCOPY) build/fetch $(@D) $*

fetch: $(DEPS_READY)
