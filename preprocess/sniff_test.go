package preprocess_test

import (
	"testing"

	"vlocal/internal/testimage"
	"vlocal/preprocess"
)

func TestSniffTellsImagesByTheirContent(t *testing.T) {
	scene := testimage.Landscape(40, 30)
	files := testimage.Foreign()
	for format, data := range map[string][]byte{
		"jpeg": testimage.JPEG(scene, 80), "png": testimage.PNG(scene), "gif": testimage.GIF(scene),
		"webp": testimage.WebP(scene), "tiff": testimage.TIFF(scene), "bmp": testimage.BMP(scene),
	} {
		files[format] = data
	}
	jpeg := testimage.JPEG(scene, 80)
	for _, format := range []string{"cr2", "cr3", "nef", "arw", "dng", "orf", "raf", "rw2"} {
		files[format] = testimage.Raw(format, jpeg, jpeg, testimage.EXIF{})
	}
	files["heic"] = testimage.HEIC(scene, testimage.HEIF{})
	files["avif"] = testimage.AVIF(nil, nil, scene.Rect.Size(), testimage.HEIF{})
	for want, data := range files {
		if got, ok := preprocess.Sniff(data); got != want || !ok {
			t.Errorf("the whole %s is %q, %v", want, got, ok)
		}
		head := data[:min(len(data), preprocess.SniffLen)]
		if got, ok := preprocess.Sniff(head); got != want || !ok {
			t.Errorf("the first %d bytes of a %s are %q, %v", len(head), want, got, ok)
		}
	}
}

func TestSniffTellsCameraRawFromTIFF(t *testing.T) {
	const subfile, subIFDs, dng = "\xfe\x00\x04\x00\x01\x00\x00\x00", "\x4a\x01\x04\x00\x01\x00\x00\x00\x00\x10\x00\x00", "\x12\xc6\x01\x00\x04\x00\x00\x00\x01\x04\x00\x00"
	const thumbnail, whole = subfile + "\x01\x00\x00\x00", subfile + "\x00\x00\x00\x00"
	const makerAt50 = "\x0f\x01\x02\x00\x06\x00\x00\x00\x32\x00\x00\x00"
	const header = "II*\x00\x08\x00\x00\x00"
	for want, data := range map[string]string{
		"nef":  header + "\x03\x00" + thumbnail + makerAt50 + subIFDs + "\x00\x00\x00\x00" + "Nikon\x00",
		"raw":  header + "\x02\x00" + thumbnail + subIFDs,
		"dng":  header + "\x02\x00" + thumbnail + dng,
		"tiff": header + "\x02\x00" + whole + subIFDs,
	} {
		if got, ok := preprocess.Sniff([]byte(data)); got != want || !ok {
			t.Errorf("got %q, %v, want %q", got, ok, want)
		}
	}
}

func TestSniffLetsOtherFilesBe(t *testing.T) {
	for name, data := range map[string]string{
		"empty":                    "",
		"a text":                   "Once upon a time",
		"a text that begins as BM": "BMW cars are made in Munich and elsewhere.",
		"a film":                   "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2mp41",
		"a page with a drawing":    "<!DOCTYPE html><html><svg></svg></html>",
		"XML":                      "<?xml version=\"1.0\"?><rss/>",
		"XML with a like name":     "<svgs></svgs>",
		"a sound":                  "RIFF\x00\x00\x00\x00WAVEfmt ",
		"a start that is cut":      "\x89PNG",
		"zeros":                    string(make([]byte, 512)),
	} {
		if got, ok := preprocess.Sniff([]byte(data)); ok {
			t.Errorf("%s is taken for %q", name, got)
		}
	}
}

func TestNamedLikeImageGoesByTheExtension(t *testing.T) {
	for name, want := range map[string]bool{
		"a.jpg": true, "A.JPG": true, "b.Jpeg": true, "c.tif": true, "d.HEIC": true, "e.webp": true,
		"f.NEF": true, "g.cr3": true, "h.dng": true, "/photos/2024/i.png": true, "j.tar.gif": true,
		"jpg": false, "a.jpg.txt": false, "photos.jpg/list": false, "film.mp4": false, "": false, "a.": false,
	} {
		if got := preprocess.NamedLikeImage(name); got != want {
			t.Errorf("NamedLikeImage(%q) is %v, want %v", name, got, want)
		}
	}
}
