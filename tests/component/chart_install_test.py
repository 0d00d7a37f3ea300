# SPDX-License-Identifier: Apache-2.0
"""The chart in a real API server, applied by Helm 3 and 4 and as GitOps tools do:
installed, upgraded, rolled back and uninstalled; and the operator with the permissions that it
grants."""

import base64
import json
import shutil
import subprocess

import pytest
import yaml
from harness.authority import Authority
from harness.chart import (
    CHART,
    NAMESPACE,
    RELEASE,
    VERSIONS,
    Helm,
    Refused,
    Rendered,
    nested,
)
from harness.control_plane import ControlPlane
from harness.exports import API as EXPORTS_API
from harness.installation import SHORT_LEASE
from harness.kubernetes_api import APPLY_PATCH
from harness.operator import USER
from harness.patching_webhook import patching_webhook, say_skipped
from harness.processes import wait_until
from harness.tenant import ARIZE, SECRETS, Tenant

CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/dualtraceexports.dualtrace.dev"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{RELEASE}"
WEBHOOKS = (
    f"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/{RELEASE}",
    f"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{RELEASE}",
)
AUTHORITY = f"/api/v1/namespaces/{NAMESPACE}/secrets/{RELEASE}-webhook"
ROLE = f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{RELEASE}"
CA_BUNDLE = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K"
OWN_WEBHOOKS = ("pods.dualtrace.dev", "namespaces.dualtrace.dev", "exports.dualtrace.dev")
DASHBOARD = nested(metrics__dashboard__enabled=True)
# Everything that works without the CRDs of cert-manager and the Prometheus operator.
EVERYTHING = {
    **DASHBOARD,
    "watchNamespaces": ["blue", "green"],
    "secretReader": [{"namespace": "blue", "names": ["arize"]}],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("helm")


@pytest.fixture(scope="module")
def helms(control_plane, folder) -> dict[str, Helm]:
    return {version: Helm(version, folder, control_plane.kubeconfig) for version in VERSIONS}


@pytest.fixture(scope="module")
def namespaces(control_plane):
    control_plane.require_own()
    for name in (NAMESPACE, "blue", "green"):
        control_plane.kubectl("create", "namespace", name)


@pytest.fixture
def clean(control_plane, namespaces, helms):
    """Nothing is installed at the start, and nothing remains at the end."""
    yield
    for version in VERSIONS:
        if RELEASE in helms[version].run("list", "--short", "--namespace", NAMESPACE):
            helms[version].run("uninstall", RELEASE, "--namespace", NAMESPACE)
    control_plane.kubectl("delete", "crd", "dualtraceexports.dualtrace.dev", "--ignore-not-found")
    wait_until(lambda: control_plane.api.get(CRD)[0] == 404, "the CRD is gone")
    # Objects that a test applied without Helm.
    kinds = "deploy,svc,cm,secret,sa,role,rolebinding,pdb,netpol"
    own = f"app.kubernetes.io/instance={RELEASE}"
    for namespace in (NAMESPACE, "blue", "green"):
        control_plane.kubectl("delete", kinds, "--selector", own, "--namespace", namespace)
    everywhere = "clusterrole,clusterrolebinding,"
    everywhere += "mutatingwebhookconfiguration,validatingwebhookconfiguration"
    control_plane.kubectl("delete", everywhere, "--selector", own)


def write_certificates(plane: ControlPlane) -> None:
    """Writes the certificates as the operator does."""
    _, secret = plane.api.get(AUTHORITY)
    assert "data" not in secret
    status, answer = plane.api.put(AUTHORITY, {**secret, "data": {"ca.crt": CA_BUNDLE}})
    assert status == 200, answer
    for path in WEBHOOKS:
        kind = plane.api.get(path)[1]["kind"]
        names = [one["name"] for one in plane.api.get(path)[1]["webhooks"]]
        wanted = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": RELEASE},
            "webhooks": [{"name": one, "clientConfig": {"caBundle": CA_BUNDLE}} for one in names],
        }
        query = "?fieldManager=dualtrace-operator/cabundle&force=true"
        status, answer = plane.api.patch(path + query, wanted, APPLY_PATCH)
        assert status == 200, answer


def is_trusted(plane: ControlPlane) -> bool:
    """Whether the operator's changes are still present."""
    bundles = {
        one["name"]: one["clientConfig"].get("caBundle")
        for path in WEBHOOKS
        for one in plane.api.get(path)[1]["webhooks"]
    }
    secret = plane.api.get(AUTHORITY)[1].get("data")
    return bundles == dict.fromkeys(OWN_WEBHOOKS, CA_BUNDLE) and secret == {"ca.crt": CA_BUNDLE}


def replicas(plane: ControlPlane) -> int:
    return plane.api.get(DEPLOYMENT)[1]["spec"]["replicas"]


def older_chart(folder):
    """The state that an earlier version could have left: with another CRD."""
    chart = folder / "older"
    shutil.copytree(CHART, chart)
    template = chart / "templates" / "crd.yaml"
    text = template.read_text()
    assert text.count("shortNames: [dte]") == 1
    template.write_text(text.replace("shortNames: [dte]", "shortNames: [old]"))
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    (chart / "Chart.yaml").write_text(yaml.safe_dump({**about, "version": "0.0.9"}))
    return chart


# --- acceptance by the API server ---


@pytest.mark.parametrize(
    "values",
    [{}, EVERYTHING, nested(webhook__enabled=False, replicas=1)],
    ids=["default", "everything", "least"],
)
def test_every_object_is_accepted_strictly(control_plane, namespaces, helm, values):
    # The pod of `helm test` needs its ServiceAccount to exist (tested below).
    objects = [one for one in helm.render(values, tests=True).objects if one["kind"] != "Pod"]
    options = ("--server-side", "--dry-run=server", "--validate=strict")
    told = control_plane.kubectl(
        "apply", *options, "--filename", "-", stdin=yaml.safe_dump_all(objects), check=False
    )
    lines = told.splitlines()
    assert len(lines) == len(objects), told
    assert not [line for line in lines if not line.endswith("serverside-applied (server dry run)")]


def test_its_pods_keep_to_the_restricted_standard(control_plane, helm):
    namespace = control_plane.new_namespace("restricted")
    label = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    assert control_plane.api.patch(f"/api/v1/namespaces/{namespace}", label)[0] == 200

    def create(spec: dict) -> tuple[int, dict]:
        spec = {**spec, "serviceAccountName": "default"}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "operator"}, "spec": spec}
        query = "dryRun=All&fieldValidation=Strict"
        return control_plane.api.post(f"/api/v1/namespaces/{namespace}/pods?{query}", pod)

    assert create(helm.render().pod)[0] == 201
    assert create(helm.render(tests=True).one("Pod")["spec"])[0] == 201
    status, answer = create(helm.render({"securityContext": {"capabilities": None}}).pod)
    assert status == 403 and "restricted" in answer["message"]


# --- the lifecycle of a release ---


def test_a_release_is_installed_upgraded_rolled_back_and_uninstalled(
    control_plane, clean, helm, folder
):
    api = control_plane.api
    place = ("--namespace", NAMESPACE)
    older = older_chart(folder / helm.version)
    helm.run("install", RELEASE, older, *place)
    names = lambda: api.get(CRD)[1]["spec"]["names"]["shortNames"]  # noqa: E731
    assert names() == ["old"]
    wait_until(lambda: api.get(f"{EXPORTS_API}/dualtraceexports")[0] == 200, "exports are served")
    tenant = Tenant(control_plane, "kept")
    tenant.create("agents", {"arize": ARIZE})
    write_certificates(control_plane)
    assert is_trusted(control_plane)

    helm.install({"replicas": 3})
    assert names() == ["dte"], "the CRD is upgraded, too"
    assert replicas(control_plane) == 3
    assert is_trusted(control_plane)

    helm.run("rollback", RELEASE, "1", *place)
    assert (names(), replicas(control_plane)) == (["old"], 2)
    assert is_trusted(control_plane)

    told = helm.run("uninstall", RELEASE, *place)
    assert "kept due to the resource policy" in told and "CustomResourceDefinition" in told
    for path in (DEPLOYMENT, ROLE, AUTHORITY, *WEBHOOKS):
        wait_until(lambda path=path: api.get(path)[0] == 404, f"{path} is gone")
    assert tenant.get("agents")["spec"]["arize"]["region"] == "US"

    helm.install()  # takes over the objects that were kept
    assert names() == ["dte"]
    assert tenant.get("agents")["metadata"]["generation"] == 1


def test_a_release_of_helm_3_is_upgraded_by_helm_4(control_plane, clean, helms):
    helms["helm3"].install()
    write_certificates(control_plane)
    helms["helm4"].install({"replicas": 3})
    assert replicas(control_plane) == 3
    assert is_trusted(control_plane)


def test_without_crds_keep_nothing_stays(control_plane, clean, helm):
    helm.install(nested(crds__keep=False))
    assert control_plane.api.get(CRD)[0] == 200
    helm.run("uninstall", RELEASE, "--namespace", NAMESPACE)
    wait_until(lambda: control_plane.api.get(CRD)[0] == 404, "the CRD is gone")


def test_an_unchanged_upgrade_changes_nothing(control_plane, clean, helm):
    helm.install(EVERYTHING)
    rendered = helm.render(EVERYTHING)
    before = stored(control_plane, rendered)
    helm.install(EVERYTHING)
    assert stored(control_plane, rendered) == before


# --- after changes by others ---

# The labels that AKS' admissions enforcer adds to every webhook (field/k8s/aks-enforcer.sh).
ENFORCED = (("control-plane", "true"), ("kubernetes.azure.com/managedby", "aks"))


def enforce(plane: ControlPlane, path: str, manager: str) -> None:
    _, found = plane.api.get(path)
    found["metadata"].pop("managedFields")
    for one in found["webhooks"]:
        expressions = one.setdefault("namespaceSelector", {}).setdefault("matchExpressions", [])
        for key, value in ENFORCED:
            if not any(other["key"] == key for other in expressions):
                expressions.append({"key": key, "operator": "NotIn", "values": [value]})
    status, answer = plane.api.put(f"{path}?fieldManager={manager}", found)
    assert status == 200, answer


def lift(plane: ControlPlane, path: str) -> None:
    """The state that an earlier chart left: without the expressions that the enforcer requires."""
    _, found = plane.api.get(path)
    wanted = {key for key, _ in ENFORCED}
    for one in found["webhooks"]:
        expressions = one["namespaceSelector"].get("matchExpressions", [])
        one["namespaceSelector"]["matchExpressions"] = [
            other for other in expressions if other["key"] not in wanted
        ]
    assert plane.api.put(f"{path}?fieldManager=older", found)[0] == 200


def owners(plane: ControlPlane, path: str) -> set[str]:
    return {one["manager"] for one in plane.api.get(path)[1]["metadata"]["managedFields"]}


def test_an_upgrade_passes_after_the_enforcer_of_aks(control_plane, clean, helms):
    helm = helms["helm4"]
    helm.install()
    for path in WEBHOOKS:
        enforce(control_plane, path, "admissionsenforcer")
        assert "admissionsenforcer" not in owners(control_plane, path), "nothing was missing"
    helm.install({"logLevel": "debug"})
    for path in WEBHOOKS:  # the enforcer owns the fields that an earlier chart lacked
        lift(control_plane, path)
        enforce(control_plane, path, "admissionsenforcer")
        assert "admissionsenforcer" in owners(control_plane, path)
    helm.install({"logLevel": "info"})
    assert "--log-level=info" in str(control_plane.api.get(DEPLOYMENT)[1])


def test_a_crd_that_was_applied_by_hand_is_taken_over_as_the_docs_say(control_plane, clean, helm):
    control_plane.kubectl("apply", "--filename", str(CHART.parents[1] / "crds"))
    with pytest.raises(Refused, match="invalid ownership metadata"):
        helm.run("install", RELEASE, CHART, "--namespace", NAMESPACE)
    page = (CHART.parents[1] / "docs" / "operator.md").read_text()
    commands = [
        line.strip() for line in page.splitlines() if line.strip().startswith(("kubectl label crd", "kubectl annotate crd"))
    ]
    assert len(commands) == 2
    for command in commands:
        control_plane.kubectl(*command.split()[1:])
    # Helm 4 applies on the server, where kubectl owns the fields that it wrote.
    options = ("--force-conflicts",) if helm.version == "helm4" else ()
    helm.install({}, *options)
    assert control_plane.api.get(CRD)[1]["metadata"]["labels"]["helm.sh/chart"]


# --- with GitOps tools ---


def stored(plane: ControlPlane, rendered: Rendered) -> dict[str, dict]:
    """The current state of each of these objects, without its status and managedFields."""
    text = plane.kubectl("get", "--filename", "-", "--output", "json", stdin=rendered.text)
    found = {}
    for one in json.loads(text)["items"]:
        meta = one["metadata"]
        found[f"{one['kind']} {meta.get('namespace', '')}/{meta['name']}"] = one
        one.pop("status", None)
        for name in ("managedFields", "resourceVersion", "annotations"):  # set by Helm
            meta.pop(name, None)
    assert len(found) == len(rendered.objects)
    return found


def test_applied_twice_the_second_time_changes_nothing(control_plane, clean, helm):
    rendered = helm.render(EVERYTHING)
    apply = ("apply", "--server-side", "--filename", "-")
    control_plane.kubectl(*apply, stdin=rendered.text)
    write_certificates(control_plane)
    wait_until(
        lambda: control_plane.api.get(DEPLOYMENT)[1].get("status", {}).get("observedGeneration"),
        "the Deployment's controller has seen it",
    )
    before = stored(control_plane, rendered)
    control_plane.kubectl(*apply, stdin=helm.template(EVERYTHING))
    assert stored(control_plane, rendered) == before
    # The exit code is 1 if there is a difference.
    control_plane.kubectl("diff", "--server-side", "--filename", "-", stdin=rendered.text)
    assert is_trusted(control_plane)


# --- helm test ---


@pytest.fixture
def answering_webhook(tmp_path):
    """(its port, the CA of its certificate)"""
    authority = Authority(tmp_path / "authority")
    with patching_webhook(*authority.issue("webhook"), say_skipped) as port:
        yield port, authority.certificate.read_bytes()


def lead_webhooks_to(plane: ControlPlane, port: int, authority: bytes) -> None:
    """Replaces the Service by a URL, because without nodes no Service has endpoints."""
    mutating = WEBHOOKS[0]
    _, configuration = plane.api.get(mutating)
    for one in configuration["webhooks"]:
        bundle = base64.b64encode(authority).decode()
        url = f"https://127.0.0.1:{port}{one['clientConfig']['service']['path']}"
        one["clientConfig"] = {"url": url, "caBundle": bundle}
    assert plane.api.put(mutating, configuration)[0] == 200


def verify(request, plane: ControlPlane, rendered: Rendered) -> tuple[int, list[str]]:
    """Runs what the pod of `helm test` runs, with its ServiceAccount; returns the exit code and
    output."""
    pod = rendered.one("Pod")["spec"]
    binary = request.config.getoption("--binaries") / "operator" / "dualtrace-operator"
    kubeconfig = plane.kubeconfig_for(NAMESPACE, pod["serviceAccountName"])
    done = subprocess.run(
        [binary, *pod["containers"][0]["args"], f"--kubeconfig={kubeconfig}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def apply_tests(plane: ControlPlane, rendered: Rendered) -> None:
    """The objects that `helm test` creates before the pod, which needs a node."""
    hooks = [
        one
        for one in rendered.objects
        if "helm.sh/hook" in one["metadata"].get("annotations", {}) and one["kind"] != "Pod"
    ]
    assert len(hooks) == 3
    plane.kubectl("apply", "--filename", "-", stdin=yaml.safe_dump_all(hooks))


def test_an_installation_is_verified(request, control_plane, clean, helms, answering_webhook):
    values = nested(verifyInstall__namespace="blue")
    rendered = helms["helm4"].render(values, tests=True)
    helms["helm4"].install(values)
    apply_tests(control_plane, rendered)
    exports = f"{EXPORTS_API}/dualtraceexports"
    wait_until(lambda: control_plane.api.get(exports)[0] == 200, "exports are served")

    code, said = verify(request, control_plane, rendered)  # no webhook server is running
    assert code == 1
    assert [line.split(":")[0] for line in said] == ["ok", "ok", "FAILED"]
    assert "no operator answered" in said[2]

    lead_webhooks_to(control_plane, *answering_webhook)
    # The API server learns of a changed configuration through a watch.
    wait_until(
        lambda: verify(request, control_plane, rendered)[0] == 0, "all is well", timeout=60
    )
    assert control_plane.api.get(exports)[1]["items"] == []
    assert control_plane.api.get("/api/v1/namespaces/blue/pods")[1]["items"] == []


def test_without_the_crd_it_says_so(request, control_plane, clean, helms):
    values = nested(verifyInstall__namespace="blue", crds__enabled=False)
    rendered = helms["helm4"].render(values, tests=True)
    helms["helm4"].install(values)
    apply_tests(control_plane, rendered)
    code, said = verify(request, control_plane, rendered)
    assert code == 1
    assert said[0].startswith("FAILED: a valid export is accepted") and "install the CRD" in said[0]


# --- messages of an upgrade ---


def put_export(plane: ControlPlane, namespace: str, name: str, injection: dict | None) -> None:
    """The state that an earlier operator left."""
    spec = {"arize": ARIZE} | ({} if injection is None else {"injection": injection})
    export = {"apiVersion": "dualtrace.dev/v1alpha1", "kind": "DualTraceExport", "spec": spec}
    exports = f"{EXPORTS_API}/namespaces/{namespace}/dualtraceexports"
    status, answer = plane.api.post(exports, {**export, "metadata": {"name": name}})
    assert status == 201, answer
    set_status(plane, namespace, name, {"observedGeneration": 1})


def set_status(plane: ControlPlane, namespace: str, name: str, status: dict) -> None:
    path = f"{EXPORTS_API}/namespaces/{namespace}/dualtraceexports/{name}/status"
    code, answer = plane.api.patch(path, {"status": status})
    assert code == 200, answer


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgrade_says_what_to_write_for_exports_of_before(control_plane, clean, helms, version):
    helm = helms[version]
    fresh = helm.install()
    assert "older" not in fresh
    wait_until(
        lambda: control_plane.api.get(f"{EXPORTS_API}/dualtraceexports")[0] == 200,
        "exports are served",
    )
    put_export(control_plane, "blue", "agents", None)
    put_export(control_plane, "green", "chosen", {"namespaceSelector": {"matchLabels": {"a": "b"}}})
    put_export(control_plane, "green", "new", None)
    set_status(control_plane, "green", "new", {"consent": "Explicit"})
    said = helm.install()
    assert "They keep admitting all namespaces until you set consentAsBefore to false" in said
    assert "kubectl patch dte agents --namespace blue --type merge" in said
    assert "  green/chosen: only pods in the namespaces that it selects will reach it" in said
    assert "green/new" not in said
    assert "  --set 'sharedNamespaces={blue,green}'" in said
    said = helm.install({"sharedNamespaces": ["blue"], "consentAsBefore": False})
    assert "that these older exports do not admit now lose their traces" in said
    assert "--set" not in said[said.index("In an export") :]
    for namespace, name in (("blue", "agents"), ("green", "chosen")):
        set_status(control_plane, namespace, name, {"consent": "Explicit"})
    assert "older" not in helm.install()


# --- the operator with these permissions ---


def run_operator(stage, plane: ControlPlane, rendered: Rendered):
    """With the arguments of its pods, except those that must be different for a process on this
    machine."""
    own = [one for one in rendered.arguments if not one.startswith("--agent-image=")]
    kubeconfig = plane.kubeconfig_for(NAMESPACE, rendered.pod["serviceAccountName"])
    return stage.operator(kubeconfig, *own, *SHORT_LEASE, start=False)


@pytest.mark.parametrize("everywhere", [True, False], ids=["everywhere", "one-namespace"])
def test_the_operator_works_with_what_it_may_do(control_plane, clean, helms, stage, everywhere):
    tenant, other = Tenant(control_plane, "served"), Tenant(control_plane, "other")
    values = {
        "watchNamespaces": [] if everywhere else [tenant.namespace],
        "secretReader": [{"namespace": tenant.namespace, "names": list(SECRETS)}],
        "webhook": {"enabled": False},
    }
    helms["helm4"].install(values)
    rendered = helms["helm4"].render(values)
    wait_until(
        lambda: control_plane.api.get(f"{EXPORTS_API}/dualtraceexports")[0] == 200,
        "exports are served",
    )
    since = control_plane.audit_position()
    operator = run_operator(stage, control_plane, rendered).start().wait_until_leading()
    for one in (tenant, other):
        one.create("agents")
    tenant.wait_until_settled("agents")
    tenant.wait_for_reason("agents", "CredentialsSynced", "Synced")
    if everywhere:
        other.wait_for_reason("agents", "CredentialsSynced", "SecretUnreadable")
    assert operator.stop() == 0
    asked = control_plane.audit(USER, since)
    refused = {(one.namespace, one.resource, one.verb) for one in asked if one.code in (401, 403)}
    assert refused == ({(other.namespace, "secrets", "get")} if everywhere else set())
    if not everywhere:
        assert {one.namespace for one in asked} == {tenant.namespace, NAMESPACE}
        assert other.children() == []
