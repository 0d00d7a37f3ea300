// SPDX-License-Identifier: Apache-2.0
#include "operator/app/cluster.h"

#include "common/kube/in_cluster.h"
#include "common/kube/kubeconfig.h"

namespace dualtrace::ctl {

Result<kube::ClientConfig> find_cluster(const Options& options, const Environment& environment,
                                        FileSystem& files) {
  if (!options.kubeconfig.empty()) {
    return kube::read_kubeconfig({options.kubeconfig}, options.context, files);
  }
  if (const auto paths = environment.variable("KUBECONFIG")) {
    return kube::read_kubeconfig(kube::split_paths(*paths), options.context, files);
  }
  if (const auto host = environment.variable("KUBERNETES_SERVICE_HOST")) {
    return kube::in_cluster_config(
        *host, environment.variable("KUBERNETES_SERVICE_PORT").value_or(""), files);
  }
  const auto home = environment.variable("HOME");
  if (!home)
    return fail(ErrorKind::kNotFound, "no --kubeconfig, no KUBECONFIG, not in a pod, and no HOME");
  return kube::read_kubeconfig({*home + "/.kube/config"}, options.context, files);
}

ClusterDns find_cluster_dns(const Options& options, const Environment& environment) {
  ClusterDns dns = read_cluster_dns(environment.resolver_configuration, environment.pod_namespace);
  if (!options.cluster_domain.empty()) dns.domain = options.cluster_domain;
  return dns;
}

}  // namespace dualtrace::ctl
