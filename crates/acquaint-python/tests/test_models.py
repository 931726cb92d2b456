"""Training, evaluating and model files, beside the command line."""

from __future__ import annotations

import json

import acquaint
import pytest

pa = pytest.importorskip("pyarrow")


@pytest.fixture(scope="module")
def friendships(tables):
    return tables["friendships"].select("user_a", "user_b", "since")


def test_ad_models_are_those_of_the_command_line(world, program, tmp_path):
    program("train", "ads", "--signals", world, "--out", tmp_path / "line.json", "--quiet")
    model = acquaint.train_ads(world)
    assert model.to_json() == (tmp_path / "line.json").read_text()
    model.save(tmp_path / "python.json")
    again = acquaint.AdModel.load(tmp_path / "python.json")
    assert again.to_json() == model.to_json()
    run = acquaint.run(world, ad_model=again)
    assert run.ad_scores.to_pylist() == acquaint.run(world).ad_scores.to_pylist()


def test_friend_models_are_those_of_the_command_line(friendships, program, tmp_path):
    edges = tmp_path / "edges.csv"
    friendships.select("user_a", "user_b").write_csv(edges, include_header=False)
    program("train", "friends", "--edges", edges, "--out", tmp_path / "line.json", "--quiet")
    model = acquaint.train_friends(edges=friendships.select("user_a", "user_b"))
    assert model.to_json() == (tmp_path / "line.json").read_text()
    assert model.weights
    model.save(tmp_path / "python.json")
    assert acquaint.FriendModel.load(tmp_path / "python.json").weights == model.weights


def test_evaluations_are_those_of_the_command_line(world, friendships, program, tmp_path):
    edges = tmp_path / "edges.csv"
    friendships.select("user_a", "user_b").write_csv(edges, include_header=False)
    line = json.loads(program("evaluate", "friends", "--edges", edges, "--json", "--quiet"))
    assert acquaint.evaluate_friends(edges=friendships.select("user_a", "user_b")) == line["ranking"]
    line = json.loads(
        program("evaluate", "ads", "--signals", world, "--no-curves", "--json", "--quiet")
    )
    ours = acquaint.evaluate_ads(world)
    assert ours == {name: line[name] for name in ours}


def test_an_own_temporal_split(friendships):
    found = acquaint.evaluate_friends(edges=friendships, split="time", learn=True)
    assert found["split"] == "time"
    assert [method["method"] for method in found["methods"]][-1] == "ranker"


def test_deny_a_temporal_split_without_times(friendships):
    with pytest.raises(ValueError, match="newer"):
        acquaint.evaluate_friends(edges=friendships.select("user_a", "user_b"), split="time")


def test_deny_edges_that_are_none():
    with pytest.raises(TypeError):
        acquaint.evaluate_friends(edges=pa.table({"a": ["x"], "b": ["y"]}))
    with pytest.raises(ValueError, match="below zero"):
        acquaint.evaluate_friends(edges=pa.table({"a": [-1], "b": [2]}))
    with pytest.raises(TypeError, match="either"):
        acquaint.evaluate_friends()


def test_a_model_of_another_state_of_consent_is_refused(world, tables):
    polars = pytest.importorskip("polars")
    model = acquaint.train_ads(world)
    events = tables["consent_events"]
    fewer = {**tables, "consent_events": events.filter(polars.col("kind") != "opt_out")}
    with pytest.raises(acquaint.StaleModelError, match="snapshot"):
        acquaint.run(fewer, ad_model=model)
