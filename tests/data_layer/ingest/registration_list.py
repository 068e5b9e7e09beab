"""AEMO's registration list as a workbook of one unit, to be saved, changed or spoilt."""

from __future__ import annotations

import openpyxl

HEADINGS = (
    "Participant",
    "Station Name",
    "Region",
    "Dispatch Type",
    "Fuel Source - Primary",
    "DUID",
    "Reg Cap generation (MW)",
)


def of_one_unit(capacity: object, title: str = "PU and Scheduled Loads") -> openpyxl.Workbook:
    """The unit X1, a battery's load; its capacity as the sheet ``title`` has it, AEMO's "-" included."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    sheet.append(HEADINGS)
    sheet.append(["A", "Farm", "SA1", "Load", "Battery Storage", "X1", capacity])
    return book
