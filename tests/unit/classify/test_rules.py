"""The fallback classifier: what single sentences mean to it, and that it stays cheap, deterministic and explainable."""

import time

import pytest

from functions.classify.classification import Category, Priority
from functions.classify.rules import classify_by_rules, explain


@pytest.mark.parametrize(
    ("title", "description", "category"),
    [
        ("Customer feedback page shows an error", "", "Application"),
        ("db unreachable", "", "Database"),
        ("Podcast page does not load", "", "Application"),
        ("Pod does not start", "", "Infrastructure"),
        ("FATAL: remaining connection slots are reserved", "SQLSTATE 53300", "Database"),
        ("Batch stops", "ORA-01555: snapshot too old", "Database"),
        ("Service log full of connect EHOSTUNREACH 10.0.0.7", "", "Network"),
        ("dig says NXDOMAIN", "", "Network"),
        ("CrashLoopBackOff after start", "Last State: OOMKilled, exit code 137", "Infrastructure"),
        ("write failed: ENOSPC", "", "Infrastructure"),
        ("java.lang.NullPointerException in BasketService", "", "Application"),
        ("HTTP 500 on /api/orders", "Traceback (most recent call last): KeyError", "Application"),
        ("502 bad gateway from the load balancer", "", "Network"),
        ("Site is down", "The database is healthy. The firewall drops the packets.", "Network"),
        ("Site is down", "CPU, memory and pods look green; it is the code of release 4.", "Application"),
        ("Timeouts in the shop", "It is not the network: a deadlock in Postgres holds everything.", "Database"),
        ("One of the redis, no sorry, one of the web servers does not boot", "", "Infrastructure"),
        ("Can't log in", "", "Application"),
        ("", "", "Application"),
    ],
)
def test_the_cause_that_is_stated_gives_the_category(title: str, description: str, category: Category) -> None:
    assert classify_by_rules(title, description).category == category


@pytest.mark.parametrize(
    ("title", "description", "priority"),
    [
        ("Production database is down", "", "HIGH"),
        ("Production outage", "", "HIGH"),
        ("Where do I change the production date?", "", "LOW"),
        ("Nobody can check out", "", "HIGH"),
        ("No customer can pay", "", "HIGH"),
        ("Backup disk replaced", "No data was lost and nobody is affected.", "LOW"),
        ("Data lost after the migration", "", "HIGH"),
        ("API is not down", "No hurry.", "LOW"),
        ("Login fails", "Prod is down, every user is hit.", "HIGH"),
        ("Staging database is down", "", "MEDIUM"),
        ("Search is slow for some users", "", "MEDIUM"),
        ("Export fails sometimes", "Trying again helps.", "MEDIUM"),
        ("Disk of log server at 85 %", "", "MEDIUM"),
        ("[RESOLVED] Web server down", "", "LOW"),
        ("Web server down until the disk is resolved", "", "HIGH"),
        ("Not urgent: typo on the error page", "", "LOW"),
        ("Please create a new VLAN", "", "LOW"),
        ("Which ports are open?", "", "LOW"),
        ("Attacker logged in to the jump host", "", "HIGH"),
        ("Pods restart since the upgrade", "Some requests fail.", "MEDIUM"),
    ],
)
def test_what_is_hit_gives_the_priority(title: str, description: str, priority: Priority) -> None:
    assert classify_by_rules(title, description).priority == priority


def test_the_verdict_looks_as_the_original_products_did() -> None:
    verdict = classify_by_rules("Disk full on web-1", "")
    assert (verdict.source, verdict.confidence_score, verdict.cached) == ("FALLBACK", 0.5, False)
    assert "infrastructure" in verdict.recommended_action


def test_the_action_follows_the_gravest_evidence() -> None:
    assert "security on-call" in classify_by_rules("Ransomware on the file server", "").recommended_action
    assert "Stop writes" in classify_by_rules("All orders deleted by mistake in production", "").recommended_action
    assert "question" in classify_by_rules("Which DNS servers do we have?", "").recommended_action
    assert "over" in classify_by_rules("RESOLVED: packet loss", "").recommended_action


def test_the_title_weighs_more_than_the_description() -> None:
    assert classify_by_rules("postgres", "firewall").category == "Database"
    assert classify_by_rules("firewall", "postgres").category == "Network"


def test_an_explanation_names_the_phrases_and_why_they_were_changed() -> None:
    verdict = explain("Site down", "The database is healthy, nothing was hacked. It fails because of the firewall.")
    notes = {(item.phrase, item.note) for item in verdict.evidence}
    assert {("database", "cleared"), ("hacked", "negated"), ("firewall", "named as the cause")} <= notes
    assert verdict.category_scores["Database"] < 0 < verdict.category_scores["Network"]
    assert verdict.priority == max(verdict.priority_scores, key=lambda label: verdict.priority_scores[label])


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "Größe der Datenbank überschritten",
        "服务器宕机",
        "🔥🔥🔥",
        "\x00\ud800",
        "!?" * 50,
        "\U0001d41d\U0001d41b down",
    ],
)
def test_any_text_gets_a_verdict(text: str) -> None:
    assert classify_by_rules(text, text) == classify_by_rules(text, text)


def test_typographic_apostrophes_and_letters_read_as_plain_ones() -> None:
    assert explain("can\u2019t connect", "").priority_scores == explain("can't connect", "").priority_scores
    assert classify_by_rules("\uff44\uff42 broken", "").category == "Database"


@pytest.mark.parametrize(
    "unit",
    ["down ", "no data ", "all a ", "!", "!?x", "1,000,", "1 2 ", " ", "a", "aBcD", "7% of the ", "disk ", "anyone a "],
)
def test_reading_is_linear_in_the_text(unit: str) -> None:
    def seconds(characters: int) -> float:
        text = (unit * characters)[:characters]
        times = []
        for _ in range(3):
            started = time.process_time()
            classify_by_rules(text[:200], text)
            times.append(time.process_time() - started)
        return min(times)

    classify_by_rules("warm", "up")
    short, long = seconds(10_000), seconds(40_000)
    assert long < 10 * max(short, 0.002)
    assert short < 0.5
