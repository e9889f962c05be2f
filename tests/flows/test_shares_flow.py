"""Shares of a key: any two of three holders open an unconscious patient's record, each against the chain by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.consent import DataClass
from medtrust.emergency_reader import EmergencyReader
from medtrust.envelope import read_header
from medtrust.errors import CheckRefused, InputError
from medtrust.key_shares import join_shares, unwrap_share, wrap_share
from medtrust.record_service import RecordService
from medtrust.records import RecordStatus
from medtrust.sharing import Card, Deposit, Invited, share_record
from medtrust.signing import sign
from medtrust.types import name_hash
from tests.emergencies import emergency
from tests.hospitals import CONTENT, NEXT, hold
from tests.tourists import (
    DOCTOR_KEY,
    HOLDERS,
    KEYS,
    ask_in_emergency,
    circle_of,
    keeper_of,
    open_everything,
    receive_the_tourist,
    vault_of,
)

WHY = name_hash("unconscious, no papers, and a salt")


@pytest.fixture
def circle(world, tmp_path):
    """A record that is shared among three."""
    receive_the_tourist(world)
    with circle_of(world, tmp_path) as made:
        yield made


@pytest.fixture
def quiet(world, tmp_path):
    """The same, and no service runs."""
    receive_the_tourist(world)
    with circle_of(world, tmp_path, is_served=False) as made:
        yield made


@pytest.fixture
def doctors(world) -> EmergencyReader:
    """The doctor of the hospital."""
    return EmergencyReader(world.acting_as("doctor"), world.hospital, DOCTOR_KEY)


def refused(act, *arguments) -> str:
    with pytest.raises(CheckRefused) as caught:
        act(*arguments)
    return caught.value.reason


class TestOpen:
    """
    given a record shared among three holders, two of whom are needed
      when the doctor opens a session and reads   -> the same bytes; two holders were asked, the custodian was not
      when she looks for her session              -> it is found, and no other's
      when one holder does not answer             -> the two others open it, and the silent one is named
      when one holder lies                        -> the two others open it, and the liar is named
      when two do not hand out                    -> TooFewShares, and what each said
      when no session is open                     -> TooFewShares: NoEmergency from each
      when the session is over, or another's      -> the same
      when the patient withholds the class        -> the same
      when one share is there                     -> it does not open the envelope
      when there is a newer version               -> the older one, as SUPERSEDED
      when the custodian ended the key epoch      -> SharesTakenBack from each
    """

    def test_opens_in_one_act(self, world, circle, doctors):
        before = world.chain.block_number()
        assert doctors.find_session(circle.card) is None
        number = doctors.open_session(circle.card, WHY)
        opened = doctors.read(circle.card, number)
        assert (opened.content, opened.status, opened.refusals) == (CONTENT, RecordStatus.CURRENT, {})
        assert doctors.find_session(circle.card) == number
        assert world.chain.block_number() == before + 1
        assert circle.keeper.vault.get(circle.record).readers[0].organisation == world.clinic
        assert len(circle.keeper.vault.get(circle.record).readers) == 1

    def test_does_without_one_who_is_silent(self, world, circle, doctors):
        first = circle.card.sharing.holders[0]
        holders = (replace(first, service="http://127.0.0.1:9"), *circle.card.sharing.holders[1:])
        card = signed(world, replace(circle.card.sharing, holders=holders))
        for name in HOLDERS[1:]:
            vault_of(circle.holders[name].custodian).keep(deposit_of(circle, name, card))
        opened = doctors.read(card, doctors.open_session(card, WHY))
        assert opened.content == CONTENT
        assert list(opened.refusals) == [world.laboratory]
        assert "no service for records answers" in opened.refusals[world.laboratory]

    @pytest.mark.parametrize("lie", [{"raw": bytes(32)}, {"index": 2}, {"threshold": 3}])
    def test_names_a_liar(self, world, circle, doctors, monkeypatch, lie):
        liar = circle.holders["laboratory"]

        def tell(asked):
            told = RecordService.share(liar, asked)
            header = read_header(told.blob)
            share = replace(unwrap_share(header, told.share, DOCTOR_KEY), **lie)
            return replace(told, share=wrap_share(header, share, world.hospital, DOCTOR_KEY.public))

        monkeypatch.setattr(liar, "share", tell)
        opened = doctors.read(circle.card, doctors.open_session(circle.card, WHY))
        assert (opened.content, opened.refusals) == (CONTENT, {world.laboratory: "FalseShare"})

    def test_names_who_sends_another_envelope(self, world, circle, doctors, monkeypatch):
        liar = circle.holders["pharmacy"]
        honest = liar.share
        monkeypatch.setattr(liar, "share", lambda asked: replace(honest(asked), blob=circle.deposits[0].blob + b"x"))
        opened = doctors.read(circle.card, doctors.open_session(circle.card, WHY))
        assert (opened.content, opened.refusals) == (CONTENT, {world.pharmacy: "AnotherEnvelope"})

    def test_is_refused_with_one_share(self, world, circle, doctors):
        number = doctors.open_session(circle.card, WHY)
        for name in HOLDERS[1:]:
            (file,) = (circle.holders[name].custodian.vault.folder / "shares").glob("*.json")
            file.unlink()
        with pytest.raises(CheckRefused, match="1 shares, 2 are needed") as caught:
            doctors.read(circle.card, number)
        assert (caught.value.reason, str(caught.value).count("NotHeld")) == ("TooFewShares", 2)

    def test_one_share_opens_nothing(self, circle):
        deposit = circle.deposits[0]
        header = read_header(deposit.blob)
        share = unwrap_share(header, deposit.share, KEYS["laboratory"])
        assert refused(join_shares, header, [share]) == "TooFewShares"
        assert refused(join_shares, header, [replace(share, threshold=1)]) == "WrongShares"

    def _all_refuse(self, doctors, card, number, reason="NoEmergency"):
        with pytest.raises(CheckRefused) as caught:
            doctors.read(card, number)
        assert (caught.value.reason, str(caught.value).count(reason)) == ("TooFewShares", 3)

    def test_is_refused_without_a_session(self, world, circle, doctors):
        self._all_refuse(doctors, circle.card, 0)
        self._all_refuse(doctors, circle.card, open_everything(world, world.account("stranger").address))

    @pytest.mark.parametrize(("late", "is_open"), [(-1, True), (0, False), (1, False)])
    def test_is_refused_after_the_end(self, world, circle, doctors, late, is_open):
        number = doctors.open_session(circle.card, WHY, period=3600)
        until = world.suite.emergency.session_of(world.hospital, number).until
        world.chain.mine(seconds=until + late - world.chain.now())
        if is_open:
            assert doctors.read(circle.card, number).content == CONTENT
        else:
            self._all_refuse(doctors, circle.card, number)

    def test_is_refused_to_another(self, world, circle, doctors):
        number = doctors.open_session(circle.card, WHY)
        others = EmergencyReader(world.acting_as("hospital"), world.hospital, DOCTOR_KEY)
        self._all_refuse(others, circle.card, number)

    def test_is_refused_where_the_patient_withholds(self, world, circle, doctors):
        number = doctors.open_session(circle.card, WHY)
        emergency(world, "patient").change_rule(world.patient.address, DataClass.LABORATORY)
        self._all_refuse(doctors, circle.card, number)

    def test_opens_an_older_version_and_says_so(self, circle, doctors):
        circle.keeper.anchor(circle.keeper.store_next(circle.record, NEXT).record)
        opened = doctors.read(circle.card, doctors.open_session(circle.card, WHY))
        assert (opened.content, opened.status) == (CONTENT, RecordStatus.SUPERSEDED)

    def test_is_refused_when_taken_back(self, world, circle, doctors):
        number = doctors.open_session(circle.card, WHY)
        circle.keeper.suite.records.rotate(world.clinic, circle.record)
        self._all_refuse(doctors, circle.card, number, "SharesTakenBack")


class TestKeep:
    """
    given the deposit of a holder
      when kept again                                    -> nothing changes
      when the patient, class or threshold were changed  -> Signature
      when it is signed by someone else                  -> Signature
      when it is another holder's                        -> AnotherHolder, also relabelled (WrongKey), or NotAHolder
      when the share is not the one that is listed       -> FalseShare
      when the envelope is another                       -> AnotherEnvelope
      when the version is not on the chain               -> UNKNOWN
      when the file of the share is changed afterwards   -> VaultAltered
    given its files                                      -> mode 0600, and no key or content in them
    given a service that keeps no shares                 -> NotHeld
    given deposit and card as files                      -> they are read as they were written
    """

    def test_changes_nothing_when_kept_again(self, quiet):
        vault = quiet.vault_of("laboratory")
        kept = vault.get(quiet.card.sharing.id)
        assert vault.keep(quiet.deposits[0]) == kept

    @pytest.mark.parametrize("change", [{"patient": "0x" + "11" * 20}, {"data_class": 1}, {"threshold": 3}])
    def test_refuses_what_was_changed(self, quiet, change):
        forged = replace(quiet.card, sharing=replace(quiet.card.sharing, **change))
        keep = quiet.vault_of("laboratory").keep
        assert refused(keep, replace(quiet.deposits[0], card=forged)) == "Signature"

    def test_refuses_who_is_not_the_custodian(self, world, quiet):
        forged = signed(world, quiet.card.sharing, by="hospital")
        assert refused(quiet.vault_of("laboratory").keep, replace(quiet.deposits[0], card=forged)) == "Signature"

    def test_refuses_the_share_of_another(self, world, quiet, tmp_path):
        keep, others = quiet.vault_of("laboratory").keep, quiet.deposits[1]
        assert refused(keep, others) == "AnotherHolder"
        relabelled = replace(others, share=replace(others.share, holder=world.laboratory))
        assert refused(keep, relabelled) == "WrongKey"
        maker = keeper_of_maker(world, tmp_path)
        assert refused(vault_of(maker).keep, quiet.deposits[0]) == "NotAHolder"

    def test_refuses_a_false_share(self, world, quiet):
        first = quiet.deposits[0]
        header = read_header(first.blob)
        key = KEYS["laboratory"]
        share = replace(unwrap_share(header, first.share, key), raw=bytes(32))
        forged = replace(first, share=wrap_share(header, share, world.laboratory, key.public))
        assert refused(quiet.vault_of("laboratory").keep, forged) == "FalseShare"

    def test_refuses_another_envelope(self, quiet):
        other = replace(quiet.deposits[0], blob=quiet.deposits[0].blob + b"x")
        assert refused(quiet.vault_of("laboratory").keep, other) == "AnotherEnvelope"

    def test_refuses_what_is_not_on_the_chain(self, world, quiet):
        version = replace(quiet.card.sharing.version, number=2)
        forged = signed(world, replace(quiet.card.sharing, version=version))
        assert refused(quiet.vault_of("laboratory").keep, replace(quiet.deposits[0], card=forged)) == "UNKNOWN"

    def test_refuses_a_file_that_was_changed(self, quiet):
        vault, folder = quiet.vault_of("laboratory"), quiet.holders["laboratory"].custodian.vault.folder / "shares"
        (file,) = folder.glob("*.json")
        patient = quiet.card.sharing.patient
        file.write_text(file.read_text().replace(patient, "0x" + "11" * 20))
        assert refused(vault.get, quiet.card.sharing.id) == "VaultAltered"

    def test_files_open_nothing_by_themselves(self, quiet):
        folder = quiet.holders["laboratory"].custodian.vault.folder.parent
        files = [one for one in folder.rglob("*") if one.is_file()]
        share = unwrap_share(read_header(quiet.deposits[0].blob), quiet.deposits[0].share, KEYS["laboratory"])
        text = b"".join(one.read_bytes() for one in files)
        assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
        assert not any(one in text for one in (share.raw, share.raw.hex().encode(), CONTENT[:12]))

    def test_reverts_given_no_shares(self, world, quiet):
        service = RecordService(quiet.holders["laboratory"].custodian, emergency=lambda *_: True)
        asked = ask_in_emergency(world, service, quiet.card.sharing.id, 0)
        assert refused(service.share, asked) == "NotHeld"

    def test_files_are_read_as_they_were_written(self, quiet, tmp_path):
        quiet.card.write(tmp_path / "card.json")
        assert Card.read(tmp_path / "card.json") == quiet.card
        assert Deposit.from_json(quiet.deposits[0].to_json()) == quiet.deposits[0]


class TestShare:
    """
    given a holder whose key is not published, or another -> EncryptionKey
    given one holder twice, or numbers that make no sense -> InputError
    given no version that is anchored                     -> NotHeld
    given a key epoch that was ended                      -> KeyEpochEnded, until the next version is stored
    given a record that was shared
      when the unknown person was merged, or un-merged    -> the shares are taken back, and made anew for whom it is
    """

    def test_refuses_another_key(self, world, quiet):
        keeper, ours = quiet.keeper, quiet.holders["laboratory"].custodian
        wrong = [Invited(world.laboratory, "", KEYS["pharmacy"].public), Invited(world.maker, "", ours.key.public)]
        for one in wrong:
            with pytest.raises(CheckRefused) as caught:
                share_record(
                    keeper, quiet.record, [one, Invited(world.pharmacy, "", KEYS["pharmacy"].public)], threshold=2
                )
            assert caught.value.reason == "EncryptionKey"

    def test_reverts_given_numbers_that_make_no_sense(self, world, quiet):
        one = Invited(world.laboratory, "", KEYS["laboratory"].public)
        with pytest.raises(InputError, match="one of them twice"):
            share_record(quiet.keeper, quiet.record, [one, one], threshold=2)
        with pytest.raises(InputError, match="2 of 1"):
            share_record(quiet.keeper, quiet.record, [one], threshold=2)

    def test_reverts_given_no_version(self, world, quiet):
        held = quiet.keeper.store(
            NEXT, patient=world.patient.address, data_class=DataClass.LABORATORY, sensitivity=4, data_at=1
        )
        with pytest.raises(CheckRefused, match="NotHeld"):
            share_record(quiet.keeper, held.record, [], threshold=2)

    def test_waits_for_the_next_version(self, world, quiet):
        keeper, invited = quiet.keeper, invited_of(quiet)
        keeper.suite.records.rotate(world.clinic, quiet.record)
        assert refused(share_two, keeper, quiet.record, invited) == "KeyEpochEnded"
        keeper.anchor(keeper.store_next(quiet.record, CONTENT).record)
        assert share_two(keeper, quiet.record, invited)[0].sharing.version.number == 2

    def test_follows_a_merge(self, world, quiet):
        keeper = quiet.keeper
        unknown, hers = keeper.receive("ED-2026-117").pseudonym, world.patient.address
        record = hold(world, keeper, patient=unknown).record
        holder = quiet.holders["laboratory"]

        def outcome(card, deposit, session):
            quiet.vault_of("laboratory").keep(deposit)
            try:
                holder.share(ask_in_emergency(world, holder, card.sharing.id, session))
            except CheckRefused as error:
                return error.reason
            return "handed out"

        card, (first, *_) = share_two(keeper, record, invited_of(quiet))
        of_unknown, of_patient = open_everything(world, unknown), open_everything(world)
        assert [outcome(card, first, one) for one in (of_unknown, of_patient)] == ["handed out", "NoEmergency"]
        keeper.merge(unknown, hers, why="her brother knew her")
        assert outcome(card, first, of_unknown) == "SharesTakenBack"
        keeper.anchor(keeper.store_next(record, CONTENT).record)
        card, (first, *_) = share_two(keeper, record, invited_of(quiet))
        assert [outcome(card, first, one) for one in (of_unknown, of_patient)] == ["NoEmergency", "handed out"]
        keeper.unmerge(unknown, why="it was another woman")
        assert outcome(card, first, of_patient) == "SharesTakenBack"
        assert world.suite.records.key_epoch_of(world.clinic, record) == 2


def invited_of(circle):
    """The holders anew."""
    return [Invited(one.custodian.organisation, "", one.custodian.key.public) for one in circle.holders.values()]


def share_two(keeper, record, invited):
    return share_record(keeper, record, invited, threshold=2)


def signed(world, sharing, by="clinic") -> Card:
    digest = Card(sharing, b"").digest(world.suite)
    return Card(sharing, sign(bytes(world.account(by).key), digest))


def deposit_of(circle, name, card) -> Deposit:
    return replace(circle.deposits[HOLDERS.index(name)], card=card)


def keeper_of_maker(world, folder):
    KEYS.setdefault("maker", KEYS["insurer"])
    return keeper_of(world, "maker", folder)
