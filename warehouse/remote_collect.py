"""Removes from an object store what nobody needs any more, while others publish and read there.

In two phases, as in a folder, but without a lock: a release is marked as expired, and a day later at the earliest its
manifest is replaced by a few bytes (its number is never free again). Files that no release lists are deleted once they
are a day old: by then a publisher that uploaded them has committed or given up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from warehouse import collect, history, manifest, remote_history, remote_tags
from warehouse.collect import Collected, Keep
from warehouse.recover import Swept
from warehouse.remote import PROBES, Remote
from warehouse.remote_history import Listed


def collect_remote(home: Path, remote: Remote, keep: Keep) -> Collected:
    """One collection; `home` mirrors the store and is up to date. The caller holds both locks. Raises StorageError."""
    now, tagged = remote.now(), set(remote_tags.tags(remote).values())
    before = now - timedelta(hours=keep.grace_hours)
    removed = _remove(remote, remote_history.look(remote), tagged, before)
    old = collect.beyond(home, keep, tagged, now)
    for number, at in old.items():
        remote.create(remote_history.mark_of(number, at), b"")
    trees = collect.drop_trees(home, history.numbers(home), keep, tagged | old.keys())
    return Collected(tuple(old), removed, trees, _sweep(home, remote, before))


def _remove(remote: Remote, listed: Listed, tagged: set[int], before: datetime) -> tuple[int, ...]:
    """Replaces the manifests of releases that expired long enough ago; tagged ones are taken back instead."""
    removed = []
    for number, mark in sorted(listed.marks.items()):
        if number in listed.collected:
            continue
        if number in tagged:
            remote.delete([mark.key])
        elif mark.modified <= before:
            remote.replace(remote_history.key_of(number), remote_history.COLLECTED)
            remote.delete([remote_history.page_of(number)])
            removed.append(number)
    return tuple(removed)


def _sweep(home: Path, remote: Remote, before: datetime) -> Swept:
    """Deletes files that no release lists and that were written before that moment, and what probes left."""
    old = [item for item in remote.items(remote_history.DATA) if item.modified <= before]
    listed: set[str] = set()
    if old:
        # Looked at after the files: whatever was published by now keeps its own.
        present = remote_history.look(remote)
        numbers = (present.live.keys() | present.marks.keys()) - present.collected
        for number in numbers:
            listed |= _paths(home, remote, number)
    orphans = [item for item in old if item.key not in listed]
    remote.delete([item.key for item in orphans])
    remote.delete([item.key for item in remote.items(PROBES) if item.modified <= before])
    return Swept(files=len(orphans), bytes=sum(item.bytes for item in orphans))


def _paths(home: Path, remote: Remote, number: int) -> set[str]:
    """The data files that a release lists, from its image on this machine where there is one."""
    path = history.path_of(home, number)
    if path.exists():
        return manifest.referenced_paths(path)
    return {file.path for file in remote_history.read(remote, number)[0].files}
