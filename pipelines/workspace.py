"""What one run works with. Holds the parts together and does nothing itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pipelines.kept_rows import KeptRows
from warehouse.catalog import Catalog
from warehouse.config import Config
from warehouse.draft import Draft
from warehouse.manifest import Manifest
from warehouse.releases import Releases
from warehouse.store import Store


@dataclass(frozen=True, slots=True)
class Workspace:
    """One run's configuration, tables, files and draft; `report` takes a line of progress. What was read of the states
    for one table is kept in memory for the next."""

    config: Config
    catalog: Catalog
    store: Store
    draft: Draft
    releases: Releases
    report: Callable[[str], None]
    kept: KeptRows = field(default_factory=KeptRows, compare=False)

    def as_in(self, release: Manifest) -> Workspace:
        """The same, as a run finds it that begins from this release and has done nothing yet."""
        return replace(self, draft=Draft(self.config.home, f"{self.draft.run_id}.as-in", release))
