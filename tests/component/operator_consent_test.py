# SPDX-License-Identifier: Apache-2.0
"""Where spans go requires the consent of both sides, through a real API server. Someone who can
create exports in one namespace can neither take spans of other namespaces nor interrupt them, and
gets a warning. Rejected pods are counted by the export that they requested; agents admit whom the
export admits; older exports keep working."""

import json

import pytest
from harness.processes import wait_until
from harness.tenant import ARIZE, Tenant

ALL = {"namespaceSelector": {}}
EVERYBODY = [{"namespaceSelector": {}}]
OWN = [{"podSelector": {}}]


@pytest.fixture
def observability(control_plane, installation):
    return Tenant(control_plane, "observability")


@pytest.fixture
def evil(control_plane, installation):
    return Tenant(control_plane, "evil")


@pytest.fixture
def shop(control_plane):
    name = control_plane.new_namespace("shop")
    yield name
    control_plane.api.delete(f"/api/v1/namespaces/{name}/pods?gracePeriodSeconds=0")


def spec(injection: dict | None) -> dict:
    return {"arize": ARIZE} | ({} if injection is None else {"injection": injection})


def only(namespace: str) -> dict:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def answer(plane, namespace: str, asks: str, dry: bool = True) -> dict:
    """What the webhook wrote on a pod with this request."""
    pod = {
        "metadata": {"generateName": "pod-", "annotations": {"dualtrace.dev/inject": asks}},
        "spec": {"containers": [{"name": "app", "image": "registry.example/app:1"}]},
    }
    query = "?dryRun=All" if dry else ""
    status, made = plane.api.post(f"/api/v1/namespaces/{namespace}/pods{query}", pod)
    assert status == 201, made
    written = made["metadata"]["annotations"]
    found = {word: written.get(f"dualtrace.dev/{word}", "") for word in ("injected", "skipped")}
    return found | {"pod": f"{namespace}/{made['metadata']['name']}"}


def wait_for_answer(plane, namespace: str, asks: str, word: str, begins: str) -> str:
    """The webhook sees exports and namespaces a moment after they are created."""
    return wait_until(
        lambda: (
            said if (said := answer(plane, namespace, asks)[word]).startswith(begins) else None
        ),
        f"{asks} in {namespace} is {word}: {begins}",
    )


def senders(tenant: Tenant, export: str) -> list[dict] | None:
    policy = tenant.child("networkpolicies", export)
    return policy["spec"]["ingress"][0]["from"] if policy else None


def wait_for_senders(tenant: Tenant, export: str, wanted: list[dict]) -> None:
    wait_until(
        lambda: senders(tenant, export) == wanted,
        f"{wanted} reach {export}, not {senders(tenant, export)}",
    )


def wait_for_counts(tenant: Tenant, export: str, **wanted) -> None:
    wanted.setdefault("unserved", 0)

    def counted() -> dict:
        return tenant.get(export).get("status", {}).get("injection", {})

    wait_until(lambda: counted() == wanted, f"{export} counts {wanted}", 60, every=0.5)


def of_before(tenant: Tenant, export: str, injection: dict | None) -> None:
    """The state that an operator of the previous version left."""
    tenant.create(export, spec(injection))
    path = f"{tenant.exports}/{export}/status"
    status, answer = tenant.api.patch(path, {"status": {"observedGeneration": 1}})
    assert status == 200, answer


def test_true_leads_to_no_namespace_that_is_not_shared(control_plane, launch, evil, observability, shop):
    launch()
    evil.create("x", spec(ALL))
    said = wait_for_answer(control_plane, shop, "true", "skipped", "NoSuchExport: ")
    assert "have the installation share that namespace (sharedNamespaces)" in said
    assert "evil" not in said
    assert answer(control_plane, evil.namespace, "true")["injected"] == f"{evil.namespace}/x"
    # A pod that names an export intends to use it.
    observability.create("agents", spec(ALL))
    name = f"{observability.namespace}/agents"
    wait_for_answer(control_plane, shop, name, "injected", name)


def test_an_export_beside_the_shared_one_changes_nothing_for_others(
    control_plane, launch, evil, observability, shop
):
    launch(f"--shared-namespaces={observability.namespace}")
    observability.create("agents", spec(ALL))
    name = f"{observability.namespace}/agents"
    wait_for_answer(control_plane, shop, "true", "injected", name)
    evil.create("x", spec(ALL))
    wait_for_answer(control_plane, shop, f"{evil.namespace}/x", "injected", evil.namespace)
    assert answer(control_plane, shop, "true")["injected"] == name


def test_an_export_without_a_selector_admits_its_own_namespace_alone(
    control_plane, launch, observability, shop
):
    launch(f"--shared-namespaces={observability.namespace}")
    observability.create("agents", spec(None))
    name = f"{observability.namespace}/agents"
    wait_for_answer(control_plane, observability.namespace, "true", "injected", name)
    said = wait_for_answer(control_plane, shop, name, "skipped", "NamespaceNotAdmitted: ")
    assert f"{{matchLabels: {{kubernetes.io/metadata.name: {shop}}}}}" in said
    wait_for_answer(control_plane, shop, "true", "skipped", "NoSuchExport: ")
    wait_for_senders(observability, "agents", OWN)
    observability.change("agents", {"injection": only(shop)})
    wait_for_answer(control_plane, shop, "true", "injected", name)
    wait_for_senders(observability, "agents", [*OWN, only(shop)])
    observability.change("agents", {"injection": {"namespaceSelector": {"matchLabels": None}}})
    wait_for_senders(observability, "agents", EVERYBODY)
    assert observability.get("agents")["status"]["consent"] == "Explicit"


def test_who_is_refused_counts_at_every_export_that_could_have_been_meant(
    control_plane, launch, evil, observability, shop
):
    launch(f"--shared-namespaces={observability.namespace}")
    evil.create("x", spec(ALL))
    for export, injection in (("first", ALL), ("second", ALL), ("closed", None)):
        observability.create(export, spec(injection))
    wait_for_answer(control_plane, shop, "true", "skipped", "Ambiguous: ")
    closed = f"{observability.namespace}/closed"
    wait_for_answer(control_plane, shop, closed, "skipped", "NamespaceNotAdmitted: ")
    ambiguous = answer(control_plane, shop, "true", dry=False)["pod"]
    refused = answer(control_plane, shop, closed, dry=False)["pod"]
    refusals = {"first": ("Ambiguous", ambiguous), "second": ("Ambiguous", ambiguous)}
    refusals["closed"] = ("NamespaceNotAdmitted", refused)
    for export, (reason, pod) in refusals.items():
        skipped = [{"reason": reason, "pods": 1}]
        wait_for_counts(
            observability, export, annotated=1, injected=0, missed=[pod], skipped=skipped
        )
    wait_for_counts(evil, "x", annotated=0, injected=0)


def test_who_is_not_admitted_any_more_is_counted(control_plane, launch, observability, shop):
    launch()
    observability.create("agents", spec(only(shop)))
    name = f"{observability.namespace}/agents"
    wait_for_answer(control_plane, shop, name, "injected", name)
    answer(control_plane, shop, name, dry=False)
    wait_for_counts(observability, "agents", annotated=1, injected=1)
    observability.change("agents", {"injection": None})
    wait_for_counts(observability, "agents", annotated=1, injected=1, shutOut=1)


def test_who_would_change_what_true_means_for_others_is_warned(
    control_plane, launch, observability, shop
):
    platform = Tenant(control_plane, "platform")
    shared = f"{observability.namespace},{platform.namespace}"
    launch(f"--shared-namespaces={shared}")
    observability.create("agents", spec(only(shop)))
    wait_for_answer(control_plane, shop, "true", "injected", observability.namespace)

    def told(tenant: Tenant, injection: dict | None) -> str:
        export = {"apiVersion": "dualtrace.dev/v1alpha1", "kind": "DualTraceExport"}
        export |= {"metadata": {"name": "new"}, "spec": spec(injection)}
        return control_plane.kubectl(
            *("create", "--dry-run=server", "--filename=-", f"--namespace={tenant.namespace}"),
            stdin=json.dumps(export),
            check=False,
        )

    means = f'Warning: "true" in namespace {shop} means {observability.namespace}/agents now'
    assert f"{means}; with this change, it is Ambiguous" in told(platform, ALL)
    assert '"true"' not in told(platform, None)
    status, answered = observability.api.patch(
        f"{observability.exports}/agents?dryRun=All", {"spec": {"injection": only("elsewhere")}}
    )
    assert status == 200, answered
    (warned,) = observability.api.warnings()
    assert "with this change, it means none and new pods get nothing" in warned
    deleted = control_plane.kubectl(
        *("delete", "dte/agents", "--dry-run=server", f"--namespace={observability.namespace}"),
        check=False,
    )
    means = f"{shop} means {observability.namespace}/agents now"
    assert f"{means}; with this change, it means none" in deleted
    own = Tenant(control_plane, "own")
    observability.change("agents", {"injection": {"namespaceSelector": {"matchLabels": None}}})
    wait_for_answer(control_plane, own.namespace, "true", "injected", observability.namespace)
    assert "with this change, new pods send here" in told(own, None)


def test_an_export_of_before_goes_on_until_the_installation_ends_it(
    control_plane, launch, observability, shop
):
    of_before(observability, "agents", None)
    name = f"{observability.namespace}/agents"
    operator = launch()
    wait_for_answer(control_plane, shop, "true", "injected", name)
    said = observability.wait_for_reason("agents", "ConfigValid", "ConsentAssumed")
    assert said["status"] == "True"
    assert "set {} to admit all" in said["message"] and f'write "{name}"' in said["message"]
    assert observability.get("agents")["status"]["consent"] == "AllAsBefore"
    wait_for_senders(observability, "agents", EVERYBODY)
    observability.change("agents", {"delivery": {"maxAge": "71h"}})
    assert any("set {} to admit all" in one for one in observability.api.warnings())

    assert operator.stop() == 0
    operator = launch()  # the status preserves the answer
    wait_for_answer(control_plane, shop, "true", "injected", name)
    assert operator.stop() == 0
    launch("--consent-as-before=false")
    wait_for_answer(control_plane, shop, "true", "skipped", "NoSuchExport: ")
    assert answer(control_plane, shop, name)["skipped"].startswith("NamespaceNotAdmitted: ")
    wait_for_senders(observability, "agents", OWN)
    observability.wait_for_reason("agents", "ConfigValid", "Valid")
    assert observability.get("agents")["status"]["consent"] == "Explicit"


def test_an_export_of_before_is_like_a_new_one_once_all_is_written(
    control_plane, launch, observability, shop
):
    of_before(observability, "agents", None)
    of_before(observability, "chosen", {"namespaceSelector": {"matchLabels": {"team": "sales"}}})
    operator = launch()
    wait_until(
        lambda: observability.get("chosen")["status"].get("consent") == "SelectedAsBefore",
        "the export with a selector is recognized",
    )
    wait_for_senders(observability, "chosen", EVERYBODY)
    observability.change("agents", {"injection": only(shop)})
    wait_for_senders(observability, "agents", [*OWN, only(shop)])
    said = wait_until(  # the webhook may see the change before the status does
        lambda: "namespaceSelector" not in observability.condition("agents", "ConfigValid")["message"]
        and observability.condition("agents", "ConfigValid"),
        "the selector is no longer assumed",
    )
    assert said["reason"] == "ConsentAssumed" and "sharedNamespaces" in said["message"]
    assert operator.stop() == 0
    launch(f"--shared-namespaces={observability.namespace}")
    observability.wait_for_reason("agents", "ConfigValid", "Valid")
    wait_for_answer(control_plane, shop, "true", "injected", f"{observability.namespace}/agents")
