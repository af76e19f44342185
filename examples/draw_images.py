"""Draw the drawn pictures of `examples/images` again, pixel for pixel the same on every run.

The pictures are committed; this program is here so that anyone can see how they were made, and change one. It needs
Pillow and numpy, and four font packages that pip brings (no font of the machine is used):

    pip install font-roboto font-source-sans-pro font-source-serif-pro font-caladea
    python examples/draw_images.py [FOLDER]

The photographs of the folder are not drawn: `examples/images/README.md` names their sources.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from drawing import chart, diagram, form, invoice, page, plan, product, receipt, screenshot, sign, town_map
from PIL import Image

PICTURES: dict[str, Callable[[], Image.Image]] = {
    "screenshot-stock.png": screenshot.draw,
    "form-equipment-loan.jpg": form.draw,
    "floor-plan.png": plan.draw,
    "map-walking-trails.png": town_map.draw,
    "product-tea-tin.jpg": product.draw,
    "receipt.jpg": receipt.draw,
    "invoice.png": invoice.draw,
    "chart-rainfall.png": chart.draw,
    "diagram-orders.png": diagram.draw,
    "street-sign.jpg": sign.draw,
    "two-column-page.png": page.draw,
}


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images"
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        picture = draw()
        if name.endswith(".jpg"):
            picture.save(folder / name, quality=84, subsampling=0)
        else:
            picture.save(folder / name, optimize=True)
        print(f"{name}  {picture.width}×{picture.height}  {(folder / name).stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
