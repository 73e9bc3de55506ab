package domain

// Format is how a model is asked for an answer that fits a schema. The list is
// closed.
type Format string

const (
	// JSONSchema: the server holds the model to the schema.
	JSONSchema Format = "json_schema"
	// JSONObject: it holds the model to JSON; the schema stands in the prompt.
	JSONObject Format = "json_object"
	// InPrompt: the schema stands in the prompt, and that is all.
	InPrompt Format = "prompt"
)

// Formats is the closed list, the best first.
var Formats = []Format{JSONSchema, JSONObject, InPrompt}
