"""A consent as a letter: everything that it says, in words, in each language; and the commands for other forms."""

# ruff: noqa: RUF001 - the punctuation of Chinese is full-width.

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medtrust import samples
from medtrust.cli.consent import app
from medtrust.consent_receipt import write_receipt
from medtrust.consent_rules import Record
from medtrust.consent_terms import UNLIMITED, Confidentiality, Consent, DataClass, Purpose, SignedConsent, Terms
from medtrust.consent_text import Standing, letter
from medtrust.consent_words import CLASS_WORDS, LABEL_WORDS, LANGUAGES, PURPOSE_WORDS
from medtrust.errors import InputError
from medtrust.signing import Domain
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, name_hash, organisation_id

HOSPITAL = "urn:gs1:gln:0614141000029"
WARD = name_hash("ward 3")
PARENT = name_hash("parent")
READ = name_hash("what the patient read")
NAMES = {organisation_id(HOSPITAL): "St. Brannoc Hospital", WARD: "Ward 3"}
RUNNER = CliRunner()


def utc(text):
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


@pytest.fixture
def consent(patient):
    """A consent that narrows everything."""
    terms = Terms(
        purposes=Purpose.TREAT | Purpose.HRESCH,
        data_classes=DataClass.IMMUNIZATION | DataClass.GENETICS,
        sensitivity=Confidentiality.R,
        jurisdiction=40,
        facility=WARD,
        data_from=utc("2020-01-01"),
        data_until=utc("2026-01-01"),
        onward=True,
        parent=PARENT,
        document=READ,
        salt=b"\x5a" * 32,
    )
    since, until = utc("2026-11-01"), utc("2027-02-01T18:30:00")
    return Consent(patient.address, organisation_id(HOSPITAL), since, until, 3, 0, terms)


@pytest.fixture
def plain(consent):
    """A consent that is open wherever it can be."""
    nothing = {"jurisdiction": 0, "facility": ZERO_HASH, "data_from": 0, "data_until": 0, "document": ZERO_HASH}
    terms = replace(consent.terms, **nothing, onward=False, parent=ZERO_HASH)
    return replace(consent, terms=terms, max_uses=UNLIMITED, access_from=0, access_until=2**64 - 1)


class TestWords:
    """given every purpose, class and label -> it has words in each language, and no two have the same"""

    @pytest.mark.parametrize(
        ("words", "kind"), [(PURPOSE_WORDS, Purpose), (CLASS_WORDS, DataClass), (LABEL_WORDS, Confidentiality)]
    )
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_none_is_missing(self, words, kind, language):
        assert list(words) == list(kind)
        found = [one[language] for one in words.values()]
        assert all(found)
        assert len(set(found)) == len(found)
        assert all(one.isascii() == (language == "en") for one in found)


class TestLetter:
    """
    given a consent that narrows everything -> the letter says all of it, in each language
      when any one thing changes            -> the letter changes
    given one that is open                  -> the letter says that, too
    given ids without names                 -> shown as ids
    given what nobody defined               -> said, never passed over
    when the language is another            -> InputError
    """

    def test_says_everything_in_english(self, consent):
        assert letter(consent, "en", NAMES).splitlines() == [
            "Your consent",
            "",
            f"Who agrees: you, under the address {consent.patient}",
            "Who may use your data: St. Brannoc Hospital",
            "Which data: vaccinations, genetics",
            "How sensitive at most: restricted (R)",
            "Data of which time: from 2020-01-01 00:00:00 UTC until before 2026-01-01 00:00:00 UTC",
            "For what: treating you, research",
            "On which condition: none",
            "In which country: the one with the number 040 in ISO 3166-1 alone",
            "In which facility: Ward 3",
            "When: from 2026-11-01 00:00:00 UTC until before 2027-02-01 18:30:00 UTC",
            "How often: 3 at most",
            "Passing on: others may receive the data from it, under a consent no wider than this one",
            f"Under which consent: only while consent 0x{PARENT.hex()} stands, and never wider than it",
            f"What you read: the document with the hash 0x{READ.hex()}",
            "How to withdraw: at any time, for ever and without a reason, by the command",
            f"  medtrust consent revoke 0x{consent.id.hex()}",
            "or by asking anyone to send what you sign. It counts from its block on; what was read before stays read.",
            f"Number of this consent: 0x{consent.id.hex()}",
        ]

    def test_says_everything_in_chinese(self, consent):
        text = letter(consent, "zh", NAMES)
        assert len(text.splitlines()) == len(letter(consent, "en", NAMES).splitlines())
        for said in (
            consent.patient,
            "St. Brannoc Hospital",
            "疫苗接种、遗传信息",
            "受限 (R)",
            "为您诊疗、医学研究",
            "040",
            "Ward 3",
            "2020年1月1日 00:00:00",
            "2027年2月1日 18:30:00",
            "最多 3 次",
            f"medtrust consent revoke 0x{consent.id.hex()}",
            "他人可从该机构获得数据",
            PARENT.hex(),
            READ.hex(),
        ):
            assert said in text

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_field_shows(self, consent, plain, language):
        """The id stands in the letter and changes with everything: without it, the words alone must tell two apart."""

        def words(one):
            return letter(one, language, NAMES).replace(one.id.hex(), "")

        outer = ("grantee", "access_from", "access_until", "max_uses")
        inner = ("jurisdiction", "facility", "data_from", "data_until", "onward", "parent", "document")
        changed = [replace(plain, **{name: getattr(consent, name)}) for name in outer if name != "grantee"]
        changed += [replace(plain, grantee=WARD), replace(plain, patient=ZERO_ADDRESS)]
        changed += [
            replace(plain, terms=replace(plain.terms, **{name: getattr(consent.terms, name)})) for name in inner
        ]
        masks = {"purposes": Purpose.BTG, "data_classes": DataClass.VISIT, "sensitivity": Confidentiality.U}
        changed += [replace(plain, terms=replace(plain.terms, **{name: one})) for name, one in masks.items()]
        assert len({words(plain), *map(words, changed)}) == 1 + len(changed) == 1 + 5 + 7 + 3

    def test_says_what_is_open(self, plain):
        lines = letter(plain, "en", NAMES).splitlines()
        assert "Data of which time: any" in lines
        assert "In which country: any" in lines
        assert "In which facility: any" in lines
        assert "When: any" in lines
        assert "How often: without a limit, while it lasts" in lines
        assert "Passing on: not allowed" in lines

    @pytest.mark.parametrize(
        ("since", "until", "said"),
        [
            (0, 86_400, "until before 1970-01-02 00:00:00 UTC"),
            (86_400, 2**64 - 1, "from 1970-01-02 00:00:00 UTC"),
            (0, 253_402_300_799, "until before 9999-12-31 23:59:59 UTC"),
            (0, 253_402_300_800, "any"),
        ],
    )
    def test_says_a_window_with_one_bound(self, plain, since, until, said):
        assert f"When: {said}" in letter(replace(plain, access_from=since, access_until=until), "en").splitlines()

    def test_shows_ids_without_names(self, consent):
        text = letter(consent, "en")
        assert f"Who may use your data: 0x{consent.grantee.hex()}\n" in text
        assert f"In which facility: 0x{WARD.hex()}\n" in text

    def test_says_what_nobody_defined(self, consent):
        undefined = replace(consent.terms, purposes=1 << 26 | 1, data_classes=1 << 31, sensitivity=0)
        lines = letter(replace(consent, terms=undefined), "en").splitlines()
        assert "For what: treating you, and what nobody has defined (0x4000000)" in lines
        assert "Which data: and what nobody has defined (0x80000000)" in lines
        assert "How sensitive at most: none" in lines
        empty = replace(consent.terms, purposes=0, data_classes=0, sensitivity=7)
        lines = letter(replace(consent, terms=empty), "en").splitlines()
        assert {"For what: none", "Which data: none", "How sensitive at most: very restricted (V)"} <= set(lines)

    def test_reverts_given_another_language(self, consent):
        with pytest.raises(InputError) as caught:
            letter(consent, "fr")
        assert (caught.value.place, caught.value.found, caught.value.expected) == ("language", "'fr'", "en or zh")


NOW = utc("2026-12-01")
GRANTED = utc("2026-11-02T08:00:00")
TRANSACTION = "0x" + "ab" * 32
EVERYTHING = sum(DataClass)
OPENED = "a doctor may open your data without asking, for hours, and someone else reviews each opening"


@pytest.fixture
def standing(consent):
    """A consent that was granted by the patient's key, and nothing else happened."""
    return Standing(NOW, Record(granted_at=GRANTED), TRANSACTION, True, consent.patient, 0, 0, 0)


def kept(standing, **changes):
    return replace(standing, record=replace(standing.record, **changes))


class TestStanding:
    """
    given a consent that was granted  -> the letter says so after the terms, and that nothing else happened
    given a guardian who granted it   -> said, with what is hidden from guardians
    given what happened since         -> each thing shows, in each language, and no two letters are the same
    given a consent that was only signed -> said
    given the terms ask to be accepted   -> said as a condition, not as a purpose
    """

    def test_says_how_it_stands(self, consent, standing):
        text = letter(consent, "en", NAMES, standing=standing)
        assert text.startswith(letter(consent, "en", NAMES))
        assert text.removeprefix(letter(consent, "en", NAMES)).splitlines() == [
            "",
            "How it stands on 2026-12-01 00:00:00 UTC",
            f"Granted: on 2026-11-02 08:00:00 UTC by you, in the transaction {TRANSACTION}",
            "What the organisation answered: not so far",
            "Used: not so far",
            "Withdrawn: not so far",
            "Who decides for you: you, with the key of your address",
            f"In an emergency: {OPENED}",
        ]

    def test_says_that_a_guardian_granted_it(self, consent, standing):
        by_guardian = replace(kept(standing, is_by_guardian=True), hidden=DataClass.SEXUAL_HEALTH)
        lines = letter(consent, "en", standing=by_guardian).splitlines()
        assert f"Granted: on 2026-11-02 08:00:00 UTC by a guardian of yours, in the transaction {TRANSACTION}" in lines
        assert "Hidden from your guardians: sexual and reproductive health" in lines
        assert "由您的监护人授予" in letter(consent, "zh", standing=by_guardian)
        assert "对监护人隐藏的数据：性与生殖健康" in letter(consent, "zh", standing=by_guardian)
        assert "Hidden" not in letter(consent, "en", standing=replace(by_guardian, record=standing.record))

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_change_shows(self, consent, standing, language, stranger):
        at = utc("2026-11-20")
        changed = [
            standing,
            kept(standing, granted_at=0),
            kept(standing, is_by_guardian=True),
            kept(standing, accepted_at=at),
            kept(standing, declined_at=at),
            kept(standing, uses=2, used_at=at),
            kept(standing, revoked_at=at),
            replace(standing, is_current=False),
            replace(standing, controller=stranger.address),
            replace(standing, frozen_until=NOW + 1),
            replace(standing, withheld=DataClass.GENETICS),
            replace(standing, withheld=EVERYTHING),
        ]
        told = [letter(consent, language, NAMES, standing=one) for one in changed]
        assert len(set(told)) == len(changed) == 12
        assert letter(consent, language, standing=replace(standing, frozen_until=NOW)) == letter(
            consent, language, standing=standing
        )

    @pytest.mark.parametrize(
        ("change", "en", "zh"),
        [
            (
                {"withheld": EVERYTHING},
                "emergency: nothing is opened, as you ruled",
                "紧急情况下：按您的规定，不得",
            ),
            (
                {"withheld": DataClass.GENETICS},
                "never opened, as you ruled: genetics",
                "绝不调阅：遗传信息",
            ),
            (
                {"is_current": False},
                "with all others of its time, for ever",
                "已与同期的其他同意一并永久撤回",
            ),
            ({"frozen_until": NOW + 1}, "frozen until before 2026-12-01 00:00:01 UTC", "冻结至 2026年12月1日 00:00:01"),
        ],
    )
    def test_says_it_in_words(self, consent, standing, change, en, zh):
        changed = replace(standing, **change)
        assert en in letter(consent, "en", standing=changed)
        assert zh in letter(consent, "zh", standing=changed)

    def test_says_that_it_was_only_signed(self, consent, standing):
        signed = replace(kept(standing, granted_at=0), transaction="")
        assert "Granted: not on the chain; your signature alone is the consent" in letter(
            consent, "en", standing=signed
        )

    def test_says_what_must_be_accepted_first(self, consent):
        bound = replace(consent, terms=replace(consent.terms, purposes=Purpose.TREAT | Purpose.OBLIGATION))
        lines = letter(bound, "en").splitlines()
        assert "For what: treating you" in lines
        assert "On which condition: only once the organisation has accepted its obligations" in lines
        assert "条件：仅在该机构接受其义务之后" in letter(bound, "zh").splitlines()


class TestCommands:
    """
    given a receipt -> a FHIR Consent on the terminal or in a file, with what is lost on stderr; a letter
      when both forms are asked for, or none, or the organisation is another -> InputError
    given a FHIR Consent -> its terms and the ledger; what says more is refused
    """

    @pytest.fixture
    def receipt(self, consent, tmp_path):
        file = tmp_path / "receipt.json"
        write_receipt(file, SignedConsent(consent, bytes(65), Domain("ConsentRegistry", "1", 1, ZERO_ADDRESS)))
        return str(file)

    def test_export_and_read(self, receipt, consent, tmp_path):
        file = str(tmp_path / "fhir.json")
        told = RUNNER.invoke(app, ["export", receipt, "--fhir", "--out", file])
        assert (told.exit_code, told.stderr) == (0, "not carried: consent.epoch, consent.terms.salt\n")
        value = json.loads(RUNNER.invoke(app, ["export", receipt, "--fhir", "--json"]).stdout)
        assert value["resource"] == json.loads(Path(file).read_text("utf-8"))
        assert value["consent"] == "0x" + consent.id.hex()
        assert {one["disposition"] for one in value["loss"]} == {"mapped", "dropped"}

        found = json.loads(RUNNER.invoke(app, ["read", file, "--json"]).stdout)
        assert (found["organisation"], found["patient"]) == (HOSPITAL, consent.patient)
        assert (found["purposes"], found["dataClasses"]) == (["TREAT", "HRESCH"], ["IMMUNIZATION", "GENETICS"])
        assert (found["sensitivity"], found["jurisdiction"], found["maxUses"]) == ("R", 40, 3)
        assert (found["accessFrom"], found["accessUntil"]) == (consent.access_from, consent.access_until)
        assert (found["onward"], found["parent"]) == (True, "0x" + PARENT.hex())
        assert "dropped" not in {one["disposition"] for one in found["loss"]}

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_export_a_letter(self, receipt, consent, tmp_path, language):
        names = {consent.grantee: f"St. Brannoc Hospital ({HOSPITAL})"}
        expected = letter(consent, language, names)
        told = RUNNER.invoke(app, ["export", receipt, "--text", language])
        assert (told.exit_code, told.stdout) == (0, expected)
        value = json.loads(RUNNER.invoke(app, ["export", receipt, "--text", language, "--json"]).stdout)
        assert (value["language"], value["text"]) == (language, expected)
        RUNNER.invoke(app, ["export", receipt, "--text", language, "--out", str(tmp_path / "letter.txt")])
        assert (tmp_path / "letter.txt").read_text("utf-8") == expected

    @pytest.mark.parametrize(
        ("options", "place"),
        [
            ([], "--fhir, --text"),
            (["--fhir", "--text", "en"], "--fhir, --text"),
            (["--fhir", "--grantee", "urn:gs1:gln:1"], "--grantee"),
        ],
    )
    def test_reverts_when_misused(self, receipt, options, place):
        result = RUNNER.invoke(app, ["export", receipt, *options])
        assert isinstance(result.exception, InputError)
        assert result.exception.place == place

    def test_read_shows_what_is_lost(self, tmp_path):
        file = tmp_path / "consent.json"
        file.write_bytes(samples.read("consent.json"))
        shown = RUNNER.invoke(app, ["read", str(file)]).stdout
        assert HOSPITAL in shown
        assert "Consent.policy[0].uri" in shown
        assert "Consent.provision.action" in shown
        assert "no limit" in shown

    def test_reverts_when_it_says_more(self, tmp_path):
        file = tmp_path / "consent.json"
        file.write_bytes(samples.read("consent.json").replace(b'"type": "permit"', b'"type": "deny"'))
        result = RUNNER.invoke(app, ["read", str(file), "--json"])
        assert isinstance(result.exception, InputError)
        assert (result.exception.file, result.exception.place) == (str(file), "Consent.provision.type")
        assert result.exception.found == "deny"
