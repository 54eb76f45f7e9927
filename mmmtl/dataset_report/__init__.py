"""Reports on datasets: statistics, errors and suspicious findings."""
