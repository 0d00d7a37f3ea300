// SPDX-License-Identifier: Apache-2.0
#pragma once
// Simulation: one run, entirely determined by its seed: which faults can occur, the agents'
// configuration, and what each step does: run a thread, send a client's request, answer for a
// destination, advance the time, change the faults, or kill an agent. At the end the faults stop,
// and everything must arrive. Used from one thread.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/destination.h"
#include "tests/sim/disk.h"
#include "tests/sim/sim_agent.h"
#include "tests/sim/trace.h"
#include "tests/sim/witness.h"

namespace dualtrace::agent::sim {

class Simulation {
 public:
  explicit Simulation(uint64_t seed, MetricRegistry& metrics);
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // Throws Violation.
  void run(uint64_t steps);

  [[nodiscard]] const Trace& trace() const { return trace_; }
  struct Tally {
    uint64_t steps = 0;
    uint64_t requests = 0;
    uint64_t spans_ok = 0;
    uint64_t deaths = 0;
    uint64_t power_losses = 0;
    uint64_t reloads = 0;  // of lanes
    uint64_t disk_failures = 0;
    double seconds = 0;  // simulated
  };
  [[nodiscard]] Tally tally() const;

 private:
  // The kinds of faults in this run; most runs have only some.
  struct Climate {
    bool deaths = false;
    bool power_losses = false;
    bool read_errors = false;
    bool write_errors = false;
    bool sync_errors = false;
    bool full_disks = false;
    bool bad_destinations = false;
    bool clock_jumps = false;
    bool lane_changes = false;
    bool reloads = false;   // lanes are replaced in a running agent
    bool upgrades = false;  // a successor starts before its predecessor ends
    bool greedy_clients = false;
  };

  void choose_options();
  void step();
  void act();
  void start_agent();
  void reload_lane();
  void append_some();
  void pass_time();
  void let_pass(Duration by);
  void change_weather();
  void jump_clock();
  // The agent that runs is dead, and the power may be off.
  void bury_agent();
  void lose_power();
  void change_lanes();
  void forget_agent(size_t index);
  [[nodiscard]] bool caught_up() const;
  // Runs one task of a random agent.
  bool run_one();
  void calm_down();
  void catch_up();
  void check_room() const;
  void check_room_at_end() const;
  [[nodiscard]] uint64_t entries_in(const std::string& folder, std::string_view prefix) const;
  bool chance(uint64_t one_in) { return random_.below(one_in) == 0; }

  Random random_;
  MetricRegistry& metrics_;
  FakeClock clock_;
  Trace trace_{clock_};
  mutable Disk disk_{random_};
  Requests requests_;
  Witness witness_{clock_, disk_.files, requests_, trace_};
  std::array<Destination, kLanes> destinations_{Destination{0, witness_, clock_, random_},
                                                Destination{1, witness_, clock_, random_}};
  Climate climate_;
  SimAgentOptions options_;
  uint32_t busyness_ = 0;                          // percentage of steps in which clients send
  std::vector<std::unique_ptr<SimAgent>> agents_;  // the last is the newest, with the clients
  size_t acting_ = 0;                              // the agent that runs, in case it dies
  uint32_t lives_ = 0;
  Tick trouble_until_{};
  Tick jumped_{};
  Duration jumps_{0};  // of the wall clock, forward, since the agent's start
  Tally tally_;
};

}  // namespace dualtrace::agent::sim
