package preprocess

import (
	"cmp"
	"context"
	"image"
	"io"

	"vlocal/preprocess/raw"
)

// rawFormats are those of cameras whose preview is shown. Sniff calls what is built
// like TIFF and of an unknown maker "raw".
var rawFormats = []string{"cr2", "cr3", "nef", "arw", "dng", "raf", "orf", "rw2", "pef", "raw"}

func init() {
	for _, format := range rawFormats {
		codecs[format] = codec{
			size: func(r io.Reader) (image.Config, error) {
				data, err := io.ReadAll(r)
				if err != nil {
					return image.Config{}, err
				}
				p, err := raw.Open(format, data)
				return image.Config{Width: p.Width, Height: p.Height}, err
			},
			decode: func(ctx context.Context, data []byte) (image.Image, error) {
				p, err := raw.Open(format, data)
				if err != nil {
					return nil, err
				}
				return codecs["jpeg"].decode(ctx, p.JPEG)
			},
		}
	}
}

// rawMetadata gives what the raw file tells, and where it is silent, what its
// preview does.
func rawMetadata(format string, data []byte) metadata {
	p, err := raw.Open(format, data)
	if err != nil {
		return metadata{}
	}
	m := readMetadata("jpeg", p.JPEG)
	if p.Orientation != 0 {
		m.orientation = p.Orientation
	}
	if taken := isoDate(p.TakenAt, p.Offset); taken != "" {
		m.takenAt = taken
	}
	m.camera = cmp.Or(cameraOf(p.Make, p.Model), m.camera)
	m.lens = cmp.Or(plain(p.Lens), m.lens)
	m.place = cmp.Or(placeOf(p.NorthSouth, p.Latitude, p.EastWest, p.Longitude), m.place)
	return m
}
