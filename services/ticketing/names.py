"""Names that pages of a mall show: the mall's own, and names for codes, in the language of the request."""

from collections.abc import Mapping

from services.chassis.languages import language
from services.chassis.words import DEFAULT
from services.ticketing.domain.mall import Mall


def in_language(names: Mapping[str, str]) -> str:
    """A name in the language of the page; in Indonesian, or any, if it has none in that."""
    return names.get(language()) or names.get(DEFAULT) or next(iter(names.values()), "")


def about(mall: Mall) -> dict[str, str]:
    """What every page of a mall needs to know of it."""
    return {"code": mall.about.code, "name": mall.about.name, "zone": mall.about.zone}


def names_of(known: Mall) -> dict[str, dict[str, str]]:
    """Names for the codes in reports."""
    return {
        "service": {service.code: service.name for service in known.services.values()},
        "agency": {agency.code: agency.name for agency in known.agencies.values()},
        "class": {one.code: in_language(one.name) for one in known.about.classes},
    }
