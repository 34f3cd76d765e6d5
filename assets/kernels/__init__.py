"""What the largest tables count in numpy arrays: people, days and segment values as small numbers. Pure."""
