# SPDX-License-Identifier: Apache-2.0
"""A real Kubernetes on this machine, for the tests and for developers: see README.md."""
