"""What axe-core finds on a page."""

from axe_playwright_python.sync_playwright import Axe

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
OPTIONS = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}  # nothing else is worked out


def violations(page, within: str | None = None) -> list[str]:
    """The rules of WCAG 2.2 A and AA that the page, or one part of it, breaks now, with the elements that do."""
    found = Axe().run(page, context=within, options=OPTIONS).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]
