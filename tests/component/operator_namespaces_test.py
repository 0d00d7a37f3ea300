# SPDX-License-Identifier: Apache-2.0
"""An operator of several namespaces keeps serving the others when one is deleted or becomes
inaccessible, before it starts or while it runs; reports which one; and serves it again as soon as
it can."""

import pytest
from harness.children import APIS
from harness.installation import ALONE
from harness.processes import wait_until
from harness.tenant import Tenant
from harness.webhook import Webhook

EXPORT = "agents"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


@pytest.fixture
def tenants(control_plane, bare_installation):
    made = [Tenant(control_plane, "served") for _ in range(2)]
    for tenant in made:
        admit(bare_installation, tenant)
    return made


def admit(installation, tenant) -> None:
    installation.allow_in(tenant.namespace, "rbac-namespaced.yaml", "secret-reader.yaml")


def shut(tenant) -> None:
    path = f"{RBAC}/namespaces/{tenant.namespace}/rolebindings/dualtrace-operator"
    status, answer = tenant.api.delete(path)
    assert status == 200, answer


def operator_of(installation, *namespaces: str, options: tuple[str, ...] = ()):
    """With a deadline that the operator would miss if it waited for the inaccessible namespace."""
    names = ",".join(namespaces)
    return installation.operator(
        *ALONE, f"--watch-namespaces={names}", "--sync-timeout=25s", *options
    )


def is_served(operator, tenant) -> bool:
    return operator.metric("dualtrace_operator_namespace_served", namespace=tenant.namespace) == 1


def not_served(operator) -> list[str]:
    return [
        line["namespace"] for line in operator.log() if "a namespace is not served" in line["message"]
    ]


def test_a_namespace_that_is_shut_at_the_start_keeps_nobody_waiting(bare_installation, tenants):
    first, second = tenants
    shut(second)
    operator = operator_of(bare_installation, first.namespace, second.namespace).start()
    first.create(EXPORT)
    second.create(EXPORT)
    first.wait_until_settled(EXPORT)
    wait_until(lambda: not_served(operator) == [second.namespace], "it reports which one")
    assert is_served(operator, first) and not is_served(operator, second)
    assert "status" not in second.get(EXPORT)

    admit(bare_installation, second)
    wait_until(lambda: is_served(operator, second), "it is served again")
    second.wait_until_settled(EXPORT)
    assert operator.logged("a namespace is served again")
    assert operator.stop() == 0


def test_a_namespace_that_is_not_there_keeps_nobody_waiting(bare_installation, tenants):
    first, _ = tenants
    operator = operator_of(bare_installation, first.namespace, "nobody-made-it").start()
    first.create(EXPORT)
    first.wait_until_settled(EXPORT)
    wait_until(lambda: not_served(operator) == ["nobody-made-it"], "it reports which one")
    assert operator.stop() == 0


def test_a_namespace_that_is_deleted_ends_neither_the_operator_nor_its_webhook(
    control_plane, bare_installation, tenants
):
    first, second = tenants
    webhook = Webhook(control_plane)
    webhook.install()
    try:
        operator = operator_of(
            bare_installation,
            first.namespace,
            second.namespace,
            options=tuple(webhook.options()),
        ).start()
        second.create(EXPORT)
        second.wait_until_settled(EXPORT)
        status, answer = control_plane.api.delete(f"/api/v1/namespaces/{second.namespace}")
        assert status == 200, answer
        gone = f"/api/v1/namespaces/{second.namespace}"
        wait_until(lambda: control_plane.api.get(gone)[0] == 404, "it is deleted", timeout=120)
        # Existing watches may continue for a while; a restarted operator has none.
        assert operator.stop() == 0
        operator.start()
        wait_until(lambda: not_served(operator) == [second.namespace], "it reports which one")
        first.create(EXPORT)
        first.wait_until_settled(EXPORT)
        assert webhook.authority(), "and the webhook is trusted"
        assert len(first.children()) == len(APIS)
        assert operator.stop() == 0
    finally:
        webhook.uninstall()
        webhook.close()


def test_a_role_that_goes_while_it_runs_is_told_to_the_exports(bare_installation, tenants):
    first, second = tenants
    operator = operator_of(bare_installation, first.namespace, second.namespace).start()
    second.create(EXPORT)
    second.wait_until_settled(EXPORT)
    # Deny access to pods only, so that events can still be written.
    path = f"{RBAC}/namespaces/{second.namespace}/roles/dualtrace-operator"
    _, role = second.api.get(path)
    role["rules"] = [rule for rule in role["rules"] if rule["resources"] != ["pods"]]
    assert second.api.put(path, role)[0] == 200
    assert operator.stop() == 0
    operator.start()
    wait_until(lambda: not_served(operator) == [second.namespace], "it reports which one")
    events = f"/apis/events.k8s.io/v1/namespaces/{second.namespace}/events"

    def reasons() -> set[str]:
        return {one["reason"] for one in second.api.get(events)[1]["items"]}

    wait_until(lambda: "NamespaceNotServed" in reasons(), "an event reports this")
    admit(bare_installation, second)
    wait_until(lambda: "NamespaceServed" in reasons(), "an event reports this")
    assert operator.stop() == 0
