"""Pages as PDF, one at a time: pango and pdfium in two threads at once write another font's empty boxes, or end the process."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

alone = threading.Lock()


def pdf_of(page: str, **options: Any) -> bytes:
    """The PDF of an HTML page; `options` as WeasyPrint's write_pdf takes them. Pictures stand in the page, nothing is fetched."""
    from weasyprint import HTML

    with alone:
        pdf: bytes = HTML(string=page, url_fetcher=_only_data()).write_pdf(**options)
    return pdf


@cache
def _only_data() -> Any:
    """Everything but data: addresses is refused, so that no page can reach a file or the network."""
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols={"data"}, fail_on_errors=False)
