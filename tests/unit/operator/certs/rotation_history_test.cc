// SPDX-License-Identifier: Apache-2.0
// Years of the webhook's certificates, with replicas that run concurrently, crash, hit errors and
// sleep: at every moment, even between two calls of one replica, a client that trusts the published
// bundle, or the one from a few minutes ago, can verify each replica.

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <set>

#include "common/bytes/base64.h"
#include "operator/certs/certificate_keeper.h"
#include "operator/certs/trust.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_kube_api.h"

namespace dualtrace::ctl {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Duration kLeafLife = hours(7 * 24);
constexpr Duration kSettling = minutes(10);
constexpr Duration kClientsLag = minutes(5);

template <typename T, void (*kFree)(T*)>
std::shared_ptr<T> owned(T* pointer) {
  return {pointer, kFree};
}

std::vector<std::shared_ptr<X509>> parse(const std::string& pem) {
  const auto bio =
      std::shared_ptr<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::vector<std::shared_ptr<X509>> all;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    all.push_back(owned<X509, X509_free>(next));
  }
  return all;
}

// Verifies as a TLS client does.
std::string verify(const std::string& leaf, const std::string& trusted, WallTime when) {
  const auto store = owned<X509_STORE, X509_STORE_free>(X509_STORE_new());
  for (const auto& one : parse(trusted)) X509_STORE_add_cert(store.get(), one.get());
  const auto context = owned<X509_STORE_CTX, X509_STORE_CTX_free>(X509_STORE_CTX_new());
  const auto chain = parse(leaf);
  X509_STORE_CTX_init(context.get(), store.get(), chain.at(0).get(), nullptr);
  X509_VERIFY_PARAM* const param = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(param, when.time_since_epoch() / std::chrono::seconds(1));
  X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set1_host(param, "w.system.svc", 0);
  if (X509_verify_cert(context.get()) == 1) return {};
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

struct Replica {
  MetricRegistry metrics;
  std::string shown;
  std::unique_ptr<CertificateKeeper> keeper;
  Tick looked;
  bool busy = false;
};

class History {
 public:
  History(uint64_t seed, size_t replicas, Duration authority_life)
      : random_(seed), authority_life_(authority_life), replicas_(replicas) {
    for (const auto& type : {kMutatingWebhookConfigurations, kValidatingWebhookConfigurations}) {
      api_.put(type, {{"kind", type.kind},
                      {"metadata", {{"name", "w"}}},
                      {"webhooks", Json::array({{{"name", "a"}}, {{"name", "b"}}})}});
    }
    for (auto& replica : replicas_) begin(replica);
    api_.fault([this](const kube::FakeApi::Call&) { return between_two_calls(); });
    wake_up();
  }

  void pass(int events) {
    for (int i = 0; i < events && !testing::Test::HasFailure(); ++i) {
      event_ = i;
      happen();
      check();
      if (chance(3)) be_suspended();
    }
  }

  [[nodiscard]] size_t bundles_seen() const { return bundles_.size(); }
  [[nodiscard]] size_t certificates_seen() const { return certificates_.size(); }

 private:
  // With this probability per thousand.
  bool chance(uint64_t per_mille) { return random_.below(1000) < per_mille; }
  Replica& any() { return replicas_[random_.below(replicas_.size())]; }

  // This is also a crash: the state in memory is lost.
  void begin(Replica& replica) {
    replica.keeper = std::make_unique<CertificateKeeper>(
        CertificateKeeper::Options{.names = {"w.system.svc"},
                                   .secret = {"system", "w"},
                                   .configuration = "w",
                                   .rules = {.authority_life = authority_life_,
                                             .leaf_life = kLeafLife,
                                             .settling = kSettling}},
        api_, clock_, random_.next(), replica.metrics, [this, &replica](const TlsIdentity& shows) {
          replica.shown = shows.certificate;
          certificates_.insert(shows.certificate);
          return Status();
        });
    replica.looked = clock_.tick();
  }

  void look(Replica& replica) {
    if (std::exchange(replica.busy, true)) return;
    errors_ = 0;
    replica.keeper->round();
    if (errors_ == 0) replica.looked = clock_.tick();
    replica.busy = false;
  }

  // Advances by up to 18 hours. Then a random replica runs a round, and so does each one without a
  // round for a fifth of a leaf's life, because rotation.h requires one in each third of it.
  void happen() {
    const uint64_t seconds = chance(500) ? 1ULL << random_.below(17) : random_.below(1ULL << 16);
    if (chance(700)) clock_.advance(std::chrono::seconds(seconds));
    Replica& replica = any();
    if (chance(10)) begin(replica);
    look(replica);
    for (Replica& other : replicas_) {
      while (clock_.tick() - other.looked > kLeafLife / 5) look(other);
    }
  }

  // The machines are suspended, or their clocks are corrected. Each replica runs a round on waking.
  void be_suspended() {
    constexpr std::array<Duration, 6> kJumps{-minutes(2),    hours(1),        hours(3 * 24),
                                             hours(24 * 24), hours(200 * 24), hours(400 * 24)};
    clock_.wall_start += kJumps.at(random_.below(kJumps.size()));
    wake_up();
  }

  // Until every replica has run a round, there may be nothing to trust; clients forget old bundles.
  void wake_up() {
    asleep_ = true;
    for (int i = 0; i < 40; ++i) look(any());
    for (Replica& replica : replicas_) {
      do {
        look(replica);
      } while (errors_ > 0);
    }
    published_.clear();
    asleep_ = false;
  }

  std::optional<Error> between_two_calls() {
    check();
    if (depth_ < 2 && chance(60)) {
      ++depth_;
      const int errors = errors_;
      look(any());
      errors_ = errors;
      --depth_;
    }
    if (!chance(20)) return std::nullopt;
    ++errors_;
    return Error{ErrorKind::kUnavailable, "the API server is busy"};
  }

  void remember_published() {
    std::set<std::string> bundles;
    for (const auto& type : {kMutatingWebhookConfigurations, kValidatingWebhookConfigurations}) {
      const auto configuration = api_.find(type, {"", "w"});
      for (const Json& entry : array_at(*configuration, {"webhooks"})) {
        bundles.insert(decode_base64(text_at(entry, {"clientConfig", "caBundle"})).value());
      }
    }
    for (const std::string& one : bundles) {
      bundles_.insert(one);
      published_[one] = clock_.tick();
    }
    std::erase_if(published_,
                  [&](const auto& one) { return clock_.tick() - one.second > kClientsLag; });
  }

  // If it verifies now and in its last second, it verifies in between.
  std::string verify_now(const std::string& leaf, const std::string& trusted) {
    const WallTime now = clock_.wall();
    const auto known = verified_.find({leaf, trusted});
    if (known != verified_.end() && known->second.first <= now && now < known->second.second) {
      return {};
    }
    const WallTime end = read_certificates(leaf)->front().not_after;
    if (std::string fault = verify(leaf, trusted, now); !fault.empty()) return fault;
    if (verify(leaf, trusted, end - std::chrono::seconds(1)).empty()) {
      verified_[{leaf, trusted}] = {now, end};
    }
    return {};
  }

  void check() {
    if (asleep_ || testing::Test::HasFailure()) return;
    remember_published();
    for (const Replica& replica : replicas_) {
      if (!replica.keeper->ready()) continue;
      for (const auto& [trusted, since] : published_) {
        EXPECT_EQ(verify_now(replica.shown, trusted), "")
            << "event " << event_ << ", replica " << &replica - replicas_.data();
      }
    }
  }

  Random random_;
  const Duration authority_life_;
  FakeClock clock_;
  kube::FakeApi api_;
  std::vector<Replica> replicas_;
  std::map<std::string, Tick> published_;  // by bundle: when it was last published
  std::map<std::pair<std::string, std::string>, std::pair<WallTime, WallTime>> verified_;
  std::set<std::string> bundles_;
  std::set<std::string> certificates_;
  int event_ = 0;
  int depth_ = 0;
  int errors_ = 0;
  bool asleep_ = false;
};

struct Case {
  uint64_t seed;
  size_t replicas;
  Duration authority_life;
};

class RotationHistory : public testing::TestWithParam<Case> {};

TEST_P(RotationHistory, IsOneOfTrust) {
  History history(GetParam().seed, GetParam().replicas, GetParam().authority_life);
  history.pass(2000);
  EXPECT_GT(history.bundles_seen(), 10U);
  EXPECT_GT(history.certificates_seen(), 100U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RotationHistory,
                         testing::Values(Case{1, 2, hours(28 * 24)}, Case{2, 3, hours(42 * 24)}),
                         [](const auto& one) { return "Seed" + std::to_string(one.param.seed); });

}  // namespace
}  // namespace dualtrace::ctl
