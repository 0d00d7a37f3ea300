# SPDX-License-Identifier: Apache-2.0
"""The tests' own Kubernetes is a real one, and the faults that tests inject have the expected
effect."""

import pytest
from harness.kubernetes_api import APPLY_PATCH
from harness.processes import wait_until


@pytest.fixture
def namespace(control_plane) -> str:
    return control_plane.new_namespace("first")


def config_map(name: str, **meta) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **meta},
        "data": {"k": "v"},
    }


def daemon_set(name: str) -> dict:
    labels = {"app": name}
    pod = {"containers": [{"name": "c", "image": "none.invalid/none:1"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def created(control_plane, path: str, obj: dict) -> dict:
    status, answer = control_plane.api.post(path, obj)
    assert status == 201, answer
    return answer


def test_it_is_the_kubernetes_it_says(control_plane):
    assert "Server Version: v1.34.4" in control_plane.kubectl("version")


def test_a_namespace_is_deleted_with_what_is_in_it(control_plane, namespace):
    control_plane.require_controllers()
    created(control_plane, f"/api/v1/namespaces/{namespace}/configmaps", config_map("one"))
    control_plane.kubectl("delete", "namespace", namespace, "--timeout=60s")
    assert control_plane.api.get(f"/api/v1/namespaces/{namespace}")[0] == 404


def test_a_daemon_set_has_a_pod_on_every_node(control_plane, namespace):
    control_plane.require_controllers()
    created(control_plane, "/api/v1/nodes", {"metadata": {"name": "by-hand"}})
    created(control_plane, f"/apis/apps/v1/namespaces/{namespace}/daemonsets", daemon_set("each"))

    def pods_by_hand() -> list[dict]:
        pods = control_plane.api.get(f"/api/v1/namespaces/{namespace}/pods")[1]["items"]
        return [pod for pod in pods if "by-hand" in str(pod["spec"]["affinity"])]

    try:
        (pod,) = wait_until(pods_by_hand, "there is a pod")
        assert pod["metadata"]["ownerReferences"][0]["name"] == "each"
    finally:
        assert control_plane.api.delete("/api/v1/nodes/by-hand")[0] == 200


def test_what_an_object_owns_is_collected(control_plane, namespace):
    control_plane.require_controllers()
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    owner = created(control_plane, path, config_map("owner"))
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner["metadata"]["uid"],
    }
    created(control_plane, path, config_map("owned", ownerReferences=[reference]))
    assert control_plane.api.delete(f"{path}/owner")[0] == 200
    wait_until(lambda: control_plane.api.get(f"{path}/owned")[0] == 404, "it is collected")


def test_the_audit_log_has_who_did_what(control_plane, namespace):
    kubeconfig = control_plane.kubeconfig_for(namespace, "clerk")
    since = control_plane.audit_position()
    arguments = ["--kubeconfig", kubeconfig, "delete", "secret", "none"]
    assert "forbidden" in control_plane.kubectl(*arguments, check=False)
    control_plane.api.patch(
        f"/api/v1/namespaces/{namespace}/configmaps/m?fieldManager=t",
        config_map("m"),
        APPLY_PATCH,
    )

    user = f"system:serviceaccount:{namespace}:clerk"
    (refused,) = [one for one in control_plane.audit(user, since) if one.resource == "secrets"]
    assert (refused.verb, refused.name, refused.code) == ("delete", "none", 403)
    assert refused.is_write
    (applied,) = [one for one in control_plane.audit("tests", since) if one.name == "m"]
    assert (applied.verb, applied.namespace, applied.code) == ("patch", namespace, 201)


def test_a_token_is_refused_after_its_lifetime_until_it_is_renewed(control_plane, namespace):
    kubeconfig = control_plane.kubeconfig_for(namespace, "short", lifetime=2)

    def who() -> str:
        return control_plane.kubectl(
            "--kubeconfig", kubeconfig, "auth", "whoami", "-o", "name", check=False
        )

    assert "Unauthorized" not in who()
    wait_until(lambda: "Unauthorized" in who(), "the token has expired", every=0.5)
    control_plane.renew_token(kubeconfig)
    assert "Unauthorized" not in who()


def test_the_api_server_comes_back_on_its_port_with_what_was_stored(control_plane, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    uid = created(control_plane, path, config_map("kept"))["metadata"]["uid"]
    control_plane.stop_api_server()
    with pytest.raises(ConnectionRefusedError):
        control_plane.api.get(path)
    control_plane.start_api_server()
    assert control_plane.api.get(f"{path}/kept")[1]["metadata"]["uid"] == uid


def test_an_old_resource_version_is_gone_after_compaction(control_plane, namespace):
    path = f"/api/v1/namespaces/{namespace}/secrets"
    for name in ("one", "two"):
        created(control_plane, path, {"metadata": {"name": name}})
    page = control_plane.api.get(f"{path}?limit=1")[1]["metadata"]
    since = f"{path}?resourceVersion={page['resourceVersion']}"
    assert list(control_plane.api.watch(since, seconds=1)) == []

    control_plane.compact()
    (event,) = control_plane.api.watch(since, seconds=5)
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
    assert control_plane.api.get(f"{path}?limit=1&continue={page['continue']}")[0] == 410
    assert len(control_plane.api.get(path)[1]["items"]) == 2


def test_a_rotated_authority_is_trusted_when_it_is_made_known(control_plane, namespace):
    kubeconfig = control_plane.kubeconfig_for(namespace, "wary")
    who = ["--kubeconfig", kubeconfig, "auth", "whoami"]
    control_plane.rotate_serving_certificate()
    assert "certificate signed by unknown authority" in control_plane.kubectl(*who, check=False)
    control_plane.renew_authority(kubeconfig)
    assert f"system:serviceaccount:{namespace}:wary" in control_plane.kubectl(*who)
    assert control_plane.api.get("/api/v1/namespaces")[0] == 200


def test_controllers_that_were_stopped_catch_up(control_plane, namespace):
    control_plane.require_controllers()
    control_plane.stop_controller_manager()
    name = control_plane.new_namespace("unserved")
    account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
    assert control_plane.api.get(account)[0] == 404
    control_plane.start_controller_manager()
    wait_until(lambda: control_plane.api.get(account)[0] == 200, "it is served")
