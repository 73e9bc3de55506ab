// Package testimage makes the pictures that the project's tests and its sample
// folder need, by its own code: scenes that look like photos and documents,
// files of every format that vlocal reads, files with metadata, and broken
// ones.
//
// Everything is deterministic: the same call gives the same pixels and bytes
// on one platform. (Another processor may round a float differently, so that
// single pixels differ by one step.) The package knows nothing of vlocal and
// no test framework.
//
// The encoders give nil where a format cannot hold the picture, such as one
// without pixels, so that a test that asks for the impossible meets an empty
// file instead of a panic.
package testimage
