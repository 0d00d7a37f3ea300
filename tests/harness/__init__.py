# SPDX-License-Identifier: Apache-2.0
"""Runs dualtrace's true programs, for the component tests and the demo."""
