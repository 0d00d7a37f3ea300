# SPDX-License-Identifier: Apache-2.0
"""Gives each check a good and a bad sample: a check that cannot fail is worthless."""

import pathlib
import shutil
import tempfile
import unittest

import layers
import markdown
import mentions
import metric_names
import navigation
import prose
import source_tree
import text_checks
import tidy

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
HEADER = LICENCE + "#pragma once\n// Thing: what it is.\n// Thread-safe.\n\n"


class Layers(unittest.TestCase):
    table = "common/error:\ncommon/io: common/error\nagent/app: *\n"

    def findings(self, path, include):
        return layers.check_layers({path: f'#include "{include}"\n'}, self.table)

    def test_allows_what_is_listed_and_the_own_folder(self):
        self.assertEqual(self.findings("common/io/a.h", "common/error/error.h"), [])
        self.assertEqual(self.findings("common/io/a.cc", "common/io/a.h"), [])
        self.assertEqual(self.findings("agent/app/a.cc", "common/io/a.h"), [])
        self.assertEqual(self.findings("tests/unit/a.cc", "agent/app/a.h"), [])

    def test_refuses_what_is_not_listed(self):
        self.assertEqual(len(self.findings("common/error/a.h", "common/io/a.h")), 1)
        self.assertEqual(len(self.findings("common/io/a.h", "agent/app/a.h")), 1)

    def test_refuses_tests_from_code_even_for_the_composition_root(self):
        self.assertEqual(len(self.findings("agent/app/a.cc", "tests/fakes/a.h")), 1)

    def test_refuses_folders_without_a_line(self):
        self.assertEqual(len(self.findings("common/new/a.h", "common/error/error.h")), 1)

    def test_refuses_includes_that_do_not_start_at_the_root(self):
        self.assertEqual(len(self.findings("common/io/a.cc", "../error/error.h")), 1)
        self.assertEqual(len(self.findings("common/io/a.cc", "error.h")), 1)

    def test_leaves_generated_headers_alone(self):
        self.assertEqual(self.findings("common/io/a.cc", "opentelemetry/proto/a.pb.h"), [])

    def test_refuses_circles_in_the_table(self):
        self.assertEqual(len(layers.check_layers({}, "a: b\nb: c\nc: a\n")), 1)
        self.assertEqual(layers.check_layers({}, "a: b c\nb: c\nc:\n"), [])


class Length(unittest.TestCase):
    def test_allows_500_lines_and_800_in_tests(self):
        tree = {"agent/a.cc": "\n" * 500, "tests/a_test.cc": "\n" * 800, "docs/a.md": "\n" * 900}
        self.assertEqual(text_checks.check_length(tree), [])

    def test_refuses_more(self):
        tree = {"agent/a.cc": "\n" * 501, "tests/a_test.cc": "\n" * 801, "tests/a.py": "\n" * 801}
        self.assertEqual(len(text_checks.check_length(tree)), 3)


class Words(unittest.TestCase):
    def findings(self, path, code):
        return text_checks.check_words({path: code})

    def test_refuses_each_banned_word(self):
        for code in ('getenv("HOME")', "std::this_thread::sleep_for(x)", "std::mutex m;",
                     "std::unique_lock<Mutex> l(m);", "std::condition_variable c;",
                     "std::chrono::steady_clock::now()", "system_clock::now()", "rand()",
                     'std::cout << "x"', 'std::printf("x")', 'fprintf(stderr, "x")',
                     "throw Oops();"):
            self.assertEqual(len(self.findings("agent/lane/a.cc", code)), 1, code)

    def test_allows_them_at_home(self):
        self.assertEqual(self.findings("agent/app/a.cc", 'getenv("HOME")'), [])
        self.assertEqual(self.findings("common/sync/mutex.h", "std::mutex m;"), [])
        self.assertEqual(self.findings("common/time/clock.cc", "steady_clock::now()"), [])
        self.assertEqual(self.findings("agent/main.cc", 'std::printf("x")'), [])

    def test_reads_neither_comments_nor_strings(self):
        code = '// getenv is not for us\n/* std::mutex */ call("sleep_for"); snprintf(b, 1, "");\n'
        self.assertEqual(self.findings("agent/lane/a.cc", code), [])

    def test_names_the_line(self):
        self.assertIn("agent/lane/a.cc:4:",
                      self.findings("agent/lane/a.cc", "/*\n\n*/\nrand();\n")[0])


class ForeignHeaders(unittest.TestCase):
    def findings(self, include, user):
        return text_checks.check_foreign_headers(
            {"common/net/a.h": f"#include <{include}>\n", user: '#include "common/net/a.h"\n'})

    def test_refuses_heavy_headers_that_others_would_include(self):
        for include in ("boost/asio.hpp", "cpprest/http_client.h", "grpcpp/grpcpp.h",
                        "nghttp2/nghttp2.h", "yaml-cpp/yaml.h", "spdlog/spdlog.h"):
            self.assertEqual(len(self.findings(include, "agent/send/a.cc")), 1, include)

    def test_allows_them_inside_a_folder(self):
        self.assertEqual(self.findings("boost/asio.hpp", "common/net/a.cc"), [])
        self.assertEqual(self.findings("vector", "agent/send/a.cc"), [])


class Headers(unittest.TestCase):
    def test_accepts_the_house_opening(self):
        self.assertEqual(text_checks.check_headers({"agent/a.h": HEADER}), [])

    def test_refuses_a_missing_pragma_comment_or_thread_rule(self):
        for text in (HEADER.replace("#pragma once\n", ""), LICENCE + "#pragma once\n\nint a;\n",
                     LICENCE + "#pragma once\n// Thing: what it is.\n\n"):
            self.assertEqual(len(text_checks.check_headers({"agent/a.h": text})), 1, text)


class Licence(unittest.TestCase):
    def test_accepts_it_in_the_first_line_or_below_the_interpreter(self):
        tree = {"agent/a.cc": LICENCE, "tests/a.py": "#!/usr/bin/python3\n# " + LICENCE[3:],
                "docs/a.sql": "-- " + LICENCE[3:], "docs/a.md": "# a\n",
                "helm/dualtrace/templates/a.yaml": "{{- /* " + LICENCE[3:-1] + " */ -}}\n",
                "crds/a.yaml": "# " + LICENCE[3:], "docs/examples/a.yaml": "# a\n",
                "helm/dualtrace/files/a.yaml": "# a\n"}
        self.assertEqual(text_checks.check_licence(tree), [])

    def test_refuses_a_source_without_it(self):
        for path in ("agent/a.h", "tests/a.py", "dev.d/a.sh", "agent/CMakeLists.txt",
                     "images/Dockerfile", "crds/a.yaml", "helm/dualtrace/templates/a.tpl",
                     "helm/dualtrace/templates/NOTES.txt", "operator/manifests/a.yaml"):
            self.assertEqual(len(text_checks.check_licence({path: "\n" + LICENCE})), 1, path)


class Lines(unittest.TestCase):
    def test_refuses_left_overs(self):
        for word in ("TODO", "FIXME", "XXX"):
            self.assertEqual(len(text_checks.check_left_overs({"docs/a.md": f"a\n{word}: b"})), 1)
        self.assertEqual(text_checks.check_left_overs({"a.cc": "/tmp/a.XXXXXX"}), [])

    def test_refuses_paths_of_one_machine(self):
        for text in ("/home/me/x", "see /work/main", '"/root/.cache"'):
            self.assertEqual(len(text_checks.check_machine_paths({"docs/a.md": text})), 1, text)
        self.assertEqual(text_checks.check_machine_paths({"a.md": "https://x.test/home/a"}), [])


class Metrics(unittest.TestCase):
    def test_holds_code_and_document_together(self):
        tree = {"agent/a.cc": 'registry.counter("dualtrace_a_total", "A.");',
                "docs/metrics.md": '| `dualtrace_a_total{lane="x"}` |'}
        self.assertEqual(metric_names.check_metrics(tree), [])

    def test_refuses_what_only_one_of_them_has(self):
        tree = {"agent/a.cc": 'registry.counter("dualtrace_a_total", "A.");'}
        self.assertEqual(len(metric_names.check_metrics(tree)), 1)
        self.assertEqual(len(metric_names.check_metrics({"docs/metrics.md": "`dualtrace_b`"})), 1)


class Links(unittest.TestCase):
    def findings(self, page, **others):
        tree = {"docs/a.md": page, "docs/b.md": "# One `two`\n## Twice\n## Twice\n", **others}
        return markdown.check_links(tree, lambda path: path in tree or path in ("docs", "x.svg"))

    def test_accepts_files_folders_and_headings_that_are_there(self):
        for link in ("b.md", "b.md#one-two", "../x.svg", "../docs/", "#own", "https://a.test/b#c"):
            self.assertEqual(self.findings(f"## Own\nsee [it]({link})\n"), [], link)

    def test_refuses_what_is_not_there_twice_there_or_not_relative(self):
        for link in ("c.md", "b.md#three", "b.md#twice", "#twice", "/docs/b.md", "../../b.md"):
            self.assertEqual(len(self.findings(f"## Own\nsee [it]({link})\n")), 1, link)
        self.assertEqual(len(self.findings("see [it][b]\n\n[b]: c.md\n")), 1)

    def test_reads_no_code_and_no_comments(self):
        page = "`[it](c.md)`\n```\n[it](c.md)\n```\n<!-- [it](c.md) -->\n"
        self.assertEqual(self.findings(page), [])
        self.assertEqual(len(self.findings("```\n# no heading\n```\n[it](#no-heading)\n")), 1)

    def test_names_the_line(self):
        self.assertIn("docs/a.md:4: c.md:", self.findings("a\n```\n```\n[it](c.md)\n")[0])

    def test_refuses_pages_that_a_text_names_and_that_are_not_there(self):
        self.assertEqual(self.findings("", **{"agent/a.h": "// See docs/b.md.\n"}), [])
        self.assertEqual(len(self.findings("", **{"agent/a.h": "// See docs/c.md.\n"})), 1)


class Navigation(unittest.TestCase):
    def findings(self, *pages):
        sections = "".join(f"  - {section}:\n      - {section}.md\n"
                           for section in navigation.SECTIONS)
        nav = sections + "".join(f"      - {page}\n" for page in pages)
        tree = {f"docs/{section}.md": "" for section in navigation.SECTIONS}
        return navigation.check_navigation(
            {**tree, "docs/a/b.md": "", "tests/x/README.md": "", "docs/decisions/1.md": "",
             navigation.SITE: f"a: b\n\nnav:\n{nav}\ntheme:\n  - x.md\n"})

    def test_accepts_each_page_once(self):
        self.assertEqual(self.findings("a/b.md", "tests/x/README.md"), [])

    def test_refuses_pages_that_are_missing_twice_there_or_gone(self):
        self.assertEqual(len(self.findings("a/b.md")), 1)
        self.assertEqual(len(self.findings("a/b.md", "tests/x/README.md", "Start.md")), 1)
        self.assertEqual(len(self.findings("a/b.md", "tests/x/README.md", "gone.md")), 1)

    def test_refuses_other_sections(self):
        self.assertEqual(len(navigation.check_navigation({navigation.SITE: "\nnav:\n"})), 1)


class Mentions(unittest.TestCase):
    tree = {"agent/lane/lane.h": "", "agent/lane/lane.cc": "int a = 1;\n",
            "tests/unit/lane_test.cc": "TEST_F(LaneTest, Sends) {}\n",
            "tests/sim/CMakeLists.txt": "add_test(NAME Simulation.Holds COMMAND x)\n",
            "tests/component/tls_test.py": "def test_it_is_tls():\n",
            "tests/component/chart_values_test.py": "",
            "dev": "case x in\n  build | arm64) \"word_$word\" ;;\n"}
    table = "### Which component test\n| `chart*`, `tls` | … |\n\n## What runs when\n"

    def findings(self, text, table=table):
        tree = {**self.tree, "docs/a.md": text, mentions.MAP: table}
        return mentions.check_mentions(
            tree, lambda path: any(f"{one}/".startswith(f"{path}/") for one in tree))

    def test_accepts_what_exists(self):
        for text in ("`agent/lane/lane.{h,cc}`, `agent/lane/`", "`agent/lane/lane`, `agent/*/a.cc`",
                     "`LaneTest.Sends`, `Simulation.Holds`", "`tls_test.py` (`test_it_is_tls`)",
                     "run `./dev arm64`", "`other.host/path`, `a/b`", "agent/gone.cc without code",
                     "```cpp\nint a = 1;\n```"):
            self.assertEqual(self.findings(text), [], text)

    def test_refuses_what_does_not(self):
        for text in ("`agent/lane/gone.cc`", "`agent/lane/{lane,gone}.h`", "see `agent/gone/*.cc`",
                     "`LaneTest.Sinks`", "`gone_test.py`", "`test_it_is_not`", "`./dev gone`",
                     "```\n./dev gone\n```", "```cpp\nint a = 2;\n```"):
            self.assertEqual(len(self.findings(text)), 1, text)

    def test_refuses_a_map_that_lacks_a_test_or_has_another(self):
        for row in ("`tls`", "`chart*`, `tls`, `gone`"):
            self.assertEqual(len(self.findings("", self.table.replace("`chart*`, `tls`", row))), 1)


class Prose(unittest.TestCase):
    def test_refuses_each_phrase(self):
        for words in ("to mend it", "how they fare", "no node is to have an agent",
                      "a leader that says nothing", "who wants no Helm", "as it was asked for",
                      "too much waits to be stored", "What is there today", "and what is not yet",
                      "says in its status", "can be told so by hand", "Tell of pods",
                      "who may write exports and not read Secrets", "a host of his own",
                      "a journal cannot be opened now", "the agent goes on without it",
                      "that the export does not admit any more", "make it anew",
                      "look after it first", "in order to start", "it will be ready",
                      "simply run", "from now on", "seamless upgrade", "is able to",
                      "What is there", "an agent of before", "it looks now and then",
                      "told by and by", "a clock that stands still", "the server is away",
                      "memory is let go", "nobody hears of it", "made up its mind",
                      "puts it right", "it is no failure", "a thread a lane"):
            self.assertEqual(len(prose.check_prose({"docs/a.md": f"So: {words}.\n"})), 1, words)

    def test_refuses_log_messages_that_are_not_in_the_house_style(self):
        def findings(call):
            return prose.check_prose({"agent/a.cc": f"  {call}\n"})
        for message in ("The disk is full", "A disk is full", "the disk is full."):
            self.assertEqual(len(findings(f'log_warn("{message}", {{}});')), 1, message)
        for message in ("the disk is full", "TLS is off", "Arize is down", "a. is not the end"):
            self.assertEqual(findings(f'log_warn(\n      "{message}");'), [], message)

    def test_reads_over_line_breaks_and_names_the_line(self):
        page = "One.\n\nIt will\nbe ready.\n"
        self.assertIn("docs/a.md:3:", prose.check_prose({"docs/a.md": page})[0])
        values = "a: 1\n# It will\n# be ready.\n"
        self.assertEqual(len(prose.check_prose({"helm/dualtrace/values.yaml": values})), 1)

    def test_reads_neither_code_nor_what_is_exempt(self):
        self.assertEqual(prose.check_prose({"docs/a.md": "`will be`\n```\nwill be\n```\n"}), [])
        self.assertEqual(prose.check_prose({"docs/contributing/writing.md": "it will be"}), [])
        self.assertEqual(prose.check_prose({"tests/tidy/a.py": "# it will be"}), [])

    def test_reads_the_tests_and_the_scripts_of_dev(self):
        for path in ("tests/a.py", "dev", "dev.d/a.sh"):
            self.assertEqual(len(prose.check_prose({path: "# it will be"})), 1, path)

    def test_finds_words_only_as_a_whole(self):
        for words in ("recommend", "welfare", "an offer of history", "a willing bee",
                      "far: it is away from here", "of before and after"):
            self.assertEqual(prose.check_prose({"docs/a.md": words}), [], words)


class LineLength(unittest.TestCase):
    def findings(self, line):
        return prose.check_line_length({"docs/a.md": f"{line}\n"})

    def test_refuses_prose_of_more_than_100_characters(self):
        self.assertEqual(self.findings("a" * 100), [])
        self.assertEqual(len(self.findings("a" * 101)), 1)

    def test_allows_tables_code_links_and_what_a_program_wrote(self):
        long = "a" * 101
        for line in (f"| {long} |", f"```\n{long}\n```", f"[it](https://{long})", f"`{long}`",
                     f"<!-- bench:b begin -->\n{long}\n<!-- bench:b end -->"):
            self.assertEqual(self.findings(line), [], line)


class Format(unittest.TestCase):
    @unittest.skipIf(shutil.which(tidy.FORMATTER) is None, "no formatter")
    def test_refuses_what_the_formatter_would_change(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("good.cc", "int a;\n"), ("bad.cc", "int   a ;\n")):
                pathlib.Path(folder, name).write_text(text, encoding="utf-8")
            self.assertEqual(tidy.check_format(folder, ["good.cc"]), [])
            self.assertNotEqual(tidy.check_format(folder, ["bad.cc"]), [])


class Spelling(unittest.TestCase):
    @unittest.skipIf(shutil.which(tidy.SPELLER) is None, "no speller")
    def test_refuses_misspelt_and_british_words(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("good.md", "The color of AKS.\n"), ("bad.md", "We recieve it.\n"),
                               ("british.md", "Its behaviour.\n")):
                pathlib.Path(folder, name).write_text(text, encoding="utf-8")
            self.assertEqual(tidy.check_spelling(folder, ["good.md"]), [])
            self.assertEqual(len(tidy.check_spelling(folder, ["bad.md"])), 1)
            self.assertEqual(len(tidy.check_spelling(folder, ["british.md"])), 1)


class Tree(unittest.TestCase):
    def test_reads_our_files_and_skips_what_is_built(self):
        with tempfile.TemporaryDirectory() as folder:
            for path in ("agent/a.cc", "build/dev/b.cc", "tests/data/c.json", "docs/d.md", "e.bin"):
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("x", encoding="utf-8")
            self.assertEqual(sorted(source_tree.read_tree(folder)), ["agent/a.cc", "docs/d.md"])


if __name__ == "__main__":
    unittest.main()
