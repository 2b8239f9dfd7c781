// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Is the libibverbs of this process the release the provider was built for?
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hinic.h"

/*
 * The interface between library and provider is private, and its version number does not change
 * with it: 44.0 and 56.1 both say 34. Proof of the release is the build id of the library, or its
 * file name where a distribution has built the same release again.
 */
static const char want_id[] = HINIC_LIBIBVERBS_BUILD_ID; /* hexadecimal */
static const char want_end[] = "." HINIC_RDMA_CORE_RELEASE;

struct search {
	const void *inside; /* an address of the library */
	bool is_found;
};

static bool is_wanted_id(const uint8_t *id, size_t len)
{
	char hex[sizeof(want_id)];

	if (2 * len != sizeof(want_id) - 1)
		return false;
	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	return strcmp(hex, want_id) == 0;
}

static bool has_wanted_note(const uint8_t *at, size_t left)
{
	ElfW(Nhdr) note;
	size_t name, desc;

	while (left >= sizeof(note)) {
		memcpy(&note, at, sizeof(note));
		name = (note.n_namesz + 3u) & ~(size_t)3;
		desc = (note.n_descsz + 3u) & ~(size_t)3;
		if (left - sizeof(note) < name || left - sizeof(note) - name < desc)
			return false;
		at += sizeof(note);
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(at, "GNU", 4) == 0)
			return is_wanted_id(at + name, note.n_descsz);
		at += name + desc;
		left -= sizeof(note) + name + desc;
	}
	return false;
}

static int look_at_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct search *s = arg;
	uintptr_t inside = (uintptr_t)s->inside;
	bool is_it = false, has_note = false;

	(void)size; /* the fields used were always there */
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t at = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_LOAD && inside - at < ph->p_memsz)
			is_it = true;
		if (ph->p_type == PT_NOTE && has_wanted_note((const uint8_t *)at, ph->p_memsz))
			has_note = true;
	}
	s->is_found = is_it && has_note;
	return is_it;
}

bool hinic_release_matches(void)
{
	struct search s = { .inside = (const void *)(uintptr_t)verbs_set_ops };
	const char *found = "a library without a name";
	char *path = NULL;
	bool matches;
	Dl_info info;
	size_t len;

	dl_iterate_phdr(look_at_object, &s);
	if (s.is_found)
		return true;

	if (dladdr(s.inside, &info)) {
		path = realpath(info.dli_fname, NULL);
		found = path ? path : info.dli_fname;
	}
	len = strlen(found);
	matches = len >= sizeof(want_end) &&
		  strcmp(found + len - (sizeof(want_end) - 1), want_end) == 0;
	if (!matches)
		fprintf(stderr,
			"libhinic: built for rdma-core " HINIC_RDMA_CORE_RELEASE
			", but %s is another build; install the provider made for it. "
			"HiNIC devices are ignored.\n",
			found);
	free(path);
	return matches;
}
