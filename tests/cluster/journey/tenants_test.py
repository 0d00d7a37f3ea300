# SPDX-License-Identifier: Apache-2.0
"""Two teams, each with its own operator and an export of the same name, on the same nodes: each
team's spans go where its own export sends them, and neither team is affected by the other's
operator."""

import pytest
from harness.chart import nested
from harness.live_cluster import EXPORT
from harness.processes import wait_until

RATE = 100  # spans per second from each node to each team
GREEN, BLUE = "team-green", "team-blue"
BLUE_NAMESPACE, BLUE_RELEASE = "dualtrace-blue", "blue"


def deploy_blue(live, tag: str) -> None:
    """The second installation, in addition to that of `live`."""
    values = nested(fullnameOverride=BLUE_RELEASE, exportClass="blue", crds__enabled=False)
    live.install(tag, values, release=BLUE_RELEASE, space=BLUE_NAMESPACE)


@pytest.fixture(scope="module")
def teams(live):
    deploy_blue(live, "blue-1")
    for team, more in ((GREEN, {}), (BLUE, {"className": "blue"})):
        live.create_export(team=team, resourceAttributes={"team": team}, **more)
    for team in (GREEN, BLUE):
        live.wait_until_ready(team=team)
    yield live
    for team in (GREEN, BLUE):
        live.kubectl("delete", "namespace", team)
    live.helm.run("uninstall", BLUE_RELEASE, "--namespace", BLUE_NAMESPACE, "--wait")
    live.kubectl("delete", "namespace", BLUE_NAMESPACE)


def agents(live, team: str) -> dict[str, str]:
    """Their images, by uid."""
    return {
        pod["metadata"]["uid"]: pod["spec"]["containers"][0]["image"]
        for pod in live.agent_pods(team)
    }


def teams_of(live, traces: set[str]) -> set[str]:
    """The teams from whose export Arize has these traces."""
    sql = "SELECT DISTINCT trace_id, resource FROM spans WHERE destination = 'arize'"
    resources = [row["resource"] for row in live.sandbox.query(sql) if row["trace_id"] in traces]
    return {team for team in (GREEN, BLUE) for one in resources if f'"{team}"' in one}


def test_what_one_operator_does_is_not_noticed_by_the_other_team(teams, tmp_path):
    live = teams
    loads = {
        team: [live.load_from(node, RATE, tmp_path, team) for node in live.cluster.nodes().each]
        for team in (GREEN, BLUE)
    }
    green = agents(live, GREEN)
    assert set(green.values()) == {"localhost/dualtrace-agent:1"}
    live.sandbox.wait_for_more_traces(100)
    deploy_blue(live, "blue-2")
    wait_until(
        lambda: set(agents(live, BLUE).values()) == {"localhost/dualtrace-agent:blue-2"},
        "the blue team's agents are new",
        180,
        every=0.5,
    )
    live.sandbox.wait_for_more_traces(100)
    assert agents(live, GREEN) == green
    for team, running in loads.items():
        stored = set()
        for load in running:
            told = load.stop()
            assert told.stored
            stored |= told.stored
        live.wait_until_delivered(stored)
        assert teams_of(live, stored) == {team}
    owners = {
        team: live.get(f"dualtraceexports/{EXPORT}", team)["status"]["operator"]
        for team in (GREEN, BLUE)
    }
    assert BLUE_NAMESPACE in owners[BLUE] and BLUE_NAMESPACE not in owners[GREEN]
