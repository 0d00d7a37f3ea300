# SPDX-License-Identifier: Apache-2.0
# The source files themselves: looked over, laid out, copied into pages.

word_lint() {
  prepare lint
  cmake --preset tsa >/dev/null
  cmake --build build/tsa --parallel "$jobs" --target otlp_proto
  run-clang-tidy-14 -quiet -p build/tsa -j "$jobs" "^$PWD/(agent|common|operator)/.*\\.cc\$"
}

word_format() {
  prepare format
  git ls-files -z -- '*.h' '*.cc' | xargs -0 --no-run-if-empty clang-format-14 -i
}

word_docs() {
  prepare docs
  "$(place clients)/bin/python" tests/docs/resource_page.py
  "$(place clients)/bin/python" tests/docs/chart_files.py
}
