// SPDX-License-Identifier: Apache-2.0
#include "operator/api/kubernetes_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace dualtrace::ctl {
namespace {

TEST(KubernetesRules, TakesNamesThatKubernetesTakes) {
  for (const std::string& name :
       {std::string("a"), std::string("arize"), std::string("a-1.b-2"), std::string(253, 'a')}) {
    EXPECT_TRUE(check_object_name(name)) << name;
  }
  for (const std::string& name :
       {std::string(), std::string("Arize"), std::string("a_b"), std::string("-a"),
        std::string("a-"), std::string("a..b"), std::string(".a"), std::string("a."),
        std::string("a b"), std::string(254, 'a')}) {
    EXPECT_FALSE(check_object_name(name)) << name;
  }
}

TEST(KubernetesRules, TakesKeysThatAreFileNames) {
  for (const char* key : {"api-key", "API_KEY", "ca.crt", ".hidden", "0"}) {
    EXPECT_TRUE(check_data_key(key)) << key;
  }
  for (const char* key : {"", ".", "..", "..data", "a/b", "a b", "schlüssel"}) {
    EXPECT_FALSE(check_data_key(key)) << key;
  }
}

TEST(KubernetesRules, TakesUids) {
  EXPECT_TRUE(check_uid("1f0c8a52-6d1e-4c55-9b7e-3a4d5e6f7a8b"));
  for (const char* uid :
       {"", "1f0c8a52", "1F0C8A52-6D1E-4C55-9B7E-3A4D5E6F7A8B",
        "1f0c8a52-6d1e-4c55-9b7e-3a4d5e6f7a8", "1f0c8a52-6d1e-4c55-9b7e-3a4d5e6f7a8b0",
        "1f0c8a52x6d1e-4c55-9b7e-3a4d5e6f7a8b", "1f0c8a52-6d1e-4c55-9b7e-3a4d5e6f7a8,"}) {
    EXPECT_FALSE(check_uid(uid)) << uid;
  }
}

TEST(KubernetesRules, TakesLabels) {
  for (const char* name : {"os", "kubernetes.io/os", "a.b-c/d.e_F-1"}) {
    EXPECT_TRUE(check_label_name(name)) << name;
  }
  for (const std::string& name :
       {std::string(), std::string("/os"), std::string("Kubernetes.io/os"), std::string("a/b/c"),
        std::string("a/"), std::string("-os"), std::string(64, 'a'),
        std::string(254, 'a') + "/os"}) {
    EXPECT_FALSE(check_label_name(name)) << name;
  }
  EXPECT_TRUE(check_label_value(""));
  EXPECT_TRUE(check_label_value("linux"));
  EXPECT_FALSE(check_label_value("linux-"));
  EXPECT_FALSE(check_label_value(std::string(64, 'a')));
}

TEST(KubernetesRules, TakesImages) {
  EXPECT_TRUE(check_image("registry.example:5000/a/dualtrace-agent:0.1.0@sha256:00ff"));
  EXPECT_FALSE(check_image(""));
  EXPECT_FALSE(check_image("dualtrace agent"));
  EXPECT_FALSE(check_image(":latest"));
}

TEST(KubernetesRules, CountsProcessorsInThousandths) {
  EXPECT_EQ(parse_cpu("50m").value(), 50U);
  EXPECT_EQ(parse_cpu("2").value(), 2000U);
  EXPECT_EQ(parse_cpu("0.5").value(), 500U);
  EXPECT_EQ(parse_cpu("1.025").value(), 1025U);
  EXPECT_EQ(parse_cpu("999999").value(), 999'999'000U);
  for (const char* text : {"", "m", ".5", "1.", "1.2345", "0.5m", "-1", "1e3", "2 ", "1000000",
                           "99999999999999999999m"}) {
    EXPECT_FALSE(parse_cpu(text)) << text;
  }
}

}  // namespace
}  // namespace dualtrace::ctl
