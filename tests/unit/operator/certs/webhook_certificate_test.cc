// SPDX-License-Identifier: Apache-2.0
#include "operator/certs/webhook_certificate.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace dualtrace::ctl {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr Duration kLife = std::chrono::hours(5);

TEST(WebhookCertificate, IsForServersOnly) {
  const auto authority = make_webhook_authority(kNow, kLife);
  ASSERT_TRUE(authority) << authority.error().message;
  const auto leaf = issue_webhook_leaf(*authority, {"a.b.svc"}, kNow, kLife);
  ASSERT_TRUE(leaf) << leaf.error().message;
  const std::string& pem = leaf->certificate.pem;
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  ASSERT_TRUE(x509);
  EXPECT_EQ(X509_get_extended_key_usage(x509.get()), static_cast<uint32_t>(XKU_SSL_SERVER));
  EXPECT_EQ(X509_check_host(x509.get(), "a.b.svc", 0, 0, nullptr), 1);
}

}  // namespace
}  // namespace dualtrace::ctl
