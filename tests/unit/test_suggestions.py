"""Hints for misspelled words."""

from __future__ import annotations

from ddbbackup.suggestions import suggest


def test_a_hint_names_the_known_word_that_is_nearest() -> None:
    assert suggest("tabels", ["tables", "labels"], otherwise="see the list") == "use `tables` instead"


def test_another_word_is_not_a_misspelling() -> None:
    assert suggest("retention", ["destination"], otherwise="see the list") == "see the list"


def test_a_word_that_resembles_none_gets_the_other_hint() -> None:
    assert suggest("xyz", ["tables"], otherwise="see the list") == "see the list"


def test_words_that_only_resemble_each_other_are_not_suggested() -> None:
    """Each of them could be meant, and does something else."""
    assert suggest("start", ["status", "restore"], otherwise="see the list") == "see the list"
    assert suggest("restart", ["restore"], otherwise="see the list") == "see the list"


def test_swapped_letters_are_one_misspelling() -> None:
    for word in ("nmae", "naem", "nam", "namee", "nane"):
        assert suggest(word, ["name"], otherwise="") == "use `name` instead"
    assert suggest("destnaton", ["destination"], otherwise="") == "use `destination` instead"


def test_upper_case_is_a_misspelling() -> None:
    for word in ("ORDERS", "Orders", "ORDRES"):
        assert suggest(word, ["customers", "orders"], otherwise="") == "use `orders` instead"
    assert suggest("Orders", ["orders", "ORDERS"], otherwise="") == "use `orders` instead"


def test_a_beginning_means_the_only_word_that_has_it() -> None:
    assert suggest("incr", ["export", "incremental"], otherwise="") == "use `incremental` instead"
    assert suggest("--yes-d", ["--yes", "--yes-delete"], otherwise="") == "use `--yes-delete` instead"
    assert suggest("res", ["restore", "resume"], otherwise="see the list") == "see the list"
    assert suggest("--", ["--yes"], otherwise="see the list") == "see the list"


def test_two_letters_mean_nothing() -> None:
    assert suggest("sh", ["bash", "zsh"], otherwise="see the list") == "see the list"
