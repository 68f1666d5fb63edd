"""Hyper-parameter search from top to bottom: features, model, loss, optimiser."""
