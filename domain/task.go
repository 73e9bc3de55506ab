package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Task is a question. Two tasks are the same when every field but ID and Name is:
// a change makes a new task, and the answers of the old one stay.
type Task struct {
	ID int64
	// Name is what a person calls it; "" for nothing. Of several tasks with one
	// name the one that was given it last is meant.
	Name string
	// Prompt is the question that is asked about every image, as a template.
	Prompt string
	// System is the system prompt; "" for none.
	System string
	// Schema is the JSON Schema of the answer, whose properties are the fields; ""
	// for free text.
	Schema string
	// Examples are shown to the model first, as a JSON array of objects with path,
	// sha256 and answer; "" for none.
	Examples string
	// Model is the name that the server knows the model by.
	Model string
	Parameters
}

// Parameters are the settings that change what the model sees or may say.
type Parameters struct {
	// MaxTokens bounds the answer.
	MaxTokens int `json:"max_tokens"`
	// MaxWidth and MaxHeight are the box, in pixels, that every picture is
	// fitted into. Nothing is enlarged.
	MaxWidth  int `json:"max_width"`
	MaxHeight int `json:"max_height"`
	// Quality is the JPEG quality of what is sent, 1 to 100.
	Quality int `json:"quality"`
	// MaxBytes bounds that JPEG, in bytes; 0 for no bound.
	MaxBytes int `json:"max_bytes,omitempty"`
}

// Hash names the task by what it asks, in 64 hexadecimal digits: SHA-256 of the
// JSON array of its parts, in the order of the fields above. Two tasks have one
// hash when they are the same.
func (t Task) Hash() string {
	// Strings and integers: there is nothing that cannot be encoded.
	parts, _ := json.Marshal([]any{
		t.Prompt, t.System, t.Schema, t.Examples, t.Model,
		t.MaxTokens, t.MaxWidth, t.MaxHeight, t.Quality, t.MaxBytes,
	})
	sum := sha256.Sum256(parts)
	return hex.EncodeToString(sum[:])
}

// ShortHash is as much of the hash as people need.
func (t Task) ShortHash() string { return t.Hash()[:8] }
