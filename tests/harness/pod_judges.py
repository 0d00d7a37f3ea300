# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for pod admission where there is no cluster: OpenShift's SecurityContextConstraints and
the Pod Security Standard "restricted". Each returns every reason to reject a pod, according to its
documentation; a pod is a dict as in a manifest."""

from collections.abc import Iterator

# OpenShift 4.11 and later let every account use it; the ranges are those of the pod's namespace.
RESTRICTED_V2 = {
    "metadata": {"name": "restricted-v2"},
    "allowHostDirVolumePlugin": False,
    "allowHostIPC": False,
    "allowHostNetwork": False,
    "allowHostPID": False,
    "allowHostPorts": False,
    "allowPrivilegeEscalation": False,
    "allowPrivilegedContainer": False,
    "allowedCapabilities": ["NET_BIND_SERVICE"],
    "requiredDropCapabilities": ["ALL"],
    "readOnlyRootFilesystem": False,
    "runAsUser": {"type": "MustRunAsRange"},
    "fsGroup": {"type": "MustRunAs"},
    "supplementalGroups": {"type": "RunAsAny"},
    "seLinuxContext": {"type": "MustRunAs"},
    "seccompProfiles": ["runtime/default"],
    "volumes": [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ],
}
# From a namespace's annotations openshift.io/sa.scc.uid-range and …/sa.scc.mcs.
IDS = range(1000680000, 1000690000)
LEVEL = "s0:c26,c15"


def containers(pod: dict) -> list[dict]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def contexts(pod: dict) -> Iterator[tuple[str, dict]]:
    """For each container, with the settings that it inherits from the pod."""
    inherited = {
        name: value
        for name, value in pod.get("securityContext", {}).items()
        if name in ("runAsUser", "runAsGroup", "runAsNonRoot", "seLinuxOptions", "seccompProfile")
    }
    for container in containers(pod):
        yield container["name"], inherited | container.get("securityContext", {})


def volume_kinds(pod: dict) -> set[str]:
    return {kind for volume in pod.get("volumes", []) for kind in volume if kind != "name"}


def seccomp_name(profile: dict | None) -> str:
    if profile is None or profile["type"] == "RuntimeDefault":
        return "runtime/default"  # if it is not set, OpenShift sets the first one allowed
    return f"localhost/{profile['localhostProfile']}" if profile["type"] == "Localhost" else "unconfined"


def refused_by_container(context: dict, scc: dict) -> Iterator[str]:
    user = context.get("runAsUser")
    rule = scc["runAsUser"]["type"]
    if rule == "MustRunAsRange" and user is not None and user not in IDS:
        yield f"runAsUser: {user} must be in the ranges: [{IDS.start}, {IDS.stop - 1}]"
    if rule == "MustRunAsNonRoot" and user == 0:
        yield "runAsUser: running with the root UID is forbidden"
    options = context.get("seLinuxOptions")
    if scc["seLinuxContext"]["type"] == "MustRunAs" and options:
        if options.get("level", LEVEL) != LEVEL:
            yield f"seLinuxOptions.level: must be {LEVEL}"
        yield from (f"seLinuxOptions.{name}: must be empty" for name in options if name != "level")
    capabilities = context.get("capabilities", {})
    for name in capabilities.get("add", []):
        if name not in (scc.get("allowedCapabilities") or []):
            yield f"capabilities.add: {name} is not allowed"
    for name in scc.get("requiredDropCapabilities") or []:
        # OpenShift itself adds a missing drop list.
        if "drop" in capabilities and name not in capabilities["drop"]:
            yield f"capabilities.drop: {name} is required"
    if context.get("privileged") and not scc["allowPrivilegedContainer"]:
        yield "privileged: not allowed"
    if context.get("allowPrivilegeEscalation") and not scc["allowPrivilegeEscalation"]:
        yield "allowPrivilegeEscalation: not allowed"
    profile = seccomp_name(context.get("seccompProfile"))
    if profile not in (scc.get("seccompProfiles") or []):
        yield f"seccomp: {profile} is not allowed"


def refused_by_scc(pod: dict, scc: dict = RESTRICTED_V2) -> list[str]:
    found = []
    group = pod.get("securityContext", {}).get("fsGroup")
    if scc["fsGroup"]["type"] == "MustRunAs" and group is not None and group not in IDS:
        found.append(f"fsGroup: {group} is not an allowed group")
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(name) and not scc[f"allowHost{name.removeprefix('host')}"]:
            found.append(f"{name}: not allowed")
    allowed = set(scc["volumes"])
    if not scc["allowHostDirVolumePlugin"]:
        allowed.discard("hostPath")
    if "*" not in allowed:
        found += [f"volumes: {kind} is not allowed" for kind in volume_kinds(pod) - allowed]
    if not scc["allowHostPorts"]:
        ports = [port for one in containers(pod) for port in one.get("ports", [])]
        found += [f"hostPort {port['hostPort']}: not allowed" for port in ports if "hostPort" in port]
    for name, context in contexts(pod):
        found += [f"{name}: {why}" for why in refused_by_container(context, scc)]
    return sorted(found)


RESTRICTED_VOLUMES = {*RESTRICTED_V2["volumes"]}


def refused_by_restricted(pod: dict) -> list[str]:
    """The Pod Security Standard "restricted"."""
    found = [f"volumes: {kind}" for kind in volume_kinds(pod) - RESTRICTED_VOLUMES]
    found += [name for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name)]
    for name, context in contexts(pod):
        capabilities = context.get("capabilities", {})
        profile = context.get("seccompProfile", {}).get("type")
        selinux = context.get("seLinuxOptions", {})
        broken = {
            "allowPrivilegeEscalation != false": context.get("allowPrivilegeEscalation") is not False,
            "unrestricted capabilities": "ALL" not in capabilities.get("drop", [])
            or bool(set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}),
            "runAsNonRoot != true": context.get("runAsNonRoot") is not True,
            "runAsUser=0": context.get("runAsUser") == 0,
            "seccompProfile": profile not in ("RuntimeDefault", "Localhost"),
            "seLinuxOptions": bool(selinux.get("user") or selinux.get("role"))
            or selinux.get("type") not in (None, "", "container_t", "container_init_t", "container_kvm_t"),
            "privileged": bool(context.get("privileged")),
        }
        found += [f"{name}: {what}" for what, is_so in broken.items() if is_so]
    return sorted(found)
