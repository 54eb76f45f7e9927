"""Series of runs: tables, single-task baselines, paired tests."""
