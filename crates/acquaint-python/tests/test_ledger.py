"""The ledger, settings and errors."""

from __future__ import annotations

from datetime import datetime, timezone

import acquaint
import pytest


def test_events_are_recorded_once(tmp_path):
    ledger = acquaint.Ledger(tmp_path / "ledger")
    event = {"account_id": 7, "kind": "opt_out", "valid_time": "2016-09-01T00:00:00Z"}
    first = ledger.append([event])
    assert first["new"] == 1
    again = ledger.append([event])
    assert (again["new"], again["repeated"]) == (0, 1)
    assert ledger.root == first["root"]
    history = ledger.history(7)
    assert [one["kind"] for one in history] == ["opt_out"]
    assert ledger.check(since=first["root"]) == []


def test_the_command_line_reads_the_same_ledger(tmp_path, program):
    ledger = acquaint.Ledger(tmp_path / "ledger")
    ledger.append([{"account_id": 7, "kind": "opt_out"}])
    root = program("consent", "root", "--ledger", tmp_path / "ledger")
    assert ledger.root["root"] in root


def test_deny_events_that_are_none(tmp_path):
    ledger = acquaint.Ledger(tmp_path / "ledger")
    good = {"account_id": 7, "kind": "opt_out"}
    with pytest.raises(acquaint.LedgerError, match="event 1"):
        ledger.append([good, {"account_id": 7, "kind": "opt_sideways"}])
    with pytest.raises(acquaint.LedgerError):
        _ = ledger.root


def test_settings_are_checked(quickstart, tmp_path):
    assert acquaint.run(quickstart, config={"suggest": {"k": 1}})
    for config in ({"suggest": {"kk": 1}}, {"suggest": {"k": 0}}):
        with pytest.raises(acquaint.ConfigError, match="k"):
            acquaint.run(quickstart, config=config)
    file = tmp_path / "acquaint.toml"
    file.write_text("[suggest]\nk = 1\n")
    rows = acquaint.run(quickstart, config=file).suggestions.to_pylist()
    assert rows and all(row["rank"] == 1 for row in rows)


def test_moments(quickstart):
    text = acquaint.run(quickstart, as_of="2017-01-01T00:00:00Z")
    moment = acquaint.run(quickstart, as_of=datetime(2017, 1, 1, tzinfo=timezone.utc))
    assert text.manifest == moment.manifest
    with pytest.raises(ValueError, match="zone"):
        acquaint.run(quickstart, as_of=datetime(2017, 1, 1))


def test_errors_are_of_one_kind(tmp_path):
    with pytest.raises(acquaint.SignalsError):
        acquaint.run(tmp_path / "nothing")
    assert issubclass(acquaint.SignalsError, acquaint.AcquaintError)
    with pytest.raises(acquaint.OutputError):
        acquaint.read_run(tmp_path)
