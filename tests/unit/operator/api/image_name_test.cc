// SPDX-License-Identifier: Apache-2.0
#include "operator/api/image_name.h"

#include <gtest/gtest.h>

#include <string>

namespace dualtrace::ctl {
namespace {

const std::string kDigest = "@sha256:" + std::string(64, 'a');

TEST(ImageName, IsOneForEveryWayToWriteARepository) {
  for (const std::string& image :
       {std::string("agent"), std::string("agent:1"), "agent" + kDigest, "agent:1" + kDigest,
        std::string("library/agent"), std::string("docker.io/agent"),
        std::string("docker.io/library/agent:x"), std::string("index.docker.io/agent"),
        std::string("Docker.IO/library/agent")}) {
    EXPECT_EQ(*repository_of(image), "docker.io/library/agent") << image;
  }
  EXPECT_EQ(*repository_of("team/agent"), "docker.io/team/agent");
  EXPECT_EQ(*repository_of("registry.example:5000/agent"), "registry.example:5000/agent");
  EXPECT_EQ(*repository_of("registry.example:5000/agent:1" + kDigest),
            "registry.example:5000/agent");
  EXPECT_EQ(*repository_of("Registry.Example/a/b__c/d-e:1"), "registry.example/a/b__c/d-e");
  EXPECT_EQ(*repository_of("localhost/agent:1"), "localhost/agent");
  // The capital letter makes it a registry, for containerd and for us.
  EXPECT_EQ(*repository_of("Evil/agent"), "evil/agent");
}

TEST(ImageName, IsNoneForWhatARuntimeWouldRefuse) {
  for (const std::string& image :
       {std::string(""), std::string("/agent"), std::string("agent/"), std::string("a//b"),
        std::string("registry.example./agent"), std::string("registry.example:/agent"),
        std::string("registry.example:5000:1/agent"), std::string("registry..example/agent"),
        std::string("registry.example/Agent"), std::string("registry.example/agent:"),
        std::string("registry.example/agent@"), std::string("registry.example/agent@sha256:12"),
        std::string("user@registry.example/agent"), std::string("registry.example/../agent"),
        std::string("registry.example/a*"), std::string("https://a.b/agent"),
        std::string("registry.example/agent:1:2")}) {
    EXPECT_FALSE(repository_of(image)) << image;
  }
  // Only the part before a slash is a registry.
  EXPECT_EQ(*repository_of("a.b"), "docker.io/library/a.b");
}

TEST(ImageName, PatternsAreReadAsRepositoriesAre) {
  EXPECT_EQ(*repository_pattern("*"), "*");
  EXPECT_EQ(*repository_pattern("agent"), "docker.io/library/agent");
  EXPECT_EQ(*repository_pattern("team/*"), "docker.io/team/*");
  EXPECT_EQ(*repository_pattern("registry.example:5000/agents/**"),
            "registry.example:5000/agents/**");
  EXPECT_EQ(*repository_pattern("docker.io/*"), "docker.io/library/*");
}

TEST(ImageName, PatternsHaveARegistryAndNoTag) {
  for (const char* pattern : {"", "**", "*/agent", "**/agent", "*.example/agent", "regis*try.io/a",
                              "registry.example/agent:1", "registry.example/agent@sha256:1",
                              "registry.example/*:*", "agent:*", "registry.example:*/agent",
                              "registry.example/Agent", "https://registry.example/agent"}) {
    EXPECT_FALSE(repository_pattern(pattern)) << pattern;
  }
}

}  // namespace
}  // namespace dualtrace::ctl
