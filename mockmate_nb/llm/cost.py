"""What calls to a model cost, and the cap they keep to. The prices are the user's own; without them all is 0."""

from __future__ import annotations

import threading
from typing import NamedTuple

from mockmate_nb.errors import CallerError
from mockmate_nb.llm.chunks import Usage
from mockmate_nb.settings import Settings


class Held(NamedTuple):
    """What a call under way may take at most, in US dollars and in tokens."""

    cost: float
    tokens: int


class Ledger:
    """Dollars and tokens spent, and held back for the calls under way, so that two at once cannot pass a cap.

    It may be used from any thread. `token_cap`: tokens sent and received, None for no such cap.
    """

    def __init__(self, settings: Settings, token_cap: int | None = None) -> None:
        self._settings, self._token_cap = settings, token_cap
        self._lock = threading.Lock()
        self._held = Held(0.0, 0)
        self.spent = 0.0
        self.tokens = 0

    def price(self, prompt_tokens: int, completion_tokens: int) -> float:
        s = self._settings
        return (prompt_tokens * s.price_in + completion_tokens * s.price_out) / 1e6

    def hold(self, prompt_tokens: int, completion_tokens: int) -> Held:
        """Hold back what a call may take at most; `CallerError` where it could pass a cap."""
        most = Held(self.price(prompt_tokens, completion_tokens), prompt_tokens + completion_tokens)
        cap, token_cap = self._settings.cost_cap, self._token_cap
        with self._lock:
            if cap is not None and self.spent + self._held.cost + most.cost > cap:
                raise CallerError(
                    f"This call could take the cost over the cap of ${cap:g} (${self.spent:.4f} spent).",
                    field="MOCKMATE_COST_CAP",
                    advice="Raise the cap, or use the practice model.",
                )
            if token_cap is not None and self.tokens + self._held.tokens + most.tokens > token_cap:
                raise CallerError(
                    f"This call could take the tokens over the cap of {token_cap:,} ({self.tokens:,} used).",
                    field="token_cap",
                    advice="Raise the cap, or use the practice model.",
                )
            self._held = Held(self._held.cost + most.cost, self._held.tokens + most.tokens)
        return most

    def settle(self, held: Held, usage: Usage | None) -> None:
        """A call has ended: what was held back for it is free again, and what it took, if any, is spent."""
        with self._lock:
            self._held = Held(self._held.cost - held.cost, self._held.tokens - held.tokens)
            if usage is not None:
                self.spent += self.price(usage.prompt_tokens, usage.completion_tokens)
                self.tokens += usage.prompt_tokens + usage.completion_tokens
