"""The end of the journey: nothing is stuck, and nothing is left but what is said to be kept."""

from harness.chart import NAMESPACE, RELEASE
from harness.live_cluster import EXPORT_NAMESPACE
from harness.processes import wait_until


def test_uninstalling_leaves_agents_running_and_then_nothing(live):
    live.create_export()
    live.wait_until_ready()
    live.helm.run("uninstall", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout=110s")
    assert "dualtrace" not in live.kubectl(
        "get", "mutatingwebhookconfigurations,validatingwebhookconfigurations,clusterroles",
        "--output=name",
    )
    # The CRD is kept, and so are agents.
    assert len(live.get("pods", EXPORT_NAMESPACE)["items"]) == 2
    live.kubectl("delete", "crd", "dualtraceexports.dualtrace.dev", "--timeout=60s")
    wait_until(
        lambda: not live.get("pods,daemonsets,services", EXPORT_NAMESPACE)["items"],
        "its agents are gone",
        120,
        every=0.5,
    )
    live.kubectl("delete", "namespace", EXPORT_NAMESPACE, NAMESPACE, "--timeout=100s")
