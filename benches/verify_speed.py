"""Pairs per second of `nabla-ransac verify` beside COLMAP's geometric verification, on copies of the same databases.

The two take turns, each in a process of its own; what is counted is from the opened database to the last row written, without the
start of Python. CPU time is what a busy machine changes least.

    python benches/verify_speed.py --nabla target/release/nabla-ransac --crowd .4 .2 --synthetic --photographs FOLDER ...
    python benches/verify_speed.py --nabla target/release/nabla-ransac --pairs 1000 10000 100000

With --pairs COLMAP is left out: speed and memory on databases of so many pairs with 500 matches.
"""

import argparse
import json
import platform
import re
import shlex
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pycolmap

from colmap_runs import copied
from colmap_scenes import PHOTOGRAPHS, SYNTHETIC, crowd, photographs, synthetic

CROWD_PAIRS = 150
COLMAP = """
import json, sys, time, pycolmap
pycolmap.logging.minloglevel = 3
database, threads, ransac = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
options, verifier = pycolmap.TwoViewGeometryOptions(), pycolmap.GeometricVerifierOptions(num_threads=threads)
options.ransac.mergedict(ransac)
wall, cpu = time.perf_counter(), time.process_time()
pycolmap.geometric_verification(database, verifier, two_view_geometry_options=options)
print(json.dumps({"seconds": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}))
"""


# starts a program from a small process, since what a large one starts counts its memory as its own
LAUNCHER = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], "w").write(f"{used.ru_utime + used.ru_stime} {used.ru_maxrss / 1024}")
sys.exit(code)
"""


def measured(command):
    """What a program prints as JSON, with its CPU time in seconds and its largest memory in MB."""
    command = [str(word) for word in command]
    with tempfile.NamedTemporaryFile("r") as usage:
        launched = [sys.executable, "-S", "-c", LAUNCHER, usage.name, *command]
        done = subprocess.run(launched, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{shlex.join(command[:3])} … failed with status {done.returncode}:\n{done.stderr.strip()}")
        process_cpu_s, memory_mb = map(float, usage.read().split())
    return json.loads(done.stdout) | {"process_cpu_s": process_cpu_s, "memory_mb": memory_mb}


def run_nabla(program, database, threads, seed, arguments):
    options = ["--threads", threads, "--seed", seed, "--json", *shlex.split(arguments)]
    found = measured([program, "verify", database, *options])
    seconds = found.pop("seconds")
    return found | {"seconds": seconds["all"], "cpu_s": found["process_cpu_s"], "stages": seconds}


def run_colmap(database, threads, seed, **ransac):
    ransac = json.dumps({"random_seed": seed, **ransac})
    return measured([sys.executable, "-c", COLMAP, database, threads, ransac])


def runs(args):
    """Name → what verifies a database: the defaults of both, which have the same threshold of 4 px, and others of COLMAP."""
    found = {
        "nabla-ransac": lambda *how: run_nabla(args.nabla, *how, args.nabla_args),
        "COLMAP": lambda *how: run_colmap(*how),
    }
    if args.hloc:
        found["COLMAP as hloc"] = lambda *how: run_colmap(*how, max_num_trials=20000, min_inlier_ratio=0.1)
    return found


def databases(args, folder):
    for inlier_share in args.crowd:
        yield f"all overlap {inlier_share:g}", crowd(CROWD_PAIRS, folder, inlier_share=inlier_share)
    chosen = lambda options: re.search(args.only, options.name)
    for options in filter(chosen, SYNTHETIC if args.synthetic else []):
        yield options.name, synthetic(options, 1, folder).database
    for source in args.photographs:
        for options in filter(chosen, PHOTOGRAPHS):
            scene = photographs(options, source, folder)
            yield scene.name, scene.database


def compare(args, name, database):
    """A row for each run: repeats in turn."""
    with pycolmap.Database.open(database) as opened:
        pairs, matches = opened.num_matched_image_pairs(), opened.num_matches()
    for threads in args.threads:
        for repeat in range(args.repeats):
            for run_name, run in runs(args).items():
                with tempfile.TemporaryDirectory() as folder:
                    found = run(copied(database, folder), threads, repeat)
                about = {"database": name, "pairs": pairs, "matches": matches / pairs, "threads": threads}
                print(f"{name}  {threads} threads  {run_name}  {found['cpu_s']:.2f} s CPU", file=sys.stderr)
                yield found | about | {"run": run_name, "repeat": repeat}


def markdown(rows):
    header = ["database", "pairs × matches", "threads", "verification", "pairs/s", "pairs/s of CPU", "faster (CPU)", "MB"]
    lines = [header, ["---"] * 4 + ["---:"] * 4]
    for database, threads in dict.fromkeys((row["database"], row["threads"]) for row in rows):
        group = [row for row in rows if (row["database"], row["threads"]) == (database, threads)]
        best = {run: best_of([row for row in group if row["run"] == run]) for run in dict.fromkeys(r["run"] for r in group)}
        for run, (wall, cpu, memory) in best.items():
            size = f"{group[0]['pairs']} × {group[0]['matches']:.0f}"
            speed = [f"{group[0]['pairs'] / wall:.1f}", f"{group[0]['pairs'] / cpu:.1f}"]
            faster = f"{best['COLMAP'][0] / wall:.1f} ({best['COLMAP'][1] / cpu:.1f})" if "COLMAP" in best else ""
            lines.append([database, size, str(threads), run, *speed, faster, f"{memory:.0f}"])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def best_of(rows):
    """The least wall and CPU time of the repeats, seconds, and the most memory, MB."""
    return min(row["seconds"] for row in rows), min(row["cpu_s"] for row in rows), max(row["memory_mb"] for row in rows)


def grow(args, count):
    """One run on a database of so many pairs."""
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        database = crowd(count, folder)
        print(f"{count} pairs made, {database.stat().st_size / 1e6:.0f} MB", file=sys.stderr)
        found = run_nabla(args.nabla, database, args.threads[0], 0, args.nabla_args)
    about = {"database": f"{count} pairs", "pairs": count, "matches": 500, "threads": args.threads[0]}
    return found | about | {"run": "nabla-ransac", "repeat": 0}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nabla", required=True, metavar="PROGRAM", help="the nabla-ransac program")
    parser.add_argument("--nabla-args", default="", metavar="'ARGS'", help="further options of nabla-ransac verify")
    parser.add_argument("--hloc", action="store_true", help="COLMAP with hloc's options too")
    parser.add_argument("--crowd", nargs="*", type=float, default=[], metavar="SHARE", help="pairs that all overlap, 500 matches each")
    parser.add_argument("--synthetic", action="store_true", help="synthetic scenes")
    parser.add_argument("--photographs", nargs="*", default=[], metavar="FOLDER", help="scenes, as compare_colmap.py takes")
    parser.add_argument("--pairs", nargs="*", type=int, default=[], metavar="N", help="databases of so many pairs")
    parser.add_argument("--folder", help="where those are made")
    parser.add_argument("--only", default="", metavar="REGEX", help="variants whose names match")
    parser.add_argument("--threads", nargs="+", type=int, default=[1])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="write every run, with the machine and versions, as JSON")
    return parser.parse_args()


def main():
    args = parse_arguments()
    pycolmap.logging.minloglevel = pycolmap.logging.Level.FATAL.value
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for name, database in databases(args, folder) for row in compare(args, name, database)]
    rows += [grow(args, count) for count in args.pairs]
    print(markdown(rows))
    if args.json:
        report = {"machine": platform.platform(), "pycolmap": version("pycolmap"), "runs": rows}
        Path(args.json).write_text(json.dumps(report, indent=1, default=float) + "\n")


if __name__ == "__main__":
    main()
