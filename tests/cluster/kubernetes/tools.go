// SPDX-License-Identifier: Apache-2.0
//go:build tools

// Package kubernetes pins the programs that tests/cluster runs. They are built from their Go
// modules, because no other source of Kubernetes binaries is reachable where the tests run.
package kubernetes

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-proxy"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubectl"
	_ "k8s.io/kubernetes/cmd/kubelet"
)
