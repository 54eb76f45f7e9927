"""Many runs: tables, single-task baselines, paired tests."""
