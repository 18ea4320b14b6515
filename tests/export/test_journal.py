"""A journal keeps what it noted, whatever became of the process."""

import pytest

from napari_strata.export.errors import JournalError
from napari_strata.export.pixels.blocks import Block
from napari_strata.export.pixels.journal import Journal

BLOCKS = [Block(0, (0, 1, 2)), Block(0, (10, 0, 3)), Block(2, (7, 7, 7))]


def write(path, blocks=BLOCKS, fingerprint="one"):
    with Journal(path, fingerprint) as journal:
        for block in blocks:
            journal.add([block])


def test_what_was_noted_is_there_again(tmp_path):
    write(tmp_path / "journal")
    with Journal(tmp_path / "journal", "one") as journal:
        assert journal.finished == set(BLOCKS)


def test_a_new_journal_notes_nothing(tmp_path):
    with Journal(tmp_path / "journal", "one") as journal:
        assert journal.finished == set()


def test_it_goes_on_behind_what_is_there(tmp_path):
    write(tmp_path / "journal", BLOCKS[:1])
    write(tmp_path / "journal", BLOCKS[1:])
    with Journal(tmp_path / "journal", "one") as journal:
        assert journal.finished == set(BLOCKS)


def test_notes_are_in_the_file_before_it_is_closed(tmp_path):
    with Journal(tmp_path / "journal", "one") as journal:
        journal.add(BLOCKS)
        with Journal(tmp_path / "journal", "one") as other:
            assert other.finished == set(BLOCKS)


def test_cut_off_at_any_byte_it_keeps_whole_lines(tmp_path):
    path = tmp_path / "journal"
    write(path)
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        with Journal(path, "one") as journal:
            lines = sum(end <= length for end in ends)
            assert journal.finished == set(BLOCKS[: max(0, lines - 1)])
            journal.add([Block(9, (9,))])
        with Journal(path, "one") as journal:
            assert Block(9, (9,)) in journal.finished


def test_a_damaged_line_ends_it(tmp_path):
    path = tmp_path / "journal"
    write(path)
    text = path.read_bytes()
    path.write_bytes(text.replace(b"0 10,0,3", b"0 11,0,3"))
    with Journal(path, "one") as journal:
        assert journal.finished == {BLOCKS[0]}


def test_the_journal_of_another_export_is_refused_and_kept(tmp_path):
    path = tmp_path / "journal"
    write(path, fingerprint="one")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="another export"):
        Journal(path, "two")
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", [b"hello\n", b"\0" * 40, b"{"])
def test_what_is_no_journal_is_refused_and_kept(tmp_path, text):
    path = tmp_path / "journal"
    path.write_bytes(text)
    with pytest.raises(JournalError, match="no journal"):
        Journal(path, "one")
    assert path.read_bytes() == text


def test_a_journal_that_cannot_be_made_is_named(tmp_path):
    with pytest.raises(JournalError, match="nowhere"):
        Journal(tmp_path / "nowhere" / "journal", "one")
