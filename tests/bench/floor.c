/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * floor - nothing but the netlink requests that the outcome takes
 *
 * Called as a plugin is. ADD: a veth pair between br0 and the pod, born in its
 * places, and inside an address and a default route; called as floor6, of IPv6
 * too. DEL: the pair is deleted; GC: all pairs are. No configuration, no
 * reservation, no NAT.
 */
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

enum { GROUP = 77 }; /* of all ports */

static _Alignas(4) char buf[16384];
static size_t used;
static struct nlmsghdr *msg;

static void *put_raw(const void *data, size_t len)
{
	void *at = memcpy(buf + used, data, len);

	used += NLMSG_ALIGN(len);
	msg->nlmsg_len = (uint32_t)(buf + used - (char *)msg);
	return at;
}

static struct rtattr *put(int type, const void *data, size_t len)
{
	struct rtattr head = { (unsigned short)RTA_LENGTH(len),
			       (unsigned short)type };
	struct rtattr *attr = put_raw(&head, sizeof(head));

	put_raw(data, len);
	return attr;
}

static void put_int(int type, int value)
{
	put(type, &value, sizeof(value));
}

static void put_text(int type, const char *text)
{
	put(type, text, strlen(text) + 1);
}

static struct rtattr *nest(int type)
{
	return put(type | NLA_F_NESTED, NULL, 0);
}

static void nest_end(struct rtattr *attr)
{
	attr->rta_len = (unsigned short)(buf + used - (char *)attr);
}

static void begin(int type, int flags, const void *head, size_t len)
{
	struct nlmsghdr new = {
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = (uint16_t)type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
	};

	msg = memcpy(buf + used, &new, sizeof(new));
	used += NLMSG_HDRLEN;
	put_raw(head, len);
}

/* Sends what there is and waits for so many acks. The index in the answer, or
 * 0 if there is no link in it. */
static int talk(int fd, int acks)
{
	int index = 0;

	if (send(fd, buf, used, 0) < 0)
		exit(1);
	used = 0;
	while (acks) {
		ssize_t len = recv(fd, buf, sizeof(buf), 0);
		const struct nlmsghdr *head = (const void *)buf;

		if (len < (ssize_t)sizeof(*head))
			exit(1);
		if (head->nlmsg_type == RTM_NEWLINK) {
			index = ((struct ifinfomsg *)NLMSG_DATA(head))
					->ifi_index;
		} else if (head->nlmsg_type == NLMSG_ERROR) {
			if (((struct nlmsgerr *)NLMSG_DATA(head))->error)
				exit(1);
			acks--;
		}
	}
	return index;
}

static int index_of(int fd, const char *name)
{
	struct ifinfomsg head = { 0 };

	begin(RTM_GETLINK, 0, &head, sizeof(head));
	put_text(IFLA_IFNAME, name);
	put_int(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return talk(fd, 1);
}

static void create_pair(int fd, const char *port, const char *name, int netns)
{
	struct ifinfomsg up = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct ifinfomsg down = { 0 }; /* it cannot be up before the port */
	int bridge = index_of(fd, "br0");
	struct rtattr *info, *data, *peer;

	begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up, sizeof(up));
	put_text(IFLA_IFNAME, port);
	put_int(IFLA_MASTER, bridge);
	put_int(IFLA_GROUP, GROUP);
	info = nest(IFLA_LINKINFO);
	put_text(IFLA_INFO_KIND, "veth");
	data = nest(IFLA_INFO_DATA);
	peer = nest(VETH_INFO_PEER);
	put_raw(&down, sizeof(down));
	put_text(IFLA_IFNAME, name);
	put_int(IFLA_NET_NS_FD, netns);
	nest_end(peer);
	nest_end(data);
	nest_end(info);
	talk(fd, 1);
}

/* The second address of the subnet is the pod's, the first the gateway's. */
static void put_address(int index, int family, const uint8_t *subnet,
			size_t size, int len)
{
	struct ifaddrmsg address = { .ifa_family = (uint8_t)family,
				     .ifa_prefixlen = (uint8_t)len,
				     .ifa_flags = IFA_F_NODAD,
				     .ifa_index = (unsigned)index };
	struct rtmsg route = { .rtm_family = (uint8_t)family,
			       .rtm_table = RT_TABLE_MAIN,
			       .rtm_protocol = RTPROT_BOOT,
			       .rtm_type = RTN_UNICAST };
	uint8_t ip[16];

	memcpy(ip, subnet, size);
	ip[size - 1] = 2;
	begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &address,
	      sizeof(address));
	put(IFA_LOCAL, ip, size);
	put(IFA_ADDRESS, ip, size);
	ip[size - 1] = 1;
	begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof(route));
	put(RTA_GATEWAY, ip, size);
	put_int(RTA_OIF, index);
}

static int add(int fd, const char *port, const char *name, int both)
{
	static const uint8_t subnet4[4] = { 10, 1 };
	static const uint8_t subnet6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1 };
	struct ifinfomsg up = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	int netns = open(getenv("CNI_NETNS"), O_RDONLY | O_CLOEXEC);

	create_pair(fd, port, name, netns);
	if (setns(netns, CLONE_NEWNET) < 0)
		return 1;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	up.ifi_index = index_of(fd, name);
	begin(RTM_SETLINK, 0, &up, sizeof(up));
	put_address(up.ifi_index, AF_INET, subnet4, sizeof(subnet4), 16);
	if (both)
		put_address(up.ifi_index, AF_INET6, subnet6, sizeof(subnet6),
			    64);
	talk(fd, both ? 5 : 3);
	return 0;
}

int main(int argc, char **argv)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const char *command = getenv("CNI_COMMAND");
	size_t len = argc ? strlen(argv[0]) : 0;
	struct ifinfomsg head = { 0 };
	char port[IFNAMSIZ] = "veth";

	memccpy(port + 4, getenv("CNI_CONTAINERID"), '\0', sizeof(port) - 5);
	if (strcmp(command, "ADD") == 0)
		return add(fd, port, getenv("CNI_IFNAME"),
			   len && argv[0][len - 1] == '6');
	begin(RTM_DELLINK, 0, &head, sizeof(head));
	if (strcmp(command, "GC") == 0)
		put_int(IFLA_GROUP, GROUP);
	else
		put_text(IFLA_IFNAME, port);
	talk(fd, 1);
	return 0;
}
