/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/neigh.h"

#include <errno.h>
#include <string.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

const char *neigh_text(struct job *job, const struct link *link,
		       const struct neigh *neigh)
{
	char mac[MAC_TEXT], ip[IP_TEXT];

	mac_print(neigh->mac, mac);
	ip_print(&neigh->ip, ip);
	return neigh->table == NEIGH_FDB
		       ? job_printf(job, "fdb %s dev %s dst %s", mac,
				    link->name, ip)
		       : job_printf(job, "neigh %s lladdr %s dev %s", ip, mac,
				    link->name);
}

int neigh_set(struct nl *nl, enum nl_verb verb, const struct link *link,
	      const struct neigh *neigh)
{
	struct ndmsg head = {
		.ndm_family = (uint8_t)neigh->table,
		.ndm_ifindex = link->index,
		.ndm_state = NUD_PERMANENT,
		.ndm_flags = neigh->table == NEIGH_FDB ? NTF_SELF : 0,
	};

	nl_begin_verb(nl, verb, RTM_NEWNEIGH, &head, sizeof(head));
	if (verb == NL_DELETE) {
		nl_allow(nl, ENOENT, NULL);
		nl_allow(nl, ENODEV, NULL);
	}
	nl_put_ip(nl, NDA_DST, &neigh->ip);
	nl_put(nl, NDA_LLADDR, neigh->mac, MAC_LEN);
	return nl_talk(nl, "%s %s", nl_verb_text(verb),
		       neigh_text(nl->job, link, neigh));
}

struct neigh_search {
	struct job *job;
	int table, index;
	struct list *out;
};

static void on_neigh(const struct nlmsghdr *msg, void *arg)
{
	struct neigh_search *search = arg;
	const struct ndmsg *head = nl_payload(msg);
	const struct nlattr *attrs[NDA_MAX + 1], *ip;
	struct neigh neigh = { .table = search->table };
	int family;

	nl_attrs(msg, sizeof(*head), attrs, NDA_MAX);
	ip = attrs[NDA_DST];
	family = ip && nl_attr_len(ip) == 16 ? NEIGH_V6 : NEIGH_V4;
	if (head->ndm_family == search->table &&
	    head->ndm_ifindex == search->index &&
	    head->ndm_state & NUD_PERMANENT &&
	    nl_attr_ip(ip, family, &neigh.ip) &&
	    nl_attr_copy(attrs[NDA_LLADDR], neigh.mac, MAC_LEN))
		list_copy(search->job, search->out, &neigh, sizeof(neigh));
}

int neigh_list(struct nl *nl, const struct link *link, int table,
	       struct list *out)
{
	struct neigh_search search = { nl->job, table, link->index, out };
	struct ndmsg head = { .ndm_family = (uint8_t)table };

	nl_begin(nl, RTM_GETNEIGH, NLM_F_DUMP, &head, sizeof(head));
	nl_put_u32(nl, NDA_IFINDEX, (uint32_t)link->index);
	nl_on_reply(nl, on_neigh, &search);
	return nl_talk(nl, "list neighbours of %s", link->name);
}
