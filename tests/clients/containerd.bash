# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # shared with helpers.bash
#
# A node of containerd, which is asked through CRI for what kubelet asks it.

NETWORK='{
	"cniVersion": "1.0.0", "name": "pods", "plugins": [
		{
			"type": "bridge", "bridge": "cni0", "isGateway": true,
			"ipMasq": true, "hairpinMode": true,
			"ipam": {
				"type": "host-local",
				"ranges": [
					[{"subnet": "10.12.1.0/24"}],
					[{"subnet": "2001:db8:12::/64"}]
				],
				"routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]
			}
		},
		{"type": "portmap", "capabilities": {"portMappings": true}}
	]
}'

client_needs() {
	needs containerd ctr crun busybox dpkg
	/usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null ||
		skip "no grpc and protobuf for python3"
}

client_up() {
	oci_up
	image_up
	node_file /etc/containerd/config.toml <<-END
		version = 2
		[plugins."io.containerd.grpc.v1.cri"]
		disable_apparmor = true
		disable_cgroup = true
		restrict_oom_score_adj = true
		sandbox_image = "$IMAGE"
		[plugins."io.containerd.grpc.v1.cri".containerd]
		snapshotter = "native"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		runtime_type = "io.containerd.runc.v2"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
		BinaryName = "$OCI"
	END
	network "$NETWORK"
	node containerd >"$LOG" 2>&1 &
	wait_until 20 ready
	node ctr -n k8s.io images import "$IMAGE_FILE"
}

network() {
	node_file /etc/cni/net.d/10-pods.conflist <<<"$1"
}

cri() {
	/usr/bin/python3 "$TOP/tests/clients/cri.py" \
		"$ROOT/run/containerd/containerd.sock" "$@"
}

ready() {
	cri Status 2>/dev/null |
		jq -e '.status.conditions | all(.status)' >/dev/null
}

# containerd has read a network configuration with TEXT.
has_read() {
	cri Status '{"verbose": true}' | jq -r '.info[]
		| select(.key == "cniconfig") | .value' | grep -qF "$1"
}

# ---- pods

# mapping HOST CONTAINER [HOSTIP]: a list of port mappings.
mapping() {
	jq -cn --argjson host "$1" --argjson container "$2" --arg ip "${3:-}" \
		'[{host_port: $host, container_port: $container, host_ip: $ip}]'
}

# sandbox NAME MAPPINGS: runs a sandbox. Its configuration is in pod_conf, its
# id in sandboxes.
declare -gA sandboxes containers
sandbox() {
	local answer
	pod_conf=$(jq -cn --arg name "$1" --argjson ports "$2" '{
		metadata: {name: $name, uid: $name, namespace: "default"},
		hostname: $name, log_directory: "/var/log/\($name)",
		port_mappings: $ports}')
	answer=$(cri RunPodSandbox "{\"config\": $pod_conf}") || return
	sandboxes[$1]=$(jq -r .pod_sandbox_id <<<"$answer")
}

# pod_start NAME MAPPINGS: a sandbox and the server in it.
pod_start() {
	local answer
	sandbox "$1" "$2"
	answer=$(jq -cn --arg id "${sandboxes[$1]}" --argjson pod "$pod_conf" \
		--arg image "$IMAGE" '{
		pod_sandbox_id: $id, sandbox_config: $pod, config: {
			metadata: {name: "server"}, image: {image: $image},
			command: $ARGS.positional, log_path: "server.log"
		}}' --args -- "${SERVER[@]}")
	answer=$(cri CreateContainer "$answer")
	containers[$1]=$(jq -r .container_id <<<"$answer")
	cri StartContainer "{\"container_id\": \"${containers[$1]}\"}"
}

# pod_call METHOD NAME: a call that needs no more than the sandbox's id.
pod_call() {
	cri "$1" "{\"pod_sandbox_id\": \"${sandboxes[$2]}\"}"
}

# What is idempotent, kubelet repeats; these make a DEL each, the later ones
# without CNI_NETNS.
pod_remove() {
	local name method
	for name; do
		for method in Stop Stop Remove Remove; do
			pod_call "${method}PodSandbox" "$name"
		done
	done
}

# The addresses of a pod: IPv4, then IPv6.
pod_addresses() {
	pod_call PodSandboxStatus "$1" | jq -r '.status.network
		| .ip, .additional_ips[].ip'
}

# pod_exec NAME CMD...: prints the output of CMD.
pod_exec() {
	local answer
	answer=$(jq -cn --arg id "${containers[$1]}" '{container_id: $id,
		cmd: $ARGS.positional, timeout: 60}' --args -- "${@:2}")
	answer=$(cri ExecSync "$answer")
	jq -r '.stdout, .stderr | @base64d' <<<"$answer"
	expect "$answer" '.exit_code == 0'
}
