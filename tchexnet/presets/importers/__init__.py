"""Readers of foreign checkpoints. None of them runs what a file asks for, and none imports what a file names."""
