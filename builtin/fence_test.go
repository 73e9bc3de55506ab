package builtin

import "testing"

// No picture is known that makes the library panic, so this is from within.
func TestReaderThatPanicsFindsNothing(t *testing.T) {
	if found := fenced(func() []code { panic("index out of range") }); found != nil {
		t.Error(found)
	}
	if found := fenced(func() []code { return []code{{"a QR code", "x"}} }); len(found) != 1 {
		t.Error(found)
	}
}
