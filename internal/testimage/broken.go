package testimage

import (
	"encoding/binary"
	"slices"
)

// Broken gives files that no reader can show, by a name for each:
//
//	empty       no byte at all
//	text        a text, as a photo's name may hide
//	header      the first bytes of a JPEG only
//	cut         the first half of a JPEG
//	damaged     a JPEG whose tables are overwritten
//	cut png     the first half of a PNG
//	flipped png a PNG with one bit of its pixels flipped
//	cut gif, cut tiff, cut bmp, cut webp
func Broken() map[string][]byte {
	scene := Landscape(120, 80)
	jpeg, png := JPEG(scene, 85), PNG(scene)
	half := func(b []byte) []byte { return b[:len(b)/2] }
	damaged := slices.Clone(jpeg)
	for i := 20; i < 200; i++ {
		damaged[i] = 0xff
	}
	flipped := slices.Clone(png)
	flipped[len(flipped)/2] ^= 0x10
	return map[string][]byte{
		"empty":       {},
		"text":        []byte("This is not a picture, whatever its name says.\n"),
		"header":      jpeg[:100],
		"cut":         half(jpeg),
		"damaged":     damaged,
		"cut png":     half(png),
		"flipped png": flipped,
		"cut gif":     half(GIF(scene)),
		"cut tiff":    half(TIFF(scene)),
		"cut bmp":     half(BMP(scene)),
		"cut webp":    half(WebP(scene)),
	}
}

// Bomb is a PNG of a few dozen bytes that claims to be w by h pixels.
func Bomb(w, h int) []byte {
	size := binary.BigEndian.AppendUint32(nil, uint32(w))
	size = binary.BigEndian.AppendUint32(size, uint32(h))
	header := append(size, 8, 2, 0, 0, 0) // 8 bits, RGB
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"),
		pngChunk("IHDR", header), pngChunk("IDAT", []byte{0x78, 0x9c}), pngChunk("IEND", nil))
}

// Foreign gives the first bytes of files that a person calls images and that
// are not in Go's formats, by the name of the format.
func Foreign() map[string][]byte {
	return map[string][]byte{
		"cr3": []byte("\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom"),
		"jxl": []byte("\x00\x00\x00\x0cJXL \r\n\x87\n\x00\x00\x00\x14ftypjxl \x00\x00\x00\x00jxl "),
		"jp2": []byte("\x00\x00\x00\x0cjP  \r\n\x87\n\x00\x00\x00\x14ftypjp2 \x00\x00\x00\x00jp2 "),
		"psd": []byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x10\x00\x00\x00\x10\x00\x08\x00\x03"),
		"cr2": []byte("II*\x00\x10\x00\x00\x00CR\x02\x00\x00\x00\x00\x00"),
		"raf": []byte("FUJIFILMCCD-RAW 0201FF383501X-T2"),
		"rw2": []byte("IIU\x00\x18\x00\x00\x00\x88\xe7\x74\xd8"),
		"orf": []byte("IIRO\x08\x00\x00\x00"),
		"svg": []byte("<?xml version=\"1.0\"?>\n<!-- drawn by hand -->\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>\n"),
	}
}
