# SPDX-License-Identifier: Apache-2.0
"""The permissions in operator/manifests are those that the operator uses: none is missing, none is
superfluous, and without any one of them a named function fails."""

import copy

import pytest
from harness.audit import AuditEntry
from harness.children import APIS, KINDS, path_of
from harness.control_plane import ControlPlane
from harness.installation import manifest
from harness.operator import NAMESPACE, USER
from harness.processes import wait_until
from harness.tenant import ARIZE, SECRETS, Tenant
from harness.webhook import SECRET, Webhook

EXPORT = "busy"
STRAY = "left-over"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ROLE = f"{RBAC}/clusterroles/dualtrace-operator"
Right = tuple[str, str, str]  # group, resource, verb


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory):
    """With the admission plugin that OpenShift enables: to set blockOwnerDeletion, the operator
    needs permission to update the owner's finalizers."""
    plugins = "NodeRestriction,OwnerReferencesPermissionEnforcement"
    plane = ControlPlane(
        tmp_path_factory.mktemp("control-plane"), (f"--enable-admission-plugins={plugins}",)
    )
    try:
        yield plane.start()
    finally:
        plane.end()


def granted(*files: str) -> set[Right]:
    """According to the roles in these manifests."""
    return {
        (group, resource, verb)
        for file in files
        for role in manifest(file)
        for rule in role.get("rules", [])
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def rights_for(entry: AuditEntry) -> set[Right]:
    """The permissions that the request needed: two for a patch that creates the object."""
    resource = entry.resource + (f"/{entry.subresource}" if entry.subresource else "")
    verbs = {entry.verb} | ({"create"} if entry.code == 201 else set())
    return {(entry.group, resource, verb) for verb in verbs}


def busy_day(tenant: Tenant, control_plane) -> None:
    """Makes the operator use every permission."""
    tenant.create(EXPORT)
    tenant.wait_until_settled(EXPORT)
    tenant.wait_for_reason(EXPORT, "CredentialsSynced", "Synced")
    tenant.change(EXPORT, {"delivery": {"maxAge": "36h"}})
    for plural in APIS:
        tenant.delete_child(plural, EXPORT)
        leave_over(tenant, plural)
    gone = [path_of(plural, tenant.namespace, STRAY) for plural in APIS]
    wait_until(
        lambda: all(control_plane.api.get(path)[0] == 404 for path in gone),
        "the stray children are gone",
    )
    make_old_news(tenant)
    events = f"/apis/events.k8s.io/v1/namespaces/{tenant.namespace}/events"
    wait_until(
        lambda: any("series" in one for one in control_plane.api.get(events)[1]["items"]),
        "an event has become a series",
    )
    tenant.wait_until_settled(EXPORT)


def make_old_news(tenant: Tenant) -> None:
    """The same events twice, so that Kubernetes expects an event series."""
    for key, reason in [("none", "KeyMissing"), ("token", "Synced")] * 2:
        tenant.change(EXPORT, {"databricks": {"auth": {"token": {"key": key}}}})
        tenant.wait_for_reason(EXPORT, "CredentialsSynced", reason)


def leave_over(tenant: Tenant, plural: str) -> None:
    """A child that an older version may have created under another name."""
    example = wait_until(lambda: tenant.child(plural, EXPORT), f"{plural} is there")
    stray = copy.deepcopy(example)
    for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"):
        stray["metadata"].pop(field, None)
    stray.pop("status", None)
    for field in ("clusterIP", "clusterIPs"):
        stray.get("spec", {}).pop(field, None)
    stray["metadata"]["name"] = STRAY
    status, answer = tenant.api.post(path_of(plural, tenant.namespace), stray)
    assert status == 201, answer


@pytest.fixture(scope="module")
def day(installation, control_plane):
    """The operator's requests in a busy period with all permissions."""
    tenant = Tenant(control_plane, "busy")
    installation.allow_in(tenant.namespace, "secret-reader.yaml")
    webhook = Webhook(control_plane)
    webhook.install()
    since = control_plane.audit_position()
    operator = installation.operator(*webhook.options()).start()
    busy_day(tenant, control_plane)
    assert control_plane.api.delete(SECRET)[0] == 200
    wait_until(webhook.authority, "the CA is created again")
    assert operator.stop() == 0
    webhook.uninstall()
    webhook.close()
    return control_plane.audit(USER, since)


def test_no_right_is_missing(day):
    refused = [one for one in day if one.code in (401, 403)]
    assert not refused, {(one.verb, one.resource, one.uri) for one in refused}


def test_no_right_is_too_many(day):
    used = {right for one in day if one.code not in (401, 403) for right in rights_for(one)}
    # No request uses it; the admission plugin checks whether it is granted (tested below).
    used.add(("dualtrace.dev", "dualtraceexports/finalizers", "update"))
    files = ("account.yaml", "rbac.yaml", "rbac-webhook.yaml", "secret-reader.yaml")
    assert granted(*files) - used == set()
    assert used - granted(*files) == set()


def test_secrets_are_got_by_name_and_never_listed(day):
    asked = [one for one in day if one.resource == "secrets"]
    users = [one for one in asked if one.namespace != NAMESPACE]
    assert {one.verb for one in users} == {"get"}
    assert {one.name for one in users} == set(SECRETS)
    own = {(one.verb, one.name) for one in asked if one.namespace == NAMESPACE}
    name = SECRET.rpartition("/")[2]
    assert {verb for verb, _ in own} == {"get", "create", "update"}
    assert {named for verb, named in own if verb != "create"} == {name}


def test_the_manifests_for_single_namespaces_give_the_same():
    def rules(file: str) -> list:
        return [one["rules"] for one in manifest(file) if "rules" in one]

    assert rules("rbac.yaml") == rules("rbac-namespaced.yaml")


# --- without one permission ---


def group_of(plural: str) -> str:
    return APIS[plural].removeprefix("/api/v1").removeprefix("/apis/").removesuffix("/v1")


@pytest.fixture
def without(control_plane, installation):
    """Removes a permission; all are restored after the test."""

    def take(*gone: Right) -> None:
        _, role = control_plane.api.get(ROLE)
        rules = []
        for rule in role["rules"]:
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    verbs = [v for v in rule["verbs"] if (group, resource, v) not in gone]
                    one = {"apiGroups": [group], "resources": [resource], "verbs": verbs}
                    rules += [one] if verbs else []
        status, answer = control_plane.api.put(ROLE, {**role, "rules": rules})
        assert status == 200, answer

    yield take
    installation.allow_everywhere()


@pytest.mark.parametrize(
    "right",
    sorted(right for right in granted("rbac.yaml") if right[2] in ("list", "watch")),
    ids=lambda right: f"{right[2]}-{right[1]}",
)
def test_without_a_list_or_watch_it_is_not_ready_or_says_so(
    control_plane, installation, without, right
):
    without(right)
    since = control_plane.audit_position()
    operator = installation.operator("--leader-elect=false").launch()
    operator.wait_until_listening()

    def refused() -> bool:
        entries = [one for one in control_plane.audit(USER, since) if one.code == 403]
        return bool(entries) and {rights_for(one).pop() for one in entries} == {right}

    wait_until(refused, f"a request without {right} is refused", process=operator.process)
    assert operator.stop() == 0


@pytest.mark.parametrize("plural", APIS)
@pytest.mark.parametrize("verb", ["get", "create", "patch"])
def test_without_the_right_to_a_child_the_export_names_it(
    control_plane, installation, without, plural, verb
):
    without((group_of(plural), plural, verb))
    tenant = Tenant(control_plane, "denied")
    operator = installation.operator("--leader-elect=false").start()
    tenant.create(EXPORT)
    ready = tenant.wait_for_reason(EXPORT, "Ready", "ApplyFailed")
    assert f"{KINDS[plural]} {tenant.namespace}/{EXPORT}-dualtrace" in ready["message"]
    assert "forbidden" in ready["message"]
    others = [one for one in APIS if one != plural]
    wait_until(lambda: all(tenant.child(one, EXPORT) for one in others), "the others are there")
    assert tenant.child(plural, EXPORT) is None
    assert operator.stop() == 0


def test_without_the_right_to_delete_what_is_left_over_is_named(
    control_plane, installation, without
):
    tenant = Tenant(control_plane, "cluttered")
    operator = installation.operator("--leader-elect=false").start()
    tenant.create(EXPORT)
    tenant.wait_until_settled(EXPORT)
    without((group_of("daemonsets"), "daemonsets", "delete"))
    leave_over(tenant, "daemonsets")
    ready = tenant.wait_for_reason(EXPORT, "Ready", "ApplyFailed")
    assert f"DaemonSet {tenant.namespace}/{STRAY}" in ready["message"]
    assert "forbidden" in ready["message"]
    installation.allow_everywhere()
    path = path_of("daemonsets", tenant.namespace, STRAY)
    wait_until(lambda: control_plane.api.get(path)[0] == 404, "it is removed")
    assert operator.stop() == 0


@pytest.mark.parametrize("verb", ["create", "patch"])
def test_without_events_the_status_tells_all(control_plane, installation, without, verb):
    without(("events.k8s.io", "events", verb))
    tenant = Tenant(control_plane, "eventless")
    installation.allow_in(tenant.namespace, "secret-reader.yaml")
    since = control_plane.audit_position()
    operator = installation.operator("--leader-elect=false").start()
    tenant.create(EXPORT)
    tenant.wait_until_settled(EXPORT)

    def refused() -> set[int]:
        entries = control_plane.audit(USER, since)
        return {one.code for one in entries if one.resource == "events" and one.verb == verb}

    make_old_news(tenant)
    wait_until(lambda: refused() == {403}, "an event is refused")
    wait_until(lambda: operator.logged("an event could not be written"), "it reports this")
    assert operator.stop() == 0


def test_without_the_finalizers_no_child_may_block(control_plane, installation, without):
    without(("dualtrace.dev", "dualtraceexports/finalizers", "update"))
    tenant = Tenant(control_plane, "finalized")
    operator = installation.operator("--leader-elect=false").start()
    tenant.create(EXPORT)
    ready = tenant.wait_for_reason(EXPORT, "Ready", "ApplyFailed")
    assert "cannot set blockOwnerDeletion" in ready["message"]
    assert operator.stop() == 0


def test_without_the_status_its_agents_are_served(control_plane, installation, without):
    without(("dualtrace.dev", "dualtraceexports/status", "patch"))
    tenant = Tenant(control_plane, "mute")
    operator = installation.operator("--leader-elect=false").start()
    tenant.create(EXPORT)
    wait_until(lambda: len(tenant.children()) == len(APIS), "the children are there")
    wait_until(lambda: operator.logged("an export could not be reconciled"), "it reports this")
    assert "status" not in tenant.get(EXPORT)
    assert operator.stop() == 0


def test_without_secrets_the_export_says_which_it_may_not_read(control_plane, installation):
    tenant = Tenant(control_plane, "secretive")
    operator = installation.operator("--leader-elect=false").start()
    tenant.create(EXPORT, {"arize": ARIZE})
    synced = tenant.wait_for_reason(EXPORT, "CredentialsSynced", "SecretUnreadable")
    assert "Secret arize (spec.arize.credentials)" in synced["message"]
    assert operator.stop() == 0


def test_in_two_namespaces_it_sees_nothing_of_a_third(control_plane, installation):
    """With Roles in those namespaces and without the ClusterRole."""
    assert control_plane.api.delete(ROLE)[0] == 200
    try:
        served = [Tenant(control_plane, "served") for _ in range(2)]
        for tenant in served:
            installation.allow_in(tenant.namespace, "rbac-namespaced.yaml", "secret-reader.yaml")
        third = Tenant(control_plane, "foreign")
        names = ",".join(tenant.namespace for tenant in served)
        since = control_plane.audit_position()
        operator = installation.operator(f"--watch-namespaces={names}").start()
        for tenant in [third, *served]:
            tenant.create(EXPORT)
        for tenant in served:
            tenant.wait_until_settled(EXPORT)
            tenant.wait_for_reason(EXPORT, "CredentialsSynced", "Synced")
        assert operator.stop() == 0
        asked = control_plane.audit(USER, since)
    finally:
        installation.allow_everywhere()
    assert third.children() == []
    assert "status" not in third.get(EXPORT)
    allowed = {tenant.namespace for tenant in served} | {NAMESPACE}
    assert {one.namespace for one in asked} == allowed
    assert not [one for one in asked if one.code in (401, 403)]
