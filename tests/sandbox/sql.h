// SPDX-License-Identifier: Apache-2.0
#pragma once
// Database and Statement: owned SQLite handles. Errors contain SQLite's own text.
// Used from one thread.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/error/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace dualtrace::sandbox {

class Statement {
 public:
  // Parameters count from 1 and are bound in order. Bound values must live until the next step.
  Statement& bind(std::string_view text);
  Statement& bind(int64_t number);
  Statement& bind_blob(std::span<const unsigned char> bytes);
  Statement& bind_null();

  // Returns whether there is a row. After false, or an error, it can be bound again.
  Result<bool> step();
  // For statements without rows.
  Status run();
  // Stops reading rows before the last one.
  void reset();

  // Columns count from 0.
  [[nodiscard]] int columns() const;
  [[nodiscard]] std::string_view name(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] int64_t number(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] bool is_number(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

class Database {
 public:
  static Result<Database> open(const std::string& path);

  Status execute(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  [[nodiscard]] int64_t last_row_id() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace dualtrace::sandbox
