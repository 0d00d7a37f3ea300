"""What the chart renders to: always the same, as the manifests of operator/manifests, and only what
it was asked for. No cluster is needed."""

import copy
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from docs.chart_files import CRD_TEMPLATE, PAGE, crd_template, read_values, render_page
from harness.chart import CHART, NAMESPACE, RELEASE, ROOT, VERSIONS, Helm, Refused, Rendered, nested
from harness.operator import MANIFESTS

GOLDEN = ROOT / "tests" / "data" / "chart"
CERT_MANAGER = nested(
    webhook__certManager__enabled=True, webhook__certManager__issuerRef__name="company"
)
MONITORED = {
    "metrics": {
        name: {"enabled": True}
        for name in ("serviceMonitor", "podMonitor", "prometheusRule", "dashboard")
    }
}
RENDERINGS = {
    "default": {},
    "namespaced": {
        "watchNamespaces": ["blue", "green"],
        "secretReader": [{"namespace": "blue", "names": ["arize", "databricks"]}],
    },
    "cert-manager": CERT_MANAGER,
    "monitored": {"metrics": {**MONITORED["metrics"], "dashboard": {}}},  # a long file
    "least": {
        "replicas": 1,
        "crds": {"enabled": False},
        "rbac": {"create": False},
        "serviceAccount": {"create": False, "name": "theirs"},
        "webhook": {"enabled": False},
        "networkPolicy": {"enabled": False},
    },
}


@pytest.fixture(scope="module")
def helms(tmp_path_factory) -> dict[str, Helm]:
    folder = tmp_path_factory.mktemp("helm")
    return {version: Helm(version, folder) for version in VERSIONS}


@pytest.fixture(params=VERSIONS)
def helm(helms, request) -> Helm:
    return helms[request.param]


def golden_text(rendered: str) -> str:
    """Helm 3 and 4 differ in blank lines, and in the order of kinds that they do not know. The CRD
    is left out: it is a copy (tested below)."""
    documents = [re.sub(r"\n(\s*\n)+", "\n", one) for one in rendered.split("---\n") if one.strip()]
    return "---\n".join(sorted(one for one in documents if "templates/crd.yaml" not in one))


# --- the same, always ---


@pytest.mark.parametrize("values", RENDERINGS.values(), ids=RENDERINGS.keys())
def test_it_passes_the_linter(helm, tmp_path, values):
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    print(helm.run("lint", "--strict", CHART, "--values", file))


@pytest.mark.parametrize("name", RENDERINGS)
def test_it_renders_to_what_it_did(helm, name):
    rendered = helm.template(RENDERINGS[name], tests=True)
    assert helm.template(RENDERINGS[name], tests=True) == rendered
    text = golden_text(rendered)
    file = GOLDEN / f"{name}.yaml"
    if os.environ.get("DUALTRACE_REGENERATE") == "1":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert text == file.read_text(), "DUALTRACE_REGENERATE=1 writes tests/data/chart anew"


def test_nothing_is_looked_up_or_random():
    unsteady = re.compile(
        r"\b(lookup|gen(CA|SelfSigned|Signed|Private)\w*|rand\w+|uuidv4|now|htpasswd|bcrypt|"
        r"Release\.(IsInstall|IsUpgrade|Revision)|Capabilities)\b"
    )
    for file in (CHART / "templates").rglob("*.*"):
        for action in re.findall(r"\{\{.*?\}\}", file.read_text(), re.DOTALL):
            assert not unsteady.search(action), f"{file.name}: {action}"


# --- copies, and what must not drift ---


def test_the_crd_and_the_table_of_values_are_copies():
    assert CRD_TEMPLATE.read_text() == crd_template(), "./dev docs makes it anew"
    page = PAGE.read_text()
    assert render_page(page) == page, "./dev docs makes it anew"


def test_every_value_has_its_meaning_in_a_comment():
    assert not [value.path for value in read_values() if not value.meaning.endswith((".", "`"))]


def test_the_rendered_crd_is_that_of_crds(helm):
    """All of it: a template's engine could change a rule's text."""
    own = yaml.safe_load((ROOT / "crds" / "dualtraceexport.yaml").read_text())
    assert helm.render().one("CustomResourceDefinition")["spec"] == own["spec"]


def test_there_is_one_version():
    project = (ROOT / "CMakeLists.txt").read_text()
    version = re.search(r"project\(dualtrace VERSION (\S+)", project)[1]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == version
    images = yaml.safe_load(chart["annotations"]["artifacthub.io/images"])
    assert [one["image"] for one in images] == [
        f"dualtrace-operator:{version}",
        f"dualtrace-agent:{version}",
    ]


def essence(obj: dict) -> dict:
    """Without what tells who installed it."""
    obj = copy.deepcopy(obj)
    own = {"app.kubernetes.io/name"}

    def strip(value):
        if isinstance(value, dict):
            for key in ("labels", "matchLabels", "selector"):
                labels = value.get(key)
                if isinstance(labels, dict) and own <= labels.keys():
                    value[key] = {name: labels[name] for name in own}
            for inner in value.values():
                strip(inner)
        elif isinstance(value, list):
            for inner in value:
                strip(inner)

    strip(obj)
    return obj


def key_of(obj: dict) -> tuple:
    meta = obj["metadata"]
    return obj["kind"], meta.get("namespace", ""), meta["name"]


def by_key(objects: list[dict]) -> dict[tuple, dict]:
    return {key_of(one): essence(one) for one in objects}


def manifests(file: Path, namespace: str = "") -> dict[tuple, dict]:
    objects = list(yaml.safe_load_all(file.read_text()))
    for one in objects:
        if namespace:
            one["metadata"]["namespace"] = namespace
    return by_key(objects)


# What the chart says though it is the operator's default: a release may have another name.
SAID = {
    "--lease-name=dualtrace-operator",
    "--log-level=info",
    "--webhook-configuration=dualtrace-operator",
    "--webhook-authority-secret=dualtrace-operator-webhook",
}
EVERYWHERE = ("account.yaml", "rbac.yaml", "deployment.yaml", "rbac-webhook.yaml", "webhook.yaml")
IN_ONE_NAMESPACE = ("rbac-namespaced.yaml", "secret-reader.yaml")


def test_every_manifest_for_hand_is_compared():
    assert {file.name for file in MANIFESTS.iterdir()} == {*EVERYWHERE, *IN_ONE_NAMESPACE}


def test_the_manifests_for_hand_are_what_the_chart_renders(helm):
    """Each object of theirs is one of the chart's; the chart has more."""
    rendered = by_key(helm.render().objects)
    deployment = rendered["Deployment", NAMESPACE, RELEASE]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert SAID <= set(container["args"])
    container["args"] = [one for one in container["args"] if one not in SAID]
    for file in EVERYWHERE:
        for key, obj in manifests(MANIFESTS / file).items():
            assert rendered[key] == obj, f"{file}: {key}"


def test_so_are_those_for_one_namespace(helm):
    reader = manifests(MANIFESTS / "secret-reader.yaml", "blue")
    (rule,) = reader["Role", "blue", "dualtrace-operator-secrets"]["rules"]
    secrets = [{"namespace": "blue", "names": rule["resourceNames"]}]
    rendered = by_key(helm.render({"watchNamespaces": ["blue"], "secretReader": secrets}).objects)
    for file in IN_ONE_NAMESPACE:
        for key, obj in manifests(MANIFESTS / file, "blue").items():
            assert rendered[key] == obj, f"{file}: {key}"


# --- what is refused ---

TYPOS = [
    "replicaCount",
    "image.pullpolicy",
    "agent.tolerations",
    "agent.image.pullPolicy",
    "podDisruptionBudget.minAvailable",
    "serviceAccount.annotation",
    "rbac.created",
    "crds.install",
    "webhook.failurePolcy",
    "webhook.certManager.enable",
    "webhook.certManager.issuerRef.secret",
    "networkPolicy.apiserverPorts",
    "verifyInstall.enabled",
    "metrics.enabled",
    "metrics.serviceMonitor.scrape",
    "metrics.podMonitor.scrape",
    "metrics.prometheusRule.rules",
    "metrics.dashboard.label",
]


@pytest.mark.parametrize("path", TYPOS)
def test_a_value_that_does_not_exist_is_refused(helm, path):
    above, _, last = path.rpartition(".")
    with pytest.raises(Refused) as refused:
        helm.template(nested(**{path.replace(".", "__"): True}))
    assert f"additional properties '{last}' not allowed" in str(refused.value)
    where = "".join(f"/{part}" for part in above.split(".") if part)
    assert f"at '{where}'" in str(refused.value)


def test_typos_are_tried_at_every_level():
    def above(path: str) -> list[str]:
        parts = path.split(".")
        return [".".join(parts[:depth]) for depth in range(len(parts))]

    levels = {level for value in read_values() for level in above(value.path)}
    assert {path.rpartition(".")[0] for path in TYPOS} == levels


@pytest.mark.parametrize(
    "values, where",
    [
        ({"replicas": "2"}, "/replicas"),
        ({"replicas": -1}, "/replicas"),
        ({"logLevel": "Info"}, "/logLevel"),
        ({"extraArgs": ["workers=8"]}, "/extraArgs/0"),
        ({"watchNamespaces": "blue"}, "/watchNamespaces"),
        ({"watchNamespaces": ["Blue"]}, "/watchNamespaces/0"),
        ({"watchNamespaces": ["blue", "blue"]}, "/watchNamespaces"),
        ({"fullnameOverride": "Mine"}, "/fullnameOverride"),
        ({"fullnameOverride": "m" * 51}, "/fullnameOverride"),
        ({"commonLabels": {"a": 1}}, "/commonLabels/a"),
        (nested(image__repository=""), "/image/repository"),
        (nested(image__repository="registry.example/operator@sha256:0"), "/image/repository"),
        (nested(image__digest="sha256:0"), "/image/digest"),
        (nested(image__tag="a b"), "/image/tag"),
        (nested(image__pullPolicy="Sometimes"), "/image/pullPolicy"),
        (nested(agent__image__digest="0"), "/agent/image/digest"),
        ({"imagePullSecrets": ["registry"]}, "/imagePullSecrets/0"),
        ({"imagePullSecrets": [{"name": "a", "key": "b"}]}, "/imagePullSecrets/0"),
        ({"secretReader": [{"namespace": "blue"}]}, "/secretReader/0"),
        ({"secretReader": [{"namespace": "blue", "names": []}]}, "/secretReader/0/names"),
        ({"secretReader": [{"namespace": "blue", "names": ["*"]}]}, "/secretReader/0/names/0"),
        ({"secretReader": [{"namespace": "b", "names": ["a"], "c": 1}]}, "/secretReader/0"),
        (nested(podDisruptionBudget__maxUnavailable=0), "/podDisruptionBudget/maxUnavailable"),
        (nested(webhook__failurePolicy="ignore"), "/webhook/failurePolicy"),
        (nested(webhook__timeoutSeconds=31), "/webhook/timeoutSeconds"),
        (nested(verifyInstall__namespace="Default"), "/verifyInstall/namespace"),
        (nested(networkPolicy__apiServerPorts=[]), "/networkPolicy/apiServerPorts"),
        (nested(networkPolicy__apiServerPorts=[0]), "/networkPolicy/apiServerPorts/0"),
        (nested(metrics__serviceMonitor__interval="soon"), "/metrics/serviceMonitor/interval"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_its_place_named(helms, values, where):
    with pytest.raises(Refused, match=f"'{where}'"):
        helms["helm4"].template(values)


def test_older_kubernetes_is_refused_and_no_vendors_suffix(helm):
    with pytest.raises(Refused, match="kubeVersion"):
        helm.template({}, "--kube-version", "1.29.9")
    for version in ("1.30.0-gke.1", "1.33.5-eks-113cf36", "1.37.2"):
        helm.template({}, "--kube-version", version)


def test_it_can_be_part_of_another_chart(helm, tmp_path):
    chart = {"apiVersion": "v2", "name": "platform", "version": "1.0.0"}
    chart["dependencies"] = [
        {"name": "dualtrace", "version": "*", "condition": "dualtrace.enabled"}
    ]
    (tmp_path / "Chart.yaml").write_text(yaml.safe_dump(chart))
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "dualtrace").symlink_to(CHART)
    values = {"global": {"region": "eu"}, "dualtrace": {"enabled": True, "replicas": 3}}
    rendered = helm.render(values, chart=tmp_path)
    assert rendered.one("Deployment")["spec"]["replicas"] == 3
    assert not helm.render({"dualtrace": {"enabled": False}}, chart=tmp_path).objects


# --- what every object has ---


@pytest.mark.parametrize("values", RENDERINGS.values(), ids=RENDERINGS.keys())
def test_every_object_says_whose_it_is_and_where(helm, values):
    cluster_wide = re.compile("CustomResourceDefinition|Cluster.*|.*WebhookConfiguration")
    rendered = helm.render(values, tests=True)
    keys = [key_of(one) for one in rendered.objects]
    assert len(set(keys)) == len(keys)
    for kind, namespace, _ in keys:
        assert bool(namespace) != bool(cluster_wide.fullmatch(kind)), kind
    for one in rendered.objects:
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "dualtrace-operator", one
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["helm.sh/chart"].startswith("dualtrace-")


STABLE = {
    "v1",
    "admissionregistration.k8s.io/v1",
    "apiextensions.k8s.io/v1",
    "apps/v1",
    "networking.k8s.io/v1",
    "policy/v1",
    "rbac.authorization.k8s.io/v1",
}
FOREIGN = {"cert-manager.io/v1", "monitoring.coreos.com/v1"}  # only where they are asked for


def test_only_stable_interfaces_are_used(helm):
    for name, values in RENDERINGS.items():
        used = {one["apiVersion"] for one in helm.render(values).objects}
        assert used <= STABLE | (FOREIGN if name in ("cert-manager", "monitored") else set())


def test_two_releases_share_no_name(helm):
    """But the CRD, which one of them has."""
    second = {"crds": {"enabled": False}}
    first = {key_of(one) for one in helm.render().objects}
    other = {key_of(one) for one in helm.render(second, name="edge", namespace="edge").objects}
    assert not {(kind, name) for kind, _, name in first} & {(kind, name) for kind, _, name in other}


def test_no_webhook_has_a_ca_bundle(helm):
    """Every tool that applies the chart would take back what the operator writes there."""
    for values in RENDERINGS.values():
        assert "caBundle" not in re.sub("(?m)^ *#.*$", "", helm.template(values))


# --- metrics ---

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
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)  # without the texts in it
        names = set(re.findall(r"\b[a-z_]+_[a-z0-9_]+(?=\{|\[|\)| |,|$)", bare))
        names -= {"dualtrace_dev_export", "histogram_quantile", "label_values"}
        assert names and names <= known, f"{expression}: {names - known}"
        used |= names
    assert "dualtrace_lane_request_duration_seconds_bucket" in used, "histograms are seen, too"


def complaints(expressions: list[str]) -> str:
    """Of Prometheus' own parser."""
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
    """By what docs/metrics.md says of each metric, and what a monitor adds."""
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
    assert len(set(cells)) == len(cells), "two panels lie over each other"
    assert max(x for x, _ in cells) < 24
