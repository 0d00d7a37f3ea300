# SPDX-License-Identifier: Apache-2.0
"""The state that an undisturbed operator produces for exports, as a reference for others."""

import time

from harness.children import APIS, Plan
from harness.control_plane import ControlPlane
from harness.installation import ALONE, Installation
from harness.operator import USER
from harness.processes import wait_until
from harness.tenant import Tenant

# A rejected event is written again after a second; every other write happens sooner.
QUIET_SECONDS = 1.5


def reference_plans(installation: Installation, specs: dict[str, dict]) -> dict[str, Plan]:
    """The result for each spec, by an undisturbed operator, in a separate namespace."""
    tenant = Tenant(installation.plane, "reference")
    # Names that are not part of any other string, because they are replaced in the plans.
    names = {key: f"durian-{number}" for number, key in enumerate(specs)}
    for key, name in names.items():
        tenant.create(name, specs[key])
    operator = installation.operator(*ALONE, f"--watch-namespaces={tenant.namespace}").start()
    for name in names.values():
        tenant.wait_until_settled(name)
    plans = {key: tenant.plan(name) for key, name in names.items()}
    assert operator.stop() == 0
    tenant.api.delete(f"/api/v1/namespaces/{tenant.namespace}")
    return plans


def assert_ends_well(tenant: Tenant, export: str, plan: Plan) -> None:
    """The export is the only one, everything is as planned, and nothing else of ours is left."""
    tenant.wait_for_plan(export, plan)
    tenant.wait_until_settled(export)
    wait_until(lambda: len(tenant.children()) == len(APIS), "nothing else is left", timeout=90)
    assert tenant.condition(export, "ConfigValid")["status"] == "True"


def is_quiet(plane: ControlPlane) -> bool:
    """Whether the operator writes nothing but its Lease for QUIET_SECONDS. The silence itself is
    what is tested."""
    since = plane.audit_position()
    time.sleep(QUIET_SECONDS)
    entries = plane.audit(USER, since)
    return not [one for one in entries if one.is_write and one.resource != "leases"]


def assert_quiet(plane: ControlPlane) -> None:
    """Ignores a status or an event that is still in flight."""
    wait_until(lambda: is_quiet(plane), "the operator writes no more")
