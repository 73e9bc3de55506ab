package heif

import (
	"image"
	"testing"

	"vlocal/internal/testimage"
)

func FuzzPicture(f *testing.F) {
	scene := testimage.Landscape(48, 32)
	for _, h := range []testimage.HEIF{
		{}, {Tile: 16}, {Turns: 1, Mirror: 2, Colr: true, Full: true}, {Crop: image.Rect(2, 4, 40, 30), Tile: 32},
		{EXIF: testimage.EXIF{Orientation: 6}}, {Claim: image.Pt(1000, 1000), Tile: 16},
	} {
		f.Add(testimage.HEIC(scene, h))
	}
	f.Add(testimage.AVIF([]byte{0x81, 0, 0, 0}, []byte("no stream"), image.Pt(16, 16), testimage.HEIF{}))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Open(data)
		if err != nil {
			return
		}
		if p.Width < 1 || p.Height < 1 || p.Orientation < 1 || p.Orientation > 8 || p.Memory() < 0 {
			t.Fatalf("%d x %d, orientation %d, %d bytes", p.Width, p.Height, p.Orientation, p.Memory())
		}
		if p.canvas.X > 128 || p.canvas.Y > 128 {
			return
		}
		img, err := p.Decode(t.Context())
		if err != nil {
			return
		}
		if img.Bounds().Size() != image.Pt(p.Width, p.Height) {
			t.Errorf("it says %d x %d and is %v", p.Width, p.Height, img.Bounds())
		}
		img.At(img.Bounds().Max.X-1, img.Bounds().Max.Y-1)
	})
}

func FuzzSequence(f *testing.F) {
	c, err := parse(testimage.HEIC(testimage.Landscape(48, 32), testimage.HEIF{}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c.property(c.item(c.primary), "hvcC"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, ok := sequenceOf(data); ok && (s.width < 1 || s.height < 1) {
			t.Errorf("%+v", s)
		}
	})
}
