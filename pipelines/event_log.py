"""Dagster's event log with its connections kept open and less written twice: a third of the time, half of the bytes.

A range run writes two events for each table and month. Dagster opens a new connection for every one of them and waits
for the disk each time; the log is a record of runs, not data, so here the disk may take its time. Each event goes into
the log of its run and into the index of all; here the index has every month of every table, the run's log only the
first one of each, and of what is planned only the release is noted: if the run fails, its months show as failed.
The versions of a table's inputs are the same for every month of a run, so they are noted with the first, and looked
up once for all tables made from it. A check is about all months, so it is noted once and not for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from dagster import AssetKey, DagsterEventType, EventLogEntry
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned
from dagster._core.events import StepMaterializationData
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.base import AssetRecord
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import QueuePool

BUSY_SECONDS = 60
# Events have one or two thousand bytes: in pages of four thousand a third of a file would be air.
INDEX_PAGE_BYTES, RUN_PAGE_BYTES = 16_384, 8_192
CACHE_KILOBYTES = 32_768  # the index of years; its pages are read once and not for each question
RELEASE = "release"


class PooledSqliteEventLog(SqliteEventLogStorage):
    """Reads and writes the very files of its base class; other processes may have them open too."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, sqlalchemy.Engine] = {}
        self._told: set[tuple[str, str]] = set()
        self._versions: dict[AssetKey, dict[tuple[object, ...], Mapping[str, Mapping[str, str]]]] = {}
        self._records: dict[AssetKey, AssetRecord] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Any,  # noqa: ANN401 (as the base class has it)
    ) -> PooledSqliteEventLog:
        return cls(inst_data=inst_data, **config_value)

    def store_event(self, event: EventLogEntry) -> None:
        happened = event.dagster_event
        table = happened.asset_key.to_user_string() if happened and happened.asset_key else ""
        kind = happened.event_type if happened else None
        if kind == DagsterEventType.ASSET_MATERIALIZATION_PLANNED and table != RELEASE:
            return
        if happened and happened.asset_key:
            self._records.pop(happened.asset_key, None)
            if kind == DagsterEventType.ASSET_MATERIALIZATION:
                self._versions.pop(happened.asset_key, None)
        if kind == DagsterEventType.ASSET_MATERIALIZATION and (event.run_id, table) in self._told:
            self._store_in_index_only([_without_versions(event)])
            return
        if kind == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            event = _of_all_months(event)
        super().store_event(event)
        if kind == DagsterEventType.ASSET_MATERIALIZATION:
            self._told.add((event.run_id, table))

    def get_asset_records(self, asset_keys: Sequence[AssetKey] | None = None) -> Sequence[AssetRecord]:
        """As the base class has it; kept until something happens to the table."""
        if asset_keys is None:
            return super().get_asset_records()
        unknown = [key for key in asset_keys if key not in self._records]
        for record in super().get_asset_records(unknown) if unknown else ():
            self._records[record.asset_entry.asset_key] = record
        return [self._records[key] for key in asset_keys if key in self._records]

    def get_latest_tags_by_partition(
        self,
        asset_key: AssetKey,
        event_type: DagsterEventType,
        tag_keys: Sequence[str],
        asset_partitions: Sequence[str] | None = None,
        before_cursor: int | None = None,
        after_cursor: int | None = None,
    ) -> Mapping[str, Mapping[str, str]]:
        """As the base class has it; kept until the table is made. (Nobody else makes tables while a run does.)"""
        partitions = None if asset_partitions is None else tuple(asset_partitions)
        asked = (event_type, tuple(tag_keys), partitions, before_cursor, after_cursor)
        known = self._versions.setdefault(asset_key, {})
        if asked not in known:
            known[asked] = super().get_latest_tags_by_partition(
                asset_key, event_type, tag_keys, asset_partitions, before_cursor, after_cursor
            )
        return known[asked]

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """The months of one table are one transaction, all but the first; what is planned is stored one by one."""
        first, *others = events
        self.store_event(first)
        happened = [event.dagster_event for event in others]
        if all(one is not None and one.event_type == DagsterEventType.ASSET_MATERIALIZATION for one in happened):
            self._store_in_index_only([_without_versions(event) for event in others])
        else:
            for event in others:
                self.store_event(event)

    def _store_in_index_only(self, events: Sequence[EventLogEntry]) -> None:
        """The months of one table; the last of them is the one that the table's own entry shows."""
        with self.index_transaction() as connection:
            stored = [connection.execute(self.prepare_insert_event(event)).inserted_primary_key for event in events]
            numbers = [int(key[0]) for key in stored if key is not None]
            self._store_asset_event_tags(connection, events, numbers)
            self._store_asset_event(connection, events[-1], numbers[-1])

    def dispose(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock:
            engine = self._engines.get(shard) or self._open(shard)
            with engine.begin() as connection:
                yield connection

    def _open(self, shard: str) -> sqlalchemy.Engine:
        engine = sqlalchemy.create_engine(
            self.conn_string_for_shard(shard),
            poolclass=QueuePool,
            pool_use_lifo=True,  # in turns, each would lose its cache by what the other writes
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        )
        self._initdb(engine)
        self._engines[shard] = engine
        return engine

    def _initdb(self, engine: sqlalchemy.Engine, for_index_shard: bool = False) -> None:
        def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 (the driver's own type)
            page_bytes = INDEX_PAGE_BYTES if for_index_shard else RUN_PAGE_BYTES
            connection.execute(f"PRAGMA page_size = {page_bytes}")  # of a new file; an older one keeps its own
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KILOBYTES}")

        sqlalchemy.event.listen(engine, "connect", prepare)
        super()._initdb(engine, for_index_shard)


def _without_versions(event: EventLogEntry) -> EventLogEntry:
    happened = event.dagster_event
    assert happened is not None
    data = happened.event_specific_data
    assert isinstance(data, StepMaterializationData)
    plain = StepMaterializationData(data.materialization._replace(tags={}))
    return event._replace(dagster_event=happened._replace(event_specific_data=plain))


def _of_all_months(event: EventLogEntry) -> EventLogEntry:
    happened = event.dagster_event
    assert happened is not None
    planned = happened.event_specific_data
    assert isinstance(planned, AssetCheckEvaluationPlanned)
    whole = AssetCheckEvaluationPlanned(asset_key=planned.asset_key, check_name=planned.check_name)
    return event._replace(dagster_event=happened._replace(event_specific_data=whole))
