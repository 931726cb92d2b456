"""The functions of the package, with their arguments by name and type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from os import PathLike
from typing import Any, Protocol, Union

from . import _acquaint
from ._acquaint import AdModel, Checked, FriendModel, Run, Verdict


class ArrowFrame(Protocol):
    """A frame of polars, pandas, pyarrow, duckdb or any other library that speaks the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


Path = Union[str, "PathLike[str]"]
#: A directory of tables, or the tables themselves by name, such as ``{"friendships": frame}``.
Signals = Union[Path, Mapping[str, ArrowFrame]]
#: Sections as a dictionary, such as ``{"suggest": {"k": 5}}``, or the path of an ``acquaint.toml``.
Config = Union[Mapping[str, Any], Path]
Moment = Union[str, datetime]
#: Hears the name of every stage that begins, and how much there is to do if that is known.
Listener = Callable[[str, Union[int, None]], object]


def _asking(signals: Signals, **given: Any) -> dict[str, Any]:
    """What is asked about, without what was not given."""
    return {"signals": signals, **{name: value for name, value in given.items() if value is not None}}


def _sections(config: Config | None) -> Any:
    return dict(config) if isinstance(config, Mapping) else config


def run(
    signals: Signals,
    out: Path | None = None,
    *,
    frames: Mapping[str, ArrowFrame] | None = None,
    config: Config | None = None,
    as_of: Moment | None = None,
    known_at: Moment | None = None,
    ledger: Path | None = None,
    objection_key: Path | None = None,
    audience_key: Path | None = None,
    audience_epoch: int | None = None,
    friend_model: FriendModel | None = None,
    ad_model: AdModel | None = None,
    progress: Listener | None = None,
) -> Run:
    """Score everybody, as ``acquaint run`` does.

    ``signals`` is a directory of tables, or the tables themselves by name; with a directory, ``frames`` are further
    tables. Without ``out`` the outputs go with the run that is returned.
    """
    asking = _asking(
        signals,
        frames=frames,
        config=_sections(config),
        as_of=as_of,
        known_at=known_at,
        ledger=ledger,
        objection_key=objection_key,
        audience_key=audience_key,
        audience_epoch=audience_epoch,
    )
    return _acquaint.run(asking, out, friend_model, ad_model, progress)


def check(
    signals: Signals,
    *,
    frames: Mapping[str, ArrowFrame] | None = None,
    config: Config | None = None,
    as_of: Moment | None = None,
    known_at: Moment | None = None,
    ledger: Path | None = None,
    objection_key: Path | None = None,
    progress: Listener | None = None,
) -> Checked:
    """List what a run would stop at, reject or leave out, all at once."""
    asking = _asking(
        signals,
        frames=frames,
        config=_sections(config),
        as_of=as_of,
        known_at=known_at,
        ledger=ledger,
        objection_key=objection_key,
    )
    return _acquaint.check(asking, progress)


def verify(
    out: Path | Run,
    signals: Signals,
    *,
    frames: Mapping[str, ArrowFrame] | None = None,
    ledger: Path | None = None,
    objection_key: Path | None = None,
    audience_key: Path | None = None,
    audience_epoch: int | None = None,
    max_reruns: int = 0,
    progress: Listener | None = None,
) -> Verdict:
    """Is the output what it would be if everybody who is out had never been in the tables?"""
    return _acquaint.verify(
        out.out if isinstance(out, Run) else out,
        signals,
        frames=frames,
        ledger=ledger,
        objection_key=objection_key,
        audience_key=audience_key,
        audience_epoch=audience_epoch,
        max_reruns=max_reruns,
        progress=progress,
    )


class Engine(_acquaint.Engine):
    """Suggestions, ads, spam scores and verdicts of one state of the tables, for one person at a time."""

    def __new__(
        cls,
        signals: Signals,
        *,
        frames: Mapping[str, ArrowFrame] | None = None,
        config: Config | None = None,
        as_of: Moment | None = None,
        known_at: Moment | None = None,
        ledger: Path | None = None,
        objection_key: Path | None = None,
        audience_key: Path | None = None,
        audience_epoch: int | None = None,
        friend_model: FriendModel | None = None,
        ad_model: AdModel | None = None,
        progress: Listener | None = None,
    ) -> Engine:
        asking = _asking(
            signals,
            frames=frames,
            config=_sections(config),
            as_of=as_of,
            known_at=known_at,
            ledger=ledger,
            objection_key=objection_key,
            audience_key=audience_key,
            audience_epoch=audience_epoch,
        )
        return super().__new__(cls, asking, friend_model, ad_model, progress)


def evaluate_friends(
    signals: Signals | None = None,
    *,
    edges: ArrowFrame | None = None,
    contacts: ArrowFrame | None = None,
    config: Config | None = None,
    split: str = "random",
    seeds: int = 1,
    k: int | None = None,
    learn: bool = False,
    near: bool = False,
    progress: Listener | None = None,
) -> dict[str, Any]:
    """Measure every way to suggest friends on friendships that are hidden.

    The friendships are those of tables, or ``edges``: a frame with two columns of ids and, if there is a third, one of
    times (whole numbers are seconds). With ``split="time"`` the newest are hidden; with ``learn=True`` the learned order is measured too.
    """
    return _acquaint.evaluate_friends(
        _friendships(signals, edges, config),
        contacts=contacts,
        config=_sections(config),
        split=split,
        seeds=seeds,
        k=k,
        learn=learn,
        near=near,
        progress=progress,
    )


def evaluate_ads(
    signals: Signals,
    *,
    frames: Mapping[str, ArrowFrame] | None = None,
    config: Config | None = None,
    as_of: Moment | None = None,
    known_at: Moment | None = None,
    ledger: Path | None = None,
    objection_key: Path | None = None,
    audience_key: Path | None = None,
    audience_epoch: int | None = None,
    split: str = "rows",
    seed: int = 0,
    seeds: int = 1,
    k: int = 10,
    every_fold: bool = False,
    curves: bool = False,
    progress: Listener | None = None,
) -> dict[str, Any]:
    """Measure the click model on impressions that are hidden: by ``rows``, ``time``, ``person`` or ``ad``."""
    asking = _asking(
        signals,
        frames=frames,
        config=_sections(config),
        as_of=as_of,
        known_at=known_at,
        ledger=ledger,
        objection_key=objection_key,
        audience_key=audience_key,
        audience_epoch=audience_epoch,
    )
    return _acquaint.evaluate_ads(
        asking,
        split=split,
        seed=seed,
        seeds=seeds,
        k=k,
        every_fold=every_fold,
        curves=curves,
        progress=progress,
    )


def evaluate_abuse(
    signals: Signals,
    labels: Path,
    *,
    frames: Mapping[str, ArrowFrame] | None = None,
    config: Config | None = None,
    as_of: Moment | None = None,
    progress: Listener | None = None,
) -> dict[str, Any]:
    """Set spam scores against labelled accounts: a CSV file with the columns ``account_id`` and ``kind``."""
    asking = _asking(signals, frames=frames, config=_sections(config), as_of=as_of)
    return _acquaint.evaluate_abuse(asking, labels, progress=progress)


def train_friends(
    signals: Signals | None = None,
    *,
    edges: ArrowFrame | None = None,
    config: Config | None = None,
    progress: Listener | None = None,
) -> FriendModel:
    """Learn the order of suggestions from friendships that are hidden: of tables, or of ``edges``."""
    friendships = _friendships(signals, edges, config)
    return _acquaint.train_friends(friendships, config=_sections(config), progress=progress)


def train_ads(
    signals: Signals,
    *,
    frames: Mapping[str, ArrowFrame] | None = None,
    config: Config | None = None,
    as_of: Moment | None = None,
    known_at: Moment | None = None,
    ledger: Path | None = None,
    objection_key: Path | None = None,
    audience_key: Path | None = None,
    audience_epoch: int | None = None,
    progress: Listener | None = None,
) -> AdModel:
    """Learn the probability of a click from impressions."""
    asking = _asking(
        signals,
        frames=frames,
        config=_sections(config),
        as_of=as_of,
        known_at=known_at,
        ledger=ledger,
        objection_key=objection_key,
        audience_key=audience_key,
        audience_epoch=audience_epoch,
    )
    return _acquaint.train_ads(asking, progress=progress)


def _friendships(signals: Signals | None, edges: ArrowFrame | None, config: Config | None) -> Any:
    if (signals is None) == (edges is None):
        raise TypeError("give either signals or edges")
    return edges if signals is None else _asking(signals, config=_sections(config))


__all__: Sequence[str] = []
