"""What the ledger should do, written down a second time: no hashing, no memory, no shortcuts.

It shares nothing with the ledger but the commands.
"""

import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.ledger.tests.integration.model_things import (
    LARGEST,
    Key,
    Refused,
    Thing,
    Things,
    an_account,
    figures,
    has_enough,
    is_held,
    is_open,
    same_currency,
    text_of,
)

from contracts.ledger import LedgerCommand


@dataclass(frozen=True)
class Answer:
    state: str
    slug: str | None = None
    figures: Thing = field(default_factory=dict)


@dataclass
class LedgerModel(Things):
    inbox: dict[UUID, tuple[str, Answer]] = field(default_factory=dict)

    def handle(self, id: UUID, command: LedgerCommand) -> Answer:
        text = command.model_dump_json()
        if id in self.inbox:
            known, answer = self.inbox[id]
            return answer if text == known else Answer("refused", "command-id-reused")
        before = deepcopy((self.accounts, self.holds, self.transactions))
        try:
            name = re.sub("(?=[A-Z])", "_", command.type).lower()
            getattr(self, name)(command)
            answer = Answer("succeeded")
        except Refused as refused:
            self.accounts, self.holds, self.transactions = before
            answer = Answer("refused", refused.slug, refused.figures)
            self._remember_failed(id, command)
        self.inbox[id] = text, answer
        return answer

    def _remember_failed(self, id: UUID, command: Any) -> None:
        is_own = command.type == "PostTransaction" and command.transaction_id == id
        if is_own and id not in self.transactions:
            self._record(id, command.kind, "failed", [], command.amount)

    # Accounts

    def _open_account(self, c: Any) -> None:
        if c.account_id in self.accounts:
            raise Refused("already-exists")
        if c.minimum > 0:
            raise Refused("insufficient-funds", **figures(c.minimum, 0, c.currency))
        self.accounts[c.account_id] = an_account(
            c.owner_id, "customer", c.currency, c.name, c.minimum
        )

    def _change_account(self, c: Any) -> None:
        account = self._account(c.account_id, c.owner_id)
        if c.expected_version is not None and c.expected_version != account["version"]:
            raise Refused("stale-version")
        if c.currency is not None:
            same_currency(account, c.currency)
        is_open(account)
        if c.minimum is not None:
            free = account["posted"] - account["held"]
            if c.minimum > free:
                raise Refused("insufficient-funds", **figures(c.minimum, free, account["currency"]))
            account["minimum"] = c.minimum
        if c.name is not None:
            account["name"] = c.name
        account["version"] += 1

    def _close_account(self, c: Any) -> None:
        account = self._account(c.account_id, c.owner_id)
        is_open(account)
        if account["posted"] != account["held"]:
            currency = account["currency"]
            raise Refused(
                "account-not-empty",
                balance=text_of(account["posted"], currency),
                held=text_of(account["held"], currency),
                currency=currency,
            )
        account.update(is_closed=True, minimum=0)
        account["version"] += 1

    # Transactions

    def _post_transaction(self, c: Any) -> None:
        same_currency(self._account(c.account_id, c.owner_id), c.currency)
        source, target = c.account_id, c.to_account_id
        if c.kind == "credit":
            source, target = self._house("funding", c.currency), c.account_id
        elif c.kind == "debit":
            target = self._house("funding", c.currency)
        elif c.owner_id is not None and self._account(target)["minimum"] is None:
            raise Refused("not-a-customers-account")
        if c.is_pending:
            self._make_pending(c, source, target)
            return
        pays_out = c.kind == "debit" and c.owner_id is None
        self._move(source, target, c.amount, c.currency, pays_out=pays_out)
        self._post(c.transaction_id, c.kind, [(source, target, c.amount, c.currency)])

    def _make_pending(self, c: Any, source: Key, target: Key) -> None:
        self._two_of_one_currency(source, target, c.currency)
        is_open(self.accounts[target])
        self._expires_later(c.expires_at)
        postings = [(source, target, c.amount, c.currency)]
        self._record(c.transaction_id, c.kind, "pending", postings, c.amount)
        self._set_aside(c.transaction_id, source, target, c, is_pending=True)

    def _post_journal(self, c: Any) -> None:
        postings = [(p.source_id, p.target_id, p.amount, p.currency) for p in c.postings]
        for posting in postings:
            self._move(*posting)
        self._post(c.transaction_id, "journal", postings)

    def _complete_transaction(self, c: Any) -> None:
        self._pending(c.transaction_id)
        self._capture(c.transaction_id, c)

    def _cancel_transaction(self, c: Any) -> None:
        self._pending(c.transaction_id)
        self._give_back(c.transaction_id, "voided")

    def _refund_transaction(self, c: Any) -> None:
        original = self._transaction(c.refunded_id)
        if original["kind"] not in ("debit", "transfer"):
            raise Refused("transaction-not-correctable")
        self._can_be_taken_back(original)
        [(source, target, _, currency)] = original["postings"]
        left = original["amount"] - original["refunded"]
        given = left if c.amount is None else c.amount
        if given == 0:
            raise Refused("refund-beyond-transaction", **figures(original["amount"], 0, currency))
        if given > left:
            raise Refused("refund-beyond-transaction", **figures(given, left, currency))
        if c.currency is not None:
            same_currency(self.accounts[target], c.currency)
        self._move(target, source, given, currency)
        self._post(c.transaction_id, "refund", [(target, source, given, currency)])
        original["refunded"] += given

    def _reverse_transaction(self, c: Any) -> None:
        original = self._transaction(c.reversed_id)
        if original["kind"] in ("refund", "reversal"):
            raise Refused("transaction-not-correctable")
        self._can_be_taken_back(original)
        if original["refunded"]:
            raise Refused("transaction-not-correctable")
        back = [(t, s, amount, currency) for s, t, amount, currency in original["postings"][::-1]]
        for posting in back:
            self._move(*posting)
        self._post(c.transaction_id, "reversal", back)
        original["is_reversed"] = True

    # Holds

    def _place_hold(self, c: Any) -> None:
        same_currency(self._account(c.account_id, c.owner_id), c.currency)
        self._expires_later(c.expires_at)
        self._set_aside(c.hold_id, c.account_id, None, c, is_pending=False)

    def _capture_hold(self, c: Any) -> None:
        self._hold(c.hold_id)
        self._capture(c.hold_id, c)

    def _void_hold(self, c: Any) -> None:
        self._hold(c.hold_id)
        self._give_back(c.hold_id, "voided")

    def _expire_hold(self, c: Any) -> None:
        hold = self._hold(c.hold_id)
        is_held(hold)
        if hold["expires_at"] is None or self.now < hold["expires_at"]:
            raise Refused("hold-not-due")
        self._give_back(c.hold_id, "expired")

    def _set_aside(
        self, id: UUID, source: Key, target: Key | None, c: Any, *, is_pending: bool
    ) -> None:
        if id in self.holds:
            raise Refused("already-exists")
        account = self.accounts[source]
        is_open(account)
        has_enough(account, c.amount)
        if account["held"] + c.amount > LARGEST:
            left = LARGEST - account["held"]
            raise Refused("balance-too-large", **figures(c.amount, left, c.currency))
        account["held"] += c.amount
        account["version"] += 1
        self.holds[id] = {
            "account": source,
            "target": target,
            "amount": c.amount,
            "captured": 0,
            "currency": c.currency,
            "status": "held",
            "expires_at": c.expires_at,
            "is_pending": is_pending,
        }

    def _capture(self, hold_id: UUID, c: Any) -> None:
        hold = self.holds[hold_id]
        source = hold["account"]
        if c.currency is not None:
            same_currency(self.accounts[source], c.currency)
        is_held(hold)
        if hold["expires_at"] is not None and self.now >= hold["expires_at"]:
            raise Refused("hold-not-open", hold_status="expired")
        taken = hold["amount"] if c.amount is None else c.amount
        if taken > hold["amount"]:
            raise Refused("capture-beyond-hold", **figures(taken, hold["amount"], hold["currency"]))
        target = hold["target"] or self._house("sales", hold["currency"])
        hold.update(status="captured", captured=taken)
        self.accounts[source]["held"] -= hold["amount"]
        self._enter(source, -taken)
        is_open(self.accounts[target])
        self._enter(target, taken)
        postings = [(source, target, taken, hold["currency"])]
        if hold["is_pending"]:
            self.transactions[hold_id].update(status="completed", postings=postings, amount=taken)
        else:
            self._post(c.transaction_id, "transfer", postings)

    def _give_back(self, hold_id: UUID, status: str) -> None:
        hold = self.holds[hold_id]
        is_held(hold)
        hold["status"] = status
        account = self.accounts[hold["account"]]
        account["held"] -= hold["amount"]
        account["version"] += 1
        if hold["is_pending"]:
            self.transactions[hold_id]["status"] = "cancelled"
