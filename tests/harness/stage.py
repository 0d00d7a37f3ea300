# SPDX-License-Identifier: Apache-2.0
"""The stage of a test: real programs in a temporary folder, all stopped after the test."""

from pathlib import Path

from harness.agent import Agent, base_config, merged
from harness.operator import Operator
from harness.processes import Process
from harness.sandbox import Sandbox


class Stage:
    """The programs that a test starts. Agents, sandboxes and operators must exit with 0 when they
    are stopped, and must not print a sanitizer report; agents and operators must log nothing but
    JSON lines."""

    def __init__(self, binaries: Path, folder: Path):
        self.binaries = binaries
        self.folder = folder
        self.sandboxes: list[Sandbox] = []
        self.agents: list[Agent] = []
        self.operators: list[Operator] = []
        self.others: list[Process] = []

    def sandbox(self, **options) -> Sandbox:
        name = f"sandbox-{len(self.sandboxes) + 1}"
        binary = self.binaries / "tests" / "sandbox" / "dualtrace-sandbox"
        self.sandboxes.append(Sandbox(binary, self.folder / name, **options))
        return self.sandboxes[-1].start()

    def agent(
        self, *configs: dict, start: bool = True, environment: dict | None = None
    ) -> Agent:
        """An agent whose configuration is the tests' common one, overlaid with these parts."""
        folder = self.folder / f"agent-{len(self.agents) + 1}"
        config = base_config(folder)
        for changes in configs:
            config = merged(config, changes)
        binary = self.binaries / "agent" / "dualtrace-agent"
        self.agents.append(Agent(binary, folder, config, environment))
        return self.agents[-1].start() if start else self.agents[-1]

    def operator(self, kubeconfig: Path, *options: str, start: bool = True) -> Operator:
        """An operator that reaches its cluster by `kubeconfig`, with these command line options."""
        folder = self.folder / f"operator-{len(self.operators) + 1}"
        binary = self.binaries / "operator" / "dualtrace-operator"
        self.operators.append(Operator(binary, folder, kubeconfig, list(options)))
        return self.operators[-1].start() if start else self.operators[-1]

    def process(self, name: str, arguments: list, environment: dict | None = None) -> Process:
        """A third-party program, whose exit code does not matter."""
        self.others.append(Process(name, arguments, self.folder / name, environment))
        return self.others[-1]

    def own_processes(self) -> list[Process]:
        runs = [run for one in [*self.agents, *self.operators] for run in one.runs]
        return runs + [box.process for box in self.sandboxes if hasattr(box, "process")]

    def end(self) -> list[str]:
        """Stops everything; returns what was wrong with how it stopped."""
        faults = []
        for process in self.own_processes():
            if not process.ended:
                try:
                    code = process.stop(timeout=60)
                    if code != 0:
                        faults.append(f"{process.name} ended with {code}")
                except AssertionError as error:
                    faults.append(str(error))
            if report := process.sanitizer_report():
                faults.append(f"{process.name}: {report}")
        for process in self.others:
            process.kill()
        for one in [*self.agents, *self.operators]:
            for run in one.runs:
                faults += [f"{run.name} logged no JSON: {line}" for line in run.foreign_lines()]
        return faults
