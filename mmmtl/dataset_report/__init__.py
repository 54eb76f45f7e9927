"""Reports on data sets: statistics, errors and suspicious findings."""
