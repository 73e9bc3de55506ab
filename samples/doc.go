// Package samples is a folder of small pictures to try vlocal on. They are all
// made by the project's own code; nothing in them is anybody's.
//
// To make them anew: go generate ./samples
package samples

//go:generate go run gen.go
