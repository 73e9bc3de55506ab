// Package fields is the answer as columns: what a person writes as --fields or as a
// JSON Schema, the columns that follow from it, and whether an answer fits.
//
// It knows nothing of the database, of the network and of files.
package fields
