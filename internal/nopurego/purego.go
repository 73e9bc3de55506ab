// Package purego stands in for github.com/ebitengine/purego (see the replace line
// in go.mod), with which github.com/gen2brain/heic and .../avif look for a libheif
// or libavif on the machine when the program starts. With this one they never find
// any: pictures look the same everywhere, and the program needs no dynamic loader.
package purego

import "errors"

// The modes of Dlopen.
const (
	RTLD_NOW    = 0
	RTLD_GLOBAL = 0
)

// Dlopen finds nothing.
func Dlopen(string, int) (uintptr, error) {
	return 0, errors.New("libraries of the machine are not used")
}

// RegisterLibFunc is never called, as there is no library.
func RegisterLibFunc(any, uintptr, string) {}
