# Makes small JPEGs with Pillow: decoded at a part of the size where that is
# enough (draft), then Lanczos.
import os
import sys

from PIL import Image, ImageOps

out, width, height, quality = sys.argv[1], *map(int, sys.argv[2:5])
for path in sys.argv[5:]:
    with Image.open(path) as img:
        img.draft("RGB", (width, height))
        if img.getexif().get(0x0112, 1) != 1:
            img = ImageOps.exif_transpose(img)
        img.thumbnail((width, height), Image.LANCZOS, reducing_gap=None)
        name = os.path.splitext(os.path.basename(path))[0] + ".jpg"
        img.save(os.path.join(out, name), "JPEG", quality=quality)
