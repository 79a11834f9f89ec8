"""Expat as all XML formats use it: in pieces, entity declarations refused (no bombs, nothing fetched)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any
from xml.parsers import expat

PIECE = 1 << 19
_MOST_WITHOUT_TAGS = 4  # pieces: expat looks at an unfinished one from its beginning each time, and would do so for minutes


def new_parser() -> Any:
    """An expat parser that refuses entity declarations."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.EntityDeclHandler = _refuse_entities
    return parser


@contextmanager
def faults() -> Iterator[None]:
    """What expat finds wrong, as a ValueError with a sentence."""
    try:
        yield
    except expat.ExpatError as fault:
        raise ValueError(f"不是有效的 XML（第 {fault.lineno} 行）") from None
    except LookupError:
        raise ValueError("XML 声明的编码不认识，请存为 UTF-8") from None


def checked(stream: IO[bytes]) -> Iterator[bytes]:
    """The file piece by piece; ValueError where megabytes follow each other without any tag."""
    without = 0
    while piece := stream.read(PIECE):
        without = 0 if b"<" in piece or b">" in piece else without + 1
        if without >= _MOST_WITHOUT_TAGS:
            raise ValueError("不是有效的 XML：有几兆字节没有任何标签")
        yield piece


def pieces(stream: IO[bytes], start: Callable[[str, Any], None], end: Callable[[str], None], words: list[str]) -> Iterator[None]:
    """Feed the file piece by piece to start(name, attributes) and end(name); `words` gets the text. Yields after each piece."""
    parser = new_parser()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, words.append
    with faults():
        for piece in checked(stream):
            parser.Parse(piece, False)
            yield
        parser.Parse(b"", True)


def _refuse_entities(*_: Any) -> None:
    raise ValueError("含有实体声明（ENTITY），已拒绝")
