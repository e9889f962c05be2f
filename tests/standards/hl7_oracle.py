"""HL7 v2 as the `hl7` package reads it, which serves as the oracle."""

from __future__ import annotations

import hl7

from medtrust.standards.er7 import Message, messages


def agree(data: bytes) -> None:
    """Hold our segments, repetitions and components against those of the `hl7` package, which serves as the oracle."""
    data = data.rstrip()  # as the package does, also in the last field
    (ours,) = messages(data)
    assert isinstance(ours, Message)
    text = "\r".join(line for line in data.decode("utf-8-sig").splitlines() if line.strip())
    for mine, theirs in zip(ours.segments, hl7.parse(text), strict=True):
        assert mine.name == str(theirs[0])
        for field in range(3 if mine.name == "MSH" else 1, len(theirs)):
            if str(theirs[field]) == '""':
                continue
            assert mine.raw(field) == str(theirs[field])
            for repeat in theirs[field] if str(theirs[field]) else []:
                for number, component in enumerate(repeat if isinstance(repeat, list) else [repeat], 1):
                    assert mine.text(field, number, of=str(repeat)) == ours_unescaped(str(component))


def ours_unescaped(text: str) -> str:
    for sequence, character in (("\\T\\", "&"), ("\\S\\", "^"), ("\\R\\", "~"), ("\\F\\", "|")):
        text = text.replace(sequence, character)
    return text.strip()
