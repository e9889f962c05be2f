"""A consent as a letter to its patient, in English or Chinese: who, what, for what, where, when, how to withdraw."""

# ruff: noqa: RUF001 - the punctuation of Chinese is full-width.

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final

from medtrust.consent_terms import UNLIMITED, Confidentiality, Consent, DataClass, Purpose
from medtrust.consent_words import CLASS_WORDS, LABEL_WORDS, LANGUAGES, PURPOSE_WORDS, Language
from medtrust.errors import InputError
from medtrust.types import ZERO_HASH

__all__ = ["letter"]

_END_OF_CALENDAR: Final = 253_402_300_800
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)

_PHRASES: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "title": "Your consent",
        "patient": "Who agrees: you, under the address {}",
        "grantee": "Who may use your data: {}",
        "classes": "Which data: {}",
        "label": "How sensitive at most: {}",
        "data": "Data of which time: {}",
        "purposes": "For what: {}",
        "jurisdiction": "In which country: {}",
        "facility": "In which facility: {}",
        "window": "When: {}",
        "uses": "How often: {}",
        "onward": "Passing on: {}",
        "parent": "Under which consent: only while consent {} stands, and never wider than it",
        "document": "What you read: the document with the hash {}",
        "withdraw": "How to withdraw: at any time, for ever and without a reason, by the command\n"
        "  medtrust consent revoke {}\n"
        "or by asking anyone to send what you sign. It counts from its block on; what was read before stays read.",
        "id": "Number of this consent: {}",
        "any": "any",
        "none": "none",
        "unlimited": "without a limit, while it lasts",
        "times": "{} at most",
        "yes": "others may receive the data from it, under a consent no wider than this one",
        "no": "not allowed",
        "country": "the one with the number {:03} in ISO 3166-1 alone",
        "span": "from {} until before {}",
        "from": "from {}",
        "until": "until before {}",
        "comma": ", ",
        "time": "{0:%Y-%m-%d %H:%M:%S} UTC",
        "undefined": "and what nobody has defined ({})",
    },
    "zh": {
        "title": "您的同意书",
        "patient": "同意人：您本人，地址为 {}",
        "grantee": "可使用您数据的机构：{}",
        "classes": "数据类别：{}",
        "label": "最高敏感级别：{}",
        "data": "数据的时间范围：{}",
        "purposes": "用途：{}",
        "jurisdiction": "国家或地区：{}",
        "facility": "场所：{}",
        "window": "有效期：{}",
        "uses": "使用次数：{}",
        "onward": "转交：{}",
        "parent": "上级同意：仅在同意 {} 有效期间有效，且范围不得超出该同意",
        "document": "您阅读的文件：其哈希为 {}",
        "withdraw": "如何撤回：您可随时、永久、无需理由地撤回，命令为\n"
        "  medtrust consent revoke {}\n"
        "也可以由您签名，请任何人代为发送。撤回自其所在区块起生效；此前已被读取的内容无法收回。",
        "id": "本同意的编号：{}",
        "any": "不限",
        "none": "无",
        "unlimited": "有效期内不限次数",
        "times": "最多 {} 次",
        "yes": "他人可从该机构获得数据，但所依据的同意不得宽于本同意",
        "no": "不允许",
        "country": "仅限 ISO 3166-1 代码为 {:03} 的国家或地区",
        "span": "自 {} 起，至 {} 之前",
        "from": "自 {} 起",
        "until": "至 {} 之前",
        "comma": "、",
        "time": "{0.year}年{0.month}月{0.day}日 {0:%H:%M:%S}（UTC）",
        "undefined": "以及尚未定义的项目（{}）",
    },
}


def letter(consent: Consent, language: Language, names: Mapping[bytes, str] | None = None) -> str:
    """Write what a consent says as a letter to its patient, in "en" or "zh"; times are in UTC.

    `names` maps ids of organisations and facilities (32 bytes) to what people call them; one that is not there is shown
    as its id. Everything that narrows the consent is said, also where it is open. Raises `InputError` for another
    language.
    """
    if language not in LANGUAGES:
        raise InputError(place="language", found=repr(language), expected=" or ".join(LANGUAGES))
    return "\n".join(_Letter(consent, language, names or {}).lines()) + "\n"


class _Letter:
    """One consent in one language."""

    def __init__(self, consent: Consent, language: Language, names: Mapping[bytes, str]) -> None:
        self.consent = consent
        self.language = language
        self.names = names
        self.phrases = _PHRASES[language]

    def lines(self) -> list[str]:
        """Write the letter, line by line."""
        consent, terms = self.consent, self.consent.terms
        values = {
            "patient": consent.patient,
            "grantee": self._name(consent.grantee),
            "classes": self._classes(),
            "label": self._label(),
            "data": self._window(terms.data_from, terms.data_until),
            "purposes": self._purposes(),
            "jurisdiction": self.phrases["country"].format(terms.jurisdiction) if terms.jurisdiction else self._any,
            "facility": self._name(terms.facility),
            "window": self._window(consent.access_from, consent.access_until),
            "uses": self._uses(),
            "onward": self.phrases["yes" if terms.onward else "no"],
        }
        hashes = {"parent": terms.parent, "document": terms.document}
        values.update({name: _hex(value) for name, value in hashes.items() if value != ZERO_HASH})
        values.update({"withdraw": _hex(consent.id), "id": _hex(consent.id)})
        title = self.phrases["title"]
        return [title, "", *(self.phrases[name].format(value) for name, value in values.items())]

    @property
    def _any(self) -> str:
        return self.phrases["any"]

    def _name(self, id_: bytes) -> str:
        return self._any if id_ == ZERO_HASH else self.names.get(id_, _hex(id_))

    def _purposes(self) -> str:
        mask = self.consent.terms.purposes
        return self._list([words[self.language] for one, words in PURPOSE_WORDS.items() if one & mask], mask, Purpose)

    def _classes(self) -> str:
        mask = self.consent.terms.data_classes
        return self._list([words[self.language] for one, words in CLASS_WORDS.items() if one & mask], mask, DataClass)

    def _list(self, words: list[str], mask: int, kind: type[Purpose] | type[DataClass]) -> str:
        undefined = mask & ~sum(kind)
        more = [self.phrases["undefined"].format(hex(undefined))] if undefined else []
        return self.phrases["comma"].join([*words, *more]) or self.phrases["none"]

    def _label(self) -> str:
        level = min(self.consent.terms.sensitivity, Confidentiality.V)
        if level == 0:
            return self.phrases["none"]
        return f"{LABEL_WORDS[Confidentiality(level)][self.language]} ({Confidentiality(level).name})"

    def _uses(self) -> str:
        uses = self.consent.max_uses
        return self.phrases["unlimited"] if uses == UNLIMITED else self.phrases["times"].format(uses)

    def _window(self, start: int, until: int) -> str:
        """Say a half-open window; a bound of zero, or beyond the calendar, does not bind."""
        has_end = 0 < until < _END_OF_CALENDAR
        moments = [self._moment(start)] * (start > 0) + [self._moment(until)] * has_end
        return self.phrases[("span" if start else "until") if has_end else ("from" if start else "any")].format(
            *moments
        )

    def _moment(self, seconds: int) -> str:
        moment = _EPOCH + timedelta(seconds=min(seconds, _END_OF_CALENDAR - 1))
        return self.phrases["time"].format(moment)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
