# SPDX-License-Identifier: Apache-2.0
"""Several operators in one cluster: an export belongs to one of them, by its class, by its
namespace, or because that one came first. Two operators never take turns in writing to it."""

import pytest
import yaml
from harness.installation import SHORT_LEASE
from harness.operator import ACCOUNT, NAMESPACE
from harness.processes import wait_until
from harness.tenant import ARIZE, Tenant

OFTEN = "--resync=1s"
RBAC = "rbac.authorization.k8s.io"
# For the Leases of the two installations, which share an account here.
OWN_LEASES = [
    {
        "apiVersion": f"{RBAC}/v1",
        "kind": "Role",
        "metadata": {"name": "several-leases", "namespace": NAMESPACE},
        "rules": [
            {
                "apiGroups": ["coordination.k8s.io"],
                "resources": ["leases"],
                "resourceNames": ["first", "second"],
                "verbs": ["get", "update"],
            }
        ],
    },
    {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "several-leases", "namespace": NAMESPACE},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "several-leases"},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}],
    },
]
EVENTS = "/apis/events.k8s.io/v1/namespaces/{}/events"


@pytest.fixture
def tenant(control_plane, installation):
    installation.allow_everywhere()
    control_plane.kubectl("apply", "--filename", "-", stdin=yaml.safe_dump_all(OWN_LEASES))
    return Tenant(control_plane, "several")


@pytest.fixture
def start(installation, tenant):
    """Starts an operator that uses the Lease of that name. At the end of the test, all operators
    stop and release their Leases."""
    started = []

    def start_one(lease: str, *options):
        watched = f"--watch-namespaces={tenant.namespace}"
        made = installation.operator(*SHORT_LEASE, watched, f"--lease-name={lease}", *options)
        started.append(made.start())
        return made.wait_until_leading()

    yield start_one
    for one in started:
        if not one.process.ended:
            one.stop()


@pytest.fixture
def first(start):
    return lambda *options: start("first", *options)


@pytest.fixture
def second(start):
    """An operator of another installation, with its own Lease and agent image."""
    image = "--agent-image=registry.example/dualtrace-agent:second"
    return lambda *options: start("second", image, *options)


def image_of(tenant, name: str) -> str:
    child = tenant.child("daemonsets", name)
    return child["spec"]["template"]["spec"]["containers"][0]["image"] if child else ""


def wait_for_image(tenant, name: str, tag: str, timeout: float = 60) -> None:
    wait_until(lambda: image_of(tenant, name).endswith(f":{tag}"), f"{name} has {tag}", timeout)


def owner(tenant) -> str:
    return tenant.get("agents").get("status", {}).get("operator", "")


def version(tenant, name: str) -> tuple[str, dict]:
    return tenant.get(name)["metadata"]["resourceVersion"], tenant.versions()


def test_an_export_belongs_to_the_operator_of_its_class(tenant, first, second):
    tenant.create("plain", {"arize": ARIZE})
    tenant.create("blue", {"arize": ARIZE, "className": "blue"})
    tenant.create("red", {"arize": ARIZE, "className": "red"})
    one = first(OFTEN)
    other = second(OFTEN, "--export-class=blue")
    wait_for_image(tenant, "plain", "test")
    wait_for_image(tenant, "blue", "second")
    for name in ("plain", "blue"):
        tenant.wait_until_settled(name)
    before = version(tenant, "plain"), version(tenant, "blue")
    for operator in (one, other):
        operator.wait_for_rounds(3, rounds=2)
    assert (version(tenant, "plain"), version(tenant, "blue")) == before
    assert "status" not in tenant.get("red")
    assert tenant.child("daemonsets", "red") is None
    left = [line["export"] for line in other.log() if "leaves it to another" in line["message"]]
    assert sorted(left) == [f"{tenant.namespace}/plain", f"{tenant.namespace}/red"]

    # The owner changes with the class, and takes over the agents.
    uid = tenant.child("daemonsets", "plain")["metadata"]["uid"]
    tenant.change("plain", {"className": "blue"})
    wait_for_image(tenant, "plain", "second")
    assert tenant.child("daemonsets", "plain")["metadata"]["uid"] == uid


def test_of_two_that_would_serve_it_the_first_has_it(tenant, first, second):
    tenant.create("agents", {"arize": ARIZE})
    one = first(OFTEN)
    tenant.wait_until_settled("agents")
    wait_for_image(tenant, "agents", "test")
    two = second(OFTEN)
    (said,) = wait_until(
        lambda: two.logged("another operator serves this export, so this operator leaves it alone"),
        "the second reports this",
    )
    assert said["operator"].endswith("/first")

    def told() -> list[dict]:
        events = tenant.api.get(EVENTS.format(tenant.namespace))[1]["items"]
        return [one for one in events if one["reason"] == "ServedByAnother"]

    assert wait_until(told, "an event reports this")[0]["regarding"]["name"] == "agents"
    tenant.change("agents", {"delivery": {"maxAge": "36h"}})
    tenant.wait_until_settled("agents")
    before = version(tenant, "agents")
    for operator in (one, two):
        operator.wait_for_rounds(1, rounds=2)
    assert version(tenant, "agents") == before
    assert image_of(tenant, "agents").endswith(":test")
    assert owner(tenant).endswith("/first")

    # Nobody holds its Lease anymore.
    assert one.stop() == 0
    wait_for_image(tenant, "agents", "second", timeout=150)
    wait_until(lambda: owner(tenant).endswith("/second"), "it is the second's")


def test_excluded_namespaces_are_left_to_others(tenant, first, second):
    tenant.create("agents", {"arize": ARIZE})
    first(f"--exclude-namespaces={tenant.namespace}")
    second()
    wait_for_image(tenant, "agents", "second")
    wait_until(lambda: owner(tenant).endswith("/second"), "it is the second's")
