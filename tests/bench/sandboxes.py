#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long runtimes take to run and to stop the sandboxes of pods.

sandboxes.py CLIENTS ROUNDS NAME=SOCKET...: in each round every runtime has its
turn, in an order that changes: one pod, ROUNDS times, then 30 at once, a fifth
as often. Each pod publishes a port. Prints measures as bench has them, in
microseconds. CLIENTS is the folder of cri.py.
"""
import concurrent.futures
import sys
import time

AT_ONCE = 30
SETTLE = 0.2  # seconds, for what the kernel does behind a pod that has gone


def conf(name, port):
    return {
        "metadata": {"name": name, "uid": name, "namespace": "default"},
        "hostname": name, "log_directory": f"/var/log/{name}",
        "port_mappings": [{"host_port": port, "container_port": 80}],
    }


def timed(pool, work, items):
    """The microseconds that work takes for all items at once, and its results."""
    start = time.monotonic()
    results = list(pool.map(work, items))
    return round((time.monotonic() - start) * 1e6), results


def turn(runtime, pool, name, count):
    """Runs, stops and removes COUNT pods. The times of the first two."""
    confs = [conf(f"{name}-{i}", 20000 + i) for i in range(count)]
    run, answers = timed(
        pool, lambda c: runtime.call("RunPodSandbox", {"config": c}), confs)
    pods = [{"pod_sandbox_id": answer.pod_sandbox_id} for answer in answers]
    stop, _ = timed(pool, lambda p: runtime.call("StopPodSandbox", p), pods)
    timed(pool, lambda p: runtime.call("RemovePodSandbox", p), pods)
    return {"Run": run, "Stop": stop}


def main(clients, rounds, *sockets):
    sys.dont_write_bytecode = True
    sys.path.append(clients)
    import cri

    runtimes = [(name, cri.Runtime(socket)) for name, socket in
                (text.split("=", 1) for text in sockets)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        # What the first pod makes, like the bridge, is not measured.
        for _, runtime in runtimes:
            turn(runtime, pool, "first", 1)
        for count, turns in ((1, int(rounds)), (AT_ONCE, int(rounds) // 5)):
            for i in range(turns):
                for name, runtime in runtimes[::-1 if i % 2 else 1]:
                    time.sleep(SETTLE)
                    times = turn(runtime, pool, f"pod{i}", count)
                    for label, value in times.items():
                        print("containerd", count, name, label, "wall", value,
                              sep="\t")


main(*sys.argv[1:])
