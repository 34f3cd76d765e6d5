"""Passes over users' active days as NumPy arrays, for what is counted of millions of rows. Pure, as all of assets/."""
