/* SPDX-License-Identifier: GPL-2.0-or-later */
/* masq - what a configuration says of masquerading */
#ifndef CNIBOX_MASQ_H
#define CNIBOX_MASQ_H

#include "core/cni/call.h"

/* Of bridge and the like: where their key tables put what they read. */
struct masq {
	bool on;	     /* ipMasq: true */
	const char *family;  /* ipMasq: one of masq_families, or NULL */
	const char *backend; /* ipMasqBackend: one of masq_backends, or NULL */
	struct list exempt;  /* nonMasqueradeCIDRs: of struct prefix */
	int realm;	     /* nonMasqueradeRealm, or 0 */
};

enum { REALM_MAX = 255 };

extern const char *const masq_families[]; /* for conf_key.choices */
extern const char *const masq_backends[];

/* Fails if masquerading is asked for and not built in. Warns if another backend than
 * nftables is asked for. */
int masq_validate(struct call *c, const struct masq *masq);

/* STATUS: fails if masquerading is asked for and the kernel cannot do it. */
int masq_probe(struct call *c, const struct masq *masq);

/* Adds what masquerading the addresses of result takes to a list of struct
 * entry. */
void masq_entries(struct call *c, const struct masq *masq,
		  const struct result *result, struct list *entries);

#endif
