"""One person at a time: the answers of the run, and own scores under its rules."""

from __future__ import annotations

import threading

import acquaint
import pytest

pa = pytest.importorskip("pyarrow")


@pytest.fixture(scope="module")
def engine(world):
    return acquaint.Engine(world)


@pytest.fixture(scope="module")
def run(world):
    return acquaint.run(world)


def test_same_suggestions_as_a_run(engine, run):
    rows = run.suggestions.to_pylist()
    k = max(row["rank"] for row in rows)
    assert engine.suggest_all(k=k).to_pylist() == rows
    first = rows[0]
    suggested = engine.suggest(first["user_id"], k)[0]
    assert suggested.candidate == first["candidate_id"]
    assert (suggested.score, suggested.reasons) == (first["score"], first["reasons"])


def test_same_ads_as_a_run(engine, run):
    rows = run.ad_scores.to_pylist()
    users = sorted({row["user_id"] for row in rows})
    k = max(row["rank"] for row in rows)
    assert engine.ads_all(users, k).to_pylist() == rows
    assert [ad["ad_id"] for ad in engine.ads(users[0], k)] == [
        row["ad_id"] for row in rows if row["user_id"] == users[0]
    ]


def test_same_spam_scores_as_a_run(engine, run):
    rows = run["abuse_scores"].to_pylist()
    assert rows
    for row in rows:
        assert engine.spam(row["account_id"]) == row["score"]
    assert engine.spam(2**63) is None


def test_same_verdicts_as_a_run(engine, run):
    rows = run["business_reach"].to_pylist()
    kinds = ("service", "utility", "authentication", "marketing")
    for row in rows[:50]:
        found = engine.business(row["business_id"], row["account_id"])
        assert found == {kind: row[kind] for kind in kinds}
    assert rows


def test_explanations(engine, run):
    row = run.suggestions.to_pylist()[0]
    explained = engine.explain_suggestion(row["user_id"], row["candidate_id"])
    assert explained["rank"] == row["rank"]
    assert explained["why_not"] is None
    ad = run.ad_scores.to_pylist()[0]
    assert engine.explain_ad(ad["user_id"], ad["ad_id"])["rank"] == ad["rank"]


def test_own_scores_keep_the_rules(engine, run, tables):
    """Everybody is scored for one person: friends, and whoever is out, are in no list."""
    polars = pytest.importorskip("polars")
    user = run.suggestions.to_pylist()[0]["user_id"]
    everybody = tables["social_accounts"]["user_id"].to_list()
    frame = polars.DataFrame(
        {
            "user_id": [user] * len(everybody),
            "candidate_id": everybody,
            "score": [float(other % 97) for other in everybody],
        }
    )
    ranked = engine.rank_suggestions(frame, k=len(everybody)).to_pylist()
    listed = {row["candidate_id"] for row in ranked}
    friends = {
        end
        for a, b in tables["friendships"].select("user_a", "user_b").iter_rows()
        if user in (a, b)
        for end in (a, b)
    }
    assert len(ranked) > 10
    assert not listed & friends
    assert listed <= set(engine.users)
    assert set(everybody) - set(engine.users), "somebody of this world is out"
    scores = [row["score"] for row in ranked]
    assert scores == sorted(scores, reverse=True)
    best = engine.rank_suggestions(frame, k=3).to_pylist()
    assert best == ranked[:3]


def test_own_probabilities_keep_the_guard(engine, run):
    """With the model's own probabilities the order is the model's; an ad the guard keeps back stays back."""
    rows = run.ad_scores.to_pylist()
    user = rows[0]["user_id"]
    ours = [row for row in rows if row["user_id"] == user]
    frame = pa.table(
        {
            "user_id": [user] * len(ours),
            "ad_id": pa.array([row["ad_id"] for row in ours][::-1], pa.uint64()),
            "p_click": [row["p_click"] for row in ours][::-1],
        }
    )
    ranked = engine.rank_ads(frame).to_pylist()
    assert [row["ad_id"] for row in ranked] == [row["ad_id"] for row in ours]
    assert [row["value"] for row in ranked] == pytest.approx([row["value"] for row in ours])
    unknown = pa.table({"user_id": [user], "ad_id": [2**40], "p_click": [1.0]})
    assert len(engine.rank_ads(unknown)) == 0
    with pytest.raises(ValueError, match="probability"):
        engine.rank_ads(pa.table({"user_id": [user], "ad_id": [1], "p_click": [1.5]}))
    with pytest.raises(KeyError, match="p_click"):
        engine.rank_ads(pa.table({"user_id": [user], "ad_id": [1]}))


def test_whoever_is_out_gets_nothing(engine, tables):
    out = set(tables["social_accounts"]["user_id"].to_list()) - set(engine.users)
    assert out
    for user in sorted(out)[:20]:
        assert engine.suggest(user) == []


def test_other_threads_go_on(world):
    """The interpreter's lock is free while Rust works: another thread counts meanwhile."""
    counted, done = [0], threading.Event()

    def count():
        while not done.is_set():
            counted[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    before = counted[0]
    acquaint.run(world)
    during = counted[0] - before
    done.set()
    thread.join()
    assert during > 1_000
