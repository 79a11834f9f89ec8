"""What docs/bench-patrol.md says beside its numbers."""

from __future__ import annotations

from report import Paper

PREFACE = """\
Uploads go over HTTP to a service with one worker and are answered when they are stored; single fixes go to the phones' port and
are answered when they are on disk. Ratios are of one run. "Bare COPY" writes the same rows into one table with the same indexes
(key, BRIN of time), and with the key only; it does nothing else, and that table holds what those days held before. Reads are the
verbs that the routes call, in the database the service uses. A month of 5,000 workers is some hundred walks that went through the
product, given to others on other days with all that was made of them."""
PAPER = Paper(
    title="Patrols, measured",
    script="scripts/bench/patrol.py",
    preface=PREFACE,
    titles={
        "upload": "Files of one walk over HTTP, wall time",
        "steady": "Single fixes at a steady pace, the delay counted from the moment each was due",
        "month": "A month of a district, loaded in bulk",
        "cleaning": "Flags, speeds and stays of one track",
        "placing": "Placing by a row trigger",
        "growth": "Growth: the same uploads and phones while the table grows",
    },
    picture="Uploads and single fixes a second by the number of fixes in the table",
    growth="The table is filled by COPY, a million fixes of 5,000 workers a day; each day is a partition of its own.",
)
