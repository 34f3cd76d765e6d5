"""Cleaning up in a store that others use at the same time."""

from __future__ import annotations

import pytest

from tests.releases.business import Business, passed
from tests.remote.buckets import Shop
from warehouse import remote_history
from warehouse.collect import Keep
from warehouse.errors import PublishConflict, StorageError, UsageError

AT_ONCE = Keep(releases=1, days=0, trees=1, grace_hours=0)
A_DAY_LATER = Keep(releases=1, days=0, trees=1, grace_hours=24)


def three_releases(shop: Shop) -> Business:
    one = shop.machine("one")
    for value in (1, 2, 3):
        one.publish({"2026-09": value})
    return one


def test_a_release_expires_first_and_goes_a_day_later(shop: Shop) -> None:
    one = three_releases(shop)
    files = {number: {file.path for file in one.releases.get(number).files} for number in (1, 2, 3)}
    published = [release.published_at for release in one.releases.headers()]
    done = one.releases.collect(A_DAY_LATER)
    assert (done.expired, done.removed, done.swept.files) == ((1, 2), (), 0)
    assert one.releases.numbers() == [3]
    assert set(shop.keys("data")) == files[1] | files[2] | files[3]
    two = shop.machine("two")
    assert two.releases.numbers() == [3]
    with pytest.raises(UsageError, match="Release 2, the newest at that time, has been collected"):
        two.releases.as_of(published[1])
    done = shop.machine("two").releases.collect(AT_ONCE)
    assert (done.expired, done.removed) == ((), (1, 2))
    assert set(shop.keys("data")) == files[3]
    assert shop.machine("two").read(3) == [3]
    assert shop.machine("one").releases.numbers() == [3]


def test_a_number_that_was_collected_is_never_free_again(shop: Shop) -> None:
    late = shop.machine("late")
    first = late.publish({"2026-09": 0})
    candidate = late.stage({"2026-10": 9})
    one = shop.machine("one")
    for value in (1, 2):
        one.publish({"2026-09": value})
    one.releases.collect(AT_ONCE)
    one.releases.collect(AT_ONCE)
    assert shop.remote.read(remote_history.key_of(2)) == remote_history.COLLECTED
    with pytest.raises(PublishConflict):
        late.releases.publish(candidate, passed(candidate))
    assert not shop.remote.create(remote_history.key_of(2), b"mine")
    assert (first.number, shop.machine("late").publish({"2026-10": 9}).number) == (1, 4)


def test_tagged_releases_stay_for_every_machine(shop: Shop) -> None:
    one = three_releases(shop)
    one.releases.tag("year-end", 1)
    one.releases.tag("year-end", 1)
    two = shop.machine("two")
    assert two.releases.tags() == {"year-end": 1}
    with pytest.raises(UsageError, match="The tag year-end is on release 1"):
        two.releases.tag("year-end", 3)
    assert two.releases.collect(AT_ONCE).expired == (2,)
    with pytest.raises(UsageError, match="no release 2 to tag"):
        two.releases.tag("too-late", 2)
    two.releases.untag("year-end")
    assert two.releases.tags() == {}
    assert two.releases.collect(AT_ONCE).expired == (1,)
    with pytest.raises(UsageError, match="no tag year-end"):
        two.releases.untag("year-end")


@pytest.mark.parametrize("name", ["../escape", "a/b", ".hidden", ""])
def test_a_tag_cannot_lead_elsewhere(shop: Shop, name: str) -> None:
    shop.machine().publish({"2026-09": 1})
    with pytest.raises(StorageError, match="cannot be the name of a tag"):
        shop.machine().releases.tag(name, 1)


def test_a_release_tagged_while_it_expired_comes_back(shop: Shop) -> None:
    one = three_releases(shop)
    one.releases.collect(A_DAY_LATER)
    shop.remote.create("tags/kept", b"1")
    assert one.releases.collect(AT_ONCE).removed == (2,)
    assert shop.machine("one").releases.numbers() == [1, 3]
    assert shop.machine("two").read(3) == [3]
    assert shop.machine("two").releases.get(1).published_at < shop.machine("two").releases.get(3).published_at


def test_a_cache_of_another_store_is_not_taken_for_this_one(shop: Shop) -> None:
    one = shop.machine()
    one.publish({"2026-09": 1})
    one.publish({"2026-09": 2})
    shop.remote.replace(remote_history.key_of(2), shop.remote.read(remote_history.key_of(2))[:-1])
    with pytest.raises(StorageError, match=r"Release 2 of .* is another in the store"):
        one.releases.refresh()
    shop.remote.delete([remote_history.key_of(2)])
    with pytest.raises(StorageError, match=r"Release 2 of .* is not in the store any more"):
        one.releases.refresh()
