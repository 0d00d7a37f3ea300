// SPDX-License-Identifier: Apache-2.0
#pragma once
// Result<T>: a value or an Error. A strict subset of std::expected<T, Error>, so that C++23
// replaces this file; `fail(...)` corresponds to std::unexpected. Status is Result<void>.
// Used from any thread as a plain value.

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/error/check.h"
#include "common/error/error.h"

namespace dualtrace {

struct Failure {
  Error error;
};

[[nodiscard]] inline Failure fail(Error error) { return Failure{std::move(error)}; }
[[nodiscard]] inline Failure fail(ErrorKind kind, std::string message) {
  return Failure{Error{kind, std::move(message)}};
}

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}
  template <typename U = T>
  requires(std::is_constructible_v<T, U&&> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
           !std::is_same_v<std::remove_cvref_t<U>, Failure>) Result(U&& value)
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & { return checked(*this); }
  const T& value() const& { return checked(*this); }
  T&& value() && { return std::move(checked(*this)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    DT_CHECK(!has_value());
    return std::get<1>(state_);
  }
  Error&& error() && {
    DT_CHECK(!has_value());
    return std::get<1>(std::move(state_));
  }

 private:
  template <typename Self>
  static auto& checked(Self& self) {
    DT_CHECK(self.has_value());
    return std::get<0>(self.state_);
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Failure failure) : error_(std::move(failure.error)) {}

  [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  const Error& error() const& {
    DT_CHECK(error_.has_value());
    return *error_;
  }
  Error&& error() && {
    DT_CHECK(error_.has_value());
    return *std::move(error_);
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

// Deliberately ignores an error; the reason is for the reader.
template <typename T>
void ignore(const Result<T>& /*result*/, std::string_view /*why*/) {}

}  // namespace dualtrace
