# SPDX-License-Identifier: Apache-2.0
"""Runs dualtrace's real programs, for the component tests and the demo."""
