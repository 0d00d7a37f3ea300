# SPDX-License-Identifier: Apache-2.0
"""The pods of agents and operators, checked against the rules for pods: OpenShift's restricted-v2,
the chart's own SCC, and the Pod Security Standard "restricted". No cluster is needed;
chart_install_test.py checks "restricted" in a real API server."""

import json

import pytest
from harness.chart import ROOT, nested
from harness.pod_judges import RESTRICTED_V2, refused_by_restricted, refused_by_scc

PLANS = ROOT / "tests" / "data" / "plan"


def agents(plan: str) -> dict:
    """The pods of an example of tests/data/plan."""
    return json.loads((PLANS / plan / "daemonsets.json").read_text())["spec"]["template"]["spec"]


def own_scc(helm) -> dict:
    values = nested(
        openshift__securityContextConstraints__enabled=True,
        openshift__securityContextConstraints__serviceAccounts=["observability/agents-dualtrace"],
    )
    return helm.render(values).one("SecurityContextConstraints")


def test_agents_that_leave_users_to_the_platform_pass_everywhere():
    assert refused_by_scc(agents("openshift")) == []
    assert refused_by_restricted(agents("openshift")) == []


def test_agents_with_a_user_of_their_own_are_not_for_restricted_v2():
    """Without a field for it, no export would pass; the stand-in therefore decides as the real one
    does."""
    assert refused_by_scc(agents("empty_dir")) == [
        "agent: runAsUser: 65532 must be in the ranges: [1000680000, 1000689999]",
        "fsGroup: 65532 is not an allowed group",
    ]
    assert refused_by_restricted(agents("empty_dir")) == []


def test_agents_on_the_nodes_disk_pass_the_charts_own_constraint(helm):
    pods = agents("full")
    assert [one for one in refused_by_scc(pods) if "hostPath" in one or "CHOWN" in one]
    assert refused_by_scc(pods, own_scc(helm)) == []
    pods["containers"][0]["securityContext"]["seLinuxOptions"] = {"type": "spc_t"}
    assert refused_by_scc(pods, own_scc(helm)) == []


def test_the_charts_own_constraint_gives_no_more_than_agents_need(helm):
    scc = own_scc(helm)
    for name in RESTRICTED_V2:
        if name.startswith("allow") and isinstance(scc.get(name), bool):
            assert scc[name] is (name == "allowHostDirVolumePlugin"), name
    assert scc["requiredDropCapabilities"] == ["ALL"] and scc["allowedCapabilities"] == ["CHOWN"]
    assert (scc["users"], scc["groups"]) == (
        ["system:serviceaccount:observability:agents-dualtrace"],
        [],
    )


@pytest.mark.parametrize("change", [{"privileged": True}, {"allowPrivilegeEscalation": True}], ids=str)
def test_both_refuse_what_asks_for_rights(helm, change):
    pods = agents("openshift")
    pods["containers"][0]["securityContext"].update(change)
    assert refused_by_scc(pods) and refused_by_scc(pods, own_scc(helm))
    assert refused_by_restricted(pods)


def test_the_operator_passes_where_the_platform_chooses(helm):
    chosen = nested(podSecurityContext__runAsUser=None, podSecurityContext__runAsGroup=None)
    assert refused_by_scc(helm.render(chosen).pod) == []
    assert refused_by_restricted(helm.render(chosen).pod) == []
    assert refused_by_scc(helm.render().pod)
    assert refused_by_restricted(helm.render().pod) == []
