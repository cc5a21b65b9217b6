/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conf - the keys of the configuration, and the rules between them */
#include "bridge.h"

#include <string.h>

static const char *const bridge_auto[] = { "auto", NULL };

static const struct conf_key bridge_masq_family = { .type = CONF_STRING,
						    AT(bridge_conf,
						       masq.family),
						    .choices = masq_families };
static const struct conf_key bridge_mtu_auto = { .type = CONF_STRING,
						 AT(bridge_conf, mtu_auto),
						 .choices = bridge_auto };
static const struct conf_key bridge_subnet = { .type = CONF_PREFIX };

static const struct conf_key bridge_cni_keys[] = {
	{ "mac", CONF_MAC, AT(bridge_conf, args_mac),
	  .has = offsetof(struct bridge_conf, has_args_mac),
	  HELP("MAC address of the container's interface") },
	CONF_END
};

static const struct conf_key bridge_args_keys[] = {
	{ "cni", CONF_OBJECT, .keys = bridge_cni_keys }, CONF_END
};

static const struct conf_key bridge_runtime_keys[] = {
	{ "mac", CONF_MAC, AT(bridge_conf, runtime_mac),
	  .has = offsetof(struct bridge_conf, has_runtime_mac),
	  HELP("the same, from the runtime; comes first") },
	CONF_END
};

const struct conf_key bridge_keys[] = {
	{ "bridge", CONF_IFNAME, AT(bridge_conf, bridge),
	  HELP("name of the bridge; made if it is missing") },
	{ "isGateway", CONF_BOOL, AT(bridge_conf, is_gateway),
	  HELP("give the bridge the gateway's address, forward packets") },
	{ "isDefaultGateway", CONF_BOOL, AT(bridge_conf, is_default_gateway),
	  HELP("isGateway, and the container's default route goes there") },
	{ "forceAddress", CONF_BOOL, AT(bridge_conf, force_address),
	  HELP("replace another address of the bridge") },
	{ "ipMasq", CONF_BOOL, AT(bridge_conf, masq.on),
	  .other = &bridge_masq_family,
	  HELP("masquerade what leaves the subnet, of one family or both") },
	{ "nonMasqueradeCIDRs", CONF_ARRAY, AT(bridge_conf, masq.exempt),
	  .item = &bridge_subnet, .item_size = sizeof(struct prefix),
	  HELP("subnets to which nothing is masqueraded") },
	{ "nonMasqueradeRealm", CONF_INT, AT(bridge_conf, masq.realm), .min = 1,
	  .max = REALM_MAX,
	  HELP("realm of routes by which no IPv4 is masqueraded") },
	{ "ipMasqBackend", CONF_STRING, AT(bridge_conf, masq.backend),
	  .choices = masq_backends,
	  HELP("accepted; nftables does the work either way") },
	{ "mtu", CONF_INT, AT(bridge_conf, mtu), .other = &bridge_mtu_auto,
	  HELP("of a new bridge and of both ends; 0: the kernel's choice; "
	       "auto: that of the default route") },
	{ "hairpinMode", CONF_BOOL, AT(bridge_conf, hairpin),
	  HELP("send packets back out of the port they came from") },
	{ "promiscMode", CONF_BOOL, AT(bridge_conf, promisc),
	  HELP("the bridge receives every packet; not with hairpinMode") },
	{ "portIsolation", CONF_BOOL, AT(bridge_conf, isolated),
	  HELP("the port does not reach other isolated ones") },
	{ "disableContainerInterface", CONF_BOOL,
	  AT(bridge_conf, no_container_interface),
	  HELP("leave the container's interface down; not with ipam") },
	{ "enabledad", CONF_BOOL, AT(bridge_conf, dad),
	  HELP("duplicate address detection for IPv6, and wait for it") },
	{ "dns", CONF_OBJECT, AT(bridge_conf, dns), .keys = dns_keys },
	{ "args", CONF_OBJECT, .keys = bridge_args_keys },
	{ "runtimeConfig", CONF_OBJECT, .keys = bridge_runtime_keys },
	{ "vlan", CONF_INT, AT(bridge_conf, vlan),
	  HELP("VLAN of the container, 1 to 4094; 0: none") },
	{ "vlanTrunk", CONF_ARRAY, AT(bridge_conf, trunk),
	  .item = &bridge_trunk_item, .item_size = sizeof(struct bridge_trunk),
	  HELP("VLANs that the container gets with their tags") },
	{ "preserveDefaultVlan", CONF_BOOL, AT(bridge_conf, keep_vlan),
	  HELP("with vlan or vlanTrunk: stay in the bridge's own VLAN, too") },
	{ "macspoofchk", CONF_BOOL, AT(bridge_conf, macspoofchk),
	  HELP("drop what the container sends by another MAC address") },
	CONF_END
};

int bridge_validate(struct call *c)
{
	const struct bridge_conf *conf = c->conf;
	struct brvlan vlans;
	bool any;

	if (conf->hairpin && conf->promisc)
		return fail(
			c->job, CNI_BAD_CONFIG,
			"cannot set hairpin mode and promiscuous mode at the same time");
	if (conf->no_container_interface && c->net.ipam)
		return fail(
			c->job, CNI_BAD_CONFIG,
			"cannot use IPAM when DisableContainerInterface flag is set");
	if (!IS_ENABLED(CONFIG_BRIDGE_VLAN) &&
	    (conf->vlan || conf->trunk.present))
		return fail_unbuilt(c->job, CNI_BAD_CONFIG,
				    conf->vlan ? "vlan" : "vlanTrunk",
				    "BRIDGE_VLAN");
	if (bridge_has_vlans(conf) && bridge_vlans(c, &vlans, &any) < 0)
		return -1;
	if (conf->macspoofchk && !IS_ENABLED(CONFIG_NAT))
		return fail_unbuilt(c->job, CNI_BAD_CONFIG, "macspoofchk",
				    "NAT");
	return masq_validate(c, &conf->masq);
}
