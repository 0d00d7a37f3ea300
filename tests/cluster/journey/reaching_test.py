# SPDX-License-Identifier: Apache-2.0
"""An injected pod reaches its agent by the injected name, whatever its resolver does with names
that have few dots."""

import json

import pytest
from harness.live_cluster import EXPORT, EXPORT_NAMESPACE

ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
# Looks up the fully qualified name, as musl does, and sends a request without spans.
TRY = f"""
host=${{{ENDPOINT}#http://}}; host=${{host%%:*}}
nslookup "$host." && wget -q -O - --header 'Content-Type: application/json' \
    --post-data '{{"resourceSpans":[]}}' "${ENDPOINT}"
"""


@pytest.fixture(scope="module", autouse=True)
def export(live):
    live.create_export()
    live.wait_until_ready()


def asking_pod(ndots: int) -> dict:
    container = {"name": "app", "image": "localhost/busybox:1", "command": ["sh", "-c", TRY]}
    options = [{"name": "ndots", "value": str(ndots)}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"ndots-{ndots}",
            "annotations": {"dualtrace.dev/inject": f"{EXPORT_NAMESPACE}/{EXPORT}"},
        },
        "spec": {
            "restartPolicy": "Never",
            "dnsConfig": {"options": options},
            "containers": [container],
        },
    }


@pytest.mark.parametrize("ndots", [1, 2, 5])
def test_a_pod_reaches_its_agent_with_any_ndots(live, ndots):
    place = f"--namespace={EXPORT_NAMESPACE}"
    live.kubectl("create", place, "--filename=-", stdin=json.dumps(asking_pod(ndots)))
    live.kubectl(
        *("wait", place, f"pod/ndots-{ndots}", "--timeout=90s"),
        "--for=jsonpath={.status.phase}=Succeeded",
    )
