# SPDX-License-Identifier: Apache-2.0
"""Generates the parts of docs/ that come from other files."""
