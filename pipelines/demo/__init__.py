"""A made-up business with known truth: the raw files behind `holdfast demo`."""
