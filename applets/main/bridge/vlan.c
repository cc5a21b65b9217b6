/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vlan - the VLANs of the container's port, and the gateway's link in a VLAN */
#include "bridge.h"

#include <string.h>

#include "core/base/hash.h"

static const struct conf_key bridge_trunk_keys[] = {
	{ "minID", CONF_INT, AT(bridge_trunk, min),
	  .has = offsetof(struct bridge_trunk, has_min),
	  HELP("first VLAN of a range") },
	{ "maxID", CONF_INT, AT(bridge_trunk, max),
	  .has = offsetof(struct bridge_trunk, has_max),
	  HELP("last VLAN of a range") },
	{ "id", CONF_INT, AT(bridge_trunk, id),
	  .has = offsetof(struct bridge_trunk, has_id), HELP("one VLAN") },
	CONF_END
};

const struct conf_key bridge_trunk_item = { .type = CONF_OBJECT,
					    .keys = bridge_trunk_keys };

static bool bridge_is_vlan(int id)
{
	return id > 0 && id <= VLAN_MAX;
}

/* Adds the VLANs of an item. What is wrong with it, or NULL. */
static const char *bridge_put_trunk(const struct bridge_trunk *trunk,
				    struct brvlan *out)
{
	if (trunk->has_max && !trunk->has_min)
		return "minID and maxID should be configured simultaneously, minID is missing";
	if (trunk->has_min && !trunk->has_max)
		return "minID and maxID should be configured simultaneously, maxID is missing";
	if (trunk->has_min && !bridge_is_vlan(trunk->min))
		return "incorrect trunk minID parameter";
	if (trunk->has_max && !bridge_is_vlan(trunk->max))
		return "incorrect trunk maxID parameter";
	if (trunk->min > trunk->max)
		return "minID is greater than maxID in trunk parameter";
	if (trunk->has_id && !bridge_is_vlan(trunk->id))
		return "incorrect trunk id parameter";
	for (int id = trunk->min; trunk->has_min && id <= trunk->max; id++)
		brvlan_put(out, id);
	if (trunk->has_id)
		brvlan_put(out, trunk->id);
	return NULL;
}

int bridge_vlans(struct call *c, struct brvlan *out, bool *any)
{
	const struct bridge_conf *conf = c->conf;
	const struct bridge_trunk *trunk = conf->trunk.items;

	*out = (struct brvlan) { 0 };
	*any = conf->vlan != 0;
	if (conf->vlan && !bridge_is_vlan(conf->vlan))
		return fail(c->job, CNI_BAD_CONFIG,
			    "invalid VLAN ID %d (must be between 0 and %d)",
			    conf->vlan, VLAN_MAX);
	for (size_t i = 0; i < conf->trunk.count; i++) {
		const char *wrong = bridge_put_trunk(&trunk[i], out);

		if (wrong)
			return fail_details(
				c->job, CNI_BAD_CONFIG,
				job_printf(c->job, "vlanTrunk[%zu]", i), "%s",
				wrong);
		*any |= trunk[i].has_min || trunk[i].has_id;
	}
	/* Frames without a tag belong to the native VLAN. */
	if (*any) {
		out->native = conf->vlan ? conf->vlan : 1;
		brvlan_put(out, out->native);
	}
	return 0;
}

int bridge_set_vlans(struct call *c, const struct link *port)
{
	const struct bridge_conf *conf = c->conf;
	struct brvlan vlans;
	bool any;

	if (bridge_vlans(c, &vlans, &any) < 0)
		return -1;
	return any ? brvlan_set(&c->host, port, &vlans, conf->keep_vlan) : 0;
}

/* The port may be in more VLANs than the configuration asks for. */
int bridge_check_vlans(struct call *c, const struct link *port)
{
	struct brvlan vlans, there;
	bool any;

	if (bridge_vlans(c, &vlans, &any) < 0)
		return -1;
	if (!any)
		return 0;
	if (brvlan_get(&c->host, port, &there) < 0)
		return -1;
	if (there.native != vlans.native)
		return fail(c->job, CNI_INTERNAL,
			    "Interface %s: native VLAN is %d instead of %d",
			    port->name, there.native, vlans.native);
	for (int id = 1; id <= VLAN_MAX; id++) {
		if (brvlan_has(&vlans, id) && !brvlan_has(&there, id))
			return fail(c->job, CNI_INTERNAL,
				    "Interface %s: not in VLAN %d", port->name,
				    id);
	}
	return 0;
}

/* Makes a pair of links on the host: the gateway, and a port of the bridge. */
static int bridge_create_gateway(struct call *c, struct record *record,
				 const struct link *bridge, const char *name,
				 bool *exists)
{
	char digits[12];
	uint8_t mac[2][MAC_LEN];
	struct link_spec peer = {
		.name = name, .mtu = bridge->mtu, .mac = mac[0], .netns = -1
	};
	struct link_spec spec = { .kind = "veth",
				  .name = job_printf(
					  c->job, "veth%s",
					  hash_text(name, 11, digits)),
				  .mtu = bridge->mtu,
				  .mac = mac[1],
				  .master = bridge->index,
				  .shared = true,
				  .peer = &peer };

	if (link_random_macs(c->job, mac, 2) < 0)
		return -1;
	bridge_undo_made(c, record, bridge, &peer);
	return link_add(&c->host, &spec, exists);
}

/* Called by each ADD: the one that made the link may have been cut short. */
static int bridge_complete_gateway(struct call *c, const struct link *link,
				   bool made)
{
	const struct bridge_conf *conf = c->conf;
	struct brvlan vlans = { .native = conf->vlan };
	struct link port;

	/* If the other end is in another namespace, brvlan_set() fails. */
	if (link_get_index(&c->host, link->peer, &port) < 0 ||
	    brvlan_set(&c->host, &port, &vlans, conf->keep_vlan) < 0)
		return -1;
	veth_ignore_ra(c, &port);
	bridge_quiet_ipv6(c, link, made);
	return bridge_set_up(c, &port) | bridge_set_up(c, link);
}

int bridge_vlan_gateway(struct call *c, struct record *record,
			const struct link *bridge, struct link *out)
{
	const char *name = bridge_vlan_name(c);
	bool found, exists = true;

	if (strlen(name) >= IFNAMSIZ)
		return fail(
			c->job, CNI_BAD_CONFIG,
			"bridge: %s is too long for the name of an interface",
			name);
	if (link_find(&c->host, name, out, &found) < 0)
		return -1;
	if (!found &&
	    (bridge_create_gateway(c, record, bridge, name, &exists) < 0 ||
	     link_get(&c->host, name, out) < 0))
		return -1;
	/* A link that somebody made in another way is taken as it is. */
	return strcmp(out->kind, "veth") == 0
		       ? bridge_complete_gateway(c, out, !exists)
		       : 0;
}

const char *bridge_vlan_name(struct call *c)
{
	const struct bridge_conf *conf = c->conf;

	return job_printf(c->job, "%s.%d", conf->bridge, conf->vlan);
}
