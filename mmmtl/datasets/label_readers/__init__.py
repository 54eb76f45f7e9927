"""Readers of labels that are more than one array in a file."""
