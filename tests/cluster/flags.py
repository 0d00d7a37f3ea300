# SPDX-License-Identifier: Apache-2.0
"""The command lines of a control plane's programs, for tests: no rate limits, authorization by RBAC
only, and an audit log of every request."""

import json

SERVICE_RANGE = "10.96.0.0/16"
KUBERNETES_SERVICE = "10.96.0.1"  # the API server, for pods
DNS_SERVICE = "10.96.0.10"
POD_RANGE = "10.244.0.0/16"

AUDIT_POLICY = json.dumps(
    {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata"}],
    }
)


def etcd(folder, port: int) -> list:
    url = f"http://127.0.0.1:{port}"
    return [
        f"--data-dir={folder}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        "--listen-peer-urls=http://127.0.0.1:0",
        "--unsafe-no-fsync",  # it need not survive a crash of the machine
        "--logger=zap",
        "--log-level=warn",
    ]


def api_server(identities, etcd_url: str, port: int, folder) -> list:
    return [
        f"--etcd-servers={etcd_url}",
        f"--secure-port={port}",
        f"--tls-cert-file={identities.server_certificate}",
        f"--tls-private-key-file={identities.server_key}",
        f"--client-ca-file={identities.client_authority}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={identities.service_account_key}",
        f"--service-account-signing-key-file={identities.service_account_key}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        f"--audit-policy-file={folder / 'audit-policy.json'}",
        f"--audit-log-path={folder / 'audit.log'}",
        "--audit-log-maxsize=100000",  # MiB: never rotated, so that tests can count entries
    ]


API_SERVER_ALONE = [
    "--bind-address=127.0.0.1",
    # The API server rejects loopback here, and nothing uses this address.
    "--advertise-address=192.0.2.1",
    "--endpoint-reconciler-type=none",
]


def api_server_with_nodes(identities, address: str) -> list:
    certificate, key = identities.client("kube-apiserver", "system:masters")
    return [
        f"--advertise-address={address}",
        f"--kubelet-client-certificate={certificate}",
        f"--kubelet-client-key={key}",
        "--kubelet-preferred-address-types=InternalIP",
    ]


def controller_manager(identities, kubeconfig) -> list:
    return [
        f"--kubeconfig={kubeconfig}",
        "--secure-port=0",
        "--leader-elect=false",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={identities.service_account_key}",
        f"--root-ca-file={identities.server_authority}",
        # A thousand exports may be created and deleted in a minute.
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]


# Without kubelets, nothing renews a node's Ready condition.
CONTROLLER_MANAGER_ALONE = ["--node-monitor-grace-period=1h"]


def scheduler(kubeconfig) -> list:
    return [f"--kubeconfig={kubeconfig}", "--secure-port=0", "--leader-elect=false"]


def kube_proxy(node: str, kubeconfig) -> list:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--hostname-override={node}",
        "--proxy-mode=nftables",
        f"--cluster-cidr={POD_RANGE}",
        # Leave the machine's own limits unchanged.
        "--conntrack-max-per-core=0",
        "--conntrack-min=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
        "--oom-score-adj=0",
    ]


def kubelet(node: str, address: str, kubeconfig, config) -> list:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--config={config}",
        f"--hostname-override={node}",
        f"--node-ip={address}",
    ]
