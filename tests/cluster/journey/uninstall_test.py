# SPDX-License-Identifier: Apache-2.0
"""Uninstalling, in every order that users choose: nothing gets stuck, and nothing is left except
for what is documented to be kept."""

import pytest
from harness.asking_pods import is_injected
from harness.audit import AuditLog
from harness.chart import NAMESPACE, RELEASE
from harness.live_cluster import EXPORT_NAMESPACE
from harness.processes import wait_until

CRD = "dualtraceexports.dualtrace.dev"
OF_THE_CLUSTER = (
    "mutatingwebhookconfigurations,validatingwebhookconfigurations,clusterroles,clusterrolebindings"
)


def uninstall(live) -> None:
    live.helm.run("uninstall", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout=110s")


def delete_what_the_cluster_has(live) -> None:
    live.kubectl("delete", OF_THE_CLUSTER, f"--selector=app.kubernetes.io/instance={RELEASE}")


def delete_definition(live) -> None:
    live.kubectl("delete", "crd", CRD, "--timeout=100s")


def delete_namespace(live, name: str) -> None:
    live.kubectl("delete", "namespace", name, "--timeout=100s")


def nothing_is_left(live) -> None:
    kinds = f"crds,namespaces,{OF_THE_CLUSTER}"
    left = live.kubectl("get", kinds, "--output=name").split()
    names = ("dualtrace", NAMESPACE, EXPORT_NAMESPACE)
    assert not [one for one in left if any(name in one for name in names)]


def wait_for_the_garbage_collector(live) -> None:
    """The garbage collector notices deletions of a new kind only once it watches it, which takes a
    minute."""
    created = ("get", "crd", CRD, "--output=jsonpath={.metadata.creationTimestamp}")
    since = live.kubectl(*created).removesuffix("Z")
    log = AuditLog(live.cluster.folder / "audit.log")

    def watches() -> bool:
        return any(
            one.resource == "dualtraceexports"
            and one.verb == "watch"
            and one.code == 200
            and one.user_agent.endswith("/metadata-informers")
            and one.time > since
            for one in log.entries()
        )

    wait_until(watches, "the garbage collector watches exports", 120, every=2)


@pytest.fixture
def installed(live):
    live.install()
    live.create_export()
    live.wait_until_ready()
    wait_for_the_garbage_collector(live)


def test_the_release_first(live, installed):
    uninstall(live)
    left = live.kubectl("get", OF_THE_CLUSTER, "--output=name")
    assert "dualtrace" not in left
    assert len(live.agent_pods()) == 2  # the CRD is kept, and so are the agents
    delete_definition(live)
    wait_until(
        lambda: not live.get("pods,daemonsets,services", EXPORT_NAMESPACE)["items"],
        "the agents are gone",
        120,
        every=0.5,
    )
    delete_namespace(live, EXPORT_NAMESPACE)
    delete_namespace(live, NAMESPACE)
    nothing_is_left(live)


def test_the_exports_namespace_first(live, installed):
    delete_namespace(live, EXPORT_NAMESPACE)
    uninstall(live)
    delete_namespace(live, NAMESPACE)
    delete_definition(live)
    nothing_is_left(live)


def test_the_definition_first(live, installed):
    delete_definition(live)
    live.wait_for_agents(0)
    uninstall(live)
    delete_namespace(live, NAMESPACE)
    delete_namespace(live, EXPORT_NAMESPACE)
    nothing_is_left(live)


def test_the_operators_namespace_first(live, installed):
    """Helm loses the release with the namespace, and its cluster-scoped objects remain."""
    delete_namespace(live, NAMESPACE)
    assert not is_injected(live.kubectl, "default")  # but the pod was created
    assert len(live.agent_pods()) == 2
    live.install()  # adopts the remaining objects
    # kube-proxy on the API server's node must learn that the pod is ready.
    wait_until(lambda: is_injected(live.kubectl, "default"), "pods are injected", every=0.5)

    delete_namespace(live, NAMESPACE)
    delete_what_the_cluster_has(live)
    delete_definition(live)
    delete_namespace(live, EXPORT_NAMESPACE)
    nothing_is_left(live)


def test_all_at_once(live, installed):
    live.kubectl("delete", "crd", CRD, "--wait=false")
    live.kubectl("delete", "namespace", EXPORT_NAMESPACE, NAMESPACE, "--wait=false")
    delete_what_the_cluster_has(live)
    live.kubectl("wait", "--for=delete", f"crd/{CRD}", "--timeout=100s")
    gone = [f"namespace/{name}" for name in (EXPORT_NAMESPACE, NAMESPACE)]
    live.kubectl("wait", "--for=delete", *gone, "--timeout=100s")
    nothing_is_left(live)
