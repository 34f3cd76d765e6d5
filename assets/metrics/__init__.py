"""The published tables, one file each."""
