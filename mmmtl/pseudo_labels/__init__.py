"""Pseudo labels: computed or predicted labels to train another network with."""
