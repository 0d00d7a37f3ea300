# SPDX-License-Identifier: Apache-2.0
"""The metrics and labels in the chart's alerts and dashboard exist, and Prometheus can parse the
expressions."""

import json
import os
import re
import subprocess
from pathlib import Path

from harness.chart import CHART, MONITORED, ROOT, Rendered

DOCUMENTED = re.compile(r"^\| `([a-z0-9_]+)(?:\{[^`]*\})?` \| (\w+) \|", re.MULTILINE)


def documented_metrics() -> set[str]:
    names = set()
    for name, kind in DOCUMENTED.findall((ROOT / "docs" / "metrics.md").read_text()):
        ends = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        names |= {name + end for end in ends}
    return names


def dashboard(rendered: Rendered) -> dict:
    return json.loads(rendered.one("ConfigMap")["data"]["dualtrace.json"])


def expressions(rendered: Rendered) -> list[str]:
    rules = rendered.one("PrometheusRule")["spec"]["groups"]
    panels = dashboard(rendered)["panels"]
    return [
        *[rule["expr"] for group in rules for rule in group["rules"]],
        *[target["expr"] for panel in panels for target in panel.get("targets", [])],
        *[
            variable["query"]
            for variable in dashboard(rendered)["templating"]["list"]
            if variable["type"] == "query"
        ],
    ]


def test_alerts_and_panels_ask_for_metrics_that_exist(helm):
    known = documented_metrics()
    used = set()
    for expression in expressions(helm.render(MONITORED)):
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)  # without string literals
        names = set(re.findall(r"\b[a-z_]+_[a-z0-9_]+(?=\{|\[|\)| |,|$)", bare))
        names -= {"dualtrace_dev_export", "histogram_quantile", "label_values"}
        assert names and names <= known, f"{expression}: {names - known}"
        used |= names
    assert "dualtrace_lane_request_duration_seconds_bucket" in used, "histograms are included"


def complaints(expressions: list[str]) -> str:
    """The errors of Prometheus' own parser."""
    done = subprocess.run(
        [Path(os.environ["DUALTRACE_TEST_HELM"]) / "promql"],
        input="".join(f"{one}\n" for one in expressions),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert (done.returncode == 0) == (done.stdout == "")
    return done.stdout


def test_alerts_and_panels_are_promql(helm):
    asked = [one for one in expressions(helm.render(MONITORED)) if "label_values(" not in one]
    assert complaints([one.replace("$__rate_interval", "5m") for one in asked]) == ""
    assert "parse error" in complaints(["sum by (lane) rate(up[5m])"])


def test_the_labels_that_are_asked_for_exist():
    """According to docs/metrics.md, plus the labels that a monitor adds."""
    text = (ROOT / "docs" / "metrics.md").read_text()
    documented = re.findall(r"`[a-z0-9_]+\{([^`]*)\}`", text)
    labels = {name for group in documented for name in group.split(",")}
    labels |= {"namespace", "pod", "le", "dualtrace_dev_export"}
    rendered = (CHART / "files" / "alerts.yaml").read_text()
    rendered += json.dumps(json.loads((CHART / "files" / "dashboard.json").read_text()))
    grouped = re.findall(r"by \(([^)]*)\)", rendered)
    assert grouped
    assert {name.strip() for group in grouped for name in group.split(",")} <= labels
    assert set(re.findall(r"\$labels\.(\w+)", rendered)) <= labels


def test_every_alert_is_documented(helm):
    page = (ROOT / "docs" / "operations.md").read_text()
    rules = helm.render(MONITORED).one("PrometheusRule")["spec"]["groups"]
    alerts = [rule["alert"] for group in rules for rule in group["rules"]]
    assert alerts and not [name for name in alerts if f"| `{name}` |" not in page]


def test_the_operators_own_name_is_in_its_alert_and_dashboard(helm):
    rendered = helm.render({**MONITORED, "fullnameOverride": "edge"})
    leads = 'leader_election_master_status{name="edge"}'
    assert [one for one in expressions(rendered) if leads in one]
    (constant,) = [
        one for one in dashboard(rendered)["templating"]["list"] if one["type"] == "constant"
    ]
    assert constant["query"] == "edge"


def test_the_dashboard_hangs_together(helm):
    panels = dashboard(helm.render(MONITORED))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells), "two panels overlap"
    assert max(x for x, _ in cells) < 24
