package testimage

// Samples are the pictures of the folder samples/, by their path in it, with
// slashes: what a new user points vlocal at first. They are in many formats,
// one lies on its side, one is transparent, one is in a subfolder under a name
// with spaces and an umlaut.
func Samples() map[string][]byte {
	onItsSide := EXIF{Orientation: 6, TakenAt: "2024:05:01 12:35:10", Offset: "+02:00"}
	return map[string][]byte{
		"lake.jpg": WithEXIF(JPEG(Landscape(1200, 800), 82),
			EXIF{Orientation: 1, TakenAt: "2024:06:21 20:48:05", Offset: "+02:00", GPS: true}),
		"receipt.jpg":   WithEXIF(JPEG(Turned(Receipt(720, 960), 6), 78), onItsSide),
		"old photo.jpg": JPEG(Gray(Landscape(560, 560)), 80),
		"chart.png":     PNG(Chart(960, 600)),
		"sticker.png":   PNG(Badge(360, 360)),
		"postcard.gif":  GIF(Landscape(330, 220)),
		"scan.tiff":     TIFF(Gray(Receipt(420, 560))),
		"fruit.bmp":     BMP(StillLife(200, 150)),
		"icon.webp":     WebP(Badge(96, 96)),
		"Sommer 2024/Äpfel und Orangen.jpg": WithEXIF(JPEG(StillLife(1200, 900), 82),
			EXIF{Orientation: 1, TakenAt: "2024:08:03 09:12:44"}),
	}
}
