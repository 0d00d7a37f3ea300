# SPDX-License-Identifier: Apache-2.0
"""The author of an export is warned immediately if it names a Secret that does not exist. Whatever
happens to that lookup, the export is admitted in time."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.api_proxy import Refusal, Slow
from harness.installation import ALONE
from harness.processes import wait_until
from harness.tenant import ARIZE, BOTH, SECRETS, Tenant

LOOKUPS = "dualtrace_operator_webhook_secret_lookups_total"
# Part of every answer that the webhook gives in time; the API server waits two seconds for one.
ANSWERED = "this namespace also has the export first"
AT_ONCE = 48  # three times the queue's capacity


@pytest.fixture(scope="module")
def proxy(installation):
    return installation.proxy()


@pytest.fixture(scope="module")
def operator(installation, webhook, proxy):
    webhook.install()
    kubeconfig = proxy.kubeconfig(installation.account())
    return installation.operator(*ALONE, *webhook.options(), kubeconfig=kubeconfig).start()


@pytest.fixture
def stranger(control_plane, operator):
    """A namespace with an export, in which the operator cannot read Secrets. The author of another
    export is warned of the first one."""
    made = Tenant(control_plane, "told", secrets=False)
    made.create("first")
    wait_until(lambda: told(made, BOTH), "the webhook knows the first export")
    return made


@pytest.fixture
def tenant(installation, stranger):
    """The same, but the operator can read Secrets."""
    installation.allow_in(stranger.namespace, "secret-reader.yaml")
    return stranger


@pytest.fixture(autouse=True)
def undisturbed(proxy):
    yield
    proxy.rule = None


def export(spec: dict) -> dict:
    return {
        "apiVersion": "dualtrace.dev/v1alpha1",
        "kind": "DualTraceExport",
        "metadata": {"name": "second"},
        "spec": spec,
    }


def told(tenant: Tenant, spec: dict) -> list[str]:
    """The warnings for the author of a second export, which is created as a dry run."""
    status, answer = tenant.api.post(f"{tenant.exports}?dryRun=All", export(spec))
    assert status == 201, answer
    return tenant.api.warnings()


def missing(tenant: Tenant, name: str, field: str) -> str:
    return (
        f"{field}.secretName: there is no Secret {name} in namespace {tenant.namespace}; "
        "create it, spans wait"
    )


def test_a_secret_that_is_not_there_is_told_with_its_field(tenant, operator):
    arize = missing(tenant, "arize", "spec.arize.credentials")
    databricks = missing(tenant, "databricks", "spec.databricks.auth.token")
    # On a busy machine, the lookup may time out.
    wait_until(lambda: told(tenant, BOTH)[:2] == [arize, databricks], "there is a warning about both")
    tenant.put_secret("arize", SECRETS["arize"])
    wait_until(lambda: told(tenant, BOTH)[0] == databricks, "there is a warning about one")
    tenant.put_secret("databricks", SECRETS["databricks"])
    before = operator.metric(LOOKUPS, result="found")
    wait_until(
        lambda: len(told(tenant, BOTH)) == 1 and operator.metric(LOOKUPS, result="found") > before + 1,
        "both are found and there is no warning",
    )


def test_kubectl_shows_it_when_an_export_is_applied_and_when_it_is_changed(control_plane, tenant):
    tenant.put_secret("arize", SECRETS["arize"])

    def applied(secret: str) -> str:
        spec = {"arize": {**ARIZE, "credentials": {"secretName": secret}}}
        return control_plane.kubectl(
            *("apply", "--filename=-", f"--namespace={tenant.namespace}"),
            stdin=json.dumps(export(spec)),
            check=False,
        )

    assert "second created" in applied("arize")
    # The example of a Role lists this Secret, too.
    warning = f"Warning: {missing(tenant, 'company-authority', 'spec.arize.credentials')}"
    wait_until(
        lambda: warning in applied("company-authority")
        and "there is no Secret" not in applied("arize"),
        "kubectl shows the warning for the missing Secret only",
    )


def test_where_it_may_not_look_it_says_nothing(stranger, operator):
    before = operator.metric(LOOKUPS, result="denied")
    wait_until(
        lambda: told(stranger, BOTH)[0].startswith(ANSWERED)
        and operator.metric(LOOKUPS, result="denied") >= before + 2,
        "the lookup was denied, and there is no warning",
    )


@pytest.mark.parametrize(
    "fate",
    [Slow(piece_bytes=1, pause=30), Refusal(500), Refusal(429, retry_after=1)],
    ids=["hangs", "500", "429"],
)
def test_a_question_without_an_answer_keeps_nobody_waiting(tenant, operator, proxy, fate):
    proxy.rule = lambda seen: fate if "/secrets/" in seen.path else None
    before = operator.metric(LOOKUPS, result="failed")
    for _ in range(5):
        (only,) = told(tenant, BOTH)
        assert only.startswith(ANSWERED)
    assert operator.metric(LOOKUPS, result="failed") > before


def test_many_at_once_do_not_wait_for_one_another(tenant, operator, proxy):
    proxy.rule = lambda seen: Slow(1, 30) if "/secrets/" in seen.path else None
    before = operator.metric(LOOKUPS, result="unasked")
    with ThreadPoolExecutor(AT_ONCE) as writers:
        warnings = list(writers.map(lambda _: told(tenant, BOTH), range(2 * AT_ONCE)))
    assert all(len(one) == 1 and one[0].startswith(ANSWERED) for one in warnings)
    assert operator.metric(LOOKUPS, result="unasked") > before
