/* SPDX-License-Identifier: GPL-2.0-or-later */
/* result - the CNI result: model, reading prevResult, printing each version
 * (SPEC.md, "Appendix: Examples" and the versions before 1.0) */
#ifndef CNIBOX_RESULT_H
#define CNIBOX_RESULT_H

#include "core/data/conf.h"
#include "core/data/ip.h"

/* The shapes that results have had. */
enum result_family {
	RESULT_UNKNOWN,
	RESULT_01, /* 0.1.0 0.2.0: ip4, ip6 */
	RESULT_03, /* 0.3.0 0.3.1 0.4.0: ips with version */
	RESULT_10, /* 1.0.0 1.1.0 */
};

struct result_interface {
	const char *name, *mac, *sandbox, *socket_path, *pci_id; /* or NULL */
	int mtu; /* 0: not given */
};

struct result_ip {
	struct prefix address;
	struct ip gateway; /* family 0: none */
	int interface;	   /* index into interfaces */
	bool has_interface;
};

enum {
	/* gw is on the link, whatever the other routes say. (RTNH_F_ONLINK) */
	ROUTE_ONLINK = 4,
};

struct route {
	struct prefix dst;
	struct ip gw; /* family 0: none */
	int mtu, advmss, priority, table, scope;
	bool has_table, has_scope;
	/* These two are in no result. */
	struct ip src;	/* what packets are from by default; family 0: chosen */
	unsigned flags; /* of ROUTE_* */
};

/* In each list, present tells an empty list from a missing one. */
struct dns {
	struct list nameservers, search, options; /* of const char * */
	const char *domain;			  /* or NULL */
};

struct result {
	struct list interfaces; /* of struct result_interface */
	struct list ips;	/* of struct result_ip */
	struct list routes;	/* of struct route */
	struct dns dns;
};

/* The key tables of a route and of dns, for configurations that have them. */
extern const struct conf_key route_keys[];
extern const struct conf_key dns_keys[];

/* The seven versions, oldest first, NULL at the end. */
extern const char *const cni_versions[];

/* The last of them. */
#define CNI_NEWEST "1.1.0"

/* The shape of results of this exact version; RESULT_UNKNOWN for others. */
enum result_family result_family(const char *version);

/* Compares "a.b.c" texts by number; missing parts are 0. Bad text is
 * CNI_NOT_DECODED; *order is <0, 0 or >0. */
int version_compare(struct job *job, const char *a, const char *b, int *order);

/* Reads a result of any version. version is the configuration's; a result that
 * names no version is taken for one of this. With same_family (prevResult) a
 * result of another shape is refused, as the reference does. Messages begin
 * with what ("prevResult", "result of host-local"). */
int result_read(struct job *job, const char *what, const struct json *object,
		const char *version, bool same_family, struct result *out);

/* Prints the result in the shape of version. A result without any address is
 * an error in 0.1.0 and 0.2.0, which have no shape for it. */
int result_print(struct job *job, const struct result *result,
		 const char *version, struct str *out);

/* Appends the result of the plugins before this one in the chain to its own,
 * except for the container's lo and its addresses; dns only if the own has
 * none. */
void result_append(struct job *job, struct result *to,
		   const struct result *more);

/* Whether this address of result is the container's ifname's: that of its
 * interface of this name in a sandbox, or of no interface that result names. */
bool result_ip_is_of(const struct result *result, const struct result_ip *ip,
		     const char *ifname);

/* Whether dns has anything, if only an empty list. */
bool dns_is_given(const struct dns *dns);

#endif
