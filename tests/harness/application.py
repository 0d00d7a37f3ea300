# SPDX-License-Identifier: Apache-2.0
"""Runs the demo's LangChain application against an agent."""

import json
import os
import subprocess
import sys
from pathlib import Path

APPLICATION = Path(__file__).parents[1] / "demo" / "langchain_agent.py"


def run_langchain_agent(endpoint: str, project: str, ca_file: Path | None = None) -> dict:
    """Returns its output: the trace as it was created. `endpoint` is the agent's URL."""
    environment = {
        "ARIZE_COLLECTOR_ENDPOINT": endpoint,
        # The SDK requires them. The agent has the keys; an application needs none.
        "ARIZE_SPACE_ID": "held-by-dualtrace",
        "ARIZE_API_KEY": "held-by-dualtrace",
        "ARIZE_PROJECT_NAME": project,
        "OTEL_SERVICE_NAME": "support-desk",
    }
    if ca_file:
        environment["OTEL_EXPORTER_OTLP_CERTIFICATE"] = str(ca_file)
    done = subprocess.run(
        [sys.executable, APPLICATION],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
