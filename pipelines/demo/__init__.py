"""A made-up business with known truth: the raw files behind `holdfast demo`.

`generate` writes a folder that is ready to run. Nothing here knows the warehouse: it makes input, not tables.
"""

from pipelines.demo.generate import generate

__all__ = ["generate"]
