// SPDX-License-Identifier: Apache-2.0
// dualtrace-sim: runs the simulation of the core for one seed after another. README.md describes
// what it proves. For a violation, it prints the seed, the step and the preceding events.

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <memory>

#include "common/log/log.h"
#include "tests/sim/simulation.h"

namespace dualtrace::agent::sim {
namespace {

struct Options {
  uint64_t seed = 1;
  uint64_t seeds = 1;
  uint64_t steps = 20'000;
  size_t trace = 120;
};

// The current run, for the handler of abort(): a failed DT_CHECK is a violation, too.
struct Running {
  uint64_t seed = 0;
  size_t trace = 0;
  const Simulation* simulation = nullptr;
};
Running running;

void tell(const char* what) {
  const Trace& trace = running.simulation->trace();
  trace.print(running.trace);
  std::fprintf(stderr, "seed %llu, step %llu: %s\nrepeat it: ./dev sim --seed %llu\n",
               static_cast<unsigned long long>(running.seed),
               static_cast<unsigned long long>(trace.step()), what,
               static_cast<unsigned long long>(running.seed));
}

void on_abort(int /*signal*/) {
  std::signal(SIGABRT, SIG_DFL);
  if (running.simulation != nullptr) tell("aborted");
}

void add(Simulation::Tally& sum, const Simulation::Tally& more) {
  sum.steps += more.steps;
  sum.requests += more.requests;
  sum.spans_ok += more.spans_ok;
  sum.deaths += more.deaths;
  sum.power_losses += more.power_losses;
  sum.reloads += more.reloads;
  sum.disk_failures += more.disk_failures;
  sum.seconds += more.seconds;
}

int run(const Options& options) {
  set_log_severity(LogSeverity::kNone);
  std::signal(SIGABRT, on_abort);
  MetricRegistry metrics;
  Simulation::Tally sum;
  for (uint64_t seed = options.seed; seed < options.seed + options.seeds; ++seed) {
    const auto simulation = std::make_unique<Simulation>(seed, metrics);
    running = {seed, options.trace, simulation.get()};
    try {
      simulation->run(options.steps);
    } catch (const Violation& violation) {
      tell(violation.what.c_str());
      return 1;
    }
    add(sum, simulation->tally());
    running.simulation = nullptr;
  }
  std::printf(
      "%llu seeds, %llu steps, %.1f simulated hours: %llu requests, %llu spans answered OK, "
      "%llu deaths, %llu power losses, %llu reloads, %llu failed disk calls; every promise held\n",
      static_cast<unsigned long long>(options.seeds), static_cast<unsigned long long>(sum.steps),
      sum.seconds / 3600, static_cast<unsigned long long>(sum.requests),
      static_cast<unsigned long long>(sum.spans_ok), static_cast<unsigned long long>(sum.deaths),
      static_cast<unsigned long long>(sum.power_losses),
      static_cast<unsigned long long>(sum.reloads),
      static_cast<unsigned long long>(sum.disk_failures));
  return 0;
}

}  // namespace
}  // namespace dualtrace::agent::sim

int main(int argc, char** argv) {
  dualtrace::agent::sim::Options options;
  CLI::App app{"Simulates the agent's core (tests/sim/README.md)."};
  app.add_option("--seed", options.seed, "The first seed")->capture_default_str();
  app.add_option("--seeds", options.seeds, "How many seeds to run, one after the other")
      ->capture_default_str();
  app.add_option("--steps", options.steps,
                 "Steps per seed; then faults stop, and everything must be delivered")
      ->capture_default_str();
  app.add_option("--trace", options.trace, "How many events to print on a violation")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return dualtrace::agent::sim::run(options);
}
