"""What is asked of a store, what it may refuse, and that nothing of how it is reached gets out."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.releases.business import passed
from tests.remote import manners
from tests.remote.buckets import KEY, SECRET, Shop
from warehouse import address, config, remote
from warehouse.errors import StorageError, UsageError
from warehouse.remote import Remote

TOML = '[warehouse]\nroot = "{root}"\n[sources.events]\npath = "inbox/*.csv"\n'
Ask = Callable[[Remote], object]


def load(folder: Path, root: str, more: str = "") -> config.Config:
    file = folder / config.FILE_NAME
    file.write_text(TOML.format(root=root).replace("[sources", f"{more}\n[sources"))
    return config.load(file)


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/a/b", "gs://bucket/a", "az://container/a"])
def test_every_kind_of_address_makes_a_store(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    settings = load(tmp_path, url + "/")
    assert settings.remote == url
    assert settings.home.is_relative_to(tmp_path / ".holdfast")
    kinds = {"s3": "S3Store", "gs": "GCSStore", "az": "AzureStore"}
    store = remote._store(url)
    assert type(store).__name__ == kinds[url[:2]]
    assert (getattr(store, "prefix", None) or "") == url.partition("://")[2].partition("/")[2]


def test_each_store_has_its_own_cache_and_the_key_names_another(tmp_path: Path) -> None:
    homes = {load(tmp_path, f"s3://bucket/{name}").home for name in ("a", "b")}
    assert len(homes) == 2
    assert load(tmp_path, "s3://bucket/a", 'cache = "near"').home == tmp_path / "near" / "warehouse"
    with pytest.raises(UsageError, match=r"warehouse\.cache has a meaning only where root is an object store"):
        load(tmp_path, ".", 'cache = "near"')


@pytest.mark.parametrize(
    "root",
    ["s3://bucket/../other", "s3://bucket/a//b", "s3://bucket/.hidden", "s3://", "http://host/bucket", "file:///data"],
)
def test_an_address_that_leads_elsewhere_is_refused(root: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"warehouse\.root: .* is no address of an object store"):
        load(tmp_path, root)


@pytest.mark.parametrize(
    "root", ["s3://me:pa55word@bucket/a", "s3://bucket/a?X-Signature=pa55word", "az://c/a#pa55word"]
)
def test_credentials_in_an_address_are_refused_without_being_shown(root: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="credentials come from the environment") as refused:
        load(tmp_path, root)
    assert "pa55word" not in str(refused.value)


def test_create_writes_once(shop: Shop) -> None:
    assert shop.remote.create("a", b"1")
    assert not shop.remote.create("a", b"2")
    assert shop.remote.read("a") == b"1"
    assert shop.remote.honours_create()
    assert shop.keys("probes") == []


def test_a_store_that_ignores_the_condition_is_found_before_anything_is_published(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with manners.serve_with(manners.forgetting_conditions) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        remote._store.cache_clear()
        assert not shop.remote.honours_create()
        one = shop.machine()
        candidate = one.stage({"2026-09": 1})
        with pytest.raises(StorageError, match="two publishers could both win there"):
            one.releases.publish(candidate, passed(candidate))
        assert shop.keys("releases") == shop.keys("data") == shop.keys("probes") == []


def test_a_manifest_whose_answer_was_lost_is_published_all_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with manners.serve_with(manners.losing_answers) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setattr(remote, "RETRIES", 1)
        remote._store.cache_clear()
        assert shop.machine().publish({"2026-09": 1}).number == 1
        assert shop.machine("two").read(1) == [1]


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.items("releases"),
        lambda store: store.read("a"),
        lambda store: store.create("a", b""),
        lambda store: store.delete(["a"]),
        lambda store: list(store.chunks("a")),
    ],
    ids=["items", "read", "create", "delete", "chunks"],
)
def test_what_a_refusing_store_says_gets_no_further(shop: Shop, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    with manners.serve_with(manners.refusing) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        remote._store.cache_clear()
        with pytest.raises(StorageError, match=r"refuses \(403 Forbidden InvalidAccessKeyId\).*AWS_") as failed:
            ask(shop.remote)
    everything = "".join(traceback.format_exception(failed.value))
    assert KEY not in everything
    assert SECRET not in everything
    assert failed.value.__context__ is None


def test_a_store_out_of_reach_is_told_without_the_way_to_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://me:pa55word@127.0.0.1:9")
    monkeypatch.setattr(remote, "RETRIES", 0)
    remote._store.cache_clear()
    with pytest.raises(StorageError, match="the store cannot be reached") as failed:
        shop.remote.items("releases")
    assert "pa55word" not in "".join(traceback.format_exception(failed.value))


def test_no_such_bucket_is_told(shop: Shop) -> None:
    with pytest.raises(StorageError, match="there is no such bucket"):
        Remote("s3://nobody-has-this/shop").create("a", b"")


def test_scrubbed_text_keeps_what_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    text = f"at https://me:pw@host/a?sig={SECRET}, with {SECRET} of s3://bucket/a"
    assert address.scrubbed(text) == "at https://host/a, with *** of s3://bucket/a"


def test_what_the_store_lost_is_found_and_a_damaged_cache_mended(shop: Shop) -> None:
    one = shop.machine()
    release = one.publish({"2026-09": 1, "2026-10": 2})
    lost, altered = (file.path for file in release.files[:2])
    content = shop.remote.read(altered)
    shop.remote.delete([lost])
    shop.remote.replace(altered, content[:-1] + b"?")
    cached = one.home / altered
    cached.chmod(0o644)
    cached.write_bytes(content[:-1] + b"?")
    found = one.releases.inspect(deep=True)
    assert [(str(finding.path), finding.releases) for finding in found.findings] == [
        (shop.remote.address(lost), (1,)),
        (shop.remote.address(altered), (1,)),
    ]
    assert found.whole == ()
    assert one.releases.mend(deep=True)[0].startswith(f"removed {cached}, which was damaged")
    assert not cached.exists()
    shop.remote.replace(altered, content)
    assert one.store.path(release.files[1]).read_bytes() == content
