"""Friend suggestions, ad relevance, spam scores and business verdicts from signals people agreed to share.

An opt-out leaves no trace: whoever is out is neither suggested, nor a reason, nor counted. Every function gives the
answer of the command line of the same name.

>>> import acquaint
>>> run = acquaint.run("data/quickstart")
>>> len(run.suggestions) > 0
True
"""

from ._acquaint import (
    AcquaintError,
    AdModel,
    Checked,
    ConfigError,
    FriendModel,
    Ledger,
    LedgerError,
    OutputError,
    Run,
    SignalsError,
    StaleModelError,
    Suggested,
    Table,
    Verdict,
    __version__,
    read_run,
    synth,
)
from ._api import (
    ArrowFrame,
    Engine,
    Signals,
    check,
    evaluate_abuse,
    evaluate_ads,
    evaluate_friends,
    run,
    train_ads,
    train_friends,
    verify,
)

__all__ = [
    "AcquaintError",
    "AdModel",
    "ArrowFrame",
    "Checked",
    "ConfigError",
    "Engine",
    "FriendModel",
    "Ledger",
    "LedgerError",
    "OutputError",
    "Run",
    "Signals",
    "SignalsError",
    "StaleModelError",
    "Suggested",
    "Table",
    "Verdict",
    "__version__",
    "check",
    "evaluate_abuse",
    "evaluate_ads",
    "evaluate_friends",
    "read_run",
    "run",
    "synth",
    "train_ads",
    "train_friends",
    "verify",
]
