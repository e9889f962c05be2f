"""FHIR claims whose patient, visit, coverage and payer stand in other files: found there, and never guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medtrust import samples
from medtrust.cli.claim import app
from medtrust.visit_file import bills_in
from tests.standards.support import reading, refusal

CLAIM = json.loads(samples.read("visit_claim.json"))
KINDS = {"quint": "Patient", "clinic": "Organization", "insurer": "Organization", "coverage": "Coverage"}


def apart() -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The sample claim, and by name what it contains, each a resource of a file of its own."""
    text = json.dumps({name: value for name, value in CLAIM.items() if name != "contained"})
    inner = json.dumps(CLAIM["contained"])
    for name, kind in {**KINDS, "visit": "Encounter"}.items():
        text, inner = (one.replace(f'"#{name}"', f'"{kind}/{name}"') for one in (text, inner))
    return json.loads(text), {one["id"]: one for one in json.loads(inner)}


def files(*resources: dict[str, Any]) -> list[tuple[str, bytes]]:
    return [(f"{one['id']}.json", json.dumps(one).encode()) for one in resources]


class TestBeside:
    """
    given every resource beside the claim      -> the bill that the whole has; nothing else is read
    given a Bundle or NDJSON of them           -> the same
    when the patient is not among them         -> refused with the path of the reference
    when two patients go by one name           -> refused; nobody is guessed
    when a file beside is no JSON              -> refused with its name
    given a payer by its reference, a policy number -> the payer; the number where the coverage has none
    """

    def test_are_found(self) -> None:
        claim, inner = apart()
        found = reading(json.dumps(claim), beside=files(*inner.values()))
        whole = reading(json.dumps(CLAIM))
        assert found.refusals == ()
        assert [one.to_json() for one in found.objects] == [one.to_json() for one in whole.objects]
        assert len(bills_in(found.records)) == 1

    def test_are_found_in_a_bundle_or_lines(self) -> None:
        claim, inner = apart()
        entries = [{"fullUrl": f"urn:x:{name}", "resource": one} for name, one in inner.items()]
        bundle = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
        lines = b"\n".join(json.dumps(one).encode() for one in inner.values())
        expected = reading(json.dumps(CLAIM)).objects
        for beside in ([("all.json", bundle)], [("all.ndjson", lines)]):
            assert reading(json.dumps(claim), beside=beside).objects == expected

    def test_nobody_is_guessed(self) -> None:
        claim, inner = apart()
        others = [one for name, one in inner.items() if name != "quint"]
        place, found, _ = refusal(reading(json.dumps(claim), beside=files(*others)))
        assert (place, found) == ("visit.json:Encounter.subject.reference", "Patient/quint")
        twin = {**inner["quint"], "birthDate": "1990-01-01"}
        place, found, _ = refusal(reading(json.dumps(claim), beside=files(*inner.values(), twin)))
        assert (place, found) == (
            "visit.json:Encounter.subject.reference",
            "Patient/quint, which several resources are called",
        )

    def test_broken_files_are_refused(self) -> None:
        found = reading(json.dumps(CLAIM), beside=[("broken.json", b"{")])
        assert [(one.file, one.place) for one in found.refusals] == [("broken.json", "document")]

    def test_payers_and_policies_are_told(self, tmp_path: Path) -> None:
        claim, inner = apart()
        del inner["insurer"], inner["coverage"]["identifier"]
        (tmp_path / "claim.json").write_text(json.dumps(claim))
        words = ["import", str(tmp_path / "claim.json"), "--json"]
        for name, content in files(*inner.values()):
            (tmp_path / name).write_bytes(content)
            words += ["--with", str(tmp_path / name)]
        payer = ["--payer", "Organization/insurer=urn:gs1:gln:0614141000067"]
        for more, place in (([], "Claim.insurer"), (payer, "Claim.insurance[0].coverage.identifier")):
            result = CliRunner().invoke(app, [*words, *more])
            assert (result.exit_code, json.loads(result.stdout)["refused"][0]["place"]) == (1, place)
        result = CliRunner().invoke(app, [*words, *payer, "--policy-number", "MM-4471-882"])
        assert result.exit_code == 0
        whole = CliRunner().invoke(app, ["import", "-", "--json"], input=json.dumps(CLAIM))
        assert json.loads(result.stdout)["objects"] == json.loads(whole.stdout)["objects"]

    @pytest.mark.parametrize("command", ["import", "quote"])
    def test_a_file_that_is_not_there_is_a_misuse(self, tmp_path: Path, command: str) -> None:
        with samples.path("visit_claim.json") as visit, samples.path("plan.json") as plan:
            first = [str(plan)] if command == "quote" else []
            result = CliRunner().invoke(app, [command, *first, str(visit), "--with", str(tmp_path / "nowhere.json")])
        assert result.exception is not None
        assert getattr(result.exception, "place", "") == "file"
