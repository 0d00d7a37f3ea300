// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_requests.h"

#include <gtest/gtest.h>

namespace dualtrace::kube {
namespace {

const Json kObject = {{"metadata", {{"namespace", "a"}, {"name", "b"}}}, {"path", "x/y"}};
const ObjectKey kKey{"a", "b"};

std::string header(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

std::string line(const HttpRequest& request) { return request.method + " " + request.path; }

TEST(ApiRequests, GetOfTheWholeAndOfTheMetadata) {
  const HttpRequest whole = get_request(kSecrets, kKey, Form::kWhole);
  EXPECT_EQ(line(whole), "GET /api/v1/namespaces/a/secrets/b");
  EXPECT_EQ(header(whole, "Accept"), "application/json");
  EXPECT_TRUE(whole.body.empty());
  EXPECT_EQ(header(get_request(kSecrets, kKey, Form::kMetadata), "Accept"),
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json");
}

TEST(ApiRequests, CreateAndUpdate) {
  const HttpRequest create = create_request(kLeases, kObject);
  EXPECT_EQ(line(create), "POST /apis/coordination.k8s.io/v1/namespaces/a/leases");
  EXPECT_EQ(header(create, "Content-Type"), "application/json");
  EXPECT_EQ(create.body.joined(), to_text(kObject));
  EXPECT_EQ(line(update_request(kLeases, kObject)),
            "PUT /apis/coordination.k8s.io/v1/namespaces/a/leases/b");
}

TEST(ApiRequests, ApplyIsForcedUnderTheManagersName) {
  const HttpRequest apply = apply_request(kDaemonSets, kObject, {"dualtrace-operator"});
  EXPECT_EQ(line(apply),
            "PATCH /apis/apps/v1/namespaces/a/daemonsets/b"
            "?fieldManager=dualtrace-operator&force=true");
  EXPECT_EQ(header(apply, "Content-Type"), "application/apply-patch+yaml");
  // "\/" is not valid in YAML.
  EXPECT_NE(apply.body.joined().find("x/y"), std::string::npos);
  EXPECT_EQ(line(apply_request(kDaemonSets, kObject, {.field_manager = "m", .dry_run = true})),
            line(apply_request(kDaemonSets, kObject, {"m"})) + "&dryRun=All");
  EXPECT_EQ(line(apply_request(kDaemonSets, kObject, {"m/status", "status"})),
            "PATCH /apis/apps/v1/namespaces/a/daemonsets/b/status"
            "?fieldManager=m%2Fstatus&force=true");
}

TEST(ApiRequests, MergePatch) {
  const HttpRequest patch = merge_patch_request(kPods, kKey, {{"x", nullptr}});
  EXPECT_EQ(line(patch), "PATCH /api/v1/namespaces/a/pods/b");
  EXPECT_EQ(header(patch, "Content-Type"), "application/merge-patch+json");
  EXPECT_EQ(patch.body.joined(), "{\"x\":null}");
}

TEST(ApiRequests, RemovesInTheBackgroundUnderItsPreconditions) {
  const HttpRequest plain = remove_request(kPods, kKey, {});
  EXPECT_EQ(line(plain), "DELETE /api/v1/namespaces/a/pods/b");
  EXPECT_EQ(
      *parse_json(plain.body.joined()),
      Json({{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", "Background"}}));
  const HttpRequest guarded = remove_request(kPods, kKey, {.uid = "u", .resource_version = "7"});
  EXPECT_EQ(parse_json(guarded.body.joined())->at("preconditions"),
            Json({{"uid", "u"}, {"resourceVersion", "7"}}));
}

TEST(ApiRequests, ListsPageByPageOfWhatIsTrueNow) {
  const Selection selection{.type = kConfigMaps, .label_selector = "a=b,c in (d)"};
  EXPECT_EQ(line(list_request(selection, {})),
            "GET /api/v1/configmaps?labelSelector=a%3Db%2Cc%20in%20%28d%29&limit=500");
  EXPECT_EQ(line(list_request({.type = kConfigMaps, .namespace_name = "n"},
                              {.continue_token = "x=", .limit = 2})),
            "GET /api/v1/namespaces/n/configmaps?limit=2&continue=x%3D");
}

TEST(ApiRequests, WatchesWithBookmarks) {
  const Selection selection{
      .type = kSecrets, .field_selector = "metadata.name=b", .form = Form::kMetadata};
  const HttpRequest watch = watch_request(
      selection, {.resource_version = "42", .lasting = std::chrono::milliseconds(299'001)});
  EXPECT_EQ(line(watch),
            "GET /api/v1/secrets?fieldSelector=metadata.name%3Db&watch=1&allowWatchBookmarks=true"
            "&resourceVersion=42&timeoutSeconds=300");
  EXPECT_EQ(header(watch, "Accept"),
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json");
}

TEST(ApiRequests, AsksForAStreamOfAllThereIs) {
  const HttpRequest watch =
      watch_request({.type = kPods}, {.lasting = std::chrono::seconds(300), .lists_first = true});
  EXPECT_EQ(line(watch),
            "GET /api/v1/pods?watch=1&allowWatchBookmarks=true&sendInitialEvents=true"
            "&resourceVersionMatch=NotOlderThan&timeoutSeconds=300");
}

TEST(ApiRequests, NamesOnlyWhatCannotLeaveItsPlaceInThePath) {
  for (const char* good : {"a", "a.b-c", "system:controller:x", "A_b"}) {
    EXPECT_TRUE(names_an_object({"n", good})) << good;
    EXPECT_TRUE(names_an_object({"", good})) << good;
  }
  EXPECT_FALSE(names_an_object({"a/b", "a"}));
  for (const char* bad : {"", ".", "..", "a/b", "a?b", "a b", "a%2fb", "ü"}) {
    EXPECT_FALSE(names_an_object({"n", bad})) << bad;
    EXPECT_FALSE(is_path_part(bad)) << bad;
  }
}

}  // namespace
}  // namespace dualtrace::kube
