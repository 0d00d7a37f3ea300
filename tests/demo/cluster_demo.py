# SPDX-License-Identifier: Apache-2.0
"""The demo on a cluster: what a platform team does in the first ten minutes, and what it sees then.

`./dev cluster demo` builds what it needs and runs this: two nodes, the chart with Helm, the sandbox
in the cluster as both destinations, an export, and a LangChain agent that gets one annotation.
Exits with 1 if anything is missing.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

import show  # noqa: E402
from cluster.binaries import NotThere  # noqa: E402
from cluster.cluster import Cluster, Refused, default_folder  # noqa: E402
from demo import Missing, compare, show_answers, show_rows, spans_at_arize  # noqa: E402
from demo import spans_at_databricks  # noqa: E402
from harness.live_cluster import APPLICATION_NAMESPACE, EXPORT, EXPORT_NAMESPACE  # noqa: E402
from harness.live_cluster import LiveCluster  # noqa: E402
from harness.sandbox import DESTINATIONS  # noqa: E402
from images.machine import Refused as NoImage  # noqa: E402


def step(text: str) -> None:
    show.note(f"· {text}")


def prepare(cluster: Cluster, binaries: Path) -> LiveCluster:
    show.heading("The first ten minutes")
    step("a cluster with two nodes, and the sandbox in it as Arize and Databricks, over TLS")
    cluster.up(nodes=2)
    live = LiveCluster(cluster, binaries)
    live.start_sandbox()
    step("helm install dualtrace-operator helm/dualtrace --wait")
    live.install()
    step("kubectl apply: the Secrets, and a DualTraceExport that names them")
    live.create_export()
    live.wait_until_ready()
    step('a LangChain agent as a Deployment, with the annotation dualtrace.dev/inject: "true"')
    live.start_application()
    return live


def show_export(live: LiveCluster) -> None:
    show.heading("kubectl get dte --all-namespaces")
    for line in live.kubectl("get", "dte", "--all-namespaces").splitlines():
        show.note(line)


def show_pod(live: LiveCluster, pod: dict) -> None:
    show.heading("What the webhook has put into its container")
    env = pod["spec"]["containers"][0]["env"]
    show.table(
        [
            {"variable": one["name"], "value": one["value"]}
            for one in env
            if "value" in one and not one["name"].startswith("ARIZE_API")
        ],
        clip=100,
    )


def show_resource(live: LiveCluster, trace_id: str) -> bool:
    show.heading("Whose trace it is, at both destinations")
    resources = {}
    for destination in DESTINATIONS:
        (row, *_) = live.sandbox.rows(destination, trace_id)
        resources[destination] = json.loads(row["resource"])["attributes"]
    wanted = ("service.name", "k8s.namespace.name", "k8s.deployment.name", "k8s.pod.name")
    wanted += ("k8s.node.name", "k8s.container.name")
    show.table(
        [
            {"attribute": name, **{one: resources[one].get(name, "") for one in DESTINATIONS}}
            for name in wanted
        ],
        clip=40,
    )
    return all(resources[one].get(name) for one in DESTINATIONS for name in wanted)


def demonstrate(cluster: Cluster, binaries: Path) -> None:
    live = prepare(cluster, binaries)
    pod = live.application_pods()[0]
    trace = live.trace_of(pod)
    live.wait_until_delivered({trace["trace_id"]})
    show_export(live)
    show_pod(live, pod)
    show.heading("The trace as Arize received it")
    received = {
        "arize": spans_at_arize(live.sandbox, trace["trace_id"]),
        "databricks": spans_at_databricks(live.sandbox, trace["trace_id"]),
    }
    show.tree(received["arize"])
    show_rows(live.sandbox, trace["trace_id"])
    whose = show_resource(live, trace["trace_id"])
    same = compare(trace["spans"], received)
    show_answers(live.sandbox, trace["trace_id"])
    if not (whose and same):
        raise Missing("the destinations do not have what the application made")


def show_what_is_kept() -> None:
    show.heading("Left running")
    show.note('eval "$(./dev cluster env)"')
    show.note(f"kubectl describe dte {EXPORT} --namespace {EXPORT_NAMESPACE}")
    show.note(f"kubectl get pods --namespace {APPLICATION_NAMESPACE}")
    show.note("./dev cluster down")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev cluster demo")
    parser.add_argument("--binaries", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help="leave the cluster up")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = default_folder() if arguments.keep else Path(folder) / "cluster"
        place.parent.mkdir(parents=True, exist_ok=True)
        cluster = Cluster(place)
        try:
            demonstrate(cluster, arguments.binaries)
            if arguments.keep:
                show_what_is_kept()
        except (AssertionError, Missing, NoImage, NotThere, Refused, RuntimeError) as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
        finally:
            if not arguments.keep:
                cluster.down()
    return 0


if __name__ == "__main__":
    sys.exit(main())
