"""Architectures, one file each with its configuration on top (torch)."""
