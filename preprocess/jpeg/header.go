package jpeg

import (
	"errors"
	"fmt"
)

var (
	// ErrMalformed says that the bytes are no JPEG, or one so damaged that
	// nothing of it can be shown.
	ErrMalformed = errors.New("malformed JPEG")
	// ErrUnsupported says that the picture is of a kind of JPEG that this
	// package does not read.
	ErrUnsupported = errors.New("unsupported kind of JPEG")
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
}

// Model says what the components of a picture mean.
type Model int

// The models, with the planes in the order of their names.
const (
	Grey Model = iota
	YCbCr
	RGB
	CMYK
	YCCK // the inverse of CMY as YCbCr, and K
)

// Sampling is how often a component is sampled, 1 to 4 in each direction. What
// counts is the ratio to the component that is sampled most.
type Sampling struct{ H, V int }

// Header is what a JPEG says of itself before the first scan.
type Header struct {
	// Width and Height are in pixels, 1 to 65,535.
	Width, Height int
	// Components is 1, 3 or 4.
	Components int
	// Sampling has an entry for each component.
	Sampling [4]Sampling
	// Progressive pictures need their coefficients kept while they are decoded.
	Progressive bool
	// Model is found as libjpeg finds it: by the JFIF and Adobe segments, else
	// by the components' names.
	Model Model
	// Adobe says that there is a segment of Adobe's, which for CMYK and YCCK
	// means that 255 stands for no ink.
	Adobe bool
}

// ReadHeader reads as far as the first scan. The error is ErrMalformed or
// ErrUnsupported.
func ReadHeader(data []byte) (Header, error) {
	p := parser{data: data}
	err := p.toFirstScan()
	if err != nil && p.cut && p.framed {
		err = nil // the size is known, and Decode will tell the rest
	}
	return p.header(), err
}

func (p *parser) header() Header {
	h := Header{
		Width: p.width, Height: p.height, Components: p.n,
		Progressive: p.progressive, Adobe: p.adobe, Model: p.model(),
	}
	for i, c := range p.components() {
		h.Sampling[i] = Sampling{c.h, c.v}
	}
	return h
}

// model follows libjpeg's default_decompress_parms (jdapimin.c).
func (p *parser) model() Model {
	names := [3]byte{p.comps[0].name, p.comps[1].name, p.comps[2].name}
	switch {
	case p.n == 1:
		return Grey
	case p.n == 4 && p.adobe && p.transform == 2:
		return YCCK
	case p.n == 4:
		return CMYK
	case p.jfif:
		return YCbCr
	case p.adobe && p.transform == 0:
		return RGB
	case !p.adobe && names == [3]byte{'R', 'G', 'B'}:
		return RGB
	}
	return YCbCr
}

// largest gives the sampling factors that the others are measured by.
func (h Header) largest() (s Sampling) {
	for i := range h.Components {
		s.H, s.V = max(s.H, h.Sampling[i].H), max(s.V, h.Sampling[i].V)
	}
	return s
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
