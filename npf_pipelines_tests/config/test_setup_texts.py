"""Tests of npf_pipelines.config.setup_texts: the master setups in a bucket, and what a reading of them costs."""

import errno
import itertools
import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from upath import UPath

from npf_pipelines.config import setup_texts as module
from npf_pipelines.config.master_setup import SetupError
from npf_pipelines.config.place_files import delete_file
from npf_pipelines.config.removed_setups import archive_setup
from npf_pipelines.config.setup_edit import write_field
from npf_pipelines.config.setup_files import any_setup_file, load_master_setups, removed_clients, setup_file
from npf_pipelines.config.sku_file import sku_file_path
from npf_pipelines_tests.cluster.servers import BUCKET, running_s3
from npf_pipelines_tests.loop import write_setup

_numbers = itertools.count()


@pytest.fixture
def bucket() -> UPath:
    """A bucket with the setups of two clients."""
    folder = UPath(f"memory://setups-{next(_numbers)}/all [new]*?, Ann's 100%25")
    for client in ("acme", "bolt"):
        write_setup(folder, client, "https://shop.example")
    return folder


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the storage was asked for a listing and for a file's content."""
    counts: Counter[str] = Counter()
    ls, cat = MemoryFileSystem.ls, MemoryFileSystem.cat_file

    def counted_ls(self: MemoryFileSystem, *args: object, **options: object) -> object:
        counts["listings"] += 1
        return ls(self, *args, **options)

    def counted_cat(self: MemoryFileSystem, *args: object, **options: object) -> object:
        counts["files"] += 1
        return cat(self, *args, **options)

    monkeypatch.setattr(MemoryFileSystem, "ls", counted_ls)
    monkeypatch.setattr(MemoryFileSystem, "cat_file", counted_cat)
    return counts


@pytest.mark.parametrize(("young", "readings"), [(5.0, 4), (-60.0, 2)], ids=["just written", "old"])
def test_a_folders_file_is_read_again_if_it_is_young_or_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, young: float, readings: int
) -> None:
    monkeypatch.setattr(module, "_YOUNG", young)
    file, read = tmp_path / "acme.yaml", list[str]()
    plain = module._read

    def counted(path: Path) -> str:
        read.append(path.name)
        return plain(path)

    monkeypatch.setattr(module, "_read", counted)
    for text in ("id: acme", "id: bolt"):
        time.sleep(0.02)  # The times of files have a grain.
        file.write_text(text)
        assert [one.text for one in module.setup_texts(tmp_path) + module.setup_texts(tmp_path)] == [text] * 2
    assert len(read) == readings


def test_a_failed_reading_of_a_folders_file_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_YOUNG", -60.0)
    (tmp_path / "acme.yaml").write_text("id: acme")

    def too_many(_: Path) -> str:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as failing:
        failing.setattr(module, "_read", too_many)
        assert "Too many open files" in module.setup_texts(tmp_path)[0].problem
    assert module.setup_texts(tmp_path) == [module.SetupText(tmp_path / "acme.yaml", "id: acme")]


def test_they_are_those_of_a_folder(bucket: UPath) -> None:
    (bucket / "notes.txt").write_text("no setup")
    (bucket / "wrong.yaml").write_text("id: [")
    setups = load_master_setups(bucket)
    assert sorted(setups.clients) == ["acme", "bolt"]
    assert setups.files == {"acme": "acme.yaml", "bolt": "bolt.yaml"}
    (error,) = setups.errors
    assert error.startswith("wrong.yaml: ")
    assert str(setup_file(bucket, "acme")).endswith("/acme.yaml")


def test_a_reading_costs_a_listing_and_the_files_that_changed(bucket: UPath, asked: Counter[str]) -> None:
    load_master_setups(bucket)
    assert asked == {"listings": 1, "files": 2}
    load_master_setups(bucket)
    assert asked == {"listings": 2, "files": 2}
    write_setup(bucket, "bolt", "https://shop.example", mode="trial")
    assert load_master_setups(bucket)["bolt"].mode == "trial"
    assert asked == {"listings": 3, "files": 3}
    delete_file(bucket / "bolt.yaml")
    assert sorted(load_master_setups(bucket).clients) == ["acme"]


def test_a_bucket_that_is_away_is_never_no_clients(bucket: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    load_master_setups(bucket)

    class AwayError(Exception):
        """As botocore raises it: no OSError."""

    def away(*_: object, **__: object) -> None:
        raise AwayError("Could not connect to the endpoint URL")

    monkeypatch.setattr(MemoryFileSystem, "ls", away)
    with pytest.raises(SetupError, match=r"can't be read \(memory://.*Could not connect"):
        load_master_setups(bucket)
    monkeypatch.undo()
    with pytest.raises(SetupError, match="is missing"):
        load_master_setups(UPath("memory://no-such-folder"))


def test_a_name_is_no_pattern_and_a_bad_file_costs_its_client_alone(
    bucket: UPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bolt [old]", "acme*", "what?", "Ann's 50%"):
        (bucket / f"{name}.yaml").write_text("id: [")
    cat = MemoryFileSystem.cat_file

    def locked(self: MemoryFileSystem, path: str, *args: object, **options: object) -> object:
        if path.endswith("locked.yaml"):
            raise PermissionError("Access Denied")
        return cat(self, path, *args, **options)

    (bucket / "locked.yaml").write_text("id: [")
    monkeypatch.setattr(MemoryFileSystem, "cat_file", locked)
    for _ in range(2):
        setups = load_master_setups(bucket)
        assert sorted(setups.clients) == ["acme", "bolt"]
        assert len(setups.errors) == 5
        assert "locked.yaml: can't be read: Access Denied" in setups.errors


def test_a_file_that_cannot_be_got_stops_the_reading_and_is_asked_for_again(
    bucket: UPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryFileSystem, "cat_file", lambda *_, **__: (_ for _ in ()).throw(OSError("throttled")))
    with pytest.raises(SetupError, match="throttled"):
        load_master_setups(bucket)
    monkeypatch.undo()
    assert sorted(load_master_setups(bucket).clients) == ["acme", "bolt"]


def test_a_removed_client_is_archived_beside_the_others(bucket: UPath) -> None:
    file = any_setup_file(bucket, "acme")
    assert file
    sku_file_path(bucket, "acme").write_text("store_sku,warehouse_sku,quantity\n")
    archived = archive_setup(file, "acme", datetime(2026, 11, 27, tzinfo=UTC))
    assert str(archived).endswith("/removed/acme-20261127T000000Z.yaml")
    assert removed_clients(bucket) == {"acme"}
    assert not sku_file_path(bucket, "acme").exists(), "the next client of this id must not find the map"
    assert (bucket / "removed" / "acme-20261127T000000Z.skus.csv").exists()
    with pytest.raises(SetupError, match="was removed: its setup is memory://"):
        load_master_setups(bucket)["acme"]


def test_a_line_is_written_by_hand(bucket: UPath) -> None:
    with pytest.raises(SetupError, match=r"acme\.yaml: write the line `mode: live` by hand: the file is memory://"):
        write_field(bucket / "acme.yaml", "mode", "live")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[UPath]:
    """The same on an S3 server."""
    with running_s3() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield UPath(f"s3://{BUCKET}/clients", use_listings_cache=False, skip_instance_cache=True)
    assert os.environ["AWS_ENDPOINT_URL"]


def test_s3_shows_what_another_process_wrote(s3: UPath) -> None:
    with pytest.raises(SetupError, match="is missing"):
        load_master_setups(s3)
    write_setup(s3, "acme", "https://shop.example")
    assert load_master_setups(s3)["acme"].mode == "live"
    other = UPath(str(s3), use_listings_cache=False, skip_instance_cache=True)
    write_setup(other, "acme", "https://shop.example", mode="trial")
    write_setup(other, "bolt", "https://shop.example")
    setups = load_master_setups(s3)
    assert (sorted(setups.clients), setups["acme"].mode) == (["acme", "bolt"], "trial")
    assert module.setup_texts(s3)[0].text
