// Package vlocal carries the database schema, schema.sql, and nothing else.
// The program is in cmd/vlocal.
package vlocal

import _ "embed"

// Schema is the whole schema as SQL statements: what a new database is made
// with.
//
//go:embed schema.sql
var Schema string
