/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wg - keys and peers of a WireGuard interface (linux/wireguard.h); links of kind
 * "wireguard" are made by link_add() */
#ifndef CNIBOX_WG_H
#define CNIBOX_WG_H

#include "core/data/ip.h"
#include "core/data/key.h"
#include "core/kernel/nl.h"

/* An interface, and how to speak of it to the kernel. */
struct wg {
	struct nl *nl;
	const char *name;
	int family; /* the kernel's number for WireGuard */
};

struct wg_peer {
	uint8_t key[KEY_LEN]; /* the public one */
	struct ip endpoint;   /* family 0: not known */
	uint16_t port;	      /* of it, in host byte order */
	struct list allowed;  /* of struct prefix, without host bits */
};

struct wg_device {
	bool has_key;
	uint8_t private_key[KEY_LEN], public_key[KEY_LEN];
	uint16_t port;	   /* that it listens to; 0: the kernel's choice */
	struct list peers; /* of struct wg_peer */
};

/* Prepares to speak of the interface name; nl is a socket of genl_init(). Fails if
 * the kernel has no WireGuard. */
int wg_init(struct wg *wg, struct nl *nl, const char *name);

/* Reads the interface. One that is missing, or of another kind, is an error. */
int wg_get(const struct wg *wg, struct wg_device *out);

/* Sets the private key and the port. Can be held. */
int wg_set(const struct wg *wg, const uint8_t private_key[KEY_LEN],
	   uint16_t port);

/* Makes a peer, or gives it this endpoint, if it is known, and these prefixes in
 * place of its own; a prefix that another peer has is taken from that. Can be
 * held. */
int wg_set_peer(const struct wg *wg, const struct wg_peer *peer);

/* Removes a peer; absent is success. Can be held. */
int wg_del_peer(const struct wg *wg, const uint8_t key[KEY_LEN]);

/* The public key that belongs to a private one, as the kernel says: of an interface in
 * a namespace of its own, so that nobody else sees it. */
int wg_public_key(struct job *job, const uint8_t private_key[KEY_LEN],
		  uint8_t out[KEY_LEN]);

#endif
