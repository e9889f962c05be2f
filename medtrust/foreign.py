"""Foreign certificates, checked against a trust list: one verdict each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from medtrust.errors import CheckRefused
from medtrust.standards.foreign import ForeignCertificate, parse
from medtrust.standards.trust import TrustList
from medtrust.verdict import Advisory, Status, Verdict

__all__ = ["judge", "verify", "voucher"]

_UNTRUSTED = ("KeyNotTrusted", "IssuerNotTrusted")


def verify(sources: Sequence[str | bytes], trust: TrustList, *, at: float) -> list[Verdict]:
    """Say what stands about each certificate in `sources`, as `parse` takes them, at a time (Unix seconds).

    Never raises: what cannot be read is UNKNOWN, and its reason names the step that failed.
    """
    try:
        return [judge(certificate, trust, at=at) for certificate in parse(sources)]
    except CheckRefused as refused:
        return [_verdict(refused, None, is_proven=False)]


def judge(certificate: ForeignCertificate, trust: TrustList, *, at: float) -> Verdict:
    """Say what stands about one certificate at a time (Unix seconds): ACTIVE, REVOKED, ISSUER_UNTRUSTED or UNKNOWN."""
    is_proven = False
    try:
        certificate.check_signature(trust)
        is_proven = True
        certificate.check_content(trust, at)
    except CheckRefused as refused:
        return _verdict(refused, certificate, is_proven=is_proven)
    return _verdict(None, certificate, is_proven=True)


def voucher(trust: TrustList) -> Callable[[ForeignCertificate], None]:
    """Return what lets the doses of a certificate be read: it raises `CheckRefused` unless the certificate is genuine.

    That is: somebody who is trusted signed it, it held when it was issued, and nobody withdrew it. That it has expired
    since then takes nothing from a dose that was given, so no clock is asked, and the answer stays the same.
    """

    def vouch(certificate: ForeignCertificate) -> None:
        certificate.check_signature(trust)
        certificate.check_content(trust, certificate.issued_at)

    return vouch


def _verdict(refused: CheckRefused | None, certificate: ForeignCertificate | None, *, is_proven: bool) -> Verdict:
    reason = refused.reason if refused else "Active"
    status = Status.UNKNOWN if refused else Status.ACTIVE
    if reason == "Revoked":
        status = Status.REVOKED
    if reason in _UNTRUSTED:
        status = Status.ISSUER_UNTRUSTED
    return Verdict(
        status=status,
        reason=reason,
        sentence=refused.sentence if refused else "a signer that is trusted signed this, and it holds at this time",
        advisories=Advisory(0),
        issuer=certificate.issuer if certificate else "",
        signer=certificate.key_id if certificate else "",
        anchored_at=0,
        shown=certificate.claims if certificate and is_proven else {},
        form=certificate.form if certificate else "",
    )
