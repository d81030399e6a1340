import secrets
from dataclasses import dataclass, field

from stack.demo.caller import Caller, Resource
from stack.report import Report
from stack.secrets import Secrets


@dataclass(kw_only=True)
class Scene:
    """Who takes part, and what the story has brought forth so far."""

    admin: Caller
    staff: Caller
    customer: Caller
    operator: Secrets
    report: Report
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    documents: dict[str, str] = field(default_factory=dict)
    conversation: Resource = field(default_factory=dict)
    account: Resource = field(default_factory=dict)
    product: Resource = field(default_factory=dict)
    order: Resource = field(default_factory=dict)

    def tell(self, text: str) -> None:
        self.report.say(f"   {text}")
