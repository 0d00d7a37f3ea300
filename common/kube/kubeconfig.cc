// SPDX-License-Identifier: Apache-2.0
#include "common/kube/kubeconfig.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/config/yaml_tree.h"
#include "common/kube/kubeconfig_fields.h"

namespace dualtrace::kube {
namespace {

// One file of several.
struct Source {
  std::string path;
  YamlNode root;
};

Result<std::vector<Source>> read_sources(const std::vector<std::string>& paths, FileSystem& files) {
  std::vector<Source> sources;
  for (const std::string& path : paths) {
    const auto text = read_file(files, path, kYamlBytesMax);
    if (!text && text.error().kind == ErrorKind::kNotFound) continue;
    if (!text) return fail(text.error().with_prefix("kubeconfig: "));
    auto root = parse_yaml(*text);
    if (!root) return fail(root.error().with_prefix("kubeconfig " + path + ": "));
    sources.push_back({path, *std::move(root)});
  }
  if (sources.empty()) {
    return fail(ErrorKind::kNotFound,
                "there is no kubeconfig" + (paths.empty() ? "" : " at " + paths.front()));
  }
  return sources;
}

std::string current_context(const std::vector<Source>& sources) {
  for (const Source& source : sources) {
    std::string name = text_of(source.root, "current-context");
    if (!name.empty()) return name;
  }
  return {};
}

// The entry with that name in a list such as `clusters: [{name: a, cluster: {…}}]`.
Result<KubeconfigEntry> find_entry(const std::vector<Source>& sources, std::string_view list,
                                   std::string_view body, const std::string& name) {
  for (const Source& source : sources) {
    const YamlNode* entries = child_of(source.root, list);
    if (entries == nullptr) continue;
    for (const YamlNode& entry : entries->children) {
      if (text_of(entry, "name") != name) continue;
      static const YamlNode kNothing;
      const YamlNode* fields = child_of(entry, body);
      return KubeconfigEntry{
          .fields = fields == nullptr ? kNothing : *fields,
          .folder = std::filesystem::absolute(source.path).parent_path().string(),
          .label = "kubeconfig " + source.path + ": " + std::string(body) + " \"" + name + "\": "};
    }
  }
  return fail(ErrorKind::kInvalid,
              "kubeconfig: there is no " + std::string(body) + " named \"" + name + "\"");
}

}  // namespace

std::vector<std::string> split_paths(const std::string& kubeconfig) {
  std::vector<std::string> paths;
  for (size_t begin = 0; begin <= kubeconfig.size();) {
    const size_t end = std::min(kubeconfig.find(':', begin), kubeconfig.size());
    if (end > begin) paths.push_back(kubeconfig.substr(begin, end - begin));
    begin = end + 1;
  }
  return paths;
}

Result<ClientConfig> read_kubeconfig(const std::vector<std::string>& paths,
                                     const std::string& context, FileSystem& files) {
  const auto sources = read_sources(paths, files);
  if (!sources) return fail(sources.error());
  const std::string name = context.empty() ? current_context(*sources) : context;
  if (name.empty()) return fail(ErrorKind::kInvalid, "kubeconfig: no current-context is set");
  const auto chosen = find_entry(*sources, "contexts", "context", name);
  if (!chosen) return fail(chosen.error());
  ClientConfig config;
  config.namespace_name = text_of(chosen->fields, "namespace");
  const auto cluster =
      find_entry(*sources, "clusters", "cluster", text_of(chosen->fields, "cluster"));
  if (!cluster) return fail(cluster.error());
  if (const Status read = read_cluster(*cluster, config); !read) return fail(read.error());
  const std::string user_name = text_of(chosen->fields, "user");
  if (user_name.empty()) return config;
  const auto user = find_entry(*sources, "users", "user", user_name);
  if (!user) return fail(user.error());
  if (const Status read = read_user(*user, config); !read) return fail(read.error());
  return config;
}

}  // namespace dualtrace::kube
