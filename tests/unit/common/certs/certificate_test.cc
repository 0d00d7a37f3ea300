// SPDX-License-Identifier: Apache-2.0
#include "common/certs/certificate.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace dualtrace {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const WallTime kNow{std::chrono::seconds(1'800'000'000)};

Subject server_at(std::vector<std::string> hosts) {
  return {.name = "a server", .hosts = std::move(hosts), .usage = "serverAuth"};
}

std::shared_ptr<X509> parsed(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* x509 = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return {x509, X509_free};
}

std::string serial_of(const Certificate& certificate) {
  BIGNUM* number =
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(parsed(certificate.pem).get()), nullptr);
  char* text = BN_bn2hex(number);
  const std::string serial = text;
  OPENSSL_free(text);
  BN_free(number);
  return serial;
}

TEST(Certificate, OfALeafIsForServersOfItsNamesAndForItsTime) {
  const auto authority = make_authority("one of ours", kNow, hours(100));
  ASSERT_TRUE(authority) << authority.error().message;
  const auto leaf = issue(*authority, server_at({"a.b.svc", "127.0.0.1", "::1"}), kNow, hours(10));
  ASSERT_TRUE(leaf) << leaf.error().message;
  EXPECT_EQ(leaf->certificate.not_before, kNow - minutes(5));
  EXPECT_EQ(leaf->certificate.not_after, kNow + hours(10));
  EXPECT_EQ(leaf->issuer, authority->certificate.fingerprint);
  const auto x509 = parsed(leaf->certificate.pem);
  ASSERT_TRUE(x509);
  EXPECT_EQ(X509_check_host(x509.get(), "a.b.svc", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(x509.get(), "b.svc", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(x509.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(x509.get(), "::1", 0), 1);
  EXPECT_EQ(X509_get_extended_key_usage(x509.get()), static_cast<uint32_t>(XKU_SSL_SERVER));
  EXPECT_EQ(X509_check_ca(x509.get()), 0);
  EXPECT_EQ(X509_verify(x509.get(), X509_get0_pubkey(parsed(authority->certificate.pem).get())), 1);
}

TEST(Certificate, EndsWithItsAuthority) {
  const auto authority = make_authority("one of ours", kNow, hours(5));
  EXPECT_EQ(issue(*authority, server_at({"a"}), kNow, hours(10))->certificate.not_after,
            kNow + hours(5));
}

TEST(Certificate, HasASerialOfItsOwn) {
  const auto authority = make_authority("one of ours", kNow, hours(5));
  const std::string one =
      serial_of(issue(*authority, server_at({"a"}), kNow, hours(1))->certificate);
  const std::string two =
      serial_of(issue(*authority, server_at({"a"}), kNow, hours(1))->certificate);
  EXPECT_NE(one, two);
  EXPECT_GE(one.size(), 24U);  // hex digits; shorter once in four billion runs
}

TEST(Authority, IsReadBackFromItsPem) {
  const auto made = make_authority("one of ours", kNow, hours(5));
  const auto read = read_authority(made->certificate.pem, made->key);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->certificate, made->certificate);
  EXPECT_EQ(read->certificate.not_after, kNow + hours(5));
  EXPECT_EQ(read->key, made->key);
}

TEST(Authority, IsNotReadFromAnythingElse) {
  const auto one = make_authority("one of ours", kNow, hours(5));
  const auto two = make_authority("one of ours", kNow, hours(5));
  const auto leaf = issue(*one, server_at({"a"}), kNow, hours(1));
  const auto fault = [](std::string_view certificate, std::string_view key) {
    const auto read = read_authority(certificate, key);
    return read ? std::string() : read.error().message;
  };
  EXPECT_EQ(fault("", ""), "not a certificate in PEM");
  EXPECT_EQ(fault(one->key, one->key), "not a certificate in PEM");
  EXPECT_EQ(fault(one->certificate.pem, ""), "not a key in PEM without a passphrase");
  EXPECT_EQ(fault(one->certificate.pem, two->key), "the key does not match the certificate");
  EXPECT_EQ(fault(leaf->certificate.pem, leaf->key), "not a CA certificate");
  EXPECT_EQ(fault(std::string(300 * 1024, 'x'), ""), "more than 256 KiB");
}

TEST(Certificates, AreReadOneBehindTheOther) {
  const auto one = make_authority("one of ours", kNow, hours(5));
  const auto two = make_authority("one of ours", kNow, hours(5));
  const auto read = read_certificates(one->certificate.pem + "\n" + two->certificate.pem);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, (std::vector<Certificate>{one->certificate, two->certificate}));
}

TEST(Certificates, OfABundleExpireOneAfterTheOther) {
  const auto late = make_authority("one of ours", kNow, hours(9))->certificate;
  const auto early = make_authority("one of ours", kNow, hours(5))->certificate;
  EXPECT_EQ(expiry_of(late.pem + early.pem),
            (CertificatesExpiry{.first = early.not_after, .last = late.not_after}));
  EXPECT_EQ(expiry_of("hello"), std::nullopt);
}

// Made with `openssl req -x509 … -days 2912000`.
constexpr std::string_view kValidUntil9999 =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBhjCCAS2gAwIBAgIUVb0kyLeQW/XoE4vaq2lqQY9sEmUwCgYIKoZIzj0EAwIw\n"
    "GDEWMBQGA1UEAwwNbmV2ZXIgZXhwaXJlczAgFw0yNjExMzAxNjQ1MDlaGA85OTk5\n"
    "MDkxMzE2NDUwOVowGDEWMBQGA1UEAwwNbmV2ZXIgZXhwaXJlczBZMBMGByqGSM49\n"
    "AgEGCCqGSM49AwEHA0IABKtk01Epq4r5pDwzTYyA50vklvqlY88BmNWps6IgXVhi\n"
    "x/vvLlpf4+q9PBMNmiJWlb/sEKO+POxxOEqxx39gbdOjUzBRMB0GA1UdDgQWBBQc\n"
    "8FC7Wb6HiQzVz4vu3F2hB0cr1DAfBgNVHSMEGDAWgBQc8FC7Wb6HiQzVz4vu3F2h\n"
    "B0cr1DAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIFeMElvqK8Bc\n"
    "4tAn3vksjGrjVzNxIoYRJF3YTn1lxGFVAiBf2j6Py5DiW3SmCc9jR3VUMAPd0Nw5\n"
    "9/8koe+CcpQwnA==\n"
    "-----END CERTIFICATE-----\n";

TEST(Certificates, ThatNeverExpireDoNotExpireSoon) {
  const auto expiry = expiry_of(kValidUntil9999);
  ASSERT_TRUE(expiry);
  EXPECT_GT(expiry->last, kNow + hours(24 * 365 * 100));
}

TEST(Certificates, AreNotReadFromAnythingElse) {
  const std::string pem = make_authority("one of ours", kNow, hours(5))->certificate.pem;
  EXPECT_FALSE(read_certificates(""));
  EXPECT_FALSE(read_certificates("hello"));
  EXPECT_FALSE(read_certificates(pem.substr(0, pem.size() / 2)));
  EXPECT_FALSE(read_certificates(pem + "-----BEGIN CERTIFICATE-----\nAAAA\n"));
  std::string many;
  for (int i = 0; i < 17; ++i) many += pem;
  EXPECT_FALSE(read_certificates(many));
}

}  // namespace
}  // namespace dualtrace
