"""The command lines of a control plane's programs, for tests: nothing is slowed down, all is allowed
by RBAC alone, and whatever the API server was asked is written down."""

import json

SERVICE_RANGE = "10.96.0.0/16"
POD_RANGE = "10.244.0.0/16"

AUDIT_POLICY = json.dumps(
    {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata"}],
    }
)


def etcd(folder, port: int, address: str) -> list:
    url = f"http://{address}:{port}"
    return [
        f"--data-dir={folder}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        f"--listen-peer-urls=http://{address}:0",
        "--unsafe-no-fsync",  # it need not outlive the machine
        "--logger=zap",
        "--log-level=warn",
    ]


def api_server(identities, etcd_url: str, port: int, address: str, logs) -> list:
    return [
        f"--etcd-servers={etcd_url}",
        f"--bind-address={address}",
        f"--secure-port={port}",
        f"--tls-cert-file={identities.server_certificate}",
        f"--tls-private-key-file={identities.server_key}",
        f"--client-ca-file={identities.client_authority}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={identities.service_account_key}",
        f"--service-account-signing-key-file={identities.service_account_key}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        f"--audit-policy-file={logs / 'audit-policy.json'}",
        f"--audit-log-path={logs / 'audit.log'}",
        "--audit-log-maxsize=100000",  # MiB: never rotated, so that tests may count
    ]


def controller_manager(identities, kubeconfig) -> list:
    return [
        f"--kubeconfig={kubeconfig}",
        "--secure-port=0",
        "--leader-elect=false",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={identities.service_account_key}",
        f"--root-ca-file={identities.server_authority}",
        f"--cluster-cidr={POD_RANGE}",
        "--allocate-node-cidrs",
        # A thousand exports may be created and deleted in a minute.
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]
