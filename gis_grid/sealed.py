"""Fields no database dump may show: encrypted at rest, found by keyed hash, masked on the way out.

AES-256-GCM with the key's number in front, so that keys can rotate; HMAC-SHA256 over the normalised value for search.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata
from functools import cache
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.types import TypeDecorator

from gis_grid.config import secret

KEY_NUMBER = 1


class Sealed(TypeDecorator[str]):
    """Text that is stored encrypted: one byte key number, 12 bytes nonce, cipher text with tag."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> bytes | None:
        return None if value is None else seal(value)

    def process_result_value(self, value: bytes | None, dialect: Any) -> str | None:
        return None if value is None else unseal(bytes(value))


def seal(text: str) -> bytes:
    """The encrypted form of `text`; never twice the same."""
    nonce = os.urandom(12)
    return bytes([KEY_NUMBER]) + nonce + _cipher(KEY_NUMBER).encrypt(nonce, text.encode(), None)


def unseal(stored: bytes) -> str:
    """The text behind `seal(text)`."""
    return _cipher(stored[0]).decrypt(stored[1:13], stored[13:], None).decode()


def fingerprint(text: str) -> bytes:
    """32 bytes that find the same value again and tell nothing else: HMAC-SHA256 of the normalised text."""
    return hmac.digest(_hash_key(), normal(text).encode(), "sha256")


def tail_mark(kind: str, text: str) -> int:
    """32 bits that find those whose `kind` of number ends in the same four characters; others may share them, so look again."""
    return int.from_bytes(hmac.digest(_hash_key(), f"{kind} {normal(text)[-4:]}".encode(), "sha256")[:4], signed=True)


def normal(text: str) -> str:
    """Full-width to half-width, upper case, no blanks or dashes: one number, one spelling."""
    return unicodedata.normalize("NFKC", text).upper().replace(" ", "").replace("-", "")


def mask_id(number: str) -> str:
    """The area part of an identity number, nothing else: the birth date stands beside it, so the last four would complete it."""
    keep = 6 if len(number) >= 15 else 1
    return number[:keep] + "*" * max(1, len(number) - keep)


def mask_phone(number: str) -> str:
    """135****5577."""
    return number[:3] + "****" + number[-4:] if len(number) >= 11 else number[:2] + "****" + number[-2:]


def mask_name(name: str) -> str:
    """王*, 王*明, 欧**娜: the first character and, from three on, the last."""
    if len(name) < 2:
        return name
    return name[0] + "*" if len(name) == 2 else name[0] + "*" * (len(name) - 2) + name[-1]


@cache
def _cipher(number: int) -> AESGCM:
    name = "field_key" if number == 1 else f"field_key_{number}"
    return AESGCM(hashlib.sha256(secret(name).encode()).digest())


@cache
def _hash_key() -> bytes:
    return hashlib.sha256(secret("hash_key").encode()).digest()
