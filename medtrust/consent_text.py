"""A consent as a letter to its patient, in English or Chinese: who, what, for what, where, when, how to withdraw."""

# ruff: noqa: RUF001 - the punctuation of Chinese is full-width.

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from medtrust.consent_rules import Record
from medtrust.consent_terms import UNLIMITED, Confidentiality, Consent, DataClass, Purpose
from medtrust.consent_words import CLASS_WORDS, LABEL_WORDS, LANGUAGES, PURPOSE_WORDS, Language
from medtrust.errors import InputError
from medtrust.types import ZERO_HASH

__all__ = ["Standing", "letter"]

_END_OF_CALENDAR: Final = 253_402_300_800
_EVERYTHING: Final = sum(DataClass)
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
        "condition": "On which condition: {}",
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
        "standing": "How it stands on {}",
        "granted": "Granted: {}",
        "answered": "What the organisation answered: {}",
        "used": "Used: {}",
        "withdrawn": "Withdrawn: {}",
        "hidden": "Hidden from your guardians: {}",
        "controller": "Who decides for you: {}",
        "emergency": "In an emergency: {}",
        "by you": "on {} by you, in the transaction {}",
        "by guardian": "on {} by a guardian of yours, in the transaction {}",
        "only signed": "not on the chain; your signature alone is the consent, as long as your key decides for you",
        "accepted": "accepted on {}",
        "declined": "declined on {}",
        "used times": "{} so far, last on {}",
        "not": "not so far",
        "on": "on {}, for ever",
        "with all": "with all others of its time, for ever",
        "yourself": "you, with the key of your address",
        "another": "the key {}, which took the place of yours",
        "frozen": "{}; frozen until before {}: nothing is given until then",
        "opened": "a doctor may open your data without asking, for hours, and someone else reviews each opening",
        "but never": "{}; never opened, as you ruled: {}",
        "nothing opened": "nothing is opened, as you ruled",
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
        "condition": "条件：{}",
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
        "standing": "截至 {} 的状态",
        "granted": "授予情况：{}",
        "answered": "机构的答复：{}",
        "used": "使用情况：{}",
        "withdrawn": "撤回情况：{}",
        "hidden": "对监护人隐藏的数据：{}",
        "controller": "由谁代表您作决定：{}",
        "emergency": "紧急情况下：{}",
        "by you": "{}，由您授予，交易为 {}",
        "by guardian": "{}，由您的监护人授予，交易为 {}",
        "only signed": "尚未上链；在您的密钥仍代表您期间，您的签名本身即为同意",
        "accepted": "已于 {} 接受",
        "declined": "已于 {} 拒绝",
        "used times": "{} 次，最近一次在 {}",
        "not": "尚无",
        "on": "已于 {} 永久撤回",
        "with all": "已与同期的其他同意一并永久撤回",
        "yourself": "您本人，使用您地址的密钥",
        "another": "密钥 {}，已取代您原来的密钥",
        "frozen": "{}；冻结至 {} 之前，期间不授予任何权限",
        "opened": "医生可不经询问调阅您的数据数小时，每次调阅均由他人审查",
        "but never": "{}；按您的规定，绝不调阅：{}",
        "nothing opened": "按您的规定，不得调阅任何数据",
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


@dataclass(frozen=True)
class Standing:
    """What a chain says of a consent at a time; times are Unix seconds.

    `transaction` is that in which it was granted, "" if it was not. `is_current` says that the patient did not revoke
    everything since. `controller` is the address that decides for the patient, frozen until `frozen_until` (0 if it is
    not). `hidden` are the classes that the patient hides from guardians where the grantee is, `withheld` those that are
    never opened in an emergency, as bits of `DataClass`.
    """

    at: int
    record: Record
    transaction: str
    is_current: bool
    controller: str
    frozen_until: int
    hidden: int
    withheld: int


def letter(
    consent: Consent,
    language: Language,
    names: Mapping[bytes, str] | None = None,
    *,
    standing: Standing | None = None,
) -> str:
    """Write what a consent says as a letter to its patient, in "en" or "zh"; times are in UTC.

    `names` maps ids of organisations and facilities (32 bytes) to what people call them; one that is not there is shown
    as its id. Everything that narrows the consent is said, also where it is open. With `standing`, it says how the
    consent stands, too: who granted it, what the organisation answered, how often it was used, whether it was
    withdrawn, who decides for the patient, and what an emergency opens. Raises `InputError` for another language.
    """
    if language not in LANGUAGES:
        raise InputError(place="language", found=repr(language), expected=" or ".join(LANGUAGES))
    written = _Letter(consent, language, names or {})
    return "\n".join([*written.lines(), *(written.standing(standing) if standing else ())]) + "\n"


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
            "classes": self._classes(terms.data_classes),
            "label": self._label(),
            "data": self._window(terms.data_from, terms.data_until),
            "purposes": self._purposes(),
            "condition": self._condition(),
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

    def standing(self, now: Standing) -> Iterator[str]:
        """Write how the consent stands, line by line."""
        yield ""
        yield self._say("standing", self._moment(now.at))
        values = {
            "granted": self._granted(now),
            "answered": self._answered(now.record),
            "used": self._used(now.record),
            "withdrawn": self._withdrawn(now),
            "controller": self._controller(now),
        }
        if now.record.is_by_guardian:
            values["hidden"] = self._classes(now.hidden)
        values["emergency"] = self._emergency(now.withheld)
        yield from (self._say(name, value) for name, value in values.items())

    def _granted(self, now: Standing) -> str:
        if not now.record.granted_at:
            return self._say("only signed")
        how = "by guardian" if now.record.is_by_guardian else "by you"
        return self._say(how, self._moment(now.record.granted_at), now.transaction)

    def _answered(self, record: Record) -> str:
        if record.declined_at:
            return self._say("declined", self._moment(record.declined_at))
        return self._say("accepted", self._moment(record.accepted_at)) if record.accepted_at else self._say("not")

    def _used(self, record: Record) -> str:
        return self._say("used times", record.uses, self._moment(record.used_at)) if record.uses else self._say("not")

    def _withdrawn(self, now: Standing) -> str:
        if now.record.revoked_at:
            return self._say("on", self._moment(now.record.revoked_at))
        return self._say("not") if now.is_current else self._say("with all")

    def _controller(self, now: Standing) -> str:
        is_own = now.controller == self.consent.patient
        who = self._say("yourself") if is_own else self._say("another", now.controller)
        return self._say("frozen", who, self._moment(now.frozen_until)) if now.frozen_until > now.at else who

    def _emergency(self, withheld: int) -> str:
        if withheld & _EVERYTHING == _EVERYTHING:
            return self._say("nothing opened")
        opened = self._say("opened")
        return self._say("but never", opened, self._classes(withheld)) if withheld else opened

    def _say(self, phrase: str, *values: object) -> str:
        return self.phrases[phrase].format(*values)

    @property
    def _any(self) -> str:
        return self.phrases["any"]

    def _name(self, id_: bytes) -> str:
        return self._any if id_ == ZERO_HASH else self.names.get(id_, _hex(id_))

    def _purposes(self) -> str:
        mask = self.consent.terms.purposes & ~Purpose.OBLIGATION
        return self._list([words[self.language] for one, words in PURPOSE_WORDS.items() if one & mask], mask, Purpose)

    def _condition(self) -> str:
        is_bound = self.consent.terms.purposes & Purpose.OBLIGATION
        return PURPOSE_WORDS[Purpose.OBLIGATION][self.language] if is_bound else self.phrases["none"]

    def _classes(self, mask: int) -> str:
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
