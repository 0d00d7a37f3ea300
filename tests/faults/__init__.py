# SPDX-License-Identifier: Apache-2.0
"""Plays scenarios of faults against the true agent and compares what was sent, what is stored at
both destinations, and the agent's books. `./dev faults` runs it; scenarios.py is the table."""
