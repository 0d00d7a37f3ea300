"""Pages of docs/ that are made from something else."""
