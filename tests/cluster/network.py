# SPDX-License-Identifier: Apache-2.0
"""The network between the machines: a bridge in its own network namespace, so that this machine's
network gets no interface, route or rule. Nothing leads outside."""

import subprocess

from cluster.flags import SERVICE_RANGE
from cluster.machine import Machine

BRIDGE = "nodes"


def node_address(number: int) -> str:
    return f"10.88.0.{number}"


def pod_range(number: int) -> str:
    return f"10.244.{number}.0/24"


def _ip(machine: Machine, *arguments: str) -> None:
    subprocess.run([*machine.in_network(), "ip", *arguments], check=True)


def connect(nodes: list[Machine], switch: Machine) -> None:
    _ip(switch, "link", "add", BRIDGE, "up", "type", "bridge")
    for number, node in enumerate(nodes, 1):
        ends = ["eth0", "netns", str(node.pid), "type", "veth"]
        ends += ["peer", "name", node.name, "netns", str(switch.pid)]
        _ip(switch, "link", "add", *ends)
        _ip(switch, "link", "set", node.name, "up", "master", BRIDGE)
        _ip(node, "address", "add", f"{node_address(number)}/24", "dev", "eth0")
        _ip(node, "link", "set", "eth0", "up")
        # Service addresses never appear on the wire, but a connection to one needs a route.
        _ip(node, "route", "add", SERVICE_RANGE, "dev", "eth0")
        for other in range(1, len(nodes) + 1):
            if other != number:
                _ip(node, "route", "add", pod_range(other), "via", node_address(other))
        forward = "echo 1 >/proc/sys/net/ipv4/ip_forward"
        subprocess.run([*node.in_network(), "sh", "-c", forward], check=True)
