# SPDX-License-Identifier: Apache-2.0
"""Pages of docs/ that are made from something else."""
