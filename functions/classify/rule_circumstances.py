"""Signs of urgency that are not phrases of a lexicon: numbers, the form of the title, the tone, who is barred.

Every repetition in a pattern is bounded or starts at a fixed place, so that reading stays linear in the text.
"""

import re
from collections.abc import Iterator

from functions.classify.rule_evidence import Evidence, TicketReading

_HIT = (
    r"users?|customers?|clients?|people|agents?|employees|colleagues|stores|shops|terminals|drivers|patients|clerks|"
    r"tenants|shareholders|visitors|students|members|devices|phones|accounts|subscribers|passengers|guests|workers|"
    r"orders|payments|bookings|contracts|sites|branches|workloads|seats"
)
_COUNT = re.compile(
    rf"(?<![\d.,:/-])(\d{{1,3}}(?:[,.]\d{{3}}){{1,3}}|\d{{1,9}})(k?)\s(?:[a-z-]{{2,12}}\s)?(?:{_HIT})\b"
)
_AFFECTED = re.compile(r"(?:users|customers|clients)\s?(?:affected)?\s?[:=]\s?(\d{1,3}(?:[,.]\d{3}){1,3}|\d{1,9})()\b")
_FRACTION = re.compile(r"(?<![\d./])(\d{1,4}) (?:out )?of (?:the )?(\d{1,5})\b")
_PERCENT_OF = re.compile(
    r"(?<![\d.,])(\d{1,3})(?:[.,]\d{1,2})?\s?%\s(?:of (?:all |the |our )?(?:requests?|calls?|users|customers|orders|"
    r"traffic|submits?|logins?|transactions|payments|packets|queries|jobs|messages|devices|hosts|nodes|cases)"
    r"|duplicate|errors?|loss|fail|packet loss)"
)
_USED_UP = re.compile(
    r"\bat [789]\d ?%|\b[789]\d ?(?:%|percent) (?:of|full|used|disk|memory|cpu|usage|utili[sz]ation)"
    r"|\b(?:usage|disk|memory|cpu|utili[sz]ation|load|pool|heap|quota|swap|space|capacity)\b[^.\n]{0,20}\b[789]\d ?"
    r"(?:%|percent)"
)
_NOBODY_CAN = re.compile(
    r"\b(?:no|none of (?:the|our)) (?:[a-z-]{2,15} )?[a-z-]{2,15} (?:can|could|is able|are able|gets?|works?)\b"
)
_ANYONE_CAN = re.compile(
    r"\b(?:anyone|anybody|any user|any customer|every user|everyone) (?:[a-z]{1,15} ){0,4}can "
    r"(?:edit|see|read|download|open|change|delete|access|view|modify|impersonate|list)\b"
)
_ALL_GONE = re.compile(
    r"\ball (?:[a-z'-]{1,15} |\d{1,6} ){1,5}"
    r"(?:vanished|deleted|gone|disappeared|lost|erased|wiped|overwritten|removed)\b"
)
_ASKING = re.compile(
    r"\s*(?:how|what|which|where|when|who|can|could|may|should|is it|is there|are there|do we|"
    r"does anyone|question|q:)\b"
)
_WISHING = re.compile(
    r"\s*\[?(?:add|create|rename|remove|delete|update|upgrade|change|please|pls|request|need|clean ?up|clean|label|"
    r"install|enable|allow|grant|increase|decommission|archive|migrate|move|document|order|set up|provide|drop|bump|"
    r"wish|idea|feature|suggestion|proposal|planned|info|fyi|reminder|new|lower|extend|replace|refactor|improve|"
    r"support for|show|sort|retire|schedule|renew|resize|refresh|test data|would|minor|small|tidy|review)\b"
)
_FOR = re.compile(r"\bfor\b")
_SHOUTING = re.compile(r"\b(?:NOW|URGENT|ASAP|HELP|CRITICAL|IMMEDIATELY|EMERGENCY|FIRING|ALARM|DOWN|SOS)\b")
_OVER_TAG = re.compile(r"\W{0,4}(?:resolved|recovered|recovery|cleared|ok|closed|back to normal)\b", re.IGNORECASE)
_MANY = 50
_MOST = 0.5
_SAID = (
    (_NOBODY_CAN, "whole groups blocked", {"HIGH": 2.8}),
    (_ANYONE_CAN, "security breach", {"HIGH": 3.0}),
    (_ALL_GONE, "lost data", {"HIGH": 2.5}),
    (_USED_UP, "early warning", {"MEDIUM": 1.8}),
)
# These tell how bad a fault is; where there is no fault ("a voucher for 12 people") they tell nothing.
NUMBER_IDEAS = frozenset({"how many", "share"})


def circumstances(title: str, description: str, ticket: TicketReading) -> list[Evidence]:
    """Return what numbers, forms and tone say about the priority."""
    found = _of_title(title, ticket)
    for part, text in (("title", title.lower()), ("description", description.lower())):
        found.extend(_numbers(text, part))
        for pattern, idea, weights in _SAID:
            match = pattern.search(text)
            if match:
                found.append(Evidence(match[0], idea, part, weights))
    if "!!" in title or "!!" in description:
        found.append(Evidence("!!", "tone", "ticket", {"HIGH": 1.2}))
    if _SHOUTING.search(title) or _SHOUTING.search(description):
        found.append(Evidence("capitals", "tone", "ticket", {"HIGH": 1.2}))
    return found


def _of_title(title: str, ticket: TicketReading) -> list[Evidence]:
    found: list[Evidence] = []
    lower = title.lower()
    if _OVER_TAG.match(title):
        found.append(Evidence("tagged as over", "over", "title", {"LOW": 5.0}))
    if ticket.title.questions or _ASKING.match(lower):
        found.append(Evidence("a question", "title asks", "title", {"LOW": 2.2}))
    if _WISHING.match(lower):
        found.append(Evidence("a request", "title asks for work", "title", {"LOW": 2.2}))
    if _FOR.search(lower):
        found.append(Evidence("for", "title asks for work", "title", {"LOW": 0.7}))
    return found


def _numbers(text: str, part: str) -> Iterator[Evidence]:
    counts = [
        int(match[1].replace(",", "").replace(".", "")) * (1000 if match[2] else 1)
        for pattern in (_COUNT, _AFFECTED)
        for match in pattern.finditer(text)
    ]
    if counts:
        most = max(counts)
        yield Evidence(f"{most} hit", "how many", part, {"HIGH": 1.3} if most >= _MANY else {"MEDIUM": 0.6})
    for match in _FRACTION.finditer(text):
        some, everything = int(match[1]), int(match[2])
        if 0 < some <= everything:
            yield Evidence(match[0], "share", part, {"HIGH": 1.0} if some > _MOST * everything else {"MEDIUM": 1.5})
    for match in _PERCENT_OF.finditer(text):
        large = int(match[1]) >= 100 * _MOST
        yield Evidence(match[0], "share", part, {"HIGH": 1.5} if large else {"MEDIUM": 1.5})
