"""What the tables are: pure declarations and Polars transforms. No orchestration, no I/O, no clock."""
