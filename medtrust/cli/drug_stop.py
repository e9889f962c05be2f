"""Drug safety: suspects, recalls and how far they have come, who was told, and scans that cannot be true."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    answer,
    organisation,
    receipt_answer,
    table,
    time_of,
)
from medtrust.cli.drug_options import ByOption, FileArgument, UnitOption, goods_of, name_of
from medtrust.drugs import RecallClass, RecallDepth
from medtrust.errors import CheckRefused, InputError
from medtrust.files import read_json
from medtrust.goods import Goods
from medtrust.reasons import committed
from medtrust.recall_effect import RecallEffect
from medtrust.travel import SPEED, Flag, flag_scans, read_sightings
from medtrust.types import ZERO_HASH

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the group of drugs."""
    for command in (recall, suspect, resolve, acknowledge, late, scans):
        app.command()(command)


def recall(
    file: FileArgument,
    by: Annotated[str | None, typer.Option("--by", help="The organisation that recalls.")] = None,
    class_: Annotated[
        int | None, typer.Option("--class", min=1, max=3, help="1 can kill, 2 can harm, 3 is unlikely to.")
    ] = None,
    depth: Annotated[str, typer.Option(help="What must come back: wholesale, retail or consumer.")] = "consumer",
    status: Annotated[bool, typer.Option("--status", help="Say how far the recall has come; sends nothing.")] = False,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Recall a lot, as its manufacturer or a regulator, for ever; or say how far a recall has come.

    With --status the exit code is 1 while a partner is late.
    """
    goods = goods_of(file, chain, None if status else as_)
    if status:
        effect = goods.recall_effect()
        answer(_plain(effect), lambda: _show(goods, effect), as_json=json_)
        if effect.late:
            raise typer.Exit(1)
        return
    if by is None or class_ is None:
        raise InputError(place="--by, --class", found="nothing", expected="who recalls, and how dangerous it is")
    if depth.upper() not in RecallDepth.__members__:
        raise InputError(place="--depth", found=repr(depth), expected="wholesale, retail or consumer")
    receipt = goods.recall(organisation(by), RecallClass(class_), depth=RecallDepth[depth.upper()])
    text = f"lot {goods.file.lot_number} is recalled, class {'I' * class_}, to {depth.lower()} depth"
    receipt_answer(receipt, text, as_json=json_, lot=goods.lot)


def suspect(
    file: FileArgument,
    by: ByOption,
    unit: UnitOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Stop one unit that you hold or made, or as its maker or a regulator the whole lot: it may not be genuine.

    What is on its way, or waits for its report, is stopped by its maker or a regulator.
    """
    goods = goods_of(file, chain, as_)
    receipt = goods.suspect(organisation(by), unit)
    receipt_answer(receipt, f"{_what(goods, unit)} is suspect and stays where it is", as_json=json_)


def resolve(
    file: FileArgument,
    by: ByOption,
    cleared: Annotated[bool, typer.Option("--cleared/--illegitimate", help="Whether it may be used again.")],
    unit: UnitOption = None,
    why: Annotated[str, typer.Option(help="In words; only a salted hash of it reaches the chain.")] = "",
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Decide what was stopped, as maker or regulator: it is free again, for a reason, or illegitimate for ever."""
    if cleared and not why:
        raise InputError(place="--why", found="nothing", expected="why it may be used again")
    goods = goods_of(file, chain, as_)
    salt, reason = committed(why) if why else (ZERO_HASH, ZERO_HASH)
    receipt = goods.resolve(organisation(by), unit, is_cleared=cleared, justification=reason)
    decided = "cleared" if cleared else "illegitimate, and its partners have 24 hours to acknowledge"
    kept = f"; keep the salt 0x{salt.hex()}" if why else ""
    receipt_answer(receipt, f"{_what(goods, unit)} is {decided}{kept}", as_json=json_, salt=salt)


def acknowledge(
    file: FileArgument,
    by: ByOption,
    unit: UnitOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Say that you know of a recall, or that a unit or a lot is illegitimate."""
    goods = goods_of(file, chain, as_)
    receipt = goods.acknowledge(organisation(by), unit)
    receipt_answer(receipt, f"{by} knows of {_what(goods, unit)}", as_json=json_)


def late(
    file: FileArgument,
    unit: UnitOption = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """List the partners that let 24 hours pass before they acknowledged; exit code 1 if there is one."""
    goods = goods_of(file, chain, None)
    found = goods.late(unit)
    text = "\n".join(map(name_of, found)) or f"nobody is late to acknowledge {_what(goods, unit)}"
    answer([{"organisation": one, "name": name_of(one)} for one in found], text, as_json=json_)
    if found:
        raise typer.Exit(1)


def scans(
    file: Annotated[Path, typer.Argument(help="The scans, as JSON: places, and for each scan time, place and code.")],
    speed: Annotated[float, typer.Option(min=1, help="How fast goods travel at most, in km/h.")] = SPEED,
    json_: JsonOption = False,
) -> None:
    """Find scans of one pack that cannot all be true: too far apart, or after its end; exit code 1 if there are any."""
    try:
        sightings = read_sightings(read_json(file))
    except InputError as error:
        raise error.within(str(file)) from None
    found = flag_scans(sightings, speed=speed)
    if json_:
        answer([_flag(one) for one in found], "", as_json=True)
    elif not found:
        answer(None, f"{len(sightings)} scans, and all of them can be true", as_json=False)
    else:
        raise CheckRefused(found[0].kind.upper(), "\n".join(one.sentence for one in found))
    if found:
        raise typer.Exit(1)


def _what(goods: Goods, unit: str | None) -> str:
    return goods.name(goods.item(unit).unit if unit else goods.lot)


def _flag(flag: Flag) -> dict[str, object]:
    pair = [{"at": one.at, "place": one.place.name, "end": one.is_end} for one in (flag.first, flag.second)]
    pack = {"gtin": flag.first.gtin, "serial": flag.first.serial}
    distance = None if flag.distance is None else round(flag.distance)
    return {"kind": flag.kind, **pack, "scans": pair, "distance": distance, "sentence": flag.sentence}


def _plain(effect: RecallEffect) -> dict[str, object]:
    return {
        "recalledAt": effect.recalled_at,
        "noticedAt": effect.noticed_at,
        "size": effect.size,
        "secured": effect.secured,
        "beyond": effect.beyond,
        "percentage": str(effect.percentage),
        "packs": {where.value: count for where, count in effect.packs.items()},
        "holders": [{"organisation": one, "packs": count} for one, count in effect.holders.items()],
        "dispensedSince": effect.dispensed_since,
        "answered": [{"organisation": one, "at": at} for one, at in effect.answered.items()],
        "answers": str(effect.answers),
        "waiting": list(effect.waiting),
        "late": list(effect.late),
    }


def _show(goods: Goods, effect: RecallEffect) -> None:
    title = f"lot {goods.file.lot_number}: {effect.percentage} % secured of what partners can secure"
    shown = table(title, "packs", "are")
    for where, count in effect.packs.items():
        shown.add_row(f"{count:,}", where.value)
    answer(None, shown, as_json=False)
    for holder, count in effect.holders.items():
        answer(None, f"{name_of(holder)} still has {count:,}", as_json=False)
    for one, at in effect.answered.items():
        answer(None, f"{name_of(one)} acknowledged at {time_of(at)}", as_json=False)
    for one in effect.waiting:
        answer(None, f"{name_of(one)} has not answered yet", as_json=False)
    for one in effect.late:
        answer(None, f"{name_of(one)} is late", as_json=False)
