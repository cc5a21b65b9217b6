/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel/tc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>

enum {
	HANDLE_TBF = 0x10000, /* 1: */
	CLASS = 0x10001,      /* 1:1 */
	PRIORITY = 0x10000,   /* 1, of a filter */
	RATE_BITS = 42,	      /* so that a rate can be multiplied */
	LO = 1,		      /* the index of lo, in every namespace */
};

static const uint32_t handle_ingress = 0xffff0000; /* ffff: */

static uint32_t at_most(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

struct tc_tbf tc_tbf_of(uint64_t rate, uint64_t burst, int latency)
{
	struct tc_tbf tbf = { .rate = rate / 8 };
	uint64_t size = at_most(burst / 8);
	uint64_t usec = size * 1000000 / tbf.rate;
	uint64_t wait = UINT32_MAX;

	if (!(tbf.rate >> RATE_BITS))
		wait = tbf.rate * (unsigned)latency / 1000;
	tbf.limit = at_most(wait + size);
	tbf.buffer = at_most(usec * 125 / 8);
	return tbf;
}

/* Begins a request for what link has below parent. */
static void begin(struct nl *nl, int type, int flags, int index,
		  uint32_t parent, uint32_t handle)
{
	const struct tcmsg head = { .tcm_ifindex = index,
				    .tcm_parent = parent,
				    .tcm_handle = handle };

	nl_begin(nl, type, flags, &head, sizeof(head));
}

static int del(struct nl *nl, const struct link *link, uint32_t parent,
	       uint32_t handle)
{
	begin(nl, RTM_DELQDISC, NLM_F_ACK, link->index, parent, handle);
	nl_allow(nl, ENOENT, NULL);
	nl_allow(nl, EINVAL,
		 NULL); /* another's, or none for packets that come in */
	nl_allow(nl, ENODEV, NULL);
	return nl_talk(nl, "remove the limit of %s", link->name);
}

int tc_del_tbf(struct nl *nl, const struct link *link)
{
	return del(nl, link, TC_H_ROOT, HANDLE_TBF);
}

int tc_del_redirect(struct nl *nl, const struct link *from)
{
	return del(nl, from, TC_H_INGRESS, handle_ingress);
}

struct made {
	struct nl *nl;
	struct link link;
	int (*del)(struct nl *nl, const struct link *link);
};

static void undo(void *arg)
{
	struct made *made = arg;

	made->del(made->nl, &made->link);
}

/* Sends the request to make something for link. Unless the kernel refuses it, its
 * removal is registered: the answer may have been lost. */
static int make(struct nl *nl, const struct link *link, const char *what,
		int (*inverse)(struct nl *nl, const struct link *link))
{
	int ret = nl_talk(nl, "%s of %s", what, link->name);
	struct made *made;

	if (ret < 0 && nl->failed)
		return -1;
	made = job_alloc(nl->job, sizeof(*made));
	*made = (struct made) { nl, *link, inverse };
	undo_push(nl->job, undo, made);
	return ret;
}

int tc_add_tbf(struct nl *nl, const struct link *link, const struct tc_tbf *tbf)
{
	const struct tc_tbf_qopt parms = {
		.rate.rate = at_most(tbf->rate),
		.limit = tbf->limit,
		.buffer = tbf->buffer,
	};
	struct nlattr *options;

	begin(nl, RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
	      link->index, TC_H_ROOT, HANDLE_TBF);
	nl_needs(nl, ENOENT, "CONFIG_NET_SCH_TBF");
	nl_put_text(nl, TCA_KIND, "tbf");
	options = nl_nest(nl, TCA_OPTIONS);
	nl_put(nl, TCA_TBF_PARMS, &parms, sizeof(parms));
	if (tbf->rate > UINT32_MAX)
		nl_put(nl, TCA_TBF_RATE64, &tbf->rate, sizeof(tbf->rate));
	nl_nest_end(nl, options);
	return make(nl, link, "limit the rate", tc_del_tbf);
}

struct search {
	struct tc_tbf *tbf;
	int index; /* of the link that packets are to leave by */
	bool found;
};

/* The options of a thing of this kind; NULL if it is another. */
static const struct nlattr *options_of(const struct nlmsghdr *msg,
				       const char *kind)
{
	const struct nlattr *attrs[TCA_OPTIONS + 1];

	nl_attrs(msg, sizeof(struct tcmsg), attrs, TCA_OPTIONS);
	return strcmp(nl_attr_text(attrs[TCA_KIND]), kind) == 0
		       ? attrs[TCA_OPTIONS]
		       : NULL;
}

static void on_qdisc(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[TCA_TBF_RATE64 + 1];
	const struct tc_tbf_qopt *parms;
	struct search *search = arg;

	nl_nested(options_of(msg, "tbf"), attrs, TCA_TBF_RATE64);
	if (!attrs[TCA_TBF_PARMS] ||
	    nl_attr_len(attrs[TCA_TBF_PARMS]) < sizeof(*parms))
		return;
	parms = nl_attr_data(attrs[TCA_TBF_PARMS]);
	*search->tbf = (struct tc_tbf) { parms->rate.rate, parms->limit,
					 parms->buffer };
	if (attrs[TCA_TBF_RATE64] &&
	    nl_attr_len(attrs[TCA_TBF_RATE64]) == sizeof(uint64_t))
		memcpy(&search->tbf->rate, nl_attr_data(attrs[TCA_TBF_RATE64]),
		       sizeof(uint64_t));
	search->found = true;
}

/* Not every queueing discipline is told, so there is an ack as well. Without ECHO
 * older kernels tell it only to those who listen. */
int tc_find_tbf(struct nl *nl, const struct link *link, struct tc_tbf *out,
		bool *found)
{
	struct search search = { .tbf = out };
	int ret;

	begin(nl, RTM_GETQDISC, NLM_F_ACK | NLM_F_ECHO, link->index, TC_H_ROOT,
	      0);
	nl_allow(nl, ENOENT, NULL);
	nl_on_reply(nl, on_qdisc, &search);
	ret = nl_talk(nl, "look up the limit of %s", link->name);
	*found = search.found;
	return ret;
}

static int add_ingress(struct nl *nl, const struct link *link)
{
	begin(nl, RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
	      link->index, TC_H_INGRESS, handle_ingress);
	nl_needs(nl, ENOENT, "CONFIG_NET_SCH_INGRESS");
	nl_put_text(nl, TCA_KIND, "ingress");
	return make(nl, link, "redirect the packets", tc_del_redirect);
}

/* A selector with one key whose mask is 0, so it matches everything. */
static void put_match_all(struct nl *nl)
{
	const struct tc_u32_sel sel = { .flags = TC_U32_TERMINAL, .nkeys = 1 };
	char all[sizeof(sel) + sizeof(struct tc_u32_key)] = { 0 };

	memcpy(all, &sel, sizeof(sel));
	nl_put(nl, TCA_U32_SEL, all, sizeof(all));
}

static void put_action(struct nl *nl, int index)
{
	const struct tc_mirred mirred = { .action = TC_ACT_STOLEN,
					  .eaction = TCA_EGRESS_REDIR,
					  .ifindex = (uint32_t)index };
	struct nlattr *first = nl_nest(nl, 1), *options;

	nl_put_text(nl, TCA_ACT_KIND, "mirred");
	options = nl_nest(nl, TCA_ACT_OPTIONS);
	nl_put(nl, TCA_MIRRED_PARMS, &mirred, sizeof(mirred));
	nl_nest_end(nl, options);
	nl_nest_end(nl, first);
}

int tc_redirect(struct nl *nl, const struct link *from, const struct link *to)
{
	const struct tcmsg head = { .tcm_ifindex = from->index,
				    .tcm_parent = handle_ingress,
				    .tcm_info = PRIORITY | htons(ETH_P_ALL) };
	struct nlattr *options, *actions;

	if (add_ingress(nl, from) < 0)
		return -1;
	nl_begin(nl, RTM_NEWTFILTER, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
		 &head, sizeof(head));
	nl_needs(nl, ENOENT, "CONFIG_NET_CLS_U32 or CONFIG_NET_ACT_MIRRED");
	nl_put_text(nl, TCA_KIND, "u32");
	options = nl_nest(nl, TCA_OPTIONS);
	put_match_all(nl);
	nl_put_u32(nl, TCA_U32_CLASSID, CLASS);
	actions = nl_nest(nl, TCA_U32_ACT);
	put_action(nl, to->index);
	nl_nest_end(nl, actions);
	nl_nest_end(nl, options);
	return nl_talk(nl, "redirect the packets of %s to %s", from->name,
		       to->name);
}

static void on_filter(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *u32[TCA_U32_ACT + 1], *actions[2];
	const struct nlattr *action[TCA_ACT_OPTIONS + 1];
	const struct nlattr *attrs[TCA_MIRRED_PARMS + 1];
	const struct tc_mirred *mirred;
	struct search *search = arg;

	nl_nested(options_of(msg, "u32"), u32, TCA_U32_ACT);
	nl_nested(u32[TCA_U32_ACT], actions, 1);
	nl_nested(actions[1], action, TCA_ACT_OPTIONS);
	if (strcmp(nl_attr_text(action[TCA_ACT_KIND]), "mirred") != 0)
		return;
	nl_nested(action[TCA_ACT_OPTIONS], attrs, TCA_MIRRED_PARMS);
	if (!attrs[TCA_MIRRED_PARMS] ||
	    nl_attr_len(attrs[TCA_MIRRED_PARMS]) < sizeof(*mirred))
		return;
	mirred = nl_attr_data(attrs[TCA_MIRRED_PARMS]);
	search->found |= mirred->eaction == TCA_EGRESS_REDIR &&
			 (int)mirred->ifindex == search->index;
}

int tc_is_redirected(struct nl *nl, const struct link *from,
		     const struct link *to, bool *found)
{
	struct search search = { .index = to->index };
	int ret;

	begin(nl, RTM_GETTFILTER, NLM_F_DUMP, from->index, handle_ingress, 0);
	nl_on_reply(nl, on_filter, &search);
	ret = nl_talk(nl, "list the filters of %s", from->name);
	*found = search.found;
	return ret;
}

/* Block 0, which there is not, is refused after an unknown kind. */
static int probe_qdisc(struct nl *nl, const char *kind, uint32_t parent,
		       const char *option)
{
	begin(nl, RTM_NEWQDISC, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, LO,
	      parent, 0);
	nl_needs(nl, ENOENT, option);
	nl_allow(nl, EINVAL, NULL);
	nl_allow(nl, EEXIST, NULL);
	nl_allow(nl, EOPNOTSUPP, NULL);
	nl_put_text(nl, TCA_KIND, kind);
	nl_put_u32(nl, TCA_INGRESS_BLOCK, 0);
	return nl_talk(nl, "try %s", kind);
}

/* An action without options is refused after an unknown kind. */
static int probe_action(struct nl *nl)
{
	static const struct tcamsg head;
	struct nlattr *actions, *first;

	nl_begin(nl, RTM_NEWACTION, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
		 &head, sizeof(head));
	nl_needs(nl, ENOENT, "CONFIG_NET_ACT_MIRRED");
	nl_allow(nl, EINVAL, NULL);
	actions = nl_nest(nl, TCA_ROOT_TAB);
	first = nl_nest(nl, 1);
	nl_put_text(nl, TCA_ACT_KIND, "mirred");
	nl_nest_end(nl, first);
	nl_nest_end(nl, actions);
	return nl_talk(nl, "try mirred");
}

int tc_probe(struct nl *nl)
{
	if (probe_qdisc(nl, "tbf", TC_H_ROOT, "CONFIG_NET_SCH_TBF") < 0 ||
	    probe_qdisc(nl, "ingress", TC_H_INGRESS, "CONFIG_NET_SCH_INGRESS") <
		    0)
		return -1;
	return probe_action(nl);
}
