"""The warehouse as Dagster's steps reach it: one lock, one base release and one draft for a whole run."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from pipelines.asked import Asked
from pipelines.made_with import check_made_with
from pipelines.workspace import Workspace
from warehouse import catalog, config, mirror
from warehouse.draft import Draft
from warehouse.errors import UsageError
from warehouse.locks import RunLock
from warehouse.recover import beginning
from warehouse.releases import Releases
from warehouse.store import Store
from warehouse.transfers import quiet

POOL = "publisher"


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Holds the run lock from before the first step until after the last; the draft is named by the run's id.

    What killed runs left is swept before, what this one no longer needs after.
    """

    config_file: str = ""
    assets_folder: str = ""
    last_day: str = ""
    again_from: str = ""
    again_to: str = ""
    retake: bool = False
    _workspace: Workspace = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator["Warehouse", None, None]:
        """Raises UsageError without a configuration and PublishConflict while another run holds the warehouse."""
        if not self.config_file:
            raise UsageError(
                f"There is no {config.FILE_NAME} here and HOLDFAST_CONFIG is not set: name a configuration."
            )
        settings = config.load(Path(self.config_file))
        report = context.log.info if context.log else quiet
        if settings.remote is not None:
            mirror.adopt(settings.home, settings.remote)
        with RunLock(settings.home) as lock:
            _forget_dead_runs(context)
            releases = Releases(settings.home)
            releases.refresh(report, held=lock)
            check_made_with(settings, releases.head())
            releases.recover(held=lock)
            releases.complete_head(report)
            begun = beginning(settings.home)
            self._workspace = _open(settings, self.assets_folder, context)
            yield self
            releases.recover(held=lock, since=begun)

    @property
    def workspace(self) -> Workspace:
        return self._workspace

    @property
    def asked(self) -> Asked:
        return Asked.of(self.last_day, self.again_from, self.again_to, self.retake)


def _open(settings: config.Config, assets_folder: str, context: dg.InitResourceContext) -> Workspace:
    assert context.run is not None
    assert context.log is not None
    releases = Releases(settings.home)
    tables = catalog.load(Path(assets_folder) if assets_folder else None)
    return Workspace(
        config=settings,
        catalog=tables.for_sources(settings.sources),
        store=Store(settings.home),
        draft=Draft.open_or_create(settings.home, context.run.run_id, releases.head()),
        releases=releases,
        report=context.log.info,
    )


def _forget_dead_runs(context: dg.InitResourceContext) -> None:
    """Frees what killed runs still claim of the pool: under the lock no other run of this warehouse is alive."""
    storage = context.instance.event_log_storage if context.instance else None
    if storage is None or not storage.supports_global_concurrency_limits or POOL not in storage.get_concurrency_keys():
        return
    for run_id in storage.get_concurrency_run_ids() - {context.run.run_id if context.run else None}:
        storage.free_concurrency_slots_for_run(run_id)
