# SPDX-License-Identifier: Apache-2.0
"""Plays fault scenarios against the real agent and compares what was sent, what both destinations
have stored, and the agent's ledger. `./dev faults` runs it; scenarios.py contains the table."""
