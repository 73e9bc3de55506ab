package preprocess

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"io"
	"iter"
	"slices"

	"golang.org/x/image/webp"
)

// webpSize gives the size of the canvas. It looks into the coded picture too: one
// that is larger than the canvas would be decoded all the same.
func webpSize(r io.Reader) (image.Config, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return image.Config{}, err
	}
	config, err := webp.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return config, err
	}
	f, err := firstWebP(data)
	if err != nil {
		return config, err
	}
	if canvas := image.Rect(0, 0, config.Width, config.Height); !f.at.In(canvas) {
		return config, fmt.Errorf("a frame at %v in a picture of %v", f.at, canvas.Max)
	}
	return config, nil
}

// decodeWebP gives the picture, or the first frame of an animation where it belongs
// on the canvas; what the frame leaves open is transparent.
func decodeWebP(ctx context.Context, data []byte) (image.Image, error) {
	config, err := webpSize(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	f, err := firstWebP(data)
	if err != nil {
		return nil, err
	}
	img, err := webp.Decode(untilDone{ctx, bytes.NewReader(f.file)})
	if err != nil {
		return nil, err
	}
	switch img := img.(type) {
	case *image.YCbCr:
		widen(img)
	case *image.NYCbCrA:
		widen(&img.YCbCr)
	}
	all := image.Rect(0, 0, config.Width, config.Height)
	if f.at == all {
		return img, nil
	}
	canvas := image.NewNRGBA(all)
	draw.Draw(canvas, f.at, img, img.Bounds().Min, draw.Src)
	return canvas, nil
}

// frame is a still WebP file, and where its picture belongs.
type frame struct {
	file []byte
	at   image.Rectangle
}

// firstWebP finds the first picture of a WebP file (RFC 9649, section 2). It has the
// size that it says.
func firstWebP(data []byte) (frame, error) {
	if len(data) < 12 {
		return frame{}, errNoFrame
	}
	var alpha []byte
	for kind, body := range riffChunks(data[12:]) {
		switch kind {
		case "ANMF":
			return readANMF(body)
		case "ALPH":
			alpha = body
		case "VP8 ", "VP8L":
			return stillWebP(kind, body, alpha)
		}
	}
	return frame{}, errNoFrame
}

var errNoFrame = errors.New("there is no picture in it")

// readANMF reads a frame of an animation (RFC 9649, section 2.7.1.1): x and y in
// pairs of pixels, width and height less one, three bytes each; how long it is
// shown; flags; the picture.
func readANMF(body []byte) (frame, error) {
	const head = 16
	if len(body) < head {
		return frame{}, errNoFrame
	}
	u24 := func(at int) int { return int(body[at]) | int(body[at+1])<<8 | int(body[at+2])<<16 }
	corner, size := image.Pt(2*u24(0), 2*u24(3)), image.Pt(u24(6)+1, u24(9)+1)
	var alpha []byte
	for kind, part := range riffChunks(body[head:]) {
		switch kind {
		case "ALPH":
			alpha = part
		case "VP8 ", "VP8L":
			f, err := stillWebP(kind, part, alpha)
			if err == nil && f.at.Size() != size {
				err = fmt.Errorf("a frame of %v holds a picture of %v", size, f.at.Size())
			}
			f.at = f.at.Add(corner)
			return f, err
		}
	}
	return frame{}, errNoFrame
}

// stillWebP makes a file of one picture.
func stillWebP(kind string, body, alpha []byte) (frame, error) {
	file := riff(chunk(kind, body))
	config, err := webp.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return frame{}, err
	}
	w, h := config.Width, config.Height
	if w < 1 || h < 1 {
		return frame{}, errNoFrame
	}
	if alpha != nil && kind == "VP8 " {
		const hasAlpha = 0x10
		x := []byte{hasAlpha, 0, 0, 0}
		for _, side := range []int{w - 1, h - 1} {
			x = append(x, byte(side), byte(side>>8), byte(side>>16))
		}
		file = riff(chunk("VP8X", x), chunk("ALPH", alpha), chunk(kind, body))
	}
	return frame{file, image.Rect(0, 0, w, h)}, nil
}

// webpEXIF gives the block of EXIF, which is a TIFF file without a picture, nil where
// there is none. Some programs begin it as in a JPEG.
func webpEXIF(data []byte) []byte {
	if len(data) < 12 {
		return nil
	}
	for kind, body := range riffChunks(data[12:]) {
		if kind == "EXIF" {
			return bytes.TrimPrefix(body, []byte("Exif\x00\x00"))
		}
	}
	return nil
}

// riffChunks yields the chunks of b. The last may be cut short, which its decoder
// will find.
func riffChunks(b []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for len(b) >= 8 {
			size := uint64(binary.LittleEndian.Uint32(b[4:]))
			body := b[8:]
			end := min(size, uint64(len(body)))
			if !yield(string(b[:4]), body[:end]) {
				return
			}
			b = body[min(size+size&1, uint64(len(body))):]
		}
	}
}

func chunk(kind string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))
	return append(append(b, body...), make([]byte, len(body)&1)...)
}

func riff(chunks ...[]byte) []byte {
	all := slices.Concat(chunks...)
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(all)))
	return append(append(b, "WEBP"...), all...)
}

// widen turns the levels of video, 16 to 235 for Y and 16 to 240 for Cb and Cr,
// into those that image.YCbCr stands for, 0 to 255. Lossy WebP has the former
// (RFC 9649, section 2.5: Rec. 601), and webp.Decode leaves them as they are,
// which would make white grey.
func widen(img *image.YCbCr) {
	var luma, chroma [256]uint8
	for i := range 256 {
		luma[i] = uint8(min(max(((i-16)*255*2+219)/(2*219), 0), 255))
		chroma[i] = uint8(min(max(((i-128)*255+128*224+112)/224, 0), 255))
	}
	for i, v := range img.Y {
		img.Y[i] = luma[v]
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = chroma[img.Cb[i]], chroma[img.Cr[i]]
	}
}
