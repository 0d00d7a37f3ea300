# SPDX-License-Identifier: Apache-2.0
"""Which Pod Security Standard each part meets. The operator's and the application's namespaces
enforce "restricted" in all tests of this folder, and so do those of agents with their journal in an
emptyDir. Agents that keep it on their node violate exactly the rules that the documentation
lists."""

import json
import re

from harness.chart import NAMESPACE
from harness.live_cluster import APPLICATION_NAMESPACE, ENFORCE, EXPORT_NAMESPACE


def broken_rules(live, standard: str) -> set[str]:
    """The violations of the agents, as the API server reports them."""
    label = ("label", "namespace", EXPORT_NAMESPACE, f"{ENFORCE}={standard}", "--overwrite")
    said = live.kubectl(*label, "--dry-run=server", check=False)
    found = re.findall(r"^Warning: agents-dualtrace\S+(?: \(.*\))?: (.*)$", said, re.MULTILINE)
    return {rule for line in found for rule in line.split(", ")}


def standard_of(live, name: str) -> str:
    found = json.loads(live.kubectl("get", "namespace", name, "--output=json"))
    return found["metadata"]["labels"][ENFORCE]


def test_the_operator_and_applications_keep_the_restricted_standard(live):
    live.create_export()
    live.wait_until_ready()
    live.start_application()
    assert standard_of(live, NAMESPACE) == "restricted"
    assert standard_of(live, APPLICATION_NAMESPACE) == "restricted"


def test_agents_with_their_journal_on_the_node_break_these_rules_alone(live):
    assert broken_rules(live, "baseline") == {"hostPath volumes"}
    assert broken_rules(live, "restricted") == {
        "restricted volume types",  # the journal
        "runAsNonRoot != true",  # the init container, which changes the owner of the folder …
        "runAsUser=0",
        "unrestricted capabilities",  # … and needs CHOWN
    }
    live.kubectl("delete", "namespace", EXPORT_NAMESPACE, "--timeout=100s")


def test_agents_with_an_empty_dir_keep_the_restricted_standard(live, tmp_path):
    live.create_export("restricted", delivery={"storage": "EmptyDir"})
    live.wait_until_ready()
    node = live.cluster.nodes().each[1]
    load = live.load_from(node, 1000, tmp_path)
    live.sandbox.wait_for_more_traces(50)
    told = load.stop()
    assert told.stored and not told.refused
    live.wait_until_delivered(told.stored)
    live.kubectl("delete", "namespace", EXPORT_NAMESPACE, "--timeout=100s")
