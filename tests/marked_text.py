"""Pages of which a program writes a part, between two markers."""


def replace_between(page: str, part: str, *, begin: str, end: str) -> str:
    """Return the page with this part between its markers. Raises ValueError if it has none."""
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the page has no {begin.strip()} with {end.strip()} behind it")
    return before + begin + part + end + after
