"""The contracts of the inputs, one file each."""
