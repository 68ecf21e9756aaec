"""`make simulate`: a day at the mall, played over HTTP against the running system; exit 1 if something was lost.

Visitors arrive, take tickets and leave a phone number; 23 counters call, serve and miss them; the hall display listens.
"""

import argparse
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from tools.simulate.day import Day, visitors_of_a_day
from tools.simulate.mall import Hall, running_system
from tools.simulate.verdict import checks, summary, wait_for_texts


def main() -> None:
    """Play the day, print the summary, exit 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description="Play a day at the mall against the running system.")
    parser.add_argument("--applicants", type=int, default=100)
    parser.add_argument("--speed", type=float, default=240, help="how much faster than the clock (240: a day in 2 min)")
    parser.add_argument("--seed", type=int, default=1, help="another number, another day")
    options = parser.parse_args()
    console, mall = Console(), running_system()
    catalog = mall.get(f"/catalog/api/malls/{mall.code}")
    services = mall.get(f"/catalog/api/malls/{mall.code}/services")["services"]
    hall = Hall(mall)
    left = hall.now["capacity"] - hall.now["issued"]
    if left < options.applicants:
        console.print(
            f"{hall.now['issued']} of {hall.now['capacity']} tickets of today are taken: {left} are left. "
            "A fresh day beside this one: MPP_PORT=8010 MPP_DATA=.local-2 make run"
        )
    count = max(0, min(options.applicants, left))
    console.print(
        f"{hall.now['name']}, {hall.now['business_day']}: {count} applicants, {len(catalog['counters'])} counters"
    )
    hall.start()
    day = Day(mall, hall, visitors_of_a_day(services, count, options.seed), options.speed, options.seed)
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console) as progress:
        day.play(catalog["counters"], progress)
    texts = wait_for_texts(day)
    results = checks(day, texts, full=count == left)
    summary(day, texts, console)
    for promise, kept, figures in results:
        console.print(f"{'[green]✓[/]' if kept else '[red]✗[/]'} {promise}  [dim]{figures}[/]", highlight=False)
    sys.exit(0 if all(kept for _, kept, _ in results) else 1)


if __name__ == "__main__":
    main()
