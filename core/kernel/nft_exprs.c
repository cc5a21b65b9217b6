/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The expressions of nft.c, in place of libnftnl's own table of all there are:
 * that one would link every one of them, some 40 KB. Should libnftnl change
 * these internal names, the link fails. */
#include <stddef.h>
#include <string.h>

#include "core/base/job.h"

struct expr_ops; /* libnftnl's; only passed on */

extern struct expr_ops expr_ops_bitwise, expr_ops_cmp, expr_ops_ct,
	expr_ops_fib, expr_ops_immediate, expr_ops_lookup, expr_ops_masq,
	expr_ops_meta, expr_ops_nat, expr_ops_payload, expr_ops_rt;

struct expr_ops *nftnl_expr_ops_lookup(const char *name);

struct expr_ops *nftnl_expr_ops_lookup(const char *name)
{
	static const struct {
		const char *name;
		struct expr_ops *ops;
	} table[] = {
		{ "bitwise", &expr_ops_bitwise },
		{ "cmp", &expr_ops_cmp },
		{ "ct", &expr_ops_ct },
		{ "fib", &expr_ops_fib },
		{ "immediate", &expr_ops_immediate },
		{ "lookup", &expr_ops_lookup },
		{ "masq", &expr_ops_masq },
		{ "meta", &expr_ops_meta },
		{ "nat", &expr_ops_nat },
		{ "payload", &expr_ops_payload },
		{ "rt", &expr_ops_rt },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (!strcmp(name, table[i].name))
			return table[i].ops;
	}
	return NULL;
}

static void stop(void)
{
	job_abort("libnftnl was told what it does not know");
}

/* In place of libnftnl's functions that print, which nobody calls, and the one for a
 * wrong attribute. Weak, as another version may link its own for something else. */
#define INSTEAD(name)                                                          \
	void name(void);                                                       \
	__attribute__((weak, alias("stop"))) void name(void)
INSTEAD(__abi_breakage);
INSTEAD(nftnl_family2str);
INSTEAD(nftnl_fprintf);
INSTEAD(nftnl_verdict2str);
