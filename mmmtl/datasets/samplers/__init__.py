"""Samplers: the order of samples in training and evaluation."""
