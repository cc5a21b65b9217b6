/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tuning - settings of the container's kernel and of its interface
 *
 * https://www.cni.dev/plugins/current/meta/tuning/

config TUNING
	bool "tuning"
	default y
	depends on CHAIN
	help
	  Sets sysctls of the container's network namespace, and of its
	  interface the MAC address, MTU, promiscuous and all-multicast mode
	  and the length of the transmit queue. DEL brings the latter back.
	  Called behind a plugin that has made the interface. Costs 9 KB,
	  of that 2 the allowlist.
*/
#include "applets/meta/tuning/tuning.h"

#include <limits.h>
#include <string.h>

#include "core/cni/mac.h"

static const struct conf_key tuning_sysctl_item = { .type = CONF_STRING,
						    AT(tuning_sysctl, value) };

static const struct conf_key tuning_runtime_keys[] = {
	{ "mac", CONF_STRING, AT(tuning_conf, runtime_mac),
	  HELP("in place of mac (capability \"mac\")") },
	CONF_END
};

static const struct conf_key tuning_args_keys[] = {
	{ "cni", CONF_RAW, AT(tuning_conf, args),
	  HELP("sysctl, mac, mtu, promisc, allmulti and txQLen, which prevail") },
	CONF_END
};

const struct conf_key tuning_keys[] = {
	{ "sysctl", CONF_MAP, AT(tuning_conf, sysctls),
	  .item = &tuning_sysctl_item,
	  .item_size = sizeof(struct tuning_sysctl),
	  HELP("settings below net, by name; IFNAME in it is the interface") },
	{ "mac", CONF_STRING, AT(tuning_conf, values.mac),
	  HELP("MAC address of the interface") },
	{ "mtu", CONF_INT, AT(tuning_conf, values.mtu), .max = INT_MAX,
	  HELP("its MTU; 0: as it is") },
	{ "promisc", CONF_BOOL, AT(tuning_conf, values.promisc),
	  .has = offsetof(struct tuning_conf, values.has_promisc),
	  HELP("it receives every frame") },
	{ "allmulti", CONF_BOOL, AT(tuning_conf, values.allmulti),
	  .has = offsetof(struct tuning_conf, values.has_allmulti),
	  HELP("it receives every multicast frame") },
	{ "txQLen", CONF_INT, AT(tuning_conf, values.tx_queue), .max = INT_MAX,
	  .has = offsetof(struct tuning_conf, values.has_tx_queue),
	  HELP("length of its transmit queue") },
	{ "dataDir", CONF_STRING, AT(tuning_conf, data_dir),
	  HELP("where DEL finds what the interface had before") },
	{ "runtimeConfig", CONF_OBJECT, .keys = tuning_runtime_keys,
	  HELP("what the runtime adds") },
	{ "args", CONF_OBJECT, .keys = tuning_args_keys,
	  HELP("what the orchestrator adds") },
	CONF_END
};

static const struct tuning_conf tuning_defaults = {
	.data_dir = TUNING_DATA_DIR,
};

/* Replaces the configuration by what results from all that say something of it:
 * CNI_ARGS prevail over the plugin's own keys, runtimeConfig over these, args.cni
 * over all. */
static int tuning_validate(struct call *c)
{
	const struct tuning_conf *conf = c->conf;
	struct tuning_conf *want = job_alloc(c->job, sizeof(*want));
	struct tuning_values *values = &want->values;
	const char *arg = env_arg(c->job, &c->env, "MAC");
	uint8_t mac[MAC_LEN];
	struct list args;

	*want = *conf;
	want->sysctls = (struct list) { 0 };
	if (arg && *arg)
		values->mac = arg;
	if (conf->runtime_mac && *conf->runtime_mac)
		values->mac = conf->runtime_mac;
	if (conf_read(c->job, "args.cni", conf->args, tuning_keys, false,
		      want) < 0)
		return -1;
	want->data_dir = conf->data_dir;
	if (values->mac && *values->mac && !mac_parse(values->mac, mac))
		return fail(
			c->job, CNI_BAD_CONFIG,
			"invalid args %s for MAC addr: address %s: invalid MAC address",
			values->mac, values->mac);
	/* false is only for CHECK. */
	values->has_promisc = values->promisc;
	args = want->sysctls;
	want->sysctls = conf->sysctls;
	c->conf = want;
	return tuning_name_sysctls(c, &want->sysctls, &args);
}

static bool tuning_changes_link(const struct tuning_values *v)
{
	return (v->mac && *v->mac) || v->mtu || v->has_promisc ||
	       v->has_allmulti || v->has_tx_queue;
}

int tuning_apply(struct call *c, const struct link *link,
		 const struct tuning_values *v)
{
	struct nl *nl = &c->guest;
	uint8_t mac[MAC_LEN];

	nl_hold(nl);
	if (v->mac && mac_parse(v->mac, mac))
		link_set_mac(nl, link, mac);
	if (v->has_promisc)
		link_set_flags(nl, link, v->promisc ? IFF_PROMISC : 0,
			       IFF_PROMISC);
	if (v->mtu)
		link_set_mtu(nl, link, v->mtu);
	if (v->has_allmulti)
		link_set_flags(nl, link, v->allmulti ? IFF_ALLMULTI : 0,
			       IFF_ALLMULTI);
	if (v->has_tx_queue)
		link_set_tx_queue(nl, link, v->tx_queue);
	return nl_release(nl);
}

/* The result has the interface as it is now. */
static void tuning_tell(struct call *c)
{
	const struct tuning_conf *conf = c->conf;
	struct result_interface *interface = c->result.interfaces.items;
	char text[MAC_TEXT];
	uint8_t mac[MAC_LEN];

	for (size_t i = 0; i < c->result.interfaces.count; i++, interface++) {
		if (strcmp(interface->name, c->env.ifname) != 0 ||
		    !interface->sandbox || !*interface->sandbox)
			continue;
		if (conf->values.mac && mac_parse(conf->values.mac, mac))
			interface->mac =
				job_printf(c->job, "%s", mac_print(mac, text));
		if (conf->values.mtu && interface->mtu)
			interface->mtu = conf->values.mtu;
	}
}

static int tuning_add(struct call *c)
{
	const struct tuning_conf *conf = c->conf;
	struct link link;

	if (tuning_check_allowed(c) < 0)
		return -1;
	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "Required prevResult missing");
	c->result = c->prev;
	if (tuning_set_sysctls(c) < 0)
		return -1;
	if (!tuning_changes_link(&conf->values))
		return 0;
	if (tuning_save(c, &link) < 0 ||
	    (conf->values.mac && *conf->values.mac &&
	     mac_end_steady_of(c, &link) < 0) ||
	    tuning_apply(c, &link, &conf->values) < 0)
		return -1;
	tuning_tell(c);
	return 0;
}

static int tuning_check_number(struct call *c, const char *what, int want,
			       int now)
{
	if (want == now)
		return 0;
	return fail(
		c->job, CNI_INTERNAL,
		"Error: Tuning configured %s of %s is %d, current value is %d",
		what, c->env.ifname, want, now);
}

static int tuning_check_link(struct call *c, const struct link *link)
{
	const struct tuning_conf *conf = c->conf;
	const struct tuning_values *v = &conf->values;
	bool promisc = link->flags & IFF_PROMISC;
	bool allmulti = link->flags & IFF_ALLMULTI;
	char text[MAC_TEXT];
	uint8_t mac[MAC_LEN];

	if (v->mac && mac_parse(v->mac, mac) &&
	    memcmp(mac, link->mac, MAC_LEN) != 0)
		return fail(
			c->job, CNI_INTERNAL,
			"Error: Tuning configured Ethernet of %s is %s, current value is %s",
			link->name, v->mac, mac_print(link->mac, text));
	if (v->promisc != promisc)
		return fail(
			c->job, CNI_INTERNAL,
			"Error: Tuning link %s configured promisc is %s, current value is %d",
			link->name, v->promisc ? "true" : "false", promisc);
	if (v->mtu && tuning_check_number(c, "MTU", v->mtu, link->mtu) < 0)
		return -1;
	if (v->has_allmulti && v->allmulti != allmulti)
		return fail(
			c->job, CNI_INTERNAL,
			"Error: Tuning configured all-multicast mode of %s is %s, current value is %s",
			link->name, v->allmulti ? "true" : "false",
			allmulti ? "true" : "false");
	if (!v->has_tx_queue)
		return 0;
	return tuning_check_number(c, "Transmit Queue Length", v->tx_queue,
				   link->tx_queue);
}

static int tuning_check(struct call *c)
{
	struct link link;
	bool found;

	if (!c->has_prev)
		return fail(c->job, CNI_BAD_CONFIG,
			    "Required prevResult missing");
	if (tuning_check_sysctls(c) < 0 ||
	    link_find(&c->guest, c->env.ifname, &link, &found) < 0)
		return -1;
	if (!found)
		return fail(c->job, CNI_INTERNAL,
			    "Cannot find container link %s", c->env.ifname);
	return tuning_check_link(c, &link);
}

static int tuning_status(struct call *c)
{
	const struct tuning_conf *conf = c->conf;

	if (tuning_check_allowed(c) == 0 && tuning_changes_link(&conf->values))
		tuning_probe(c);
	if (c->job->msg)
		c->job->code = CNI_NOT_AVAILABLE;
	return 0;
}

const struct applet tuning_applet = {
	.name = "tuning",
	.keys = tuning_keys,
	.conf_size = sizeof(struct tuning_conf),
	.defaults = &tuning_defaults,
	.defaults_size = sizeof(tuning_defaults),
	.needs_netns = true,
	.takes_args = true,
	.validate = tuning_validate,
	.add = tuning_add,
	.del = tuning_restore,
	.check = IF_CHECK(tuning_check),
	.status = tuning_status,
	.gc = IF_GC(tuning_forget_invalid),
};
