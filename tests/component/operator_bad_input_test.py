# SPDX-License-Identifier: Apache-2.0
"""A mistake in an export is reported where its author looks, with the name of the faulty field or
object. The report disappears once the mistake is fixed, and running agents keep running."""

import base64
import json

import pytest
import yaml
from harness.exports import ROOT, install_exports
from harness.processes import wait_until
from harness.sandbox import API_KEY, SPACE_ID, TOKEN
from harness.tenant import ARIZE, BOTH, SECRETS, Tenant

CRD = ROOT / "crds" / "dualtraceexport.yaml"
CLEARS_SECONDS = 45  # it is checked every 15 s


@pytest.fixture(scope="module")
def operator(bare_installation, control_plane):
    bare_installation.allow_everywhere()
    return bare_installation.operator("--leader-elect=false", "--log-level=debug").start()


@pytest.fixture
def tenant(control_plane, operator, bare_installation):
    made = Tenant(control_plane, "wrong")
    bare_installation.allow_in(made.namespace, "secret-reader.yaml")
    return made


# --- exports that were stored before a rule existed ---


def without_rules(schema: dict) -> dict:
    """Accepts what an older version of the CRD may have accepted: any spec, with fields of any
    type."""
    loose = json.loads(json.dumps(schema))
    for version in loose["spec"]["versions"]:
        properties = version["schema"]["openAPIV3Schema"]["properties"]
        properties["spec"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return loose


def is_loose(tenant: Tenant) -> bool:
    body = {"metadata": {"name": "loose"}, "spec": {"arize": "anything"}}
    body |= {"apiVersion": "dualtrace.dev/v1alpha1", "kind": "DualTraceExport"}
    return tenant.api.post(f"{tenant.exports}?dryRun=All", body)[0] == 201


def bring_rules_back(tenant: Tenant) -> None:
    """An object that is already stored remains stored."""
    install_exports(tenant.plane)
    wait_until(lambda: not is_loose(tenant), "the rules are back")


@pytest.fixture
def any_spec(control_plane, operator):
    """While this CRD is in use, the API server accepts any spec."""
    crd = without_rules(yaml.safe_load(CRD.read_text()))
    control_plane.kubectl("apply", "--filename", "-", stdin=yaml.safe_dump(crd))
    probe = Tenant(control_plane, "probe", secrets=False)
    wait_until(lambda: is_loose(probe), "the rules are gone")
    yield
    bring_rules_back(probe)


WRONG = {
    "of two places": (
        {"arize": {**ARIZE, "endpoint": "otlp.example:443"}},
        "spec.arize: set exactly one of endpoint and region",
    ),
    "of half a table": (
        {"databricks": {**BOTH["databricks"], "table": "traces"}},
        "spec.databricks.table: expected catalog.schema.table",
    ),
    "a number for a text": ({"arize": {**ARIZE, "project": 7}}, "spec.arize.project: "),
    "a text for an object": ({"arize": "otlp.example"}, "spec.arize: "),
    "a list for a map": ({"resourceAttributes": ["a"]}, "spec.resourceAttributes: "),
    "null where something must be": (
        {"arize": {"region": "US", "credentials": None}},
        "spec.arize.credentials",
    ),
    "nothing at all": ({"arize": None, "databricks": None}, "spec: "),
}


def is_reported(tenant: Tenant, name: str, how: str, says: str) -> None:
    invalid = tenant.wait_for_reason(name, "ConfigValid", "Invalid")
    assert invalid["status"] == "False", how
    assert says in invalid["message"], how
    ready = tenant.condition(name, "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "Invalid"), how
    assert ready["observedGeneration"] == tenant.get(name)["metadata"]["generation"], how
    assert tenant.condition(name, "Progressing")["reason"] == "ConfigInvalid", how


def create_all(tenant: Tenant) -> None:
    """Waits until Kubernetes' controllers have finished deleting them, too."""
    for number in range(len(WRONG)):
        tenant.create(f"number-{number}")
        tenant.wait_for_reason(f"number-{number}", "Progressing", "Stable")


def change_all(tenant: Tenant) -> None:
    for number, (spec, _) in enumerate(WRONG.values()):
        tenant.change(f"number-{number}", spec)


def test_an_export_that_was_stored_before_a_rule_existed_is_reported(
    control_plane, tenant, any_spec
):
    """A condition names the field, and the export's children are left unchanged."""
    create_all(tenant)
    before = tenant.versions()
    change_all(tenant)
    for number, (how, (_, says)) in enumerate(WRONG.items()):
        is_reported(tenant, f"number-{number}", how, says)
    bring_rules_back(tenant)
    assert tenant.versions() == before

    # Changes to the children are not reverted either, because the intended state is unknown.
    tenant.patch_child("services", "number-0", {"spec": {"internalTrafficPolicy": "Local"}})
    fixed = {"arize": {"endpoint": None}}
    tenant.change("number-0", fixed)
    tenant.wait_for_reason("number-0", "ConfigValid", "Valid")
    wait_until(
        lambda: tenant.child("services", "number-0")["spec"]["internalTrafficPolicy"] == "Cluster",
        "it is reverted with the rest",
    )


# The API server rejects any status update for these.
OF_ANOTHER_TYPE = {"a number for a text", "a text for an object", "a list for a map"}


def test_an_export_is_reported_that_was_found_only_when_the_rules_were_back(
    control_plane, operator, tenant, any_spec
):
    """A condition reports it, or an event if the API server rejects the status."""
    create_all(tenant)
    before = tenant.versions()
    operator.kill()
    change_all(tenant)
    bring_rules_back(tenant)
    operator.start()

    def notes(name: str) -> str:
        path = f"/apis/events.k8s.io/v1/namespaces/{tenant.namespace}/events"
        events = control_plane.api.get(path)[1]["items"]
        return "\n".join(
            one["note"]
            for one in events
            if one["regarding"]["name"] == name and one["reason"] == "Invalid"
        )

    for number, (how, (_, says)) in enumerate(WRONG.items()):
        name = f"number-{number}"
        if how in OF_ANOTHER_TYPE:
            wait_until(lambda: says in notes(name), f"an event reports {how}")
            assert tenant.condition(name, "ConfigValid")["reason"] == "Valid", how
        else:
            is_reported(tenant, name, how, says)
    assert tenant.versions() == before


def test_an_export_that_was_never_right_gets_no_children(tenant, any_spec):
    tenant.create("never", {"arize": {"region": "US"}, "databricks": 7})
    invalid = tenant.wait_for_reason("never", "ConfigValid", "Invalid")
    for says in ("spec.arize.credentials", "spec.databricks: "):
        assert says in invalid["message"]  # every fault, not only the first
    assert tenant.children() == []


# --- Secrets ---

WRONG_SECRETS = {
    "SecretMissing": (None, "Secret arize (spec.arize.credentials)"),
    "KeyMissing": (
        {"api-key": API_KEY},
        "key space-id of Secret arize (spec.arize.credentials)",
    ),
    "ValueEmpty": (
        {"api-key": " \n", "space-id": SPACE_ID},
        "key api-key of Secret arize (spec.arize.credentials)",
    ),
    "ValueUnusable": (
        {"api-key": API_KEY, "space-id": f'"{SPACE_ID}"'},
        "key space-id of Secret arize (spec.arize.credentials) is in quotes",
    ),
    "SpaceIDMalformed": (
        {"api-key": API_KEY, "space-id": "my space"},
        "key space-id of Secret arize (spec.arize.credentials)",
    ),
}


def test_wrong_secrets_are_told_apart_and_clear_up_by_themselves(control_plane, installation_for):
    """All in one test, because the operator checks each of them only periodically."""
    tenants = {}
    for reason, (content, _) in WRONG_SECRETS.items():
        tenant = tenants[reason] = installation_for("secret")
        tenant.delete_secret("arize")
        if content is not None:
            tenant.put_secret("arize", content)
        tenant.create("needy")
    for reason, tenant in tenants.items():
        synced = tenant.wait_for_reason("needy", "CredentialsSynced", reason)
        assert synced["status"] == "False"
        assert WRONG_SECRETS[reason][1] in synced["message"]
        ready = tenant.condition("needy", "Ready")
        assert (ready["status"], ready["reason"]) == ("False", reason)
        # Agents run nevertheless, because the other destination works.
        wait_until(lambda: tenant.child("daemonsets", "needy"), "the agents are requested")
    for tenant in tenants.values():
        tenant.put_secret("arize", SECRETS["arize"])
    for tenant in tenants.values():
        tenant.wait_for_reason("needy", "CredentialsSynced", "Synced", timeout=CLEARS_SECONDS)


@pytest.fixture
def installation_for(control_plane, operator, bare_installation):
    def make(prefix: str) -> Tenant:
        made = Tenant(control_plane, prefix)
        bare_installation.allow_in(made.namespace, "secret-reader.yaml")
        return made

    return make


def test_a_secret_that_may_not_be_read_is_no_failure(control_plane, operator, bare_installation):
    tenant = Tenant(control_plane, "private")
    tenant.create("needy", {"arize": ARIZE})
    synced = tenant.wait_for_reason("needy", "CredentialsSynced", "SecretUnreadable")
    assert "Secret arize (spec.arize.credentials)" in synced["message"]
    assert tenant.condition("needy", "Ready")["reason"] != "SecretUnreadable"
    wait_until(lambda: tenant.child("daemonsets", "needy"), "the agents are requested")


def test_no_secret_is_ever_shown(control_plane, operator, tenant):
    """It appears in no log, metric, event, status or child, neither as plain text nor in base64."""
    tenant.create("whole")
    tenant.wait_for_reason("whole", "CredentialsSynced", "Synced")
    tenant.put_secret("arize", {"api-key": API_KEY, "space-id": "not-a-space-but-a-secret"})
    tenant.create("half")
    tenant.wait_for_reason("half", "CredentialsSynced", "SpaceIDMalformed")
    values = [API_KEY, SPACE_ID, TOKEN, "not-a-space-but-a-secret"]
    values += [base64.b64encode(value.encode()).decode() for value in values]
    shown = {"log": operator.process.output(), "metrics": operator.metrics()}
    for what in (
        f"/apis/events.k8s.io/v1/namespaces/{tenant.namespace}/events",
        tenant.exports,
    ):
        shown[what] = json.dumps(control_plane.api.get(what)[1])
    shown["children"] = json.dumps(tenant.children())
    for where, text in shown.items():
        assert text, where
        for value in values:
            assert value not in text, f"a secret is in the {where}"
