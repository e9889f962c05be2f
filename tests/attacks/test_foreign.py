"""Attacks on the verifier of foreign certificates: each twin is a module without its one defence."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from functools import cache
from typing import Any

from medtrust.standards import dcc
from medtrust.standards.dcc import HealthCertificate
from medtrust.standards.reading import Reader
from medtrust.standards.shc import HealthCard
from medtrust.standards.trust import TrustList
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.attacks.python_twin import module, off_chain
from tests.standards.makers import (
    AT,
    EXPIRES,
    ISSUER,
    CardIssuer,
    Signer,
    deflate,
    document,
    encoded,
    payload,
    rsa_key,
    text_of,
)
from tests.standards.support import KEY, ORGANISATION
from tests.world import World

ATTACKS: list[Attack] = []
attack = attacks_on("", ATTACKS)

BOMB_BYTES = 2**24


class TestAttacks(AttackTests):
    pass


@cache
def signer() -> Signer:
    return Signer(groups="t")


@cache
def everyone() -> Signer:
    return Signer()


@cache
def issuer() -> CardIssuer:
    return CardIssuer()


def both() -> TrustList:
    return TrustList.read([("one", signer().pem), ("other", everyone().pem)])


# EU DCC


@attack("dcc-other-key-id", defence="the key is the one that the header names", blocked_by="KeyNotTrusted")
@off_chain
def name_another_key(world: World) -> None:
    """Name a key that nobody trusts, of a signer that was struck off, and sign with one that is still trusted."""
    struck = ("known = trust.signers_of(self.message.kid)", "known = list(trust.signers)")
    twin = module(world, "standards.dcc", struck)
    text = everyone().text(headers={1: -7, 4: b"struckof"})
    twin.HealthCertificate.parse(text).check_signature(both())


@attack("dcc-key-id-relabelled", defence="the key id that is signed goes first", blocked_by="KeyNotTrusted")
@off_chain
def relabel_the_key(world: World) -> None:
    """Write a trusted key id into the header that nobody signed, over the one that is signed."""
    order = "self.headers.get(KEY_ID, self.unprotected.get(KEY_ID))"
    twin = module(world, "standards.cose", (order, "self.unprotected.get(KEY_ID, self.headers.get(KEY_ID))"))
    sender = everyone()
    message = sender.message(sender.claims(), headers={1: -7, 4: b"struckof"}, beside={4: sender.kid})
    certificate = HealthCertificate(twin.Sign1.parse(message), dcc.claims_of(sender.claims()))
    certificate.check_signature(both())


@attack("dcc-algorithm-unsigned", defence="the algorithm is a part of what is signed", blocked_by="AlgorithmRefused")
@off_chain
def choose_the_algorithm(world: World) -> None:
    """Leave the algorithm out of what is signed, so that whoever carries the certificate chooses it."""
    old = "algorithm = self.headers.get(ALGORITHM)"
    twin = module(world, "standards.cose", (old, "algorithm = self.unprotected.get(ALGORITHM)"))
    sender = everyone()
    message = twin.Sign1.parse(sender.message(sender.claims(), headers={4: sender.kid}, beside={1: -7}))
    message.check(sender.key.public_key())


@attack("dcc-weak-key", defence="RSA keys have at least 2,048 bits", blocked_by="AlgorithmRefused")
@off_chain
def sign_with_a_weak_key(world: World) -> None:
    """Sign with a key that can be factored."""
    twin = module(world, "standards.cose", (" and key.key_size >= _FEWEST_RSA_BITS", ""))
    weak = Signer(rsa_key(1024))
    twin.Sign1.parse(weak.message(weak.claims())).check(weak.key.public_key())


@attack("dcc-payload-changed", defence="the signature is over the content", blocked_by="SignatureWrong")
@off_chain
def change_the_content(world: World) -> None:
    """Put another person's name into a certificate that was signed."""
    twin = module(world, "standards.cose", ("            key.verify(signature, signed, *how)\n", "            pass\n"))
    sender = everyone()
    message = twin.Sign1.parse(sender.message(sender.claims()))
    forged = sender.claims(document(nam={"fnt": "SOMEBODY<ELSE"}))
    certificate = HealthCertificate(replace(message, payload=forged), dcc.claims_of(forged))
    certificate.check_signature(both())
    assert certificate.claims["hcert"]["nam"] == {"fnt": "SOMEBODY<ELSE"}


@attack("dcc-other-purpose", defence="a signer signs what its certificate allows", blocked_by="KeyPurpose")
@off_chain
def sign_what_is_not_allowed(world: World) -> None:
    """Sign vaccinations, as a laboratory that may sign tests alone."""
    twin = module(world, "standards.dcc", ("if group not in signer.groups:", "if not signer.groups:"))
    certificate = twin.HealthCertificate.parse(signer().text())
    certificate.check_signature(both())
    certificate.check_content(both(), AT)


@attack("dcc-expired", defence="a certificate ends at its expiry", blocked_by="Expired")
@off_chain
def show_an_expired_dcc(world: World) -> None:
    """Show a certificate one second after it ended."""
    twin = module(world, "standards.dcc", ("if at > self.said.expires_at:", "if at < 0:"))
    twin.HealthCertificate.parse(everyone().text()).check_content(both(), EXPIRES + 1)


@attack("dcc-not-yet", defence="a certificate begins when it was issued", blocked_by="NotYetValid")
@off_chain
def show_a_dcc_of_tomorrow(world: World) -> None:
    """Show a certificate that was dated ahead."""
    twin = module(world, "standards.dcc", ("if at < self.said.issued_at:", "if at < 0:"))
    twin.HealthCertificate.parse(everyone().text(iat=AT + 1)).check_content(both(), AT)


@attack("dcc-deflate-bomb", defence="inflating stops at what a certificate may hold", blocked_by="TooLarge")
@off_chain
def inflate_without_end_dcc(world: World) -> None:
    """Fill the memory of a verifier with a code of a few kilobytes."""
    twin = module(world, "standards.dcc", ("most=_MOST_BYTES", "most=2**30"))
    assert len(twin.unzip(zlib.compress(bytes(BOMB_BYTES), 9))) == BOMB_BYTES


@attack("dcc-born-later", defence="nobody is born after the certificate", blocked_by="SchemaBroken")
@off_chain
def be_born_later(world: World) -> None:
    """Pass for a person who was not born when the certificate was issued."""
    twin = module(world, "standards.dcc", ("if born[:10] > (issued", 'if born[:10] > "9999" and (issued'))
    assert twin.HealthCertificate.parse(everyone().text(document(dob="2026-05-01"))).check_form() == "v"


# SMART Health Cards


@attack("shc-payload-changed", defence="the signature is over the payload", blocked_by="SignatureWrong")
@off_chain
def change_the_card(world: World) -> None:
    """Put another payload between the header and the signature of a card."""
    verifies = "                known.key.verify(signature, self.signed, ec.ECDSA(SHA256()))\n"
    twin = module(world, "standards.shc", (verifies, "                pass\n"))
    header, _, signature = issuer().card().split(".")
    forged = encoded(deflate(payload(types=["https://smarthealth.cards#health-card", "forged"])))
    card = twin.HealthCard.parse(f"{header}.{forged}.{signature}")
    card.check_signature(issuer().trust())
    assert "forged" in card.payload.types


@attack("shc-other-issuer", defence="a key signs for the issuer that its set belongs to", blocked_by="IssuerNotTrusted")
@off_chain
def speak_for_another_issuer(world: World) -> None:
    """As an issuer who is trusted, issue cards in the name of another."""
    twin = module(world, "standards.trust", ("if issuers is None or issuer in issuers]", "]"))
    trust = twin.TrustList.read([("keys", issuer().certified("https://other.example"))])
    HealthCard.parse(issuer().card()).check_signature(trust)


@attack("shc-directory", defence="the directory names who is trusted at all", blocked_by="IssuerNotTrusted")
@off_chain
def stand_beside_the_directory(world: World) -> None:
    """Bring a key set of one's own to a verifier who trusts a directory."""
    named = " or (self.directory is not None and issuer not in self.directory)"
    twin = module(world, "standards.trust", (named, ""))
    directory = b'{"participating_issuers": [{"iss": "https://other.example"}]}'
    trust = twin.TrustList.read([("keys", issuer().key_set()), ("directory", directory)])
    HealthCard.parse(issuer().card()).check_signature(trust)


@attack("shc-key-under-another-id", defence="a key's id is its thumbprint", blocked_by="KeyId")
@off_chain
def take_the_id_of_another_key(world: World) -> None:
    """Publish one's own key under the id of a key that signed cards of somebody else."""
    twin = module(world, "standards.jwk", ('if raw.get("kid") != thumbprint(key):', "if not key:"))
    found = twin.issuer_key(CardIssuer().jwk(kid=issuer().kid), "key")
    assert found.kid == issuer().kid


@attack("shc-private-key", defence="a key set holds no private key", blocked_by="KeyPrivate")
@off_chain
def publish_a_private_key(world: World) -> None:
    """Have a key trusted that everyone can sign with."""
    twin = module(world, "standards.jwk", ('if "d" in raw:', 'if "d" not in raw and not raw:'))
    assert twin.issuer_key(issuer().jwk(d="AA"), "key").kid == issuer().kid


@attack("shc-expired", defence="a card ends at its expiry", blocked_by="Expired")
@off_chain
def show_an_expired_card(world: World) -> None:
    """Show a card at the second at which it ends."""
    twin = module(world, "standards.shc", ("if self.expires_at is not None and at >=", "if False and at >="))
    twin.HealthCard.parse(issuer().card(payload(exp=AT))).check_content(issuer().trust(), AT)


@attack("shc-revoked", defence="a card whose id is listed is withdrawn", blocked_by="Revoked")
@off_chain
def show_a_revoked_card(world: World) -> None:
    """Show a card that its issuer withdrew."""
    twin = module(world, "standards.revocation", ("return before is None or issued_at < before", "return False"))
    raw = {"kid": issuer().kid, "method": "rid", "ctr": 1, "rids": ["abc"]}
    trust = replace(issuer().trust(), card_lists=(twin.card_list(raw, "list"),))
    HealthCard.parse(issuer().card(payload(rid="abc"))).check_content(trust, AT)


@attack(
    "shc-old-revocation-list", defence="the list is of the version that the key names", blocked_by="RevocationVersion"
)
@off_chain
def keep_an_old_list(world: World) -> None:
    """Give a verifier the list of yesterday, on which one does not stand."""
    twin = module(world, "standards.trust", ("        parts.check_versions()\n", ""))
    old = f'{{"kid": "{issuer().kid}", "method": "rid", "ctr": 1, "rids": []}}'.encode()
    trust = twin.TrustList.read([("keys", issuer().key_set(crlVersion=2)), ("list", old)])
    HealthCard.parse(issuer().card(payload(rid="abc"))).check_content(trust, AT)


@attack("shc-deflate-bomb", defence="inflating stops at what a card may hold", blocked_by="TooLarge")
@off_chain
def inflate_without_end_shc(world: World) -> None:
    """Fill the memory of a verifier with a card of a few kilobytes."""
    twin = module(world, "standards.shc", ("most=_MOST_BYTES", "most=2**30"))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = payload(note="x" * BOMB_BYTES)
    bomb = packer.compress(_json(content)) + packer.flush()
    assert len(twin.HealthCard.parse(issuer().card(deflated=bomb)).claims["note"]) == BOMB_BYTES


@attack("shc-plain-http", defence="an issuer is reached by https alone", blocked_by="IssuerUrl")
@off_chain
def issue_over_http(world: World) -> None:
    """Name an issuer whose keys anybody on the way can exchange."""
    twin = module(world, "standards.shc", ('not self.issuer.startswith("https://") or ', ""))
    card = issuer().card(payload(iss=ISSUER.replace("https", "http")))
    twin.HealthCard.parse(card).check_signature(issuer().trust())


@attack("shc-two-cards-in-chunks", defence="every chunk is of the same card", blocked_by="ChunkTwice")
@off_chain
def mix_chunks(world: World) -> None:
    """Show a chunk of another card beside the whole of one's own, so that the last one shown wins."""
    same = "if chunks.setdefault(index, text) != text:"
    twin = module(world, "standards.shc", (same, "chunks[index] = text\n        if index < 0:"))
    codes = [f"shc:/{number}/2/" + digits * 600 for number, digits in ((1, "56"), (2, "57"), (2, "58"))]
    assert twin.from_numeric(codes).endswith("g")


@attack("foreign-read-unvouched", defence="a foreign dose is read where somebody vouches", blocked_by="NobodyVouches")
@off_chain
def import_a_forged_certificate(world: World) -> None:
    """Have a dose imported from a certificate that one signed oneself."""
    refuses = "        raise CheckRefused("
    refuses += '"NobodyVouches", "a foreign certificate is read where somebody says whom to trust")\n'
    twin = module(world, "standards.foreign_doses", (refuses, "        return lambda certificate: None\n"))
    reader = _reader()
    twin.read_foreign(text_of(Signer().message(Signer().claims())).encode(), reader, None)
    if reader.refusals:
        raise Blocked(reader.refusals[0].found)
    assert len(reader.records) == 1


def _reader() -> Reader:
    return Reader(name="file", key=KEY, organisation=ORGANISATION, take=["imm/1"], by_name=True)


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()
