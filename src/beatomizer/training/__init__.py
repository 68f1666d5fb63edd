"""Shards → run: recipes, losses, loop, checkpoints, export (torch)."""
