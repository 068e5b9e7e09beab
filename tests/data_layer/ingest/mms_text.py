"""Small MMS files made for a test: text, zips, zips of zips."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

SCADA_HEADER = "I,DISPATCH,UNIT_SCADA,1,SETTLEMENTDATE,DUID,SCADAVALUE,LASTCHANGED"
PRICE_HEADER = (
    "I,DISPATCH,PRICE,5,SETTLEMENTDATE,RUNNO,REGIONID,DISPATCHINTERVAL,INTERVENTION,RRP,EEP,ROP,APCFLAG,"
    "MARKETSUSPENDEDFLAG,LASTCHANGED,PRICE_STATUS"
)

SOLUTION_HEADER = (
    "I,DISPATCH,UNIT_SOLUTION,5,SETTLEMENTDATE,RUNNO,DUID,TRADETYPE,DISPATCHINTERVAL,INTERVENTION,INITIALMW,"
    "TOTALCLEARED,LASTCHANGED,AVAILABILITY,SEMIDISPATCHCAP,CONFORMANCE_MODE,UIGF"
)


def control(published: str = "2025/02/20,09:36:25") -> str:
    return (
        f"C,SETP.WORLD,DVD_DISPATCH_UNIT_SCADA,AEMO,PUBLIC,{published},0000000001,MONTHLY_ARCHIVE,0000000001"
    )


def scada(stamp: str, duid: str, value: object, changed: str = "2025/01/01 00:00:13") -> str:
    return f"D,DISPATCH,UNIT_SCADA,1,{stamp},{duid},{value},{changed}"


def price(
    stamp: str,
    region: str,
    rrp: object,
    *,
    run: int = 1,
    intervention: int = 0,
    changed: str = "2025/01/01 00:00:13",
) -> str:
    key = f"{stamp},{run},{region},20250101001,{intervention}"
    return f"D,DISPATCH,PRICE,5,{key},{rrp},0,{rrp},0,0,{changed},FIRM"


def solution(
    stamp: str,
    duid: str,
    uigf: object,
    cleared: object,
    *,
    intervention: int = 0,
    cap: int = 0,
    changed: str = "2025/01/01 00:00:13",
) -> str:
    key = f"{stamp},1,{duid},0,20250101001,{intervention}"
    return f"D,DISPATCH,UNIT_SOLUTION,5,{key},0,{cleared},{changed},{uigf},{cap},0,{uigf}"


def mms(*lines: str, published: str = "2025/02/20,09:36:25", footer: bool = True, end: str = "\r\n") -> bytes:
    """A whole file: control row, ``lines``, footer."""
    rows = [control(published), *lines]
    if footer:
        rows.append(f'C,"END OF REPORT",{len(rows) + 1}')
    return (end.join(rows) + end).encode()


def zipped(
    members: Mapping[str, bytes] | Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """A zip of the given members."""
    buffer = io.BytesIO()
    pairs = members.items() if isinstance(members, Mapping) else members
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in pairs:
            archive.writestr(name, data)
    return buffer.getvalue()
