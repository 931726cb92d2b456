"""A run gives the bytes of the command line, from a directory or from frames."""

from __future__ import annotations

import json

import acquaint
import pytest


def outputs(out) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(out.glob("*.parquet"))}


def test_same_bytes_as_the_command_line(world, program, tmp_path):
    program("run", "--signals", world, "--out", tmp_path / "line", "--quiet")
    run = acquaint.run(world, tmp_path / "python")
    assert outputs(tmp_path / "line") == outputs(tmp_path / "python")
    assert run.manifest == json.loads((tmp_path / "line" / "manifest.json").read_text())


def test_same_bytes_from_frames(world, tables, tmp_path):
    files = acquaint.run(world, tmp_path / "files")
    frames = acquaint.run(tables, tmp_path / "frames")
    made = [outputs(tmp_path / name) for name in ("files", "frames")]
    # Rejected rows say which file they stand in.
    assert made[0].pop("rejections.parquet") != made[1].pop("rejections.parquet")
    assert made[0] == made[1]
    inputs = [file["file"] for file in frames.manifest["inputs"]]
    assert "friendships.frame" in inputs
    assert len(files.suggestions) == len(frames.suggestions) > 0


def test_frames_beside_a_directory(world, tables, tmp_path):
    some = tmp_path / "some"
    some.mkdir()
    for file in world.glob("*.parquet"):
        if file.stem != "friendships":
            (some / file.name).write_bytes(file.read_bytes())
    acquaint.run(world, tmp_path / "all")
    acquaint.run(some, tmp_path / "beside", frames={"friendships": tables["friendships"]})
    assert outputs(tmp_path / "all") == outputs(tmp_path / "beside")
    with pytest.raises(acquaint.SignalsError, match="friendships"):
        acquaint.run(world, frames={"friendships": tables["friendships"]})


def named(row: dict) -> list[int]:
    return [value for name, value in row.items() if name in ("user_id", "candidate_id")]


def test_whoever_opts_out_is_in_no_row(tables):
    polars = pytest.importorskip("polars")
    before = acquaint.run(tables)
    users = {user for row in before.suggestions.to_pylist() for user in named(row)}
    linked = {row["user_id"]: row["account_id"] for row in before["links"].to_pylist()}
    user = min(users & set(linked))
    events = tables["consent_events"]
    last = {name: None for name in events.columns}
    at = events["known_time"].max()
    last |= {"event_id": 2**62, "account_id": linked[user], "kind": "opt_out"}
    last |= {"valid_time": at, "known_time": at}
    refusal = polars.DataFrame([last], schema=events.schema)
    after = acquaint.run({**tables, "consent_events": polars.concat([events, refusal])})
    for name in ("suggestions", "ad_scores"):
        assert all(user not in named(row) for row in after[name].to_pylist()), name
    links = [row["purpose"] for row in after["links"].to_pylist() if row["user_id"] == user]
    # An opt-out closes suggestions and ads; abuse of the messenger is looked at all the same.
    assert set(links) <= {"abuse"}
    assert len(after.suggestions) > 0


def test_a_run_without_a_place_goes_with_its_object(world):
    run = acquaint.run(world)
    out = run.out
    assert out.exists()
    assert "<table>" in run._repr_html_()
    assert "suggestions" in repr(run)
    assert run.report.startswith("<!")
    del run
    assert not out.exists()


def test_progress_is_told(world):
    stages: list[str] = []
    acquaint.run(world, progress=lambda stage, total: stages.append(stage))
    assert "suggesting friends" in stages


def test_a_listener_that_fails_stops_nothing(world, monkeypatch):
    told = []
    monkeypatch.setattr("sys.unraisablehook", lambda unraisable: told.append(unraisable.exc_value))

    def listener(stage, total):
        raise RuntimeError("deaf")

    assert acquaint.run(world, progress=listener).suggestions
    assert str(told[0]) == "deaf"


def test_an_output_is_read_again(world, tmp_path):
    made = acquaint.run(world, tmp_path / "out")
    read = acquaint.read_run(tmp_path / "out")
    assert read.manifest == made.manifest
    assert str(read) == str(made)
    (tmp_path / "out" / "suggestions.parquet").write_bytes(b"PAR1")
    with pytest.raises(acquaint.OutputError, match="suggestions.parquet"):
        acquaint.read_run(tmp_path / "out")


def test_check_names_everything_at_once(tables):
    assert not acquaint.check(tables).stops
    short = {name: frame for name, frame in tables.items() if name != "social_accounts"}
    found = acquaint.check(short)
    assert not found.is_clean
    assert any("social_accounts" in stop for stop in found.stops)
    assert "social_accounts" in str(found)
    assert found.to_dict()["stops"] == found.stops


def test_same_check_as_the_command_line(quickstart, program):
    line = json.loads(program("check", "--signals", quickstart, "--json"))
    assert acquaint.check(quickstart).to_dict() == line["found"]


def test_verify_of_files_and_of_frames(world, tables, tmp_path):
    acquaint.run(world, tmp_path / "files")
    assert acquaint.verify(tmp_path / "files", world)
    run = acquaint.run(tables)
    verdict = acquaint.verify(run, tables)
    assert verdict.is_clean, str(verdict)
    fewer = {**tables, "friendships": tables["friendships"].head(10)}
    changed = acquaint.verify(run, fewer)
    assert not changed
    assert "friendships.frame" in str(changed)
