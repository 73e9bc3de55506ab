package domain

// Task is a question. Two tasks are the same when every field but ID is: a
// change makes a new task, and the answers of the old one stay.
type Task struct {
	ID int64
	// Prompt is the question that is asked about every image.
	Prompt string
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
}
