"""Whether a candidate may be published."""
