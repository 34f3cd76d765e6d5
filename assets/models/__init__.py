"""Models of what customers will do: pure functions of arrays, fitted by maximum likelihood. No tables, no frames."""
