"""Names compare as people compare them."""

from hypothesis import given
from hypothesis import strategies as st

from tools.catalog.names import name_key, recording_key, slug


def test_spellings_of_one_name_are_equal() -> None:
    """Case, accents, punctuation and ampersands do not count."""
    assert name_key("Beyoncé") == name_key("BEYONCE")
    assert name_key("Simon & Garfunkel") == name_key("simon and garfunkel")
    assert name_key("AC/DC") == name_key("ac dc")


def test_recordings_ignore_remasters_and_guests() -> None:
    """A remaster and a guest credit are the same recording."""
    assert recording_key("Jealousy - Remastered 2011") == recording_key("Jealousy")
    assert recording_key("Essence (feat. Tems)") == recording_key("Essence")


def test_symbols_still_have_names() -> None:
    """A band may be called !!!."""
    assert name_key("!!!") == "!!!"
    assert slug("!!!")


@given(st.text(min_size=1))
def test_keys_are_stable(name: str) -> None:
    """Keying twice changes nothing, and every name has a slug without spaces."""
    assert name_key(name_key(name)) == name_key(name)
    assert " " not in slug(name) and ":" not in slug(name)
