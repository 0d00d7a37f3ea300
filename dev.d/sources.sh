# SPDX-License-Identifier: Apache-2.0
# The source files: linting, formatting and generated pages.

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
  case "${1:-}" in
    "") ;;
    site) shift; word_docs_site "$@" ;;
    *) die "docs: takes no argument, or site" ;;
  esac
  prepare docs
  build release dualtrace-schema
  # First the CRD: the others copy it.
  "$(place clients)/bin/python" tests/docs/schema_files.py build/release
  "$(place clients)/bin/python" tests/docs/resource_page.py
  "$(place clients)/bin/python" tests/docs/chart_files.py
  "$(place clients)/bin/python" tests/docs/readme_rows.py
}

word_docs_site() {
  prepare docs site
  local mkdocs arguments=(--strict --config-file tests/docs/mkdocs.yml)
  mkdocs="$(place site)/bin/mkdocs"
  # Otherwise, it advertises its successor at each start.
  export NO_MKDOCS_2_WARNING=1 PYTHONDONTWRITEBYTECODE=1
  case "${1:-}" in
    # Without --quiet, which would hide the warnings from --strict.
    "") "$mkdocs" build "${arguments[@]}" || die "docs site: see above" ;;
    --serve) exec "$mkdocs" serve "${arguments[@]}" ;;
    *) die "docs site [--serve]" ;;
  esac
  say "open $PWD/build/site/index.html"
  exit
}
