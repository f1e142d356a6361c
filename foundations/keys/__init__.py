"""Cache keys: what a stage's result depends on, and nothing else."""
