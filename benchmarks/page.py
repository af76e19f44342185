"""How quick is the page with many files? Told by the browser's own clock, beside a page that does nothing but scroll.

    python benchmarks/page.py [--files 100 10000] [--rounds 5] [--speed 3000] [--seconds 20]

A server in a process of its own (no worker, which has things to do after a start), a tenant for each size, rows made in
bulk and every thumbnail a file of its own: drawn, 200 different ones, copied. In turns each size is opened by a browser
that has nothing of it yet, and the time until all thumbnails in sight are shown is taken, from the beginning of the
navigation. Then the largest is scrolled: at `--speed` pixels a second as by a hand, once through all of it in
`--seconds`, each with the frames and the tasks over 50 ms; after it the heap, collected. The bare page has plain boxes.
As root the server and the browser run before all other processes, so that what else the machine does is not measured.
The results are kept in benchmarks/RESULTS.md.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from growth import copy
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scopix_server.config import Settings
from scopix_server.db.connection import SqlDatabase
from scopix_server.db.schema import files, variants
from scopix_server.domain.tenant import Tenant
from scopix_server.upkeep.integrity import Counts
from scopix_server.wiring.keys import create_key
from scopix_server.wiring.shared import open_database
from tests.support.server import ServerProcess
from tests.web.conftest import FLAGS, browser_place

KINDS = 200  # different pictures; the others are copies with names of their own, which no cache takes for the same
SIZES = [(1600, 1200), (1200, 1600), (1600, 900), (1500, 1500), (1600, 1067)]
VARIANTS = {"small_256": 256, "medium_750": 750}
NOW = datetime.now(UTC)

# What the page is told before its own script: to note long tasks, and when every thumbnail in sight was shown first.
NOTE = """
sessionStorage.setItem('scopix.key', %s)
window.tasks = []
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) tasks.push(task.duration)
}).observe({ type: 'longtask', buffered: true })
const look = () => {
  const seen = [...document.querySelectorAll('.tile')].filter((tile) => tile.getBoundingClientRect().top < innerHeight)
  const ready = (tile) => tile.querySelector('img')?.complete && tile.querySelector('img').naturalWidth
  if (seen.length && seen.every(ready)) window.shown = performance.now()
  else requestAnimationFrame(look)
}
requestAnimationFrame(look)
"""
# Scrolls by the clock, as an animation does; a frame that comes late is longer, and there are fewer of them.
SCROLL = """([speed, seconds]) => new Promise((done) => {
  const box = document.querySelector('.grid')
  const frames = []
  const started = performance.now()
  let last = started
  tasks.length = 0
  const step = (now) => {
    frames.push(now - last)
    last = now
    box.scrollTop = ((now - started) / 1000) * speed
    if (now - started < seconds * 1000) requestAnimationFrame(step)
    else done({ frames: frames.slice(1), tasks, top: box.scrollTop, end: box.scrollHeight - box.clientHeight })
  }
  requestAnimationFrame(step)
})"""
BARE = """<!doctype html>
<style>body { margin: 0 } .grid { height: 100vh; overflow-y: auto } .grid div { height: 210px }</style>
<div class="grid"></div>
<script>
  const box = document.querySelector('.grid')
  for (let n = 0; n < 2000; n++) box.append(document.createElement('div'))
  window.tasks = []
  const note = (list) => tasks.push(...list.getEntries().map((task) => task.duration))
  new PerformanceObserver(note).observe({ type: 'longtask' })
</script>"""


def drawn() -> list[tuple[tuple[int, int], dict[str, tuple[bytes, int, int]]]]:
    """Pictures that compress as photographs do: soft colours, edges, grain; each with its size and its variants."""
    chance = random.Random(14)
    made = []
    for number in range(KINDS):
        size = SIZES[number % len(SIZES)]
        image = Image.effect_noise((750, 750 * size[1] // size[0]), 30).convert("RGB")
        pen = ImageDraw.Draw(image, "RGBA")
        for _ in range(25):
            x, y, r = chance.randrange(750), chance.randrange(image.height), chance.randrange(20, 220)
            colour = (chance.randrange(256), chance.randrange(256), chance.randrange(256), 150)
            pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)
        image = image.filter(ImageFilter.GaussianBlur(0.8))
        encoded = {}
        for name, side in VARIANTS.items():
            smaller = image.copy()
            smaller.thumbnail((side, side))
            with tempfile.SpooledTemporaryFile() as target:
                smaller.save(target, "JPEG", quality=80)
                target.seek(0)
                encoded[name] = (target.read(), *smaller.size)
        made.append((size, encoded))
    return made


def rows(
    tenant: str, number: int, pictures: list[Any], objects: Path
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the row of each file with those of its variants, whose objects are written."""
    for index in range(number):
        file_id = str(uuid.uuid4())
        (width, height), encoded = pictures[index % KINDS]
        at = NOW - timedelta(minutes=number - index)
        folder = f"{tenant}/{file_id[:2]}/{file_id}"
        (objects / folder).mkdir(parents=True)
        of_variants = []
        for name, (data, wide, high) in encoded.items():
            key = f"{folder}/{name}.jpg"
            (objects / key).write_bytes(data)
            variant = {"file_id": file_id, "name": name, "object_key": key, "content_type": "image/jpeg"}
            of_variants.append(variant | {"width": wide, "height": high, "size_bytes": len(data)})
        yield {
            "id": file_id, "tenant_id": tenant, "filename": f"img_{index:05}.jpg", "title": f"Picture {index}",
            "content_type": "image/jpeg", "media_type": "image", "size_bytes": 2_000_000, "sha256": f"{index:064x}",
            "object_key": f"{folder}/original.jpg", "storage_target": "default", "upload_method": "STREAMING",
            "content_category": "general", "user_tags": [], "width": width, "height": height, "created_at": at,
            "updated_at": at, "sorted_at": at, "variant_status": "completed", "description_status": "completed",
            "description_revision": 1, "description_attempts": 1, "description_finished_at": at,
        }, of_variants  # fmt: skip


def fill(database: SqlDatabase, objects: Path, number: int, pictures: list[Any]) -> str:
    """Make a tenant with so many files; return a key of its own."""
    tenant = Tenant(str(uuid.uuid4()), f"{number} files", NOW)
    database.write(lambda t: t.tenants.add_tenant(tenant))
    of_files, of_variants = zip(*rows(tenant.id, number, pictures, objects), strict=True)

    def insert(transaction: Any) -> None:
        copy(transaction.connection, files, of_files)
        copy(transaction.connection, variants, [row for some in of_variants for row in some])

    database.write(insert)
    return create_key(database, "of the benchmark", ("admin",), tenant=tenant).secret


@contextmanager
def opened(browser: Browser, root: str, key: str) -> Iterator[Page]:
    """Open the page in a browser that knows nothing of it, and wait for its thumbnails."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.add_init_script(NOTE % json.dumps(key))
    page.goto(root)
    page.wait_for_function("() => window.shown")
    yield page
    context.close()


def scrolled(page: Page, speed: float, seconds: float) -> str:
    """Scroll; return what it was like, as cells of a table."""
    found = page.evaluate(SCROLL, [speed, seconds])
    frames = found["frames"]
    rate = 1000 * len(frames) / sum(frames)
    late = sum(frame > 25 for frame in frames)  # ms: half a frame more than the 16.7 of 60 a second
    longest = f"{max(found['tasks']):.0f}" if found["tasks"] else "none"
    return f"{rate:.1f} | {late} of {len(frames)} | {max(frames):.0f} | {len(found['tasks'])} ({longest})"


def heap(page: Page) -> float:
    """Return the MB of the page's own objects, after a collection."""
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable")
    client.send("HeapProfiler.collectGarbage")
    told = {one["name"]: one["value"] for one in client.send("Performance.getMetrics")["metrics"]}
    return float(told["JSHeapUsedSize"]) / 1e6


def answers(page: Page) -> Iterator[str]:
    """Yield what the first view was loaded from, by the browser's own account."""
    script = "() => performance.getEntriesByType('resource').map((one) => [one.name, one.encodedBodySize])"
    loaded = page.evaluate(script)
    assets = [size for name, size in loaded if "/assets/" in name]
    layout = next(size for name, size in loaded if "/files/layout" in name)
    yield f"{len(assets)} assets of {sum(assets) / 1000:.0f} kB compressed"
    yield f"all proportions in one answer of {layout / 1000:.1f} kB"


def raised_priority() -> bool:
    """Let this process, and what it starts from now on, go before all that has no deadline."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        return False
    return True


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def measure(browser: Browser, root: str, keys: dict[int, str], asked: argparse.Namespace) -> None:
    times: dict[int, list[float]] = {number: [] for number in keys}
    for _ in range(asked.rounds + 1):
        for number, key in keys.items():
            with opened(browser, root, key) as page:
                times[number].append(page.evaluate("() => window.shown"))
    few, many = (times[number][1:] for number in sorted(keys))  # the first round warms the server up
    for number, taken in ((min(keys), few), (max(keys), many)):
        print(f"| {number:,} files | {' '.join(f'{one:.0f}' for one in taken)} | {statistics.median(taken):.0f} |")
    print(f"ratio {statistics.median(many) / statistics.median(few):.2f}; {load()}\n")
    with opened(browser, root, keys[max(keys)]) as page:
        print(*answers(page), sep="; ", end="\n\n")
        print("| | frames a second | late | longest, ms | long tasks (longest, ms) |\n|---|---|---|---|---|")
        time.sleep(1)
        print(f"| {asked.speed} pixels a second | {scrolled(page, asked.speed, asked.seconds)} |")
        end = page.evaluate("() => { const box = document.querySelector('.grid'); return box.scrollHeight }")
        print(f"| through all {max(keys):,}, {end / asked.seconds:,.0f} a second | ", end="")
        print(f"{scrolled(page, end / asked.seconds, asked.seconds)} |")
        print(f"\nheap at the end {heap(page):.1f} MB\n")
    bare = browser.new_page(viewport={"width": 1280, "height": 800})
    bare.set_content(BARE)
    print(f"| a bare page | {scrolled(bare, asked.speed, asked.seconds)} |\n{load()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs=2, default=[100, 10_000], metavar=("FEW", "MANY"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--speed", type=int, default=3000, help="pixels a second: a quick hand")
    parser.add_argument("--seconds", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder) / "data", worker=False).start()
        try:
            database = open_database(Settings(data_dir=server.data_dir))
            pictures = drawn()
            objects = server.data_dir / "storage" / "objects"
            keys = {number: fill(database, objects, number, pictures) for number in asked.files}
            Counts(database).mend()
            database.write(lambda t: t.connection.execute(sa.text("ANALYZE")))
            server.stop()
            print(f"{'raised' if raised_priority() else 'usual'} priority; {load()}\n")
            server.start()
            with sync_playwright() as playwright:
                place = browser_place(Path(folder))
                browser = playwright.chromium.launch(headless=True, args=FLAGS, chromium_sandbox=False, **place)
                measure(browser, server.root, keys, asked)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
