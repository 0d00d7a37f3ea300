// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/token_client.h"

#include <utility>

#include "agent/credential/discovery.h"
#include "agent/credential/jwt.h"
#include "agent/credential/token_answer.h"
#include "agent/credential/token_request.h"
#include "common/sync/callback_gate.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {
namespace {

class TokenClient final : public KeyMaker {
 public:
  TokenClient(TokenClientOptions options, std::unique_ptr<HttpSender> client, Clock& clock)
      : options_(std::move(options)), clock_(clock), client_(std::move(client)) {
    if (!options_.zerobus || !options_.zerobus->endpoint) return;
    place_.origin = options_.zerobus->endpoint;
    place_.workspace_id = workspace_id_of(place_.origin->authority.host);
  }

  ~TokenClient() override { open_.close(); }
  TokenClient(const TokenClient&) = delete;
  TokenClient& operator=(const TokenClient&) = delete;

  void make(const std::vector<std::string>& values, Done done) override {
    auto call = std::make_shared<Call>();
    call->grant = grant_of(values);
    call->secrets = {values.front()};
    call->done = std::move(done);
    if (options_.kind == TokenClientOptions::Kind::kTokenExchange) {
      if (const auto claims = read_jwt(values.front())) call->subject_expires = claims->expires;
    }
    if (!options_.zerobus) return ask_for_key(call, std::nullopt);
    find_workspace(call);
  }

 private:
  // One call of make(), from its first request to `done`.
  struct Call {
    Grant grant;
    std::vector<std::string> secrets;  // that its requests carry
    std::optional<WallTime> subject_expires;
    Done done;
  };
  using CallPointer = std::shared_ptr<Call>;
  // Constant once known.
  struct Place {
    std::string workspace_id;
    std::optional<Url> origin;
  };

  [[nodiscard]] Grant grant_of(const std::vector<std::string>& values) const {
    if (options_.kind == TokenClientOptions::Kind::kClientCredentials) {
      return ClientCredentials{.id = values.at(1), .secret = values.at(0)};
    }
    return TokenExchange{.subject_token = values.at(0), .client_id = options_.client_id};
  }

  [[nodiscard]] Place place() {
    Lock lock(mutex_);
    return place_;
  }

  // Passes on the answer, marked with the secrets, or why there is none.
  template <typename Then>
  void ask(const CallPointer& call, HttpRequest request, Then then) {
    auto read = [call, then](Result<HttpResponse> answer) {
      if (answer) {
        answer->secrets.insert(answer->secrets.end(), call->secrets.begin(), call->secrets.end());
      }
      then(std::move(answer));
    };
    bool sent = false;
    open_.pass([&] {
      client_->send(std::move(request), options_.timeout, read);
      sent = true;
    });
    if (!sent) read(fail(ErrorKind::kCancelled, "shutting down"));
  }

  static void give_up(const CallPointer& call, Error error) { call->done(fail(std::move(error))); }

  void find_workspace(const CallPointer& call) {
    if (!place().workspace_id.empty()) return find_region(call);
    HttpRequest request{.method = "GET", .path = std::string(kWorkspaceDocumentPath)};
    ask(call, std::move(request), [this, call](const Result<HttpResponse>& answer) {
      const auto document = read(answer, "the workspace's databricks-config");
      if (!document) return give_up(call, undiscovered(document.error()));
      auto id = read_workspace_id(*document);
      if (!id) return give_up(call, id.error());
      {
        Lock lock(mutex_);
        place_.workspace_id = *std::move(id);
      }
      find_region(call);
    });
  }

  void find_region(const CallPointer& call) {
    if (place().origin) return ask_for_zerobus_key(call);
    ask_for_token(call, std::nullopt, [this, call](const AccessToken& token, const HttpResponse&) {
      call->secrets.push_back(token.value);
      HttpRequest request{.method = "GET", .path = std::string(kMetastorePath)};
      request.headers = {{"Authorization", "Bearer " + token.value},
                         {"X-Databricks-Workspace-Id", place().workspace_id}};
      ask(call, std::move(request), [this, call](const Result<HttpResponse>& answer) {
        const auto summary = read(answer, "the workspace's metastore_summary");
        if (!summary) return give_up(call, undiscovered(summary.error()));
        const auto region = read_region(*summary);
        if (!region) return give_up(call, region.error());
        auto origin = zerobus_origin(place().workspace_id, *region, options_.workspace_host);
        if (!origin) return give_up(call, origin.error());
        {
          Lock lock(mutex_);
          place_.origin = *std::move(origin);
        }
        ask_for_zerobus_key(call);
      });
    });
  }

  void ask_for_zerobus_key(const CallPointer& call) {
    ask_for_key(
        call, ZerobusScope{.workspace_id = place().workspace_id, .table = options_.zerobus->table});
  }

  void ask_for_key(const CallPointer& call, const std::optional<ZerobusScope>& scope) {
    ask_for_token(call, scope, [this, call](const AccessToken& token, const HttpResponse& answer) {
      const Duration lifetime = usable_for(token, call->subject_expires, answer, clock_.wall());
      call->done(MadeKey{.key = {.values = {token.value}, .origin = place().origin},
                         .lifetime = lifetime});
    });
  }

  template <typename Then>
  void ask_for_token(const CallPointer& call, std::optional<ZerobusScope> scope, Then then) {
    if (scope) {
      Lock lock(mutex_);
      scope->operations_left_out = operations_left_out_;
    }
    HttpRequest request = make_token_request(call->grant, scope);
    ask(call, std::move(request), [this, call, scope, then](const Result<HttpResponse>& answer) {
      if (!answer) return give_up(call, no_answer(answer.error(), "the token endpoint"));
      const auto token = read_token_answer(*answer, clock_.wall());
      if (token) return then(*token, *answer);
      if (!scope || scope->operations_left_out || !may_dislike_operations(*answer)) {
        return give_up(call, token.error());
      }
      ask_without_operations(call, *scope, then, token.error());
    });
  }

  // Remembers this only if it helped. Otherwise the first refusal is the message that helps people.
  template <typename Then>
  void ask_without_operations(const CallPointer& call, ZerobusScope scope, Then then,
                              Error first_refusal) {
    scope.operations_left_out = true;
    HttpRequest request = make_token_request(call->grant, scope);
    ask(call, std::move(request),
        [this, call, then, first_refusal](const Result<HttpResponse>& answer) {
          const auto token =
              answer ? read_token_answer(*answer, clock_.wall()) : fail(answer.error());
          if (!token) return give_up(call, first_refusal);
          {
            Lock lock(mutex_);
            operations_left_out_ = true;
          }
          then(*token, *answer);
        });
  }

  Result<Json> read(const Result<HttpResponse>& answer, std::string_view who) {
    if (!answer) return fail(no_answer(answer.error(), who));
    return read_json_answer(*answer, who, clock_.wall());
  }

  // A denied lookup does not mean that the credential is wrong.
  static Error undiscovered(Error error) {
    if (error.kind == ErrorKind::kDenied) error.kind = ErrorKind::kInvalid;
    if (error.kind == ErrorKind::kInvalid) {
      error.message += "; or set databricks.zerobus.endpoint to the Zerobus host";
    }
    return error;
  }

  const TokenClientOptions options_;
  Clock& clock_;
  CallbackGate open_;  // keeps answers from sending requests while the client is destroyed

  Mutex mutex_;
  Place place_ DT_GUARDED_BY(mutex_);
  bool operations_left_out_ DT_GUARDED_BY(mutex_) = false;

  // Last, so that it is destroyed, and has delivered all its answers, before the members they use.
  const std::unique_ptr<HttpSender> client_;
};

}  // namespace

std::unique_ptr<KeyMaker> make_token_client(TokenClientOptions options,
                                            std::unique_ptr<HttpSender> client, Clock& clock) {
  return std::make_unique<TokenClient>(std::move(options), std::move(client), clock);
}

}  // namespace dualtrace::agent
