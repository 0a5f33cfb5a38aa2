"""Access to the store: connection, certificate, clock, credentials, rights, and the administrator.

Not here: the capabilities of the store (capabilities.py).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from npf_pipelines.config.master_setup import MasterSetup
from npf_pipelines.domain.clock import TOLERANCE
from npf_pipelines.domain.issued_certificate import IssuedCertificate
from npf_pipelines.domain.store_answers import Connection, StoreAnswers, Unanswered, Why
from npf_pipelines.domain.store_check import Finding, Level
from npf_pipelines.domain.store_users import ACTIVE, ADMINISTRATOR, VENDOR, StoreUser
from npf_pipelines.domain.text import counted
from npf_pipelines.rules.store_check.lines import advice_of, error, ok, unanswered, unknown, warning

_CERTIFICATE_NEAR = timedelta(days=14)
"""Certificates that renew themselves do so earlier."""
_CLOCK_NEAR = timedelta(minutes=1)
_WHERE_THE_ID_IS = (
    "In the store's administration open Customers, Administrators and the API administrator: the page's address ends "
    "with its ID. Write it into store.user_id"
)


def no_key(reason: str) -> Finding:
    """The finding that there is no API key to call the store with; the advice is behind the reason's last colon."""
    sentence, _, advice = reason.rpartition(": ")
    return error("credentials", f"{sentence}.", f"{advice[:1].upper()}{advice[1:]}.")


def access_findings(setup: MasterSetup, answers: StoreAnswers, now: datetime) -> Iterator[Finding]:
    """The findings about access; the last is an error if nothing else could be asked."""
    host = urlsplit(setup.store.url).hostname or setup.store.url
    access = answers.access
    if access and access.why is Why.UNREACHABLE:
        yield unanswered("connection", access, Level.ERROR)
    else:
        yield ok("connection", f"{host} answers.")
    yield from _certificate(answers.connection, now)
    yield from _clock(answers.connection)
    if access and access.why is Why.UNREACHABLE:
        return
    if access and access.why is Why.UNAUTHORIZED:
        yield error(
            "credentials",
            "The store doesn't accept the API user and key.",
            f"Compare store.api_user and the key in {setup.store.api_key_env} with the administrator's page, where "
            '"Yes, allow this user to use the API" has to be ticked. A host that drops the Authorization header '
            "answers the same: ask it to pass the header on.",
        )
        return
    yield _credentials(answers)
    yield from _rights(setup, answers)
    yield _user(setup, answers)


def _certificate(connection: Connection, now: datetime) -> Iterator[Finding]:
    until = connection.certificate_until
    if until is None:
        return
    left = until - now
    if left > _CERTIFICATE_NEAR:
        yield ok("certificate", f"Valid until {until:%Y-%m-%d}.")
    else:
        yield warning(
            "certificate",
            f"Valid until {until:%Y-%m-%d}, {counted(left.days, 'day')} from now.",
            "Ask the merchant's host to renew it: no call gets through with an expired certificate.",
        )


def _clock(connection: Connection) -> Iterator[Finding]:
    ahead = connection.clock_ahead
    if ahead is None:
        return
    off = abs(ahead)
    if off <= _CLOCK_NEAR:
        yield ok("clock", "The store's clock agrees with this machine's.")
        return
    said = f"The store's clock is {_duration(off)} {'ahead of' if ahead > timedelta() else 'behind'} this machine's."
    todo = "Set the clock that is wrong, the store's or this machine's (NTP)."
    if off > TOLERANCE:
        yield error("clock", said, f"{todo} Orders are placed on days and changes are read by these clocks.")
    else:
        yield warning("clock", said, todo)


def _duration(length: timedelta) -> str:
    minutes = round(length / timedelta(minutes=1))
    return counted(minutes, "minute") if minutes < 120 else f"{minutes / 60:.1f} hours"  # noqa: PLR2004


def _credentials(answers: StoreAnswers) -> Finding:
    others = (answers.statuses, answers.products, answers.user, answers.shippings)
    if answers.access is None or not all(isinstance(answer, Unanswered) for answer in others):
        return ok("credentials", "The store accepts the API user and key.")
    return unknown("credentials", "No call succeeded that takes the API user and key.")


def _rights(setup: MasterSetup, answers: StoreAnswers) -> Iterator[Finding]:
    pushes_stock = setup.stock.quantity != "off"
    yield _read_right("view_orders", answers.access, Level.ERROR, "to pull orders", failed=Level.ERROR)
    yield _write_right("edit_order", "to push shipments and statuses", answers.certificate, "full")
    yield _read_right(
        "view_catalog", answers.products, Level.ERROR if pushes_stock else Level.WARNING, "to compare products"
    )
    if pushes_stock:
        yield _write_right("manage_catalog", "to push stock", answers.certificate, "soh", "available")
    yield _read_right(
        "manage_order_statuses",
        answers.statuses,
        Level.WARNING,
        "even to read the statuses; without it each counts as CS-Cart ships it",
    )
    yield _read_right("view_users", answers.user, Level.UNKNOWN, "to check store.user_id, and for nothing else")


def _read_right(right: str, answer: object, missing: Level, purpose: str, *, failed: Level = Level.UNKNOWN) -> Finding:
    topic = f"right {right}"
    if not isinstance(answer, Unanswered) or answer.why is Why.ABSENT:
        return ok(topic, "Granted.")
    if answer.why is Why.FORBIDDEN:
        return Finding(topic, missing, f"Refused (403); it is needed {purpose}.", advice_of(answer))
    return unanswered(topic, answer, failed)


def _write_right(right: str, purpose: str, issued: IssuedCertificate | None, *requirements: str) -> Finding:
    """A right that is granted if one of the requirements passed: none passes without such a write."""
    topic = f"right {right}"
    if issued and not issued.passed.isdisjoint(requirements):
        return ok(topic, f"Granted, as proven by the certificate of {issued.day}.")
    return unknown(
        topic,
        f"Unknown until certified: only a write shows it. It is needed {purpose}.",
        "Certify the client with its test items.",
    )


def _user(setup: MasterSetup, answers: StoreAnswers) -> Finding:
    user_id, user = setup.store.user_id, answers.user
    topic = "user ID"
    if isinstance(user, Unanswered) and user.why is Why.ABSENT:
        return error(topic, f"The store has no user {user_id}.", f"{_WHERE_THE_ID_IS}.")
    if isinstance(user, Unanswered) and user.why is Why.FORBIDDEN:
        return unknown(topic, f"User {user_id} can't be read without the right view_users.", f"{_WHERE_THE_ID_IS}.")
    if isinstance(user, Unanswered):
        return unanswered(topic, user)
    if user is None:
        return unknown(topic, f"User {user_id} wasn't asked for.")
    return _judged_user(setup, user, companies=_companies(answers))


def _judged_user(setup: MasterSetup, user: StoreUser, *, companies: int) -> Finding:
    topic, said = "user ID", f"User {user.user_id}"
    wrong = []
    if user.user_type != ADMINISTRATOR:
        kind = "a vendor's administrator" if user.user_type == VENDOR else "no administrator"
        wrong.append(f"is {kind}")
    if user.status != ACTIVE:
        wrong.append("is not active")
    if user.email and user.email.casefold() != setup.store.api_user.casefold():
        wrong.append("has another e-mail than store.api_user")
    if wrong:
        return error(
            topic,
            f"{said} {' and '.join(wrong)}.",
            f"{_WHERE_THE_ID_IS}; that user has to be active, an administrator, and to sign in as store.api_user.",
        )
    if user.company_id and companies > 1:
        return warning(
            topic,
            f"{said} is the API administrator, limited to the company {user.company_id} of {companies}: it sees only "
            "that company's orders and products.",
            "Use an administrator of the whole store if the warehouse ships for all of it.",
        )
    return ok(topic, f"{said} is active, an administrator, and the API user.")


def _companies(answers: StoreAnswers) -> int:
    """Storefronts or vendors of the store, as far as known."""
    return max(
        (len(found) for found in (answers.storefronts, answers.vendors) if not isinstance(found, Unanswered)), default=0
    )
