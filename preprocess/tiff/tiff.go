// Package tiff reads TIFF pictures. What golang.org/x/image/tiff can do it leaves to
// that: grey, palette, RGB and fax, in strips or tiles, plain, LZW, deflate and
// PackBits. What that lacks is read here: CMYK, JPEG compression, planes one after
// the other, samples of 2 and 4 bits, samples beyond the colours, and tags that are
// not in order. Of several pages the first is read.
//
// Source: TIFF 6.0; TIFF Technical Note 2 (JPEG compression).
package tiff

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"slices"

	xtiff "golang.org/x/image/tiff"

	"vlocal/preprocess/ifd"
)

// ErrUnsupported says that a file is sound as far as can be told, and of a kind that
// is not read.
var ErrUnsupported = errors.New("cannot be read")

const (
	tagWidth, tagHeight        = 0x0100, 0x0101
	tagBits, tagCompression    = 0x0102, 0x0103
	tagPhotometric             = 0x0106
	tagOffsets, tagSizes       = 0x0111, 0x0117
	tagSamples, tagRows        = 0x0115, 0x0116
	tagPlanes, tagPredictor    = 0x011c, 0x013d
	tagPalette                 = 0x0140
	tagTileWidth               = 0x0142
	tagTileHeight              = 0x0143
	tagTileOffsets             = 0x0144
	tagTileSizes               = 0x0145
	tagExtra, tagFormat        = 0x0152, 0x0153
	tagJPEGTables              = 0x015b
	whiteIsZero, rgb, paletted = 0, 2, 3
	cmyk, yCbCr                = 5, 6
	jpegCompression            = 7
)

// header is what the first directory tells.
type header struct {
	ifd.File
	tags                map[uint16]ifd.Entry
	w, h                int
	bits                int // of each sample
	samples             int // of a pixel
	compression         int
	photometric         int
	separate            bool // planes one after the other
	extra               int  // what the first sample beyond the colours means
	blockW, blockH      int
	across, down        int
	offsets, byteCounts []uint32
}

// Config gives the size of the first page and the kind of its pixels.
func Config(r io.Reader) (image.Config, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return image.Config{}, err
	}
	h, err := readHeader(data)
	if err != nil {
		return image.Config{}, err
	}
	config, err := xtiff.DecodeConfig(bytes.NewReader(data))
	if h.plain() && err == nil {
		return config, nil
	}
	if err := h.readable(); err != nil {
		return image.Config{}, err
	}
	model := color.RGBAModel
	switch {
	case h.photometric == cmyk:
		model = color.CMYKModel
	case h.photometric == yCbCr:
		model = color.YCbCrModel
	}
	return image.Config{ColorModel: model, Width: h.w, Height: h.h}, nil
}

// JPEGDecoder decodes a JPEG that is a part of a picture, unless its own header says
// that it is larger than w x h pixels: the part could be a bomb, whatever the
// picture says of its size.
type JPEGDecoder func(data []byte, w, h int) (image.Image, error)

// Decode reads the first page. JPEG parts are left to decodeJPEG.
func Decode(data []byte, decodeJPEG JPEGDecoder) (image.Image, error) {
	h, err := readHeader(data)
	if err != nil {
		return nil, err
	}
	if h.plain() {
		if _, err := xtiff.DecodeConfig(bytes.NewReader(data)); err == nil {
			img, err := xtiff.Decode(bytes.NewReader(data))
			if grey, ok := img.(*image.Gray); ok && h.faxOnBlack() {
				for i, v := range grey.Pix {
					grey.Pix[i] = ^v
				}
			}
			return img, err
		}
	}
	if err := h.readable(); err != nil {
		return nil, err
	}
	if h.compression == jpegCompression {
		return h.decodeJPEGs(decodeJPEG)
	}
	return h.decode()
}

func readHeader(data []byte) (h header, err error) {
	f, first, ok := ifd.Open(data)
	if !ok {
		return h, io.ErrUnexpectedEOF
	}
	h.File = f
	if h.tags, _, ok = f.Read(first); !ok {
		return h, errors.New("its directory is cut short")
	}
	h.w, h.h = h.number(tagWidth, 0), h.number(tagHeight, 0)
	if h.w < 1 || h.h < 1 || h.w > 1<<30 || h.h > 1<<30 {
		return h, errors.New("it does not say how large it is")
	}
	h.bits, h.samples = 1, h.number(tagSamples, 1)
	if all := h.Numbers(h.tags[tagBits], 64); len(all) > 0 {
		h.bits = int(all[0])
		if slices.Max(all) != slices.Min(all) {
			return h, fmt.Errorf("%w: samples of different sizes", ErrUnsupported)
		}
		h.samples = max(h.samples, len(all))
	}
	h.compression = h.number(tagCompression, 1)
	h.photometric = h.number(tagPhotometric, whiteIsZero)
	h.separate = h.number(tagPlanes, 1) == 2 && h.samples > 1
	h.extra = h.number(tagExtra, 0)
	return h, h.readBlocks()
}

// readBlocks finds the strips or tiles.
func (h *header) readBlocks() error {
	offsets, counts := uint16(tagOffsets), uint16(tagSizes)
	h.blockW, h.blockH = h.w, min(h.number(tagRows, h.h), h.h)
	if h.number(tagTileWidth, 0) > 0 {
		h.blockW, h.blockH = h.number(tagTileWidth, 0), h.number(tagTileHeight, 0)
		offsets, counts = tagTileOffsets, tagTileSizes
	}
	if h.blockW < 1 || h.blockH < 1 || h.blockW > h.w+1024 || h.blockH > h.h+1024 {
		return errors.New("strips or tiles of a wrong size")
	}
	h.across, h.down = (h.w+h.blockW-1)/h.blockW, (h.h+h.blockH-1)/h.blockH
	n := h.across * h.down
	if h.separate {
		n *= h.samples
	}
	h.offsets, h.byteCounts = h.Numbers(h.tags[offsets], n), h.Numbers(h.tags[counts], n)
	if len(h.offsets) < n || len(h.byteCounts) < n {
		return errors.New("strips or tiles are missing")
	}
	return nil
}

func (h *header) number(tag uint16, otherwise int) int {
	if v, ok := h.Number(h.tags[tag]); ok {
		return int(min(v, 1<<30+1))
	}
	return otherwise
}

// plain says whether golang.org/x/image/tiff is to try. It takes some other files
// for broken, or reads them wrongly.
func (h *header) plain() bool {
	if h.separate || h.number(tagFormat, 1) != 1 || h.bits != 1 && h.bits != 8 && h.bits != 16 {
		return false
	}
	if h.compression == jpegCompression {
		return false
	}
	switch h.photometric {
	case rgb:
		return h.samples == 3 || h.samples == 4 && (h.extra == 1 || h.extra == 2)
	case whiteIsZero, 1, paletted:
		return h.samples == 1
	}
	return false
}

// faxOnBlack says whether golang.org/x/image/tiff gives a picture as its negative. It
// shows what fax codes call white as white. But that is a sample of 0 (TIFF 6.0,
// section 10), which is black where the file says that black is zero.
func (h *header) faxOnBlack() bool {
	return h.compression >= 2 && h.compression <= 4 && h.photometric == 1
}

// readable says why a picture that is not plain cannot be read here either.
func (h *header) readable() error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%w: TIFF with "+format, append([]any{ErrUnsupported}, args...)...)
	}
	if h.number(tagFormat, 1) != 1 {
		return refuse("samples that are not whole numbers")
	}
	colours := 1
	switch h.photometric {
	case whiteIsZero, 1, paletted:
	case rgb:
		colours = 3
	case yCbCr:
		colours = 3
		if h.compression != jpegCompression {
			return refuse("YCbCr samples")
		}
	case cmyk:
		colours = 4
		if h.number(0x014c, 1) != 1 { // InkSet
			return refuse("inks other than CMYK")
		}
	default:
		return refuse("colours of kind %d", h.photometric)
	}
	if h.samples < colours || h.samples > 8 {
		return refuse("%d samples a pixel", h.samples)
	}
	switch {
	case h.bits == 8 || h.bits == 16 && h.photometric != paletted:
	case h.samples == 1 && (h.bits == 1 || h.bits == 2 || h.bits == 4):
	default:
		return refuse("samples of %d bits", h.bits)
	}
	switch h.compression {
	case 0, 1, 5, 8, 32946, 32773:
	case jpegCompression:
		if h.separate || h.bits != 8 || h.samples != colours || colours == 4 || h.photometric == paletted || h.photometric == whiteIsZero {
			return refuse("JPEG compression of %d samples", h.samples)
		}
	default:
		return refuse("compression %d", h.compression)
	}
	return nil
}

// block gives the coded bytes of a strip or tile.
func (h *header) block(i int) ([]byte, error) {
	at, n := uint64(h.offsets[i]), uint64(h.byteCounts[i])
	if at > uint64(len(h.Bytes)) || n > uint64(len(h.Bytes))-at {
		return nil, io.ErrUnexpectedEOF
	}
	return h.Bytes[at : at+n], nil
}
