"""Sealed fields: never the same twice, found by fingerprint, masked."""

from __future__ import annotations

from gis_grid import sealed


def test_sealing_hides_and_gives_back(database) -> None:
    one, other = sealed.seal("10000000001"), sealed.seal("10000000001")
    assert one != other
    assert b"10000000001" not in one
    assert sealed.unseal(one) == "10000000001"


def test_one_number_one_fingerprint(database) -> None:
    assert sealed.fingerprint("11010519491231002x") == sealed.fingerprint(" １１０１０５19491231002X ")
    assert sealed.fingerprint("1") != sealed.fingerprint("2")


def test_masks() -> None:
    assert sealed.mask_id("440308199901011234") == "440308************"
    assert sealed.mask_phone("13512345577") == "135****5577"
    assert "12345" not in sealed.mask_id("E12345678")
