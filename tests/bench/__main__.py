"""All figures side by side: ``make bench``, or ``make bench TABLES="draw odd"`` for some of them.

What begins with two dashes goes to the table before it: ``TABLES="phones --flat"`` is the ten-minute run.
"""

import importlib.metadata
import os
import platform
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "data"
TABLES = {
    "locate": "bench_locate.py",
    "doubt": "bench_doubt.py",
    "lines": "bench_lines.py",
    "points": "bench_points.py",
    "walks": "bench_walks.py",
    "scale": "bench_scale.py",
    "draw": "bench_draw.py",
    "reshape": "bench_reshape.py",
    "editor": "bench_editor.py",
    "phones": "bench_phones.py",
    "doors": "bench_doors.py",
    "next_walk": "bench_next_walk.py",
    "hotspots": "bench_hotspots.py",
    "heat": "bench_heat.py",
    "heat_page": "bench_heat_page.py",
    "figures": "bench_figures.py",
    "incidents": "bench_incidents.py",
    "odd": "sweep_odd_files.py",
}
PACKAGES = ("geopandas", "numba", "numpy", "pymetis", "pyogrio", "shapely")


def asked(words: list[str]) -> dict[str, list[str]]:
    """The tables asked for, each with the options that follow it."""
    tables: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--") and tables:
            tables[list(tables)[-1]].append(word)
        else:
            tables[word] = []
    return tables


def main() -> int:
    """Run the tables named on the command line, or all, one after the other; the machine is named first."""
    wanted = asked(sys.argv[1:]) or {name: [] for name in TABLES}
    unknown = [name for name in wanted if name not in TABLES]
    if unknown:
        print(f"There is no table {', '.join(unknown)}; there are: {', '.join(TABLES)}.", file=sys.stderr)
        return 2
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; {versions}")
    for name, options in wanted.items():
        print(f"\n== {name}")
        if name == "odd" and not SHARED.is_dir():
            print("left out: the folder of odd files is not beside the checkout")
            continue
        sys.argv = [TABLES[name], *([str(SHARED)] if name == "odd" else []), *options]
        try:
            runpy.run_path(str(HERE / TABLES[name]), run_name="__main__")
        except SystemExit as end:
            if end.code:
                return int(end.code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
