# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # confs and DIR are the caller's
#
# The configurations that are measured, as files in $confs, and plans of them.

# conf NAME [KEYS]: of the network; NAME.del is what DEL gets, as a runtime
# passes the result on.
conf() {
	local head='"cniVersion":"1.0.0","name":"net"'
	printf '{%s,%s}\n' "$head" "$2" >"$confs/$1"
	printf '{%s,%s,"prevResult":@PREV@}\n' "$head" "$2" >"$confs/$1.del"
}

write_confs() {
	local v4='[{"subnet":"10.1.0.0/16"}]' v6='[{"subnet":"2001:db8:1::/64"}]'
	local ipam='"type":"host-local","routes":[{"dst":"0.0.0.0/0"}'
	local bridge='"type":"bridge","bridge":"br0"' gateway='"isGateway":true'
	local ports='' i
	conf plain "$bridge,\"ipam\":{$ipam],\"ranges\":[$v4]}"
	conf masq "$bridge,$gateway,\"ipMasq\":true,
		\"ipam\":{$ipam],\"ranges\":[$v4]}"
	conf dual "$bridge,$gateway,\"ipMasq\":true,
		\"ipam\":{$ipam,{\"dst\":\"::/0\"}],\"ranges\":[$v4,$v6]}"
	conf gc "$bridge,$gateway,\"ipMasq\":true,
		\"cni.dev/valid-attachments\":[],\"cniVersion\":\"1.1.0\",
		\"ipam\":{$ipam],\"ranges\":[$v4]}"
	for ((i = 0; i < 4; i++)); do
		ports+="{\"hostPort\":$((8080 + i)),\"containerPort\":$((80 + i)),
			\"protocol\":\"tcp\"},"
		[ $i != 0 ] || conf port "$(portmap_keys "${ports%,}")"
	done
	conf ports "$(portmap_keys "${ports%,}")"
	conf ports-6 "$(portmap_keys "$(mappings tcp 1000)")"
	conf ports-17 "$(portmap_keys "$(mappings udp 1000)")"
	# ADD of portmap has a result to go on from.
	for i in port ports ports-6 ports-17; do
		cp "$confs/$i.del" "$confs/$i"
	done
}

# mappings PROTOCOL COUNT
mappings() {
	local ports='' i
	for ((i = 0; i < $2; i++)); do
		ports+="{\"hostPort\":$((8080 + i)),\"containerPort\":$((80 + i)),
			\"protocol\":\"$1\"},"
	done
	echo "${ports%,}"
}

portmap_keys() {
	printf '"type":"portmap","capabilities":{"portMappings":true},'
	printf '"runtimeConfig":{"portMappings":[%s]}' "$1"
}

# published_conf I: of portmap, where it is asked alone, for pod I
published_conf() {
	local prev="\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.1.0.$1/16\"}]"
	printf '{"cniVersion":"1.0.0","name":"net",%s,"prevResult":{%s}}\n' \
		"$(portmap_keys "{\"hostPort\":$((20000 + $1)),\"containerPort\":80,
			\"protocol\":\"tcp\"}")" "$prev" >"$confs/published-$1"
}

# plan NODE CALL...: the head of the contestant on that node and its calls,
# which are functions below.
plan() {
	local who=${1%@*} call
	echo "contestant $1 ${NODE[$1]} ${DIR[$who]}"
	for call in "${@:2}"; do
		# shellcheck disable=SC2086 # a function and its arguments
		$call
	done
}

# call LABEL VERB POD PLUGIN CONF
call() {
	local program=${DIR[$who]}/$4
	if [ "$who" = floor ]; then
		[ "$4" = bridge ] || return 0
		program=${DIR[floor]}/floor
		[[ $5 != dual* ]] || program+=6
	elif [ "$who" = true ]; then
		program=${DIR[true]}/true
	fi
	echo "call $1 $2 $3 $3 $program $confs/$5"
}

# chain_add CONF [POD], chain_del CONF [POD]: of the plugins of CONF, where
# ports is masq with portmap behind.
chain_add() {
	local pod=${2:-pod1}
	call ADD ADD "$pod" bridge "${1/#port*/masq}"
	[[ $1 != port* ]] || call ADD ADD "$pod" portmap "$1"
}

chain_del() {
	local pod=${2:-pod1}
	[[ $1 != port* ]] || call DEL DEL "$pod" portmap "$1.del"
	call DEL DEL "$pod" bridge "${1/#port*/masq}.del"
}

# all_add COUNT, all_del COUNT: masq for pod1, pod2, ...
all_add() {
	local i
	for ((i = 1; i <= $1; i++)); do
		chain_add masq "pod$i"
	done
}

all_del() {
	local i
	for ((i = 1; i <= $1; i++)); do
		call DEL DEL "pod$i" bridge masq
	done
}
